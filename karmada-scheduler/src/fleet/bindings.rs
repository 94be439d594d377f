//! What the workload-affinity plugins see of other bindings, indexed by their affinity groups.
//!
//! Upstream reads the informer's indexes and prefers the copy of the assigning cache where that is newer
//! (`karmada:pkg/scheduler/framework/plugins/workloadaffinity`). Both copies are kept here, and the index holds what
//! follows from them, so that a decision reads counts instead of bindings.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use karmada_core::api::meta::ConditionStatus;
use karmada_core::api::work::v1alpha2::ResourceBinding;
use karmada_core::conditions::BINDING_FULLY_APPLIED;
use rustc_hash::{FxBuildHasher, FxHashMap};

/// Which of a binding's two groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum GroupKind {
    Affinity,
    AntiAffinity,
}

const KINDS: [GroupKind; 2] = [GroupKind::Affinity, GroupKind::AntiAffinity];

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct GroupKey {
    kind: GroupKind,
    namespace: Box<str>,
    group: Box<str>,
}

/// The members of a group, and how often each cluster is a target of one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    members: BTreeMap<Box<str>, Member>,
    /// Members with targets.
    placed: usize,
    /// Members whose two copies cannot be compared.
    incomparable: usize,
    targets: BTreeMap<Box<str>, usize>,
}

#[derive(Clone, Debug, PartialEq)]
enum Member {
    /// Its targets, each once.
    At(Arc<[Box<str>]>),
    Incomparable,
}

impl Group {
    fn insert(&mut self, name: &str, member: Member) {
        match &member {
            Member::Incomparable => self.incomparable += 1,
            Member::At(clusters) => {
                self.placed += usize::from(!clusters.is_empty());
                for cluster in clusters.iter() {
                    *self.targets.entry(cluster.clone()).or_default() += 1;
                }
            }
        }
        self.members.insert(name.into(), member);
    }

    fn remove(&mut self, name: &str) {
        match self.members.remove(name) {
            None => {}
            Some(Member::Incomparable) => self.incomparable -= 1,
            Some(Member::At(clusters)) => {
                self.placed -= usize::from(!clusters.is_empty());
                for cluster in clusters.iter() {
                    if let Some(count) = self.targets.get_mut(cluster) {
                        *count -= 1;
                        if *count == 0 {
                            self.targets.remove(cluster);
                        }
                    }
                }
            }
        }
    }

    /// The group as the binding of that name sees it: without itself.
    pub(crate) fn others(&self, name: &str) -> Others<'_> {
        let own: &[Box<str>] = match self.members.get(name) {
            Some(Member::At(clusters)) => clusters,
            _ => &[],
        };
        Others {
            group: self,
            own,
            placed: self.placed - usize::from(!own.is_empty()),
        }
    }
}

/// The other members of a group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Others<'a> {
    group: &'a Group,
    own: &'a [Box<str>],
    placed: usize,
}

impl<'a> Others<'a> {
    /// Whether some member's copies cannot be compared, which rejects every new target.
    pub(crate) fn incomparable(&self) -> bool {
        self.group.incomparable > 0
    }

    /// How many of them have targets.
    pub(crate) fn placed(&self) -> usize {
        self.placed
    }

    /// How many of them target the cluster.
    pub(crate) fn on(&self, cluster: &str) -> usize {
        let all = self.group.targets.get(cluster).copied().unwrap_or(0);
        all - usize::from(self.own.iter().any(|own| **own == *cluster))
    }

    /// Every cluster one of them targets, with how many do.
    pub(crate) fn targets(&self) -> impl Iterator<Item = (&'a str, usize)> + '_ {
        self.group
            .targets
            .keys()
            .map(|cluster| (&**cluster, self.on(cluster)))
            .filter(|(_, count)| *count > 0)
    }
}

/// One copy of a binding, reduced to what matters.
#[derive(Clone, Debug)]
struct Copy {
    resource_version: Box<str>,
    groups: [Box<str>; 2],
    clusters: Arc<[Box<str>]>,
}

impl Copy {
    fn new(binding: &ResourceBinding) -> Self {
        let groups = binding.spec.workload_affinity_groups.as_ref();
        let mut clusters: Vec<Box<str>> = binding
            .spec
            .clusters
            .iter()
            .map(|target| target.name.as_str().into())
            .collect();
        clusters.sort_unstable();
        clusters.dedup();
        Self {
            resource_version: binding
                .metadata
                .resource_version
                .as_deref()
                .unwrap_or_default()
                .into(),
            groups: [
                groups.map_or_else(Box::default, |groups| groups.affinity_group.as_str().into()),
                groups.map_or_else(Box::default, |groups| groups.anti_affinity_group.as_str().into()),
            ],
            clusters: clusters.into(),
        }
    }

    fn group(&self, kind: GroupKind) -> &str {
        let [affinity, anti_affinity] = &self.groups;
        match kind {
            GroupKind::Affinity => affinity,
            GroupKind::AntiAffinity => anti_affinity,
        }
    }
}

/// Both copies of a binding.
#[derive(Clone, Debug, Default)]
struct Entry {
    observed: Option<Copy>,
    assigning: Option<Copy>,
}

impl Entry {
    /// What the binding contributes to the index: the group is that of the observed copy, the content that of the
    /// newer one, which counts only if it is still in that group.
    fn contribution(&self, kind: GroupKind) -> Option<(Box<str>, Member)> {
        let observed = self.observed.as_ref()?;
        let group = observed.group(kind);
        if group.is_empty() {
            return None;
        }
        let mut effective = observed;
        if let Some(assigning) = &self.assigning {
            match compare_resource_versions(&assigning.resource_version, &observed.resource_version) {
                None => return Some((group.into(), Member::Incomparable)),
                Some(Ordering::Greater) => effective = assigning,
                Some(_) => {}
            }
        }
        (effective.group(kind) == group).then(|| (group.into(), Member::At(effective.clusters.clone())))
    }
}

/// Compares resource versions as Kubernetes does: decimal numbers of any length without leading zeros.
fn compare_resource_versions(left: &str, right: &str) -> Option<Ordering> {
    let valid = |text: &str| {
        !text.is_empty() && !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    (valid(left) && valid(right)).then(|| left.len().cmp(&right.len()).then_with(|| left.cmp(right)))
}

/// Groups are spread over so many maps, and only the touched one is copied when a snapshot shares it, along with the
/// touched group: the first change of a group after a snapshot costs `O(members of that group + groups / 64)`.
const SHARDS: u64 = 64;

/// The groups, as a snapshot shares them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Groups {
    shards: Vec<Arc<FxHashMap<GroupKey, Arc<Group>>>>,
}

impl Groups {
    fn shard(key: &GroupKey) -> usize {
        (FxBuildHasher.hash_one(key) % SHARDS) as usize
    }

    pub(crate) fn get(&self, kind: GroupKind, namespace: &str, group: &str) -> Option<&Group> {
        if self.shards.is_empty() {
            return None;
        }
        let key = GroupKey {
            kind,
            namespace: namespace.into(),
            group: group.into(),
        };
        Some(self.shards.get(Self::shard(&key))?.get(&key)?)
    }

    fn edit(&mut self, key: &GroupKey, edit: impl FnOnce(&mut Group)) {
        if self.shards.is_empty() {
            self.shards.resize_with(SHARDS as usize, Arc::default);
        }
        let Some(shard) = self.shards.get_mut(Self::shard(key)) else {
            return;
        };
        let groups = Arc::make_mut(shard);
        let group = groups.entry(key.clone()).or_default();
        edit(Arc::make_mut(group));
        if group.members.is_empty() {
            groups.remove(key);
        }
    }
}

/// Both copies of every binding that is in a group.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bindings {
    entries: BTreeMap<(Box<str>, Box<str>), Entry>,
}

impl Bindings {
    pub(crate) fn observe(&mut self, groups: &mut Groups, binding: &ResourceBinding) {
        let copy = Copy::new(binding);
        self.change(groups, key(binding), |entry| entry.observed = Some(copy));
    }

    pub(crate) fn forget(&mut self, groups: &mut Groups, namespace: &str, name: &str) {
        self.change(groups, (namespace.into(), name.into()), |entry| {
            entry.observed = None;
        });
    }

    pub(crate) fn assign(&mut self, groups: &mut Groups, binding: &ResourceBinding) {
        let copy = Copy::new(binding);
        self.change(groups, key(binding), |entry| entry.assigning = Some(copy));
    }

    /// An update to the assigning copy, if there is one.
    pub(crate) fn update_assigned(&mut self, groups: &mut Groups, binding: &ResourceBinding) {
        let key = key(binding);
        let assigning = self.entries.get(&key).and_then(|entry| entry.assigning.as_ref());
        let Some(assigning) = assigning else { return };
        let update = Copy::new(binding);
        let newer = compare_resource_versions(&assigning.resource_version, &update.resource_version);
        if newer.is_none_or(Ordering::is_gt) {
            return;
        }
        let mut conditions = binding.status.conditions.iter();
        let applied = conditions
            .find(|condition| condition.type_ == BINDING_FULLY_APPLIED)
            .is_some_and(|condition| condition.status == ConditionStatus::True);
        self.change(groups, key, |entry| {
            entry.assigning = (!applied).then_some(update);
        });
    }

    pub(crate) fn settle(&mut self, groups: &mut Groups, namespace: &str, name: &str) {
        self.change(groups, (namespace.into(), name.into()), |entry| {
            entry.assigning = None;
        });
    }

    fn change(&mut self, groups: &mut Groups, key: (Box<str>, Box<str>), change: impl FnOnce(&mut Entry)) {
        let before = self.entries.get(&key).cloned().unwrap_or_default();
        let mut after = before.clone();
        change(&mut after);
        for kind in KINDS {
            let (old, new) = (before.contribution(kind), after.contribution(kind));
            if old == new {
                continue;
            }
            let group_key = |group: Box<str>| GroupKey {
                kind,
                namespace: key.0.clone(),
                group,
            };
            if let Some((group, _)) = old {
                groups.edit(&group_key(group), |group| group.remove(&key.1));
            }
            if let Some((group, member)) = new {
                groups.edit(&group_key(group), |group| group.insert(&key.1, member));
            }
        }
        let in_group = |copy: &Copy| copy.groups.iter().any(|group| !group.is_empty());
        if after.assigning.is_some() || after.observed.as_ref().is_some_and(in_group) {
            self.entries.insert(key, after);
        } else {
            self.entries.remove(&key);
        }
    }
}

fn key(binding: &ResourceBinding) -> (Box<str>, Box<str>) {
    let text = |text: &Option<String>| text.as_deref().unwrap_or_default().into();
    (text(&binding.metadata.namespace), text(&binding.metadata.name))
}

#[cfg(test)]
mod model;

#[cfg(test)]
mod tests {
    use super::*;
    use karmada_core::api::meta::Condition;
    use karmada_core::api::work::v1alpha2::{TargetCluster, WorkloadAffinityGroups};

    fn binding(name: &str, version: &str, group: &str, clusters: &[&str]) -> ResourceBinding {
        let mut binding = ResourceBinding::named("ns", name);
        binding.metadata.resource_version = Some(version.into());
        binding.spec.clusters = clusters.iter().map(|name| TargetCluster::new(*name, 1)).collect();
        binding.spec.workload_affinity_groups = Some(WorkloadAffinityGroups {
            affinity_group: group.into(),
            ..WorkloadAffinityGroups::default()
        });
        binding
    }

    fn seen(groups: &Groups, group: &str, name: &str) -> Option<(usize, Vec<(String, usize)>)> {
        let others = groups.get(GroupKind::Affinity, "ns", group)?.others(name);
        let targets = others
            .targets()
            .map(|(cluster, count)| (cluster.to_owned(), count));
        Some((others.placed(), targets.collect()))
    }

    #[test]
    fn a_group_counts_targets_of_the_other_members() {
        let (mut bindings, mut groups) = (Bindings::default(), Groups::default());
        bindings.observe(&mut groups, &binding("a", "1", "g", &["m1", "m2", "m1"]));
        bindings.observe(&mut groups, &binding("b", "1", "g", &["m2"]));
        bindings.observe(&mut groups, &binding("c", "1", "g", &[]));
        let both = vec![("m1".to_owned(), 1), ("m2".to_owned(), 2)];
        assert_eq!(seen(&groups, "g", "x"), Some((2, both)));
        assert_eq!(seen(&groups, "g", "a"), Some((1, vec![("m2".to_owned(), 1)])));
        assert_eq!(seen(&groups, "other", "a"), None);
        bindings.forget(&mut groups, "ns", "a");
        bindings.forget(&mut groups, "ns", "b");
        bindings.forget(&mut groups, "ns", "c");
        assert!(groups.get(GroupKind::Affinity, "ns", "g").is_none());
        assert!(bindings.entries.is_empty());
    }

    #[test]
    fn the_assigning_copy_counts_while_it_is_newer() {
        let (mut bindings, mut groups) = (Bindings::default(), Groups::default());
        bindings.assign(&mut groups, &binding("a", "10", "g", &["m9"]));
        assert_eq!(seen(&groups, "g", "x"), None, "unknown to the informer");
        bindings.observe(&mut groups, &binding("a", "9", "g", &[]));
        assert_eq!(seen(&groups, "g", "x"), Some((1, vec![("m9".to_owned(), 1)])));
        bindings.observe(&mut groups, &binding("a", "11", "g", &["m1"]));
        assert_eq!(seen(&groups, "g", "x"), Some((1, vec![("m1".to_owned(), 1)])));
        bindings.assign(&mut groups, &binding("a", "12", "elsewhere", &["m9"]));
        assert_eq!(seen(&groups, "g", "x"), None, "the newer copy left the group");
        bindings.assign(&mut groups, &binding("a", "x", "g", &["m9"]));
        let group = groups.get(GroupKind::Affinity, "ns", "g").unwrap();
        assert!(group.others("x").incomparable());
        bindings.settle(&mut groups, "ns", "a");
        assert_eq!(seen(&groups, "g", "x"), Some((1, vec![("m1".to_owned(), 1)])));
    }

    /// An update by the informer: a newer copy stays, an older one is replaced, and dropped once all is applied.
    #[test]
    fn updates_of_the_assigning_copy() {
        fn check(
            assigned: Option<&str>,
            update: &str,
            applied: Option<ConditionStatus>,
            keeps: Option<&str>,
        ) {
            let (mut bindings, mut groups) = (Bindings::default(), Groups::default());
            if let Some(version) = assigned {
                bindings.assign(&mut groups, &binding("a", version, "g", &["m1"]));
            }
            let mut update = binding("a", update, "g", &["m2"]);
            if let Some(status) = applied {
                update.status.conditions = vec![
                    Condition {
                        type_: "Scheduled".into(),
                        status: ConditionStatus::True,
                        ..Condition::default()
                    },
                    Condition {
                        type_: "FullyApplied".into(),
                        status,
                        ..Condition::default()
                    },
                ];
            }
            bindings.update_assigned(&mut groups, &update);
            let entry = bindings.entries.values().next();
            let kept = entry.and_then(|entry| entry.assigning.as_ref());
            assert_eq!(
                kept.map(|copy| &*copy.resource_version),
                keeps,
                "{assigned:?} {update:?}"
            );
        }
        use ConditionStatus::{False, True, Unknown};
        check(None, "9", None, None);
        check(None, "9", Some(True), None);
        check(Some("10"), "9", None, Some("10"));
        check(Some("10"), "9", Some(True), Some("10"));
        check(Some("10"), "10", None, Some("10"));
        check(Some("10"), "10", Some(True), None);
        check(Some("9"), "10", None, Some("10"));
        check(Some("9"), "10", Some(False), Some("10"));
        check(Some("9"), "10", Some(Unknown), Some("10"));
        check(Some("9"), "10", Some(True), None);
        check(Some("9"), "x", Some(True), Some("9"));
        check(Some("x"), "9", Some(True), Some("x"));
    }
}
