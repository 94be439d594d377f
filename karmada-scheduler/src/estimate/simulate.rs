//! First-fit placement on runs of equal virtual nodes (`karmada:pkg/estimator/scheduling_simulator_components.go`).
//!
//! Upstream walks over every node for every set of components. Here equal neighbours are one *run*, nodes on which
//! nothing fits any more are dropped, and once the state of the nodes repeats, whole periods are skipped at a time.

/// Equal neighbouring nodes: what each has left per dimension, the last dimension being pod slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) left: Vec<i64>,
    pub(crate) nodes: i64,
}

/// So many equal pods of a set; amounts per dimension, without the pod slot each takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pods {
    pub(crate) request: Vec<i64>,
    pub(crate) replicas: i64,
}

/// How many of the pods fit on one node.
pub(crate) fn fit(left: &[i64], request: &[i64]) -> i64 {
    let slots = left.last().copied().unwrap_or(0);
    left.iter()
        .zip(request)
        .filter(|(_, wanted)| **wanted > 0)
        .fold(slots, |fit, (left, wanted)| fit.min(left / wanted))
}

fn take(left: &[i64], request: &[i64], pods: i64) -> Vec<i64> {
    let mut after: Vec<i64> = left.to_vec();
    for (left, wanted) in after.iter_mut().zip(request) {
        *left = left.saturating_sub(wanted.saturating_mul(pods)).max(0);
    }
    if let Some(slots) = after.last_mut() {
        *slots -= pods;
    }
    after
}

/// Nodes in the order in which they are filled.
#[derive(Clone, Debug, Default)]
pub(crate) struct Nodes {
    runs: Vec<Run>,
}

impl Nodes {
    pub(crate) fn new(runs: impl IntoIterator<Item = Run>) -> Self {
        let mut nodes = Self::default();
        for run in runs {
            nodes.push(run.left, run.nodes);
        }
        nodes
    }

    pub(crate) fn runs(&self) -> &[Run] {
        &self.runs
    }

    fn push(&mut self, left: Vec<i64>, nodes: i64) {
        if nodes <= 0 {
            return;
        }
        match self.runs.last_mut() {
            Some(last) if last.left == left => last.nodes = last.nodes.saturating_add(nodes),
            _ => self.runs.push(Run { left, nodes }),
        }
    }

    /// Drops the nodes on which none of the pods fits: they never come into question again.
    fn prune(&mut self, set: &[Pods]) {
        let before = std::mem::take(&mut self.runs);
        for run in before {
            if set.iter().any(|pods| fit(&run.left, &pods.request) > 0) {
                self.push(run.left, run.nodes);
            }
        }
    }

    /// Places pods on the first nodes that have room; what was placed stays also if not all fit.
    fn place(&mut self, pods: &Pods) -> bool {
        let mut remaining = pods.replicas;
        if remaining <= 0 {
            return true;
        }
        let mut after = Self {
            runs: Vec::with_capacity(self.runs.len() + 2),
        };
        for run in std::mem::take(&mut self.runs) {
            let fit = if remaining > 0 {
                fit(&run.left, &pods.request)
            } else {
                0
            };
            if fit <= 0 {
                after.push(run.left, run.nodes);
                continue;
            }
            let full = (remaining / fit).min(run.nodes);
            after.push(take(&run.left, &pods.request, fit), full);
            remaining -= full * fit;
            let mut untouched = run.nodes - full;
            if untouched > 0 && remaining > 0 {
                after.push(take(&run.left, &pods.request, remaining), 1);
                remaining = 0;
                untouched -= 1;
            }
            after.push(run.left, untouched);
        }
        *self = after;
        remaining == 0
    }

    /// Places one set; what was placed stays also if the set is not complete. Upstream pre-places assumed workloads
    /// this way.
    pub(crate) fn place_set(&mut self, set: &[Pods]) -> bool {
        set.iter().all(|pods| self.place(pods))
    }

    /// How many sets fit, up to a bound.
    ///
    /// A set without pods fits without limit.
    ///
    /// # Complexity
    /// `O((sets before the state repeats) × components × runs)` per stretch of equal nodes; independent of the number
    /// of nodes where the pattern in which sets fill a node is short, which it is for few components.
    pub(crate) fn sets(mut self, set: &[Pods], bound: i64) -> i64 {
        let set: Vec<Pods> = set.iter().filter(|pods| pods.replicas > 0).cloned().collect();
        if set.is_empty() {
            return bound;
        }
        self.prune(&set);
        let mut placed = 0;
        // A state to compare with, renewed at growing distances (Brent's cycle detection).
        let (mut mark, mut marked_at, mut span) = (self.clone(), 0, 1);
        while placed < bound && self.place_set(&set) {
            placed += 1;
            self.prune(&set);
            if let Some(periods) = self.periods_since(&mark) {
                let length = placed - marked_at;
                let periods = periods.min((bound - placed) / length);
                if periods > 0 {
                    self.skip(&mark, periods);
                    placed += periods * length;
                }
            }
            if placed - marked_at >= span {
                (mark, marked_at, span) = (self.clone(), placed, span.saturating_mul(2).min(MAX_SPAN));
            }
        }
        placed
    }

    /// If the nodes are as they were then, but for runs that became shorter: how often the same can happen again.
    ///
    /// What is placed between the two states depends on the length of such a run only once it is used up, and it is
    /// not as long as one node of it is left.
    fn periods_since(&self, earlier: &Self) -> Option<i64> {
        if self.runs.len() != earlier.runs.len() {
            return None;
        }
        let mut periods = i64::MAX;
        for (now, then) in self.runs.iter().zip(&earlier.runs) {
            let used = then.nodes - now.nodes;
            if used < 0 || now.left != then.left {
                return None;
            }
            if used > 0 {
                periods = periods.min((now.nodes - 1) / used);
            }
        }
        (periods < i64::MAX).then_some(periods)
    }

    fn skip(&mut self, earlier: &Self, periods: i64) {
        for (now, then) in self.runs.iter_mut().zip(&earlier.runs) {
            now.nodes -= (then.nodes - now.nodes) * periods;
        }
    }
}

/// The longest pattern looked for.
const MAX_SPAN: i64 = 1 << 16;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn node(left: &[i64], nodes: i64) -> Run {
        let mut left = left.to_vec();
        left.push(110);
        Run { left, nodes }
    }

    fn pods(request: &[i64], replicas: i64) -> Pods {
        Pods {
            request: request.to_vec(),
            replicas,
        }
    }

    /// Node by node, set by set.
    fn one_by_one(runs: &[Run], set: &[Pods], bound: i64) -> i64 {
        let mut nodes: Vec<Vec<i64>> = Vec::new();
        for run in runs {
            nodes.extend((0..run.nodes).map(|_| run.left.clone()));
        }
        for placed in 0..bound {
            for pods in set {
                let mut remaining = pods.replicas;
                for node in &mut nodes {
                    let here = fit(node, &pods.request).min(remaining);
                    *node = take(node, &pods.request, here);
                    remaining -= here;
                }
                if remaining > 0 {
                    return placed;
                }
            }
        }
        bound
    }

    #[test]
    fn first_fit_fills_nodes_in_order() {
        fn check(runs: &[Run], set: &[Pods], want: i64) {
            assert_eq!(Nodes::new(runs.to_vec()).sets(set, 1000), want);
        }
        // Request 1 CPU on nodes with 1, 1 and 4.
        check(&[node(&[1], 2), node(&[4], 1)], &[pods(&[1], 1)], 6);
        // The small pod takes the room of the large one: nothing is put elsewhere for it.
        check(
            &[node(&[4], 1), node(&[1], 1)],
            &[pods(&[1], 1), pods(&[4], 1)],
            0,
        );
        check(
            &[node(&[1], 1), node(&[4], 1)],
            &[pods(&[1], 1), pods(&[4], 1)],
            1,
        );
        // Pod slots count also where nothing is asked for.
        check(&[node(&[0], 2)], &[pods(&[0], 1)], 220);
        check(&[node(&[0], 2)], &[pods(&[0], 100)], 2);
        // Nothing to place: as many as are wanted, at once.
        check(&[], &[pods(&[1], 0)], 1000);
        check(&[], &[pods(&[1], 1)], 0);
    }

    #[test]
    fn an_incomplete_set_stays_where_it_was_placed() {
        let mut nodes = Nodes::new([node(&[4], 1)]);
        assert!(!nodes.place_set(&[pods(&[3], 1), pods(&[3], 1)]));
        assert_eq!(nodes.sets(&[pods(&[1], 1)], 10), 1);
    }

    #[test]
    fn large_clusters_take_no_longer_than_small_ones() {
        let runs = [
            node(&[1_000, 4 << 30], 400_000_000),
            node(&[16_000, 64 << 30], 900_000_000),
        ];
        let set = [pods(&[1_000, 2 << 30], 1), pods(&[2_000, 4 << 30], 4)];
        // Each node of the second kind takes 8 of the large pods, 4 to a set; the small ones go to the first kind
        // while it lasts, then beside the large ones.
        let sets = Nodes::new(runs).sets(&set, i64::from(i32::MAX));
        assert!((1_600_000_000..=1_700_000_000).contains(&sets), "{sets}");
    }

    proptest! {
        #[test]
        fn runs_equal_single_nodes(
            runs in prop::collection::vec((0i64..12, 0i64..12, 0i64..60), 0..5),
            set in prop::collection::vec((0i64..5, 0i64..5, 0i64..5), 1..4),
            bound in prop_oneof![0i64..5, Just(100_000i64)],
        ) {
            let runs: Vec<Run> = runs.into_iter().map(|(cpu, memory, nodes)| node(&[cpu, memory], nodes)).collect();
            let set: Vec<Pods> = set.into_iter().map(|(cpu, memory, replicas)| pods(&[cpu, memory], replicas)).collect();
            prop_assume!(set.iter().any(|pods| pods.replicas > 0));
            prop_assert_eq!(Nodes::new(runs.clone()).sets(&set, bound), one_by_one(&runs, &set, bound));
        }
    }
}
