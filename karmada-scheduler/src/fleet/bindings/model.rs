//! The index against a loop over all bindings, as upstream's plugins make it.

use std::collections::BTreeMap;

use karmada_core::api::meta::{Condition, ConditionStatus};
use karmada_core::api::work::v1alpha2::{TargetCluster, WorkloadAffinityGroups};
use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Observe(ResourceBinding),
    Assign(ResourceBinding),
    Update(ResourceBinding),
    Forget(usize, usize),
    Settle(usize, usize),
}

const NAMESPACES: [&str; 2] = ["ns", "other"];
const NAMES: [&str; 4] = ["a", "b", "c", "d"];
const GROUPS: [&str; 3] = ["", "app=x", "app=y"];
const CLUSTERS: [&str; 3] = ["m1", "m2", "m3"];

fn binding() -> impl Strategy<Value = ResourceBinding> {
    let version =
        prop_oneof![8 => (1..30_u32).prop_map(|version| version.to_string()), 1 => Just("x".to_owned())];
    let groups = proptest::option::weighted(0.9, (0..GROUPS.len(), 0..GROUPS.len()));
    let clusters = proptest::collection::vec(0..CLUSTERS.len(), 0..4);
    let names = (0..NAMESPACES.len(), 0..NAMES.len());
    (names, version, groups, clusters, any::<bool>()).prop_map(
        |((namespace, name), version, groups, clusters, applied)| {
            let mut binding = ResourceBinding::named(NAMESPACES[namespace], NAMES[name]);
            binding.metadata.resource_version = Some(version);
            binding.spec.clusters = clusters
                .into_iter()
                .map(|cluster| TargetCluster::new(CLUSTERS[cluster], 1))
                .collect();
            binding.spec.workload_affinity_groups =
                groups.map(|(affinity, anti_affinity)| WorkloadAffinityGroups {
                    affinity_group: GROUPS[affinity].to_owned(),
                    anti_affinity_group: GROUPS[anti_affinity].to_owned(),
                });
            if applied {
                binding.status.conditions = vec![Condition {
                    type_: BINDING_FULLY_APPLIED.to_owned(),
                    status: ConditionStatus::True,
                    ..Condition::default()
                }];
            }
            binding
        },
    )
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let place = (0..NAMESPACES.len(), 0..NAMES.len());
    let step = prop_oneof![
        4 => binding().prop_map(Step::Observe),
        3 => binding().prop_map(Step::Assign),
        3 => binding().prop_map(Step::Update),
        1 => place.clone().prop_map(|(namespace, name)| Step::Forget(namespace, name)),
        1 => place.prop_map(|(namespace, name)| Step::Settle(namespace, name)),
    ];
    proptest::collection::vec(step, 0..80)
}

type Listed = BTreeMap<(Box<str>, Box<str>), ResourceBinding>;

fn version(binding: &ResourceBinding) -> &str {
    binding.metadata.resource_version.as_deref().unwrap()
}

fn group(binding: &ResourceBinding, kind: GroupKind) -> &str {
    let groups = binding.spec.workload_affinity_groups.as_ref();
    groups.map_or("", |groups| match kind {
        GroupKind::Affinity => &groups.affinity_group,
        GroupKind::AntiAffinity => &groups.anti_affinity_group,
    })
}

/// The targets of the others in a group of the namespace `ns`, with and without any, as the binding of that name sees
/// them; nothing if some cannot be compared.
fn others(
    informer: &Listed,
    assigning: &Listed,
    kind: GroupKind,
    wanted: &str,
    own: &str,
) -> Option<Vec<Vec<String>>> {
    let mut found = Vec::new();
    for (key, observed) in informer {
        if group(observed, kind) != wanted || &*key.0 != "ns" {
            continue;
        }
        let mut existing = observed;
        if let Some(assigned) = assigning.get(key) {
            let newer = compare_resource_versions(version(assigned), version(observed))?;
            if newer.is_gt() {
                existing = assigned;
            }
        }
        if group(existing, kind) == wanted && &*key.1 != own {
            let clusters = existing.spec.clusters.iter();
            found.push(clusters.map(|target| target.name.clone()).collect());
        }
    }
    Some(found)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn as_upstreams_plugins_see_them(steps in steps()) {
        let (mut bindings, mut groups) = (Bindings::default(), Groups::default());
        let (mut informer, mut assigning) = (Listed::new(), Listed::new());
        for step in steps {
            match step {
                Step::Observe(binding) => {
                    bindings.observe(&mut groups, &binding);
                    informer.insert(key(&binding), binding);
                }
                Step::Assign(binding) => {
                    bindings.assign(&mut groups, &binding);
                    assigning.insert(key(&binding), binding);
                }
                Step::Update(binding) => {
                    bindings.update_assigned(&mut groups, &binding);
                    let order = assigning
                        .get(&key(&binding))
                        .and_then(|assigned| compare_resource_versions(version(assigned), version(&binding)));
                    if order.is_some_and(Ordering::is_le) {
                        if binding.status.conditions.is_empty() {
                            assigning.insert(key(&binding), binding);
                        } else {
                            assigning.remove(&key(&binding));
                        }
                    }
                }
                Step::Forget(namespace, name) => {
                    let (namespace, name) = (NAMESPACES[namespace], NAMES[name]);
                    bindings.forget(&mut groups, namespace, name);
                    informer.remove(&(namespace.into(), name.into()));
                }
                Step::Settle(namespace, name) => {
                    let (namespace, name) = (NAMESPACES[namespace], NAMES[name]);
                    bindings.settle(&mut groups, namespace, name);
                    assigning.remove(&(namespace.into(), name.into()));
                }
            }
            for (kind, wanted) in KINDS.into_iter().flat_map(|kind| GROUPS[1..].iter().map(move |group| (kind, *group))) {
                for own in ["a", "d", "somebody"] {
                    let want = others(&informer, &assigning, kind, wanted, own);
                    let Some(group) = groups.get(kind, "ns", wanted) else {
                        prop_assert_eq!(want, Some(Vec::new()));
                        continue;
                    };
                    let got = group.others(own);
                    prop_assert_eq!(got.incomparable(), want.is_none());
                    let Some(want) = want else { continue };
                    prop_assert_eq!(got.placed(), want.iter().filter(|targets| !targets.is_empty()).count());
                    let on = |cluster: &str| {
                        want.iter().filter(|targets| targets.iter().any(|target| target == cluster)).count()
                    };
                    let counted: Vec<(&str, usize)> =
                        CLUSTERS.into_iter().map(|cluster| (cluster, on(cluster))).filter(|(_, count)| *count > 0).collect();
                    prop_assert_eq!(got.targets().collect::<Vec<_>>(), counted);
                }
            }
        }
    }
}
