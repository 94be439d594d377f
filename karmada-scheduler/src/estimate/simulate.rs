//! First-fit placement of a workload on runs of equal virtual nodes
//! (`karmada:pkg/estimator/scheduling_simulator_components.go`).

use super::pod_set::PodSet;
use super::sets::SetSimulation;

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

    /// How many sets fit, up to a bound; see [`SetSimulation::sets`].
    pub(crate) fn sets(&self, set: &[Pods], bound: i64) -> i64 {
        let width = self.runs.first().map_or(1, |run| run.left.len());
        let set = PodSet::new(width, set);
        let mut described = Vec::new();
        for run in &self.runs {
            set.describe(&run.left, &mut described);
        }
        let counts = self.runs.iter().map(|run| run.nodes);
        let nodes = described.chunks_exact(set.description()).zip(counts);
        let bound = set.most(&nodes, bound);
        SetSimulation::new(&set).sets(nodes, bound)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Nodes with 110 pod slots.
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
        // Nodes on which a component had no room have none for it later.
        let mut starts = vec![0; set.len()];
        for placed in 0..bound {
            for (pods, start) in set.iter().zip(&mut starts) {
                let mut remaining = pods.replicas;
                while remaining > 0 {
                    let Some(node) = nodes.get_mut(*start) else {
                        return placed;
                    };
                    let here = fit(node, &pods.request).min(remaining);
                    for (left, wanted) in node.iter_mut().zip(&pods.request) {
                        *left -= wanted * here;
                    }
                    *node.last_mut().unwrap() -= here;
                    remaining -= here;
                    *start += usize::from(remaining > 0);
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
        // Demand beyond all numbers.
        check(&[node(&[i64::MAX], 1)], &[pods(&[i64::MAX], 2)], 0);
        check(&[node(&[i64::MAX], 4)], &[pods(&[i64::MAX], 2)], 2);
        check(
            &[node(&[i64::MAX], i64::MAX)],
            &[pods(&[1], i64::from(i32::MAX)), pods(&[i64::MAX], 1)],
            1000,
        );
    }

    #[test]
    fn an_incomplete_set_stays_where_it_was_placed() {
        let mut nodes = Nodes::new([node(&[4], 1)]);
        assert!(!nodes.place_set(&[pods(&[3], 1), pods(&[3], 1)]));
        assert_eq!(nodes.sets(&[pods(&[1], 1)], 10), 1);
    }

    /// How often a simulation looks at the runs, which is what it costs.
    fn steps(runs: &[Run], set: &[Pods], bound: i64) -> (i64, u64) {
        let width = runs.first().map_or(1, |run| run.left.len());
        let set = PodSet::new(width, set);
        let mut described = Vec::new();
        for run in runs {
            set.describe(&run.left, &mut described);
        }
        let nodes = described.chunks_exact(set.description());
        let mut simulation = SetSimulation::new(&set);
        let sets = simulation.sets(nodes.zip(runs.iter().map(|run| run.nodes)), bound);
        (sets, simulation.steps)
    }

    #[test]
    fn large_clusters_take_no_longer_than_small_ones() {
        fn check(runs: &[Run], set: &[Pods], most_steps: u64) {
            for times in [1, 1_000_000] {
                let runs = runs.iter().map(|run| Run {
                    left: run.left.clone(),
                    nodes: run.nodes * times,
                });
                let (sets, steps) = steps(&runs.collect::<Vec<_>>(), set, i64::MAX);
                assert!(
                    sets >= 50 * times && steps <= most_steps,
                    "{sets} sets, {steps} steps"
                );
            }
        }
        let gib = 1 << 30;
        let grades: Vec<Run> = (0..9)
            .map(|grade| node(&[1000 << grade, (4 * gib) << grade], 500))
            .collect();
        // A coordinator and its workers, of round sizes and of others.
        check(
            &grades,
            &[pods(&[1_000, 2 * gib], 1), pods(&[2_000, 4 * gib], 4)],
            400,
        );
        check(
            &grades,
            &[pods(&[1_300, 3 * gib], 1), pods(&[2_700, 5 * gib], 4)],
            400,
        );
        // The small pods follow the large ones nearly as fast, in the room these leave.
        check(&[node(&[23], 1_000)], &[pods(&[1], 20), pods(&[7], 31)], 200);
        check(&[node(&[44], 1_000)], &[pods(&[1], 1), pods(&[7], 3)], 200);
    }

    fn check_against_single_nodes(runs: &[Run], set: &[Pods], bound: i64) -> Result<(), TestCaseError> {
        let nodes = Nodes::new(runs.to_vec());
        let want = one_by_one(runs, set, bound);
        prop_assert_eq!(nodes.sets(set, bound), want);
        let (sets, _) = steps(runs, set, bound);
        prop_assert_eq!(sets, want, "without the upper bound");
        Ok(())
    }

    fn instance(
        amounts: i64,
        nodes: i64,
        requests: i64,
        replicas: i64,
    ) -> impl Strategy<Value = (Vec<Run>, Vec<Pods>)> {
        (1usize..4).prop_flat_map(move |dimensions| {
            let amount = move |most| prop::collection::vec(0..most, dimensions);
            let slots = prop_oneof![3 => Just(110i64), 1 => 1i64..12];
            let run = (amount(amounts), slots, 0..nodes).prop_map(|(mut left, slots, nodes)| {
                left.push(slots);
                Run { left, nodes }
            });
            let component =
                (amount(requests), 0..replicas).prop_map(|(request, replicas)| pods(&request, replicas));
            (
                prop::collection::vec(run, 1..6),
                prop::collection::vec(component, 1..5),
            )
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1500))]

        #[test]
        fn runs_equal_single_nodes(
            (runs, set) in prop_oneof![
                instance(12, 60, 5, 5),
                instance(40, 400, 12, 20),
                instance(100, 150, 5, 5),
                instance(400, 40, 30, 20),
            ],
            bound in prop_oneof![1 => 0i64..50, 4 => Just(100_000i64)],
        ) {
            prop_assume!(set.iter().any(|pods| pods.replicas > 0));
            check_against_single_nodes(&runs, &set, bound)?;
        }

        /// Long chases through the room that other components leave.
        #[test]
        fn one_kind_of_node_equals_single_nodes(
            left in prop::collection::vec(20i64..60, 2),
            set in prop::collection::vec((1i64..15, 0i64..15, 1i64..30), 2..4),
            nodes in 1_000i64..2_000,
        ) {
            let set: Vec<Pods> = set.into_iter().map(|(cpu, memory, replicas)| pods(&[cpu, memory], replicas)).collect();
            check_against_single_nodes(&[node(&left, nodes)], &set, 100_000)?;
        }
    }
}
