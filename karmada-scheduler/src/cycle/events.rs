//! What a pass tells people.

use karmada_core::api::work::v1alpha2::{ObjectReference, TargetCluster};
use karmada_core::events::{Event, SCHEDULE_BINDING_FAILED, SCHEDULE_BINDING_SUCCEED};
use karmada_core::work::BindingRef;

/// The message of the condition, and how the event of success begins.
pub(super) const SUCCESS: &str = "Binding has been scheduled successfully.";

/// An event about an object. Its source is the scheduler, by the name in
/// [`CycleOptions::scheduler_name`](super::CycleOptions::scheduler_name).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The object: the binding or its template.
    pub regarding: ObjectReference,
    /// What is told about it.
    pub event: Event,
}

/// The objects that events of a pass are about.
#[derive(Clone, Debug)]
pub(super) struct Audience {
    pub(super) binding: ObjectReference,
    pub(super) template: ObjectReference,
}

impl Audience {
    pub(super) fn of(binding: BindingRef<'_>) -> Self {
        let metadata = binding.metadata();
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        Self {
            binding: ObjectReference {
                api_version: "work.karmada.io/v1alpha2".to_owned(),
                kind: binding.kind().to_owned(),
                namespace: text(&metadata.namespace),
                name: text(&metadata.name),
                uid: text(&metadata.uid),
                resource_version: text(&metadata.resource_version),
            },
            template: ObjectReference {
                resource_version: String::new(),
                ..binding.spec().resource.clone()
            },
        }
    }

    /// The event about the binding, then the same about its template.
    pub(super) fn tell(&self, event: Event) -> [Report; 2] {
        [
            Report {
                regarding: self.binding.clone(),
                event: event.clone(),
            },
            Report {
                regarding: self.template.clone(),
                event,
            },
        ]
    }
}

/// The event of success; the two kinds of bindings differ by a colon.
pub(super) fn succeeded(namespaced: bool, targets: &[TargetCluster]) -> Event {
    let targets: Vec<String> = targets
        .iter()
        .map(|target| format!("{}:{}", target.name, target.replicas))
        .collect();
    let colon = if namespaced { ":" } else { "" };
    Event::new(
        SCHEDULE_BINDING_SUCCEED,
        format!("{SUCCESS} Result{colon} {{{}}}", targets.join(", ")),
    )
}

/// The event of failure.
pub(super) fn failed(text: impl Into<String>) -> Event {
    Event::new(SCHEDULE_BINDING_FAILED, text)
}
