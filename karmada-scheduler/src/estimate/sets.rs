//! How many sets of components fit on nodes, first fit
//! (`karmada:pkg/estimator/scheduling_simulator_components.go`).
//!
//! Upstream walks over every node for every set. Here equal neighbouring nodes are one *run*, and four observations
//! save most of the walking:
//!
//! - A node on which nothing of a set fits any more never comes into question again, and is dropped. A component's
//!   first node with room only ever moves forward.
//! - Components whose next nodes differ do not meet while each has room before the node where the next one works:
//!   all the sets until then are placed at once, component by component.
//! - Components that work on the same node stay there as long as whole sets fit: those are placed at once, on every
//!   node of the run if nothing fits beside them.
//! - When the runs look as they did some sets ago but for their lengths, the same happens again, as often as the runs
//!   are long enough.

use super::pod_set::{PodSet, cell};
use super::simulate::fit;

/// Runs of equal nodes, each as many cells as the others: the number of nodes, whether pods of the simulation are on
/// them, then the description.
#[derive(Clone, Debug, Default)]
struct Runs {
    stride: usize,
    cells: Vec<i64>,
}

/// Cells before the description.
const HEAD: usize = 2;

impl Runs {
    fn len(&self) -> usize {
        self.cells.len() / self.stride
    }

    fn iter(&self) -> impl Iterator<Item = &[i64]> + Clone {
        self.cells.chunks_exact(self.stride)
    }

    fn get(&self, index: usize) -> &[i64] {
        let start = index * self.stride;
        self.cells.get(start..start + self.stride).unwrap_or_default()
    }

    fn get_mut(&mut self, index: usize) -> &mut [i64] {
        let start = index * self.stride;
        self.cells.get_mut(start..start + self.stride).unwrap_or_default()
    }

    fn nodes(&self, index: usize) -> i64 {
        cell(self.get(index), 0)
    }

    fn set_nodes(&mut self, index: usize, nodes: i64) {
        if let Some(cell) = self.get_mut(index).first_mut() {
            *cell = nodes;
        }
    }

    /// Parts the first nodes of a run from the others.
    fn split(&mut self, index: usize, nodes: i64) {
        let (start, end) = (index * self.stride, self.cells.len());
        let rest = self.nodes(index) - nodes;
        self.cells.resize(end + self.stride, 0);
        if start + self.stride <= end {
            self.cells.copy_within(start..end, start + self.stride);
            self.set_nodes(index, nodes);
            self.set_nodes(index + 1, rest);
        }
    }

    fn remove(&mut self, index: usize) {
        let start = index * self.stride;
        if start + self.stride <= self.cells.len() {
            self.cells.copy_within(start + self.stride.., start);
            self.cells.truncate(self.cells.len() - self.stride);
        }
    }
}

/// Where nodes come from: descriptions with numbers of nodes, in the order in which they are filled.
struct Source<I> {
    nodes: I,
    taken: usize,
}

/// Places sets; its memory is used again for the next nodes.
#[derive(Debug)]
pub(crate) struct SetSimulation<'s> {
    set: &'s PodSet,
    /// The nodes from the first with room up to the last in use.
    runs: Runs,
    /// What they were earlier.
    mark: Runs,
    /// Per component the run it works on, which is the first with room for it.
    places: Vec<usize>,
    /// The same with the component, in the order of the runs.
    order: Vec<(usize, usize)>,
    #[cfg(test)]
    pub(super) steps: u64,
}

impl<'s> SetSimulation<'s> {
    pub(crate) fn new(set: &'s PodSet) -> Self {
        let stride = HEAD + set.description();
        let runs = || Runs {
            stride,
            cells: Vec::with_capacity(stride * 16),
        };
        Self {
            set,
            runs: runs(),
            mark: runs(),
            places: vec![0; set.components()],
            order: Vec::with_capacity(set.components()),
            #[cfg(test)]
            steps: 0,
        }
    }

    /// How many sets fit on nodes, up to a bound. `nodes` are [descriptions](PodSet::describe) with the number of such
    /// nodes, in the order in which they are filled.
    ///
    /// A set without pods fits without limit.
    ///
    /// # Complexity
    /// With `c` components, `d` dimensions and `r` runs in use at the same time, a step costs `O(c·d + r)`. It places all
    /// sets until a component comes to another run or a pattern is complete; only where components work on the same
    /// node and whole sets do not fit there does it place a single one, until the runs repeat.
    ///
    /// For one or two components that makes some dozens of steps per grade, whatever the number of nodes: what one of
    /// them leaves to the other is always one run. Three and more may leave room in a pattern to a slower component
    /// that comes later; these runs do not repeat, and there are as many steps as sets and as many runs as nodes at
    /// worst.
    pub(crate) fn sets<'n>(&mut self, nodes: impl Iterator<Item = (&'n [i64], i64)>, bound: i64) -> i64 {
        if self.set.is_empty() {
            return bound;
        }
        self.runs.cells.clear();
        self.places.fill(0);
        let mut source = Source { nodes, taken: 0 };
        let mut placed = 0;
        // A state to compare with, renewed at growing distances (Brent's cycle detection).
        let (mut marked_at, mut marked_taken, mut steps, mut span) = (0, usize::MAX, 0u32, 1u32);
        let mut in_pattern = false;
        while placed < bound && self.find_places(&mut source) {
            #[cfg(test)]
            {
                self.steps += 1;
            }
            if marked_taken != source.taken {
                (steps, span) = (0, 1);
            }
            let mut sets = self.unmet(bound - placed);
            let pattern = if sets > 1 { self.pattern(sets / 2) } else { None };
            if let Some(pattern) = pattern {
                sets = pattern;
            }
            if steps == 0 || pattern.is_some() && !in_pattern {
                self.mark.cells.clone_from(&self.runs.cells);
                (marked_at, marked_taken) = (placed, source.taken);
            }
            in_pattern = pattern.is_some();
            if sets > 0 {
                self.place_apart(sets);
                placed += sets;
            } else if self.place_one(&mut source) {
                placed += 1;
            } else {
                break;
            }
            if source.taken == marked_taken {
                let length = placed - marked_at;
                let periods = self.periods(length).min((bound - placed) / length);
                if periods > 0 {
                    self.skip(periods);
                    placed += periods * length;
                }
            }
            steps += 1;
            if steps >= span {
                (steps, span) = (0, span.saturating_mul(2));
            }
        }
        placed
    }

    /// Moves each component on to the first run with room for it; false if there is none for one of them.
    fn find_places<'n>(&mut self, source: &mut Source<impl Iterator<Item = (&'n [i64], i64)>>) -> bool {
        self.order.clear();
        for component in 0..self.set.components() {
            loop {
                let run = self.place_of(component);
                if self.fits(run, component) > 0 {
                    self.order.push((run, component));
                    break;
                }
                if run < self.runs.len() {
                    self.move_on(component);
                } else if !self.load(source) {
                    return false;
                }
            }
        }
        self.order.sort_unstable();
        true
    }

    fn place_of(&self, component: usize) -> usize {
        self.places.get(component).copied().unwrap_or(0)
    }

    fn move_on(&mut self, component: usize) {
        if let Some(run) = self.places.get_mut(component) {
            *run += 1;
        }
    }

    /// Takes the next nodes into use; false if there are no more.
    fn load<'n>(&mut self, source: &mut Source<impl Iterator<Item = (&'n [i64], i64)>>) -> bool {
        for (node, count) in source.nodes.by_ref() {
            source.taken += 1;
            let fits = node.get(self.set.width..).unwrap_or_default();
            if count > 0 && node.len() == self.set.description() && fits.iter().any(|fit| *fit > 0) {
                self.runs.cells.extend_from_slice(&[count, 0]);
                self.runs.cells.extend_from_slice(node);
                return true;
            }
        }
        false
    }

    fn fits(&self, run: usize, component: usize) -> i64 {
        cell(self.runs.get(run), HEAD + self.set.width + component)
    }

    /// Components that work on the same run, with that run and the next one another component works on.
    fn groups(&self) -> impl DoubleEndedIterator<Item = (usize, &[(usize, usize)])> {
        self.order
            .chunk_by(|left, right| left.0 == right.0)
            .map(|group| (group.first().map_or(0, |place| place.0), group))
    }

    /// How many sets, up to a limit, can be placed component by component because no component comes to a node on
    /// which another one works.
    fn unmet(&self, limit: i64) -> i64 {
        let (mut sets, mut end) = (limit, self.runs.len());
        for (run, group) in self.groups().rev() {
            let room = match group {
                [(_, component)] => {
                    let replicas = self.set.replicas(*component);
                    let (mut pods, enough) = (0i64, replicas.saturating_mul(sets));
                    for run in run..end {
                        let room = self.runs.nodes(run).saturating_mul(self.fits(run, *component));
                        pods = pods.saturating_add(room);
                        if pods >= enough {
                            break;
                        }
                    }
                    pods / replicas
                }
                _ => {
                    let (on_a_node, alone) = self.together(run, group);
                    if alone {
                        on_a_node.saturating_mul(self.runs.nodes(run))
                    } else {
                        on_a_node
                    }
                }
            };
            sets = sets.min(room);
            if sets == 0 {
                return 0;
            }
            end = run;
        }
        sets
    }

    /// How many times the pods of several components fit together on a node, and whether nothing of any of them fits
    /// beside so many.
    fn together(&self, run: usize, group: &[(usize, usize)]) -> (i64, bool) {
        let left = self.left(run);
        let demand = |dimension: usize| {
            group.iter().fold(0i128, |sum, (_, component)| {
                let amount = cell(self.set.request(*component), dimension);
                sum + i128::from(amount) * i128::from(self.set.replicas(*component))
            })
        };
        let mut times = i64::MAX;
        for (dimension, left) in left.iter().enumerate() {
            match i64::try_from(demand(dimension)) {
                Ok(0) => {}
                Ok(demand) => times = times.min(left / demand),
                Err(_) => return (0, false),
            }
        }
        let alone = group.iter().all(|(_, component)| {
            let request = self.set.request(*component);
            request
                .iter()
                .zip(left)
                .enumerate()
                .any(|(dimension, (wanted, left))| {
                    *wanted > 0
                        && i128::from(*left) - demand(dimension) * i128::from(times) < i128::from(*wanted)
                })
        });
        (times, alone)
    }

    fn left(&self, run: usize) -> &[i64] {
        self.runs
            .get(run)
            .get(HEAD..HEAD + self.set.width)
            .unwrap_or_default()
    }

    /// After how many sets every component, each working on nodes of its own, stands at a node as it does now, if that
    /// is at most `limit`.
    fn pattern(&self, limit: i64) -> Option<i64> {
        let (mut length, mut end) = (1i64, self.runs.len());
        for (run, group) in self.groups().rev() {
            let sets = match group {
                [(_, component)] => {
                    // A run of one node may be the rest of one in use; the pattern is that of the nodes behind it.
                    let mut fitting = (run..end).filter(|run| self.fits(*run, *component) > 0);
                    let first = fitting.find(|run| self.runs.nodes(*run) > 1).unwrap_or(run);
                    let (fits, replicas) = (self.fits(first, *component), self.set.replicas(*component));
                    fits / gcd(fits, replicas)
                }
                _ => self.together(run, group).0,
            };
            length = length.checked_mul(sets / gcd(length, sets))?;
            if sets <= 0 || length > limit {
                return None;
            }
            end = run;
        }
        Some(length)
    }

    /// Places sets of components that do not meet.
    fn place_apart(&mut self, sets: i64) {
        let order = std::mem::take(&mut self.order);
        // From the back: what is placed there does not move the runs before it.
        for group in order.chunk_by(|left, right| left.0 == right.0).rev() {
            match group {
                [(_, component)] => {
                    let pods = self.set.replicas(*component).saturating_mul(sets);
                    self.place(*component, pods);
                }
                [(run, _), ..] => self.place_together(*run, group, sets),
                [] => {}
            }
        }
        self.order = order;
    }

    /// Places one set component by component; false if it is not complete.
    fn place_one<'n>(&mut self, source: &mut Source<impl Iterator<Item = (&'n [i64], i64)>>) -> bool {
        (0..self.set.components()).all(|component| {
            let mut missing = self.place(component, self.set.replicas(component));
            while missing > 0 && self.load(source) {
                missing = self.place(component, missing);
            }
            missing == 0
        })
    }

    /// Places pods on the runs in use; how many have no room.
    fn place(&mut self, component: usize, mut pods: i64) -> i64 {
        while pods > 0 {
            let run = self.place_of(component);
            if run >= self.runs.len() {
                break;
            }
            let fits = self.fits(run, component);
            if fits <= 0 {
                self.move_on(component);
                continue;
            }
            let full = (pods / fits).min(self.runs.nodes(run));
            let (nodes, on_each) = if full > 0 { (full, fits) } else { (1, pods) };
            self.part(run, nodes);
            self.subtract(run, component, on_each);
            self.settle(run);
            pods -= nodes * on_each;
        }
        pods
    }

    /// Places sets on nodes that hold all components together.
    fn place_together(&mut self, run: usize, group: &[(usize, usize)], mut sets: i64) {
        let (on_a_node, _) = self.together(run, group);
        let mut run = run;
        while sets > 0 && on_a_node > 0 && run < self.runs.len() {
            let full = (sets / on_a_node).min(self.runs.nodes(run));
            let (nodes, on_each) = if full > 0 { (full, on_a_node) } else { (1, sets) };
            self.part(run, nodes);
            for (_, component) in group {
                let pods = self.set.replicas(*component).saturating_mul(on_each);
                self.subtract(run, *component, pods);
            }
            run = self.settle(run);
            sets -= nodes.saturating_mul(on_each);
        }
    }

    /// Parts the first nodes of a run from the others.
    fn part(&mut self, run: usize, nodes: i64) {
        if nodes < self.runs.nodes(run) {
            self.runs.split(run, nodes);
            for place in self.places.iter_mut().filter(|place| **place > run) {
                *place += 1;
            }
        }
    }

    /// Drops a run on which nothing fits any more, and joins it with the one before it if that is in use and equal;
    /// the index of the next run.
    fn settle(&mut self, run: usize) -> usize {
        let now = self.runs.get(run);
        let fits = now.get(HEAD + self.set.width..).unwrap_or_default();
        if fits.iter().any(|fits| *fits > 0) {
            let Some(previous) = run.checked_sub(1) else {
                return run + 1;
            };
            let equal = match (self.runs.get(previous), now) {
                ([_, 1, before @ ..], [_, 1, after @ ..]) => before == after,
                _ => false,
            };
            if !equal {
                return run + 1;
            }
            let nodes = self.runs.nodes(previous).saturating_add(self.runs.nodes(run));
            self.runs.set_nodes(previous, nodes);
        }
        self.runs.remove(run);
        for place in self.places.iter_mut().filter(|place| **place > run) {
            *place -= 1;
        }
        run
    }

    fn subtract(&mut self, run: usize, component: usize, pods: i64) {
        let (set, width) = (self.set, self.set.width);
        let [_, touched, description @ ..] = self.runs.get_mut(run) else {
            return;
        };
        *touched = 1;
        let Some((left, fits)) = description.split_at_mut_checked(width) else {
            return;
        };
        for (left, wanted) in left.iter_mut().zip(set.request(component)) {
            *left -= wanted * pods;
        }
        for (other, fits) in fits.iter_mut().enumerate() {
            if other == component {
                *fits -= pods;
            } else if *fits > 0 {
                *fits = fit(left, set.request(other));
            }
        }
    }

    /// If the runs are as they were `sets` sets ago but for their lengths: how often the same can happen again.
    ///
    /// What happens depends on the length of a run only once it is used up. Untouched nodes are only ever taken away,
    /// so it is enough that one is left. To runs in use nodes are also added, at the back while they are taken from
    /// the front: they count only where they were longer at both times than what can be taken from them in between.
    fn periods(&self, sets: i64) -> i64 {
        if self.runs.cells.len() != self.mark.cells.len() {
            return 0;
        }
        let mut periods = i64::MAX;
        for (now, then) in self.runs.iter().zip(self.mark.iter()) {
            let ([now, untouched, after @ ..], [then, touched, before @ ..]) = (now, then) else {
                return 0;
            };
            if after != before || touched != untouched {
                return 0;
            }
            let used = then - now;
            if used == 0 {
                continue;
            }
            if *touched == 0 {
                periods = periods.min(if used > 0 { (now - 1) / used } else { 0 });
                continue;
            }
            let taken = self.most_taken(after.get(self.set.width..).unwrap_or_default(), sets);
            if *now.min(then) <= taken {
                return 0;
            }
            if used > 0 {
                periods = periods.min((now - taken - 1) / used + 1);
            }
        }
        if periods == i64::MAX { 0 } else { periods }
    }

    /// How many nodes so many sets can take from a run in use at most.
    fn most_taken(&self, fits: &[i64], sets: i64) -> i64 {
        let fitting = fits.iter().enumerate().filter(|(_, fits)| **fits > 0);
        let pods = |component| sets.saturating_mul(self.set.replicas(component));
        if fitting.clone().count() == 1 {
            fitting.fold(0, |_, (component, fits)| {
                (pods(component) / fits).saturating_add(2)
            })
        } else {
            fitting.fold(0i64, |sum, (component, _)| sum.saturating_add(pods(component)))
        }
    }

    fn skip(&mut self, periods: i64) {
        let stride = self.runs.stride;
        let now = self.runs.cells.iter_mut().step_by(stride);
        for (now, then) in now.zip(self.mark.cells.iter().step_by(stride)) {
            *now = now.saturating_sub((then - *now).saturating_mul(periods));
        }
    }
}

fn gcd(left: i64, right: i64) -> i64 {
    let (mut left, mut right) = (left, right);
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left.max(1)
}
