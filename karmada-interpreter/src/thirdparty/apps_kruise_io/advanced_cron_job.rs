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
