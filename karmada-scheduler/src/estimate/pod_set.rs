//! What sets of components ask of nodes.

use super::simulate::{Pods, fit};

/// The pods of a set, with what each takes of a node.
///
/// Amounts are per dimension; the last dimension is pod slots, of which every pod takes one.
#[derive(Clone, Debug)]
pub(crate) struct PodSet {
    pub(super) width: usize,
    /// Pods per component; components without pods are left out.
    replicas: Vec<i64>,
    /// One after the other.
    requests: Vec<i64>,
}

impl PodSet {
    /// `width` counts the dimensions, pod slots included.
    pub(crate) fn new<'p>(width: usize, pods: impl IntoIterator<Item = &'p Pods>) -> Self {
        let mut set = Self {
            width: width.max(1),
            replicas: Vec::new(),
            requests: Vec::new(),
        };
        for pods in pods.into_iter().filter(|pods| pods.replicas > 0) {
            set.replicas.push(pods.replicas);
            // A negative amount, which admission refuses, takes nothing.
            let amounts = pods.request.iter().map(|amount| (*amount).max(0));
            let amounts = amounts.chain(std::iter::repeat(0));
            set.requests.extend(amounts.take(set.width - 1));
            set.requests.push(1);
        }
        set
    }

    /// A set that takes nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.replicas.is_empty()
    }

    pub(super) fn components(&self) -> usize {
        self.replicas.len()
    }

    pub(super) fn replicas(&self, component: usize) -> i64 {
        self.replicas.get(component).copied().unwrap_or(1)
    }

    pub(super) fn request(&self, component: usize) -> &[i64] {
        let start = component * self.width;
        self.requests.get(start..start + self.width).unwrap_or_default()
    }

    /// A node as [`SetSimulation`](super::sets::SetSimulation) and [`most`](Self::most) take it: what it has left, then how many pods of each
    /// component fit.
    pub(crate) fn describe(&self, left: &[i64], into: &mut Vec<i64>) {
        let amounts = left.iter().copied().chain(std::iter::repeat(0)).take(self.width);
        into.extend(amounts);
        into.extend((0..self.components()).map(|component| fit(left, self.request(component))));
    }

    /// The length of a description.
    pub(crate) fn description(&self) -> usize {
        self.width + self.components()
    }

    /// A bound on the sets that fit on nodes, at little cost: each component alone, and all of them by dimension.
    /// `nodes` are descriptions with the number of such nodes.
    pub(crate) fn most<'n>(
        &self,
        nodes: &(impl Iterator<Item = (&'n [i64], i64)> + Clone),
        bound: i64,
    ) -> i64 {
        let mut most = bound;
        for component in 0..self.components() {
            let pods = nodes.clone().fold(0i64, |sum, (node, count)| {
                sum.saturating_add(cell(node, self.width + component).saturating_mul(count))
            });
            most = most.min(pods / self.replicas(component));
        }
        for dimension in 0..self.width {
            let mut demand = 0i128;
            for component in 0..self.components() {
                let taken = i128::from(cell(self.request(component), dimension))
                    * i128::from(self.replicas(component));
                demand = demand.saturating_add(taken);
            }
            if demand == 0 {
                continue;
            }
            let mut offer = 0i128;
            for (node, count) in nodes.clone() {
                let usable = (0..self.components()).any(|component| {
                    cell(node, self.width + component) > 0 && cell(self.request(component), dimension) > 0
                });
                if usable {
                    let left = i128::from(cell(node, dimension)) * i128::from(count);
                    offer = offer.saturating_add(left);
                }
            }
            // The quotient of small numbers is much cheaper.
            let sets = match (i64::try_from(offer), i64::try_from(demand)) {
                (Ok(offer), Ok(demand)) => offer / demand,
                _ => i64::try_from(offer / demand).unwrap_or(i64::MAX),
            };
            most = most.min(sets);
        }
        most
    }
}

pub(super) fn cell(cells: &[i64], index: usize) -> i64 {
    cells.get(index).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_of_enormous_nodes_does_not_overflow() {
        let pods = Pods {
            replicas: 1,
            request: vec![1],
        };
        let set = PodSet::new(2, [&pods]);
        let mut node = Vec::new();
        set.describe(&[i64::MAX, i64::MAX], &mut node);
        let nodes = [(node.as_slice(), i64::MAX); 3];
        assert_eq!(set.most(&nodes.iter().copied(), i64::MAX), i64::MAX);
    }
}
