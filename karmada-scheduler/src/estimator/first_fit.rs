//! First-fit placement on the nodes of a member (`karmada:pkg/estimator/scheduling_simulator_components.go`).
//!
//! Resource models are runs of equal nodes, which `estimate::simulate` makes use of. Real nodes differ, so here each
//! is kept for itself; what saves time is that a node on which a kind of pod no longer fits never takes one again, and
//! that sets which fall onto the same nodes as the one before are placed at once.

use karmada_core::api::work::v1alpha2::{Component, NodeClaim};

use super::MemberSnapshot;
use super::node_claim::allowed;
use crate::estimate::resources::{is_simulated, natural};

/// Pods of equal shape: what each takes, and where they may go.
#[derive(Debug)]
struct Kind {
    /// Per dimension, pod slots last.
    request: Vec<i64>,
    /// Which of [`Placement::claims`] says where they may go.
    claim: usize,
    /// Of the nodes of the claim, those before this one have no room for them.
    cursor: usize,
}

/// Equal pods of a set.
#[derive(Clone, Copy, Debug)]
struct Pods {
    kind: usize,
    replicas: i64,
}

/// Nodes that are being filled.
#[derive(Debug)]
pub(super) struct Placement<'a> {
    snapshot: &'a MemberSnapshot,
    /// The resources compared, sorted.
    names: Vec<&'a str>,
    /// What is left per node and dimension, pod slots last; nodes in the order of their names.
    left: Vec<i64>,
    claims: Vec<(Option<&'a NodeClaim>, Vec<u32>)>,
    kinds: Vec<Kind>,
}

impl<'a> Placement<'a> {
    /// The nodes as they are, for placing these components and no others.
    pub(super) fn new(snapshot: &'a MemberSnapshot, components: impl Iterator<Item = &'a Component>) -> Self {
        let mut names: Vec<&str> = components
            .flat_map(request)
            .filter(|(name, amount)| *amount > 0 && is_simulated(name))
            .map(|(name, _)| name)
            .collect();
        names.sort_unstable();
        names.dedup();
        let columns: Vec<Vec<_>> = snapshot
            .chunks()
            .iter()
            .map(|chunk| names.iter().map(|name| chunk.column(name)).collect())
            .collect();
        let mut left = Vec::with_capacity(snapshot.len() * (names.len() + 1));
        for (chunk, row) in snapshot.places() {
            for column in columns.get(chunk).into_iter().flatten() {
                let amount = column.and_then(|column| column.left.get(row).copied());
                left.push(amount.unwrap_or(0));
            }
            let slots = snapshot
                .chunks()
                .get(chunk)
                .and_then(|chunk| chunk.slots.get(row));
            left.push(slots.copied().unwrap_or(0));
        }
        Self {
            snapshot,
            names,
            left,
            claims: Vec::new(),
            kinds: Vec::new(),
        }
    }

    /// Places one set; what was placed stays also if the set is not complete.
    pub(super) fn place_set(&mut self, components: &'a [Component]) -> bool {
        let set = self.set(components);
        self.place_all(&set)
    }

    /// How many sets fit, up to a bound. A set without pods fits without limit.
    ///
    /// # Complexity
    /// With `c` components and `n` nodes at most `O(c² × n)`, whatever the number of sets.
    pub(super) fn sets(&mut self, components: &'a [Component], bound: i64) -> i64 {
        let set = self.set(components);
        if set.is_empty() {
            return bound;
        }
        let mut placed = 0;
        while placed < bound {
            let repeats = self.repeats(&set).min(bound - placed);
            if repeats > 0 {
                for pods in &set {
                    self.take_at_cursor(pods, repeats);
                }
                placed += repeats;
            } else if self.place_all(&set) {
                placed += 1;
            } else {
                break;
            }
        }
        placed
    }

    /// What is left of each node for pods of that shape, all nodes together.
    pub(super) fn room(&mut self, component: &'a Component) -> i64 {
        let kind = self.kind(component);
        let Some(kind) = self.kinds.get(kind) else {
            return 0;
        };
        let Some((_, nodes)) = self.claims.get(kind.claim) else {
            return 0;
        };
        nodes.iter().fold(0i64, |sum, node| {
            sum.saturating_add(fit(self.node(*node), &kind.request))
        })
    }

    /// The pods of a set that has any.
    fn set(&mut self, components: &'a [Component]) -> Vec<Pods> {
        let components = components.iter().filter(|component| component.replicas > 0);
        components
            .map(|component| Pods {
                kind: self.kind(component),
                replicas: component.replicas.into(),
            })
            .collect()
    }

    fn kind(&mut self, component: &'a Component) -> usize {
        let mut wanted = vec![0; self.names.len()];
        for (name, amount) in request(component) {
            if let Ok(position) = self.names.binary_search(&name)
                && let Some(cell) = wanted.get_mut(position)
            {
                *cell = amount.max(0);
            }
        }
        wanted.push(1);
        let requirements = component.replica_requirements.as_ref();
        let claim = requirements.and_then(|requirements| requirements.node_claim.as_ref());
        let claim = self.claim(claim);
        let known = self
            .kinds
            .iter()
            .position(|kind| kind.claim == claim && kind.request == wanted);
        known.unwrap_or_else(|| {
            self.kinds.push(Kind {
                request: wanted,
                claim,
                cursor: 0,
            });
            self.kinds.len() - 1
        })
    }

    fn claim(&mut self, claim: Option<&'a NodeClaim>) -> usize {
        if let Some(known) = self.claims.iter().position(|(known, _)| *known == claim) {
            return known;
        }
        let rows = allowed(self.snapshot, claim);
        let places = self.snapshot.places().zip(0u32..);
        let nodes = places
            .filter(|((chunk, row), _)| rows.get(*chunk).is_some_and(|rows| rows.contains(*row)))
            .map(|(_, position)| position)
            .collect();
        self.claims.push((claim, nodes));
        self.claims.len() - 1
    }

    fn node(&self, node: u32) -> &[i64] {
        let dimensions = self.names.len() + 1;
        let start = node as usize * dimensions;
        self.left.get(start..start + dimensions).unwrap_or_default()
    }

    fn take(&mut self, node: u32, kind: usize, pods: i64) {
        let dimensions = self.names.len() + 1;
        let start = node as usize * dimensions;
        let Some(left) = self.left.get_mut(start..start + dimensions) else {
            return;
        };
        let Some(kind) = self.kinds.get(kind) else { return };
        for (left, wanted) in left.iter_mut().zip(&kind.request) {
            *left -= wanted * pods;
        }
    }

    /// The first node with room for a kind of pod, and for how many. Moves the cursor there.
    fn first(&mut self, kind: usize) -> Option<(u32, i64)> {
        loop {
            let state = self.kinds.get(kind)?;
            let (_, nodes) = self.claims.get(state.claim)?;
            let node = *nodes.get(state.cursor)?;
            let fit = fit(self.node(node), &state.request);
            if fit > 0 {
                return Some((node, fit));
            }
            self.kinds.get_mut(kind)?.cursor += 1;
        }
    }

    fn place_all(&mut self, set: &[Pods]) -> bool {
        set.iter().all(|pods| {
            let mut remaining = pods.replicas;
            while remaining > 0 {
                let Some((node, fit)) = self.first(pods.kind) else {
                    return false;
                };
                let here = fit.min(remaining);
                self.take(node, pods.kind, here);
                remaining -= here;
            }
            true
        })
    }

    /// How many sets in a row fall wholly onto the nodes that are first now.
    ///
    /// If so many sets fit there by what they take together, then each pod of each of them fits when its turn comes.
    fn repeats(&mut self, set: &[Pods]) -> i64 {
        let mut at = Vec::with_capacity(set.len());
        for pods in set {
            match self.first(pods.kind) {
                Some((node, fit)) if fit >= pods.replicas => at.push((node, *pods)),
                _ => return 0,
            }
        }
        at.sort_unstable_by_key(|(node, _)| *node);
        let mut repeats = i64::MAX;
        for group in at.chunk_by(|(one, _), (other, _)| one == other) {
            let Some((node, _)) = group.first() else { continue };
            for (dimension, left) in self.node(*node).iter().enumerate() {
                let taken = group.iter().fold(0i64, |sum, (_, pods)| {
                    let kind = self.kinds.get(pods.kind);
                    let wanted = kind.and_then(|kind| kind.request.get(dimension)).copied();
                    sum.saturating_add(wanted.unwrap_or(0).saturating_mul(pods.replicas))
                });
                if taken > 0 {
                    repeats = repeats.min(left / taken);
                }
            }
        }
        repeats
    }

    fn take_at_cursor(&mut self, pods: &Pods, sets: i64) {
        let node = self.kinds.get(pods.kind).and_then(|kind| {
            let (_, nodes) = self.claims.get(kind.claim)?;
            nodes.get(kind.cursor).copied()
        });
        if let Some(node) = node {
            self.take(node, pods.kind, pods.replicas * sets);
        }
    }
}

fn request(component: &Component) -> impl Iterator<Item = (&str, i64)> {
    let requirements = component.replica_requirements.iter();
    requirements.flat_map(|requirements| {
        requirements
            .resource_request
            .iter()
            .map(|(name, quantity)| (name.as_str(), natural(name, *quantity)))
    })
}

/// How many pods fit on a node; one slot each bounds them.
fn fit(left: &[i64], request: &[i64]) -> i64 {
    left.iter()
        .zip(request)
        .filter(|(_, wanted)| **wanted > 0)
        .fold(i64::MAX, |fit, (left, wanted)| fit.min(left / wanted))
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::Node;
    use karmada_core::api::wire;
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::MemberState;
    use super::*;
    use crate::estimate::simulate;

    fn member(nodes: &[(i64, i64)]) -> MemberSnapshot {
        let mut member = MemberState::new();
        for (index, (cpu, slots)) in nodes.iter().enumerate() {
            let node: Node = serde_json::from_value(json!({
                "metadata": {"name": format!("n{index}")},
                "status": {"allocatable": {"cpu": format!("{cpu}m"), "pods": slots.to_string()}},
            }))
            .unwrap();
            member.apply_node(&node).unwrap();
        }
        member.snapshot()
    }

    fn components(set: &[(i64, i32)]) -> Vec<Component> {
        let list: Vec<_> = set
            .iter()
            .map(|(cpu, replicas)| {
                let request = json!({"cpu": format!("{cpu}m")});
                json!({"name": "c", "replicas": replicas, "replicaRequirements": {"resourceRequest": request}})
            })
            .collect();
        wire::decode(&json!(list)).unwrap()
    }

    #[test]
    fn the_number_of_sets_costs_nothing() {
        let snapshot = member(&[(i64::MAX / 2, i64::MAX), (i64::MAX / 2, i64::MAX)]);
        let set = components(&[(1, 3), (2, 1)]);
        let mut nodes = Placement::new(&snapshot, set.iter());
        assert_eq!(nodes.sets(&set, i64::MAX / 100), i64::MAX / 100);
        assert_eq!(
            nodes.node(1),
            [i64::MAX / 2, i64::MAX],
            "the first node has room for them all"
        );
    }

    proptest! {
        /// Single nodes here and runs of equal nodes there are filled alike.
        #[test]
        fn nodes_fill_as_runs_do(
            nodes in prop::collection::vec((0i64..12, 0i64..8), 0..7),
            set in prop::collection::vec((0i64..5, 0i32..4), 1..4),
            bound in prop_oneof![0i64..5, Just(1_000i64)],
        ) {
            // Names of one digit: their order is that of the list.
            let snapshot = member(&nodes);
            let list = components(&set);
            let got = Placement::new(&snapshot, list.iter()).sets(&list, bound);
            let runs = nodes.iter().map(|(cpu, slots)| simulate::Run { left: vec![*cpu, *slots], nodes: 1 });
            let pods: Vec<simulate::Pods> = set
                .iter()
                .map(|(cpu, replicas)| simulate::Pods { request: vec![*cpu], replicas: (*replicas).into() })
                .collect();
            prop_assert_eq!(got, simulate::Nodes::new(runs).sets(&pods, bound));
        }
    }
}
