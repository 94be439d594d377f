//! Asking one kind's rules in tests, through the layer as everybody does.

use jiff::Timestamp;
use karmada_core::api::work::v1alpha2::AggregatedStatusItem;
use serde_json::{Value, json};

use super::ThirdParty;
use super::rules::Rules;
use crate::interpreter::{Answer, SyncInterpreter};

/// The time of every aggregation.
pub(super) const NOW: &str = "2026-01-02T03:04:05Z";

/// One kind. An error is `None`; so that a test cannot mistake "not mine" for one, that panics.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind(pub(super) &'static Rules);

fn answer<T>(answer: Result<Answer<T>, crate::Error>) -> Option<T> {
    match answer {
        Ok(Answer::Value(value)) => Some(value),
        Ok(Answer::NotMine) => panic!("no rule"),
        Err(_) => None,
    }
}

impl Kind {
    /// An object of the kind, generation 2, in the namespace `ns`.
    pub(super) fn object(self, members: &Value) -> Value {
        let mut object = json!({
            "apiVersion": self.0.of.api_version,
            "kind": self.0.of.kind,
            "metadata": {"name": "it", "namespace": "ns", "generation": 2},
        });
        for (key, value) in members.as_object().unwrap() {
            object[key] = value.clone();
        }
        object
    }

    /// The health of an object with these members.
    pub(super) fn health(self, members: &Value) -> Option<bool> {
        answer(ThirdParty.interpret_health(&self.object(members)))
    }

    /// The health of an object with that status.
    pub(super) fn health_of(self, status: &Value) -> Option<bool> {
        self.health(&json!({"status": status}))
    }

    /// What is reflected of an object with that status, on generation 1 of the template.
    pub(super) fn reflect(self, status: &Value) -> Option<Value> {
        let mut object = self.object(&json!({"status": status}));
        object["metadata"]["annotations"] = json!({"resourcetemplate.karmada.io/generation": "1"});
        answer(ThirdParty.reflect_status(&object)).map(Option::unwrap)
    }

    /// The object with these members after aggregating the statuses of the clusters `a`, `b`, ...; `null` is a cluster
    /// without one, and in the place of the list the null list.
    pub(super) fn aggregate_object(self, members: &Value, statuses: &Value) -> Option<Value> {
        let items: Option<Vec<AggregatedStatusItem>> = statuses.as_array().map(|statuses| {
            ["a", "b", "c", "d"]
                .iter()
                .zip(statuses)
                .map(|(cluster, status)| AggregatedStatusItem {
                    cluster_name: (*cluster).to_owned(),
                    status: Some(status.clone()),
                    ..AggregatedStatusItem::default()
                })
                .collect()
        });
        let mut object = self.object(members);
        let now: Timestamp = NOW.parse().unwrap();
        answer(ThirdParty.aggregate_status(&mut object, items.as_deref(), now)).map(|()| object)
    }

    /// The status of an object that had `status` after aggregating.
    pub(super) fn aggregate(self, status: &Value, statuses: &Value) -> Option<Value> {
        self.aggregate_object(&json!({"status": status}), statuses)
            .map(|object| object["status"].clone())
    }

    /// What is retained of an object with members `observed` in one with members `desired`.
    pub(super) fn retain(self, desired: &Value, observed: &Value) -> Option<Value> {
        let mut object = self.object(desired);
        answer(ThirdParty.retain(&mut object, &self.object(observed))).map(|()| object)
    }

    /// The spec after revision.
    pub(super) fn revise(self, spec: &Value, replicas: i64) -> Option<Value> {
        let mut object = self.object(&json!({"spec": spec}));
        answer(ThirdParty.revise_replica(&mut object, replicas)).map(|()| object["spec"].clone())
    }

    /// Replicas and requirements of an object with that spec.
    pub(super) fn replicas(self, spec: &Value) -> Option<(i32, Value)> {
        answer(ThirdParty.get_replicas(&self.object(&json!({"spec": spec}))))
            .map(|replicas| (replicas.replicas, json!(replicas.requirements)))
    }

    /// The components of an object with that spec.
    pub(super) fn components(self, spec: &Value) -> Option<Value> {
        answer(ThirdParty.get_components(&self.object(&json!({"spec": spec}))))
            .map(|components| json!(components))
    }

    /// The dependencies of an object with that spec, as `Kind namespace/name`.
    pub(super) fn dependencies(self, spec: &Value) -> Option<Vec<String>> {
        let dependencies = answer(ThirdParty.get_dependencies(&self.object(&json!({"spec": spec}))))?;
        Some(
            dependencies
                .into_iter()
                .map(|it| {
                    assert_eq!(it.api_version, "v1");
                    format!("{} {}/{}", it.kind, it.namespace, it.name)
                })
                .collect(),
        )
    }
}
