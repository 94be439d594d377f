//! SparkApplication: a driver and its executors.

use jiff::Timestamp;
use karmada_core::api::wire;
use karmada_core::api::work::v1alpha2::{Component, ComponentReplicaRequirements};
use serde_json::{Map, Value, json};

use super::memory::Memory;
use crate::thirdparty::error::{self, Result};
use crate::thirdparty::items::Items;
use crate::thirdparty::rules::Rules;
use crate::thirdparty::view::{View, import, number};
use crate::thirdparty::{components, generation, result};

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    components: Some(components),
    aggregate: Some(aggregate),
    reflect: Some(reflect),
    health: Some(health),
    ..Rules::of("sparkoperator.k8s.io/v1beta2", "SparkApplication")
};

/// One driver, and the executors it starts with.
fn components(object: View<'_>) -> Result<Vec<Component>> {
    let spec = object.get("spec")?;
    Ok(vec![
        Component {
            name: "driver".to_owned(),
            replicas: 1,
            replica_requirements: Some(requirements(spec, "driver")?),
        },
        Component {
            name: "executor".to_owned(),
            replicas: components::replicas(executors(spec)?)?,
            replica_requirements: Some(requirements(spec, "executor")?),
        },
    ])
}

/// How many executors: as it says, but where it allocates them at run time at least those it starts with and keeps.
fn executors(spec: View<'_>) -> Result<f64> {
    let mut count = spec.find(&["executor", "instances"])?.to_number().unwrap_or(1.0);
    let dynamic = spec.find(&["dynamicAllocation"])?;
    if dynamic.find(&["enabled"])?.is_truthy() {
        for field in ["initialExecutors", "minExecutors"] {
            count = count.max(dynamic.get(field)?.to_number().unwrap_or(1.0));
        }
    }
    Ok(count)
}

/// What a driver or an executor needs.
fn requirements(spec: View<'_>, role: &str) -> Result<ComponentReplicaRequirements> {
    let pod = spec.find(&[role])?;
    let mut request = Map::new();
    let cores = pod.find(&["cores"])?;
    let cores = if cores.is_truthy() {
        import(cores.value())
    } else {
        json!(1)
    };
    request.insert("cpu".to_owned(), cores);
    request.insert("memory".to_owned(), memory(spec, pod)?.to_quantity().into());
    let gpu = pod.find(&["gpu"])?;
    if gpu.is_present() {
        let (name, quantity) = (gpu.get("name")?, gpu.get("quantity")?);
        let quantity = quantity.to_number().unwrap_or_default();
        if name.is_present() && !name.is("") && quantity > 0.0 {
            let name = name
                .text()
                .ok_or_else(|| name.expected("the name of a resource"))?;
            request.insert(name.to_owned(), number(quantity)?);
        }
    }

    let mut claim = Map::new();
    for field in ["nodeSelector", "tolerations"] {
        result::set(&mut claim, field, import(pod.find(&[field])?.value()));
    }
    let nodes = pod.find(&["affinity"])?.unless_false().find(&["nodeAffinity"])?;
    let affinity = nodes
        .unless_false()
        .find(&["requiredDuringSchedulingIgnoredDuringExecution"])?;
    result::set(&mut claim, "hardNodeAffinity", import(affinity.value()));

    let mut requirements = json!({"resourceRequest": request, "nodeClaim": claim});
    let class = pod.find(&["priorityClassName"])?;
    if !class.is("") {
        result::assign(&mut requirements, &["priorityClassName"], import(class.value()))?;
    }
    result::settle(&mut requirements, &result::EmptyPaths::default());
    wire::decode(&requirements).map_err(error::decode)
}

/// What the process takes and what runs beside it, at least 384 MiB unless it says.
fn memory(spec: View<'_>, pod: View<'_>) -> Result<Memory> {
    let base = Memory::of(pod.find(&["memory"])?.unless_false(), "1g")?;
    let language = spec.find(&["type"])?;
    let language = language
        .text()
        .ok_or_else(|| language.expected("the type of the application"))?
        .to_lowercase();
    let overhead = pod.find(&["memoryOverhead"])?.unless_false();
    if overhead.is_present() {
        return Ok(base.plus(Memory::of(overhead, "")?));
    }
    let default = if language == "java" || language == "scala" {
        0.1
    } else {
        0.4
    };
    let factor = spec
        .find(&["memoryOverheadFactor"])?
        .to_number()
        .unwrap_or(default);
    Ok(base.plus(base.times(factor).max(Memory::LEAST_OVERHEAD)))
}

fn reflect(observed: View<'_>) -> Result<Value> {
    generation::reflect(
        observed,
        &[
            "applicationState",
            "driverInfo",
            "executorState",
            "sparkApplicationId",
            "lastSubmissionAttemptTime",
            "submissionAttempts",
            "executionAttempts",
            "submissionID",
            "terminationTime",
        ],
    )
}

/// In a state that is not a failure.
fn health(observed: View<'_>) -> Result<bool> {
    let mut state = observed;
    for field in ["status", "applicationState", "state"] {
        state = state.find(&[field])?.unless_false();
    }
    Ok(state.is_present() && !state.is("FAILED"))
}

/// How bad a state is.
fn rank(state: View<'_>) -> Result<u8> {
    Ok(match state.text() {
        Some("UNKNOWN" | "") => 0,
        Some("SUBMITTED" | "PENDING_RERUN") => 1,
        Some("COMPLETED") => 2,
        Some("SUSPENDING" | "SUSPENDED") => 3,
        Some("RUNNING" | "RESUMING" | "SUCCEEDING") => 4,
        Some("INVALIDATING") => 5,
        Some("FAILING" | "FAILED" | "SUBMISSION_FAILED") => 6,
        _ => return Err(state.expected("a known state of the application")),
    })
}

/// The worst state, of equally bad ones the first; sums and last times.
fn aggregate(object: &mut Value, items: Option<Items<'_>>, _now: Timestamp) -> Result<()> {
    let Some(items) = items else { return Ok(()) };
    if let Some(only) = items.only_status() {
        return result::assign(object, &["status"], import(only.value()));
    }
    let mut worst: Option<(u8, View<'_>)> = None;
    let mut executors = Map::new();
    let start = json!("");
    let mut times = [
        ("lastSubmissionAttemptTime", View::new(&start)),
        ("terminationTime", View::new(&start)),
    ];
    for member in items.live() {
        let application = member.status.get("applicationState")?;
        if application.is_present() {
            let rank = rank(application.get("state")?)?;
            if worst.is_none_or(|(known, _)| rank > known) {
                worst = Some((rank, application));
            }
        }
        let states = member.status.get("executorState")?;
        if states.is_present() {
            for (name, state) in states.pairs()? {
                executors.insert(name, import(state.value()));
            }
        }
        for (field, latest) in &mut times {
            let time = member.status.get(field)?.unless_false();
            if time.is_present() && (latest.is("") || latest.less_than(time)?) {
                *latest = time;
            }
        }
    }
    let status = result::status(object)?;
    items.sum_or_zero_into(status, &["executionAttempts", "submissionAttempts"])?;
    for (field, latest) in times {
        result::set(status, field, import(latest.value()));
    }
    let worst = worst.map_or(Value::Null, |(_, application)| import(application.value()));
    result::set(status, "applicationState", worst);
    result::set(status, "executorState", Value::Object(executors));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::thirdparty::testing::Kind;

    const IT: Kind = Kind(&RULES);

    #[test]
    fn health_is_not_failed() {
        let check = |state, expected| {
            assert_eq!(
                IT.health_of(&json!({"applicationState": {"state": state}})),
                Some(expected),
                "{state}"
            );
        };
        check(json!("RUNNING"), true);
        check(json!(""), true);
        check(json!("FAILED"), false);
        check(json!(null), false);
        assert_eq!(IT.health_of(&json!(null)), Some(false));
        assert_eq!(IT.health_of(&json!(false)), Some(false));
    }

    #[test]
    fn numbers_of_executors() {
        let check = |spec: Value, expected: i32| {
            let mut spec = spec;
            spec["type"] = "Java".into();
            let got = IT.components(&spec).unwrap();
            assert_eq!(
                (&got[0]["replicas"], &got[1]["replicas"]),
                (&json!(1), &json!(expected)),
                "{spec}"
            );
        };
        let dynamic = |enabled: bool| json!({"enabled": enabled, "initialExecutors": 3, "minExecutors": "4"});
        check(json!({}), 1);
        check(
            json!({"driver": {"instances": 5}, "executor": {"instances": 2}}),
            2,
        );
        check(
            json!({"executor": {"instances": 2}, "dynamicAllocation": dynamic(true)}),
            4,
        );
        check(
            json!({"executor": {"instances": 9}, "dynamicAllocation": dynamic(true)}),
            9,
        );
        check(
            json!({"executor": {"instances": 2}, "dynamicAllocation": dynamic(false)}),
            2,
        );
    }

    #[test]
    fn requirements_of_both_roles() {
        let check = |spec: Value, expected: Option<Value>| {
            let got = IT
                .components(&spec)
                .map(|components| components[0]["replicaRequirements"].clone());
            assert_eq!(got, expected, "{spec}");
        };
        let memory = |memory: &str| Some(json!({"resourceRequest": {"cpu": "1", "memory": memory}}));
        check(json!({"type": "Java"}), memory("1408Mi"));
        check(json!({"type": "SCALA"}), memory("1408Mi"));
        check(json!({"type": "Python"}), memory("1503238553600m"));
        check(json!({"type": "R", "memoryOverheadFactor": "1"}), memory("2Gi"));
        check(
            json!({"type": "Java", "driver": {"memory": "8G", "memoryOverhead": "1g"}}),
            memory("9Gi"),
        );
        check(json!({"type": "Java", "driver": {"memory": "1"}}), None);
        check(json!({"type": "Java", "driver": {"memory": "1000000000b"}}), None);
        check(json!({}), None);
        check(
            json!({"type": "Java", "driver": {
                "cores": 2, "memory": "1g", "gpu": {"name": "nvidia.com/gpu", "quantity": 1},
                "nodeSelector": {"a": "b"}, "tolerations": [{"key": "k"}], "priorityClassName": "high",
                "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [{"matchFields": [{"key": "f", "operator": "Exists"}]}],
                }}},
            }}),
            Some(json!({
                "resourceRequest": {"cpu": "2", "memory": "1408Mi", "nvidia.com/gpu": "1"},
                "nodeClaim": {
                    "nodeSelector": {"a": "b"}, "tolerations": [{"key": "k"}],
                    "hardNodeAffinity": {"nodeSelectorTerms": [{"matchFields": [{"key": "f", "operator": "Exists"}]}]},
                },
                "priorityClassName": "high",
            })),
        );
        check(
            json!({"type": "Java", "driver": {"gpu": {"name": "", "quantity": 1}}}),
            memory("1408Mi"),
        );
        check(
            json!({"type": "Java", "driver": {"gpu": {"name": "g", "quantity": 0}}}),
            memory("1408Mi"),
        );
    }

    #[test]
    fn the_worst_state_wins() {
        let check = |states: &[&str], expected: Option<usize>| {
            let items: Vec<Value> = states
                .iter()
                .enumerate()
                .map(|(index, state)| json!({"applicationState": {"state": state, "index": index}}))
                .collect();
            let got = IT.aggregate(&json!(null), &json!(items));
            let got = got.map(|status| status["applicationState"]["index"].clone());
            assert_eq!(got, expected.map(|index| json!(index)), "{states:?}");
        };
        let ranked = [
            "UNKNOWN",
            "SUBMITTED",
            "COMPLETED",
            "SUSPENDING",
            "RUNNING",
            "INVALIDATING",
            "FAILING",
        ];
        for pair in ranked.windows(2) {
            check(pair, Some(1));
            check(&[pair[1], pair[0]], Some(0));
        }
        for equal in [
            &["UNKNOWN", ""][..],
            &["SUBMITTED", "PENDING_RERUN"],
            &["SUSPENDING", "SUSPENDED"],
            &["RUNNING", "RESUMING", "SUCCEEDING"],
            &["FAILING", "FAILED", "SUBMISSION_FAILED"],
        ] {
            check(equal, Some(0));
        }
        check(&["RUNNING", "new"], None);
    }

    #[test]
    fn status_aggregation() {
        let check = |items, expected| assert_eq!(IT.aggregate(&json!({"x": 1}), &items), expected, "{items}");
        check(json!(null), Some(json!({"x": 1})));
        check(json!([{"y": 1}]), Some(json!({"y": 1})));
        let nothing = json!({"x": 1, "executionAttempts": 0, "submissionAttempts": 0, "lastSubmissionAttemptTime": "",
            "terminationTime": ""});
        check(json!([]), Some(nothing));
        check(
            json!([
                {"executionAttempts": 1, "executorState": {"e1": "RUNNING", "e2": "RUNNING"}, "terminationTime": "2024-02"},
                {"executionAttempts": 2, "executorState": {"e2": "FAILED"}, "terminationTime": "2024-01"},
            ]),
            Some(
                json!({"x": 1, "executionAttempts": 3, "submissionAttempts": 0, "lastSubmissionAttemptTime": "",
                "terminationTime": "2024-02", "executorState": {"e1": "RUNNING", "e2": "FAILED"}}),
            ),
        );
    }

    #[test]
    fn reflection_has_no_generations() {
        let status = json!({"submissionID": "s", "driverInfo": {"a": 1}, "observedGeneration": 1});
        assert_eq!(
            IT.reflect(&status),
            Some(json!({"submissionID": "s", "driverInfo": {"a": 1}}))
        );
    }
}
