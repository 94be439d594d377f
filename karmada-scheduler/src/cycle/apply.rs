//! A pass over a binding in memory.

use jiff::Timestamp;
use karmada_core::api::work::v1alpha2::{ClusterResourceBinding, ResourceBinding};

use super::conclusion::{Executed, Outcome, Written};
use super::plan::{Operation, Plan};

/// A binding of either kind, to be changed.
#[derive(Debug)]
pub enum BindingMut<'a> {
    /// Of a template that lives in a namespace.
    Namespaced(&'a mut ResourceBinding),
    /// Of a cluster-scoped template.
    Cluster(&'a mut ClusterResourceBinding),
}

impl<'a> From<&'a mut ResourceBinding> for BindingMut<'a> {
    fn from(binding: &'a mut ResourceBinding) -> Self {
        Self::Namespaced(binding)
    }
}

impl<'a> From<&'a mut ClusterResourceBinding> for BindingMut<'a> {
    fn from(binding: &'a mut ClusterResourceBinding) -> Self {
        Self::Cluster(binding)
    }
}

impl BindingMut<'_> {
    /// Makes the change as an API server does: a changed spec is a new generation, and every change a new version, as
    /// far as versions are numbers. A binding without a version counts as one of version 0.
    pub fn apply(&mut self, operation: &Operation) -> Written {
        let (metadata, spec, status) = match self {
            Self::Namespaced(binding) => (&mut binding.metadata, &mut binding.spec, &mut binding.status),
            Self::Cluster(binding) => (&mut binding.metadata, &mut binding.spec, &mut binding.status),
        };
        let generation = metadata.generation.unwrap_or_default();
        if operation.apply(metadata, spec, status) {
            metadata.generation = Some(generation.saturating_add(1));
        }
        let version = match metadata.resource_version.as_deref() {
            None | Some("") => "0",
            Some(version) => version,
        };
        if let Some(next) = version
            .parse()
            .ok()
            .and_then(|version: u64| version.checked_add(1))
        {
            metadata.resource_version = Some(next.to_string());
        }
        Written {
            generation: metadata.generation.unwrap_or_default(),
            resource_version: metadata.resource_version.clone().unwrap_or_default(),
        }
    }
}

impl Plan {
    /// Carries the plan out on the binding it was made for, in memory; nothing goes wrong there.
    ///
    /// # Example
    /// ```
    /// use karmada_core::api::policy::v1alpha1::Placement;
    /// use karmada_core::api::work::v1alpha2::ResourceBinding;
    /// use karmada_scheduler::Snapshot;
    /// use karmada_scheduler::cycle::{CycleOptions, schedule_binding};
    /// use karmada_scheduler::queue::RetryClass;
    /// let mut binding = ResourceBinding::named("shop", "web-deployment");
    /// binding.spec.placement = Some(Placement::new());
    /// let plan = schedule_binding(&binding, &Snapshot::build([], [])?, &CycleOptions::default());
    /// let executed = plan.apply(&mut binding, "2026-01-01T00:00:00Z".parse()?);
    /// assert_eq!(executed.finished.retry, RetryClass::Forget);
    /// assert_eq!(binding.status.conditions[0].message, "0/0 clusters are available: no cluster exists.");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn apply<'a>(self, binding: impl Into<BindingMut<'a>>, now: Timestamp) -> Executed {
        let mut binding = binding.into();
        self.execute(now, |operation| Outcome::Ok(binding.apply(operation)))
    }
}
