//! Which of upstream's defects are corrected.

/// Why corrections cannot be switched on by name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no correction named {0}")]
pub struct UnknownCorrection(pub String);

macro_rules! corrections {
    ($(#[$doc:meta])* pub struct $name:ident { $($(#[$field_doc:meta])* pub $field:ident,)* }) => {
        $(#[$doc])*
        pub struct $name {
            $($(#[$field_doc])* pub $field: bool,)*
        }

        impl $name {
            /// Upstream's behaviour in everything; the default.
            #[must_use]
            pub const fn none() -> Self {
                Self { $($field: false,)* }
            }

            /// Every correction there is.
            #[must_use]
            pub const fn all() -> Self {
                Self { $($field: true,)* }
            }

            /// The name of each correction, and whether it is on, in the order of the fields.
            pub fn iter(self) -> impl Iterator<Item = (&'static str, bool)> {
                [$((stringify!($field), self.$field)),*].into_iter()
            }

            /// Switches a correction on by the name of its field, for hosts that read names from a file.
            ///
            /// # Errors
            /// [`UnknownCorrection`] when there is none of that name.
            pub fn with(mut self, name: &str) -> Result<Self, UnknownCorrection> {
                match name {
                    $(stringify!($field) => self.$field = true,)*
                    _ => return Err(UnknownCorrection(name.to_owned())),
                }
                Ok(self)
            }
        }
    };
}

corrections! {
    /// Which of upstream's defects are corrected, each by itself.
    ///
    /// A [`Profile`](crate::Profile) holds those that concern one decision, and stages and plugins read them from the
    /// [`Context`](crate::Context). What surrounds a decision (the scheduling cycle, the queue, assumptions, the
    /// accurate estimator) takes them in its own options. Defects that make upstream crash, overflow, run for ever or
    /// depend on the order of a map are never reproduced, so there is no switch for them.
    ///
    /// # Example
    /// ```
    /// use karmada_scheduler::{Corrections, Profile};
    /// let mut corrections = Corrections::none();
    /// corrections.unset_max_groups = true;
    /// assert_eq!(Corrections::none().with("unset_max_groups"), Ok(corrections));
    /// let profile = Profile::karmada().with_corrections(corrections);
    /// assert!(!profile.corrections().component_units);
    /// ```
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct Corrections {
        // One decision.

        /// `maxGroups` of a spread constraint that was never set.
        ///
        /// Upstream reads the 0 as "at most none", so that nothing can be selected (issue 4617). Corrected: no limit.
        pub unset_max_groups,

        /// Units of resources where sets of components are estimated.
        ///
        /// Upstream takes thousandths of an amount written in decimal notation and whole units of one in binary
        /// notation, so that a request of `1G` against `64Gi` is off by a thousand
        /// (`karmada:pkg/estimator/client/general.go`). Corrected: thousandths for `cpu`, whole units for the rest,
        /// however either is written.
        pub component_units,

        /// Estimators that fail for some clusters.
        ///
        /// Upstream leaves out all that an estimator said when it fails for one cluster (issue 6815). Corrected: its
        /// [partial](crate::EstimateError::with_partial) answer counts, and only the clusters it failed for are left to
        /// the other estimators.
        pub partial_estimates,

        /// Clusters whose room nobody bounds, for workloads with components.
        ///
        /// Upstream counts as many as `spec.replicas`, which is 0 for workloads with components, so that an unbounded
        /// cluster has room for none (`karmada:pkg/scheduler/core/util.go`). Corrected: as many as are wanted; one set,
        /// or where sets are not placed the replicas of all components.
        pub unbounded_components,

        /// Room for sets of components.
        ///
        /// Upstream looks at it only where replicas are divided and clusters are not selected by region
        /// (`karmada:pkg/scheduler/core/spreadconstraint/select_clusters.go`). Corrected: a set goes only to a cluster
        /// that has room for it; one that has the set already has room for it.
        pub component_room,

        /// `maxGroups` of clusters where they are selected by region.
        ///
        /// Upstream takes a cluster of each chosen region even if that makes more clusters than are allowed
        /// (`karmada:pkg/scheduler/core/spreadconstraint/select_clusters_by_region.go`). Corrected: no more regions are
        /// chosen than clusters are allowed, and it is an error when more are asked for.
        pub region_cluster_limit,

        /// A `weightPreference` without content.
        ///
        /// Upstream divides by equal fixed weights, as without one, but applies spread constraints, as it does not
        /// without one (`karmada:pkg/scheduler/core/spreadconstraint/util.go`). Corrected: the two are the same.
        pub empty_weight_preference,

        /// Workloads assumed to take room, where the binding itself is scheduled.
        ///
        /// Upstream takes off what the binding's own last decision will take, so that it competes with itself
        /// (`karmada:pkg/scheduler/cache`). Corrected: the binding's own assumptions do not count. Until the members
        /// report its new pods this overstates the room there is for still more of them.
        pub assumed_self,

        // The scheduling cycle.

        /// Changes of `workloadAffinity` in a placement with several affinity groups.
        ///
        /// Upstream compares only the affinity group in force, so that they schedule nothing
        /// (`karmada:pkg/scheduler/helper.go`). Corrected: they do.
        pub workload_affinity_changes,

        /// Changes of components.
        ///
        /// Upstream does not schedule a binding anew when replicas of its components change while it has targets
        /// (issue 6998). Corrected: it does.
        pub component_changes,

        /// Bindings suspended while they wait in a queue.
        ///
        /// Upstream looks at the suspension when a binding is queued and schedules it all the same when its turn comes
        /// (`karmada:pkg/scheduler/scheduler.go`). Corrected: it looks again.
        pub suspended_while_queued,

        /// Passes that wrote their result and not their status.
        ///
        /// Upstream finds nothing to do when it tries again, so that a divided workload keeps a condition that does not
        /// hold, none at all, or the name of an affinity group it has left (`karmada:pkg/scheduler/scheduler.go`).
        /// Corrected: it is scheduled again until the status says that it was.
        pub unfinished_passes,

        // The queue.

        /// The priority of a binding that is queued already.
        ///
        /// Upstream drops what is pushed under a key that waits, a new priority included
        /// (`karmada:pkg/scheduler/internal/queue`). Corrected: the new priority counts, and attempts are counted anew.
        pub queued_priority,

        /// Changes of clusters that only groups that help out pick.
        ///
        /// Upstream queues the bindings whose affinity group picks the changed cluster and does not look at the
        /// group's `overflowAffinities` (`karmada:pkg/scheduler/event_handler.go`). Corrected: it does.
        pub overflow_events,

        // Assumptions.

        /// What a binding is assumed to take.
        ///
        /// Upstream assumes all replicas of a cluster, those that run there already and are in its summary included
        /// (`karmada:pkg/scheduler/cache`). Corrected: only what was added.
        pub assumed_twice,

        // The accurate estimator.

        /// A resource that a quota limits under both its spellings.
        ///
        /// Upstream goes by one of `cpu` and `requests.cpu`, for extended resources by a random one
        /// (`karmada:pkg/estimator/server/framework/plugins/resourcequota`). Corrected: by the smaller amount left.
        pub quota_spellings,

        /// Quotas with several scopes.
        ///
        /// Upstream applies a quota when any of its scopes matches, Kubernetes when all do
        /// (`karmada:pkg/estimator/server/framework/plugins/resourcequota`). Corrected: as Kubernetes.
        pub quota_scopes,

        /// Quotas of which more is used than they allow.
        ///
        /// Upstream answers with a negative number, of which -1 reads as "unknown", so that the quota bounds nothing
        /// (`karmada:pkg/estimator/server/framework/plugins/resourcequota`). Corrected: there is no room.
        pub overdrawn_quotas,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_fields() {
        assert_eq!(Corrections::none(), Corrections::default());
        assert!(Corrections::none().iter().all(|(_, on)| !on));
        assert!(Corrections::all().iter().all(|(_, on)| on));
        let mut all = Corrections::none();
        for (name, _) in Corrections::none().iter() {
            let one = Corrections::none().with(name).unwrap();
            let on: Vec<&str> = one.iter().filter(|(_, on)| *on).map(|(name, _)| name).collect();
            assert_eq!(on, [name]);
            all = all.with(name).unwrap();
        }
        assert_eq!(all, Corrections::all());
        assert_eq!(
            Corrections::none().with("everything"),
            Err(UnknownCorrection("everything".to_owned()))
        );
    }
}
