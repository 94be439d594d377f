//! AdvancedCronJob: creates Jobs or BroadcastJobs on a schedule.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::thirdparty::error::Result;
use crate::thirdparty::items::Items;
use crate::thirdparty::references::References;
use crate::thirdparty::rules::Rules;
use crate::thirdparty::view::{View, import};
use crate::thirdparty::{pod_template, result};

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    aggregate: Some(aggregate),
    dependencies: Some(dependencies),
    ..Rules::of("apps.kruise.io/v1alpha1", "AdvancedCronJob")
};

/// Running jobs of all clusters; type and time of the last cluster that reports them.
fn aggregate(object: &mut Value, items: Option<Items<'_>>, _now: Timestamp) -> Result<()> {
    let Some(items) = items else { return Ok(()) };
    let mut active = Vec::new();
    for member in items.live() {
        let jobs = member.status.get("active")?.list_or_none()?;
        active.extend(jobs.filter(|job| job.is_present()).map(|job| import(job.value())));
    }
    let status = result::status(object)?;
    status.insert("active".to_owned(), Value::Array(active));
    let kind = items.last_present("type")?.unwrap_or_else(|| json!(""));
    result::set(status, "type", kind);
    let time = items.last_present("lastScheduleTime")?.unwrap_or_default();
    result::set(status, "lastScheduleTime", time);
    Ok(())
}

/// The pod template of the BroadcastJob if there is one, else of the Job.
fn dependencies(object: View<'_>) -> Result<References> {
    let template = object.path(&["spec", "template"])?;
    let empty = json!({});
    let mut pods = View::new(&empty);
    for job in ["jobTemplate", "broadcastJobTemplate"] {
        let job = template.get(job)?;
        if job.is_present() {
            pods = job.path(&["spec", "template"])?;
        }
    }
    pod_template::some_dependencies(object, pods)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::thirdparty::testing::Kind;

    const IT: Kind = Kind(&RULES);

    #[test]
    fn status_aggregation() {
        let check = |items, expected| {
            let before = json!({"active": [1], "type": "x", "lastScheduleTime": "t", "other": 1});
            assert_eq!(IT.aggregate(&before, &items), Some(expected), "{items}");
        };
        check(
            json!(null),
            json!({"active": [1], "type": "x", "lastScheduleTime": "t", "other": 1}),
        );
        check(json!([]), json!({"type": "", "other": 1}));
        // Jobs one after the other; the last time, not the latest.
        check(
            json!([
                {"active": ["j1"], "type": "Job", "lastScheduleTime": "2024-02"},
                null,
                {"active": ["j2"], "type": "BroadcastJob", "lastScheduleTime": "2024-01"},
                {},
            ]),
            json!({"active": ["j1", "j2"], "type": "BroadcastJob", "lastScheduleTime": "2024-01", "other": 1}),
        );
    }

    #[test]
    fn dependencies_of_either_job() {
        let check = |template, expected: Option<&str>| {
            let got = IT.dependencies(&json!({"template": template}));
            assert_eq!(got, expected.map(|it| vec![it.to_owned()]), "{template}");
        };
        let job = |account: &str| json!({"spec": {"template": {"spec": {"serviceAccountName": account}}}});
        check(json!({"jobTemplate": job("j")}), Some("ServiceAccount ns/j"));
        check(
            json!({"broadcastJobTemplate": job("b")}),
            Some("ServiceAccount ns/b"),
        );
        check(
            json!({"jobTemplate": job("j"), "broadcastJobTemplate": job("b")}),
            Some("ServiceAccount ns/b"),
        );
        // Nothing to depend on cannot be said.
        check(json!({}), None);
        check(json!({"jobTemplate": {}}), None);
        check(json!(null), None);
    }
}
