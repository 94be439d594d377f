//! The best choice of clusters within limits on groups, by branch and bound.
//!
//! Candidates are taken in the order of what they are worth; each is first used and then left out. A branch is given up
//! when what remains cannot meet a minimum, has too little room, or cannot be worth more than the best choice so far.
//! Two rules cut most of the rest, without losing the best choice: of clusters in the same groups one that is worth
//! less and has less room is used only together with the better one; and where the number of clusters is no limit, a
//! cluster that needs no further group is always used.

use std::cmp::Reverse;
use std::rc::Rc;

/// What clusters are worth, the more important first. Adding and comparing go together: whatever is added to both
/// sides, the larger stays larger.
pub(super) type Worth = [i128; 5];

const NOTHING: Worth = [0; 5];

fn add(left: Worth, right: Worth) -> Worth {
    let mut sum = left;
    for (cell, more) in sum.iter_mut().zip(right) {
        *cell += more;
    }
    sum
}

fn subtract(left: Worth, right: Worth) -> Worth {
    add(left, right.map(|cell| -cell))
}

/// A cluster that may be chosen.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) worth: Worth,
    /// Replicas it may get.
    pub(super) room: i64,
    /// Its groups over all properties, as positions in [`Problem::groups`].
    pub(super) groups: Vec<usize>,
    /// Clusters in the same groups have the same number.
    pub(super) kind: usize,
}

/// The limits on groups by one property.
#[derive(Clone, Copy, Debug)]
pub(super) struct Property {
    pub(super) min: usize,
    pub(super) max: usize,
    /// Whether a cluster can be in several of its groups.
    pub(super) overlapping: bool,
}

/// What is asked.
#[derive(Clone, Debug)]
pub(super) struct Problem<'a> {
    /// By descending worth.
    pub(super) items: &'a [Item],
    pub(super) properties: Vec<Property>,
    /// The property each group belongs to.
    pub(super) groups: &'a [usize],
    pub(super) min_clusters: usize,
    pub(super) max_clusters: usize,
    /// The room the chosen clusters must have together.
    pub(super) wanted: i64,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// The best choice, as positions in [`Problem::items`] in ascending order; `None` if none was found.
    pub(super) chosen: Option<Vec<usize>>,
    /// Whether every choice was considered, so that there is no better one.
    pub(super) complete: bool,
    pub(super) steps: u64,
}

/// Candidates looked at before a search is given up. Up to 16 candidates never take as many: `n` of them take fewer
/// than `8 · 2ⁿ`.
pub(super) const STEPS: u64 = 1 << 20;

/// The best choice: worth the most, of equal worth with the fewest groups over all properties, then the one with the
/// earlier items.
///
/// # Complexity
/// Exponential in the number of candidates at worst, and bounded by `steps` once one descent is done; then what was
/// found so far counts. Where that is nothing the clusters with the most room are tried first, for as many steps
/// again, and the first choice counts.
pub(super) fn best(problem: &Problem<'_>, steps: u64) -> Answer {
    let in_order: Vec<usize> = (0..problem.items.len()).collect();
    let mut search = Search::new(problem, steps, false);
    search.run(&in_order);
    let mut answer = search.answer();
    if answer.chosen.is_none() && !answer.complete {
        let mut by_room = in_order;
        by_room.sort_by_key(|position| Reverse(problem.items.get(*position).map_or(0, |item| item.room)));
        let mut search = Search::new(problem, steps, true);
        search.run(&by_room);
        let second = search.answer();
        answer = Answer {
            complete: second.complete && second.chosen.is_none(),
            steps: answer.steps + second.steps,
            chosen: second.chosen,
        };
    }
    answer
}

#[derive(Clone, Debug)]
struct Best {
    worth: Worth,
    groups: usize,
    chosen: Vec<usize>,
}

impl Best {
    /// The larger, the better.
    fn key(&self) -> (Worth, Reverse<usize>) {
        (self.worth, Reverse(self.groups))
    }
}

/// A place in the search: what is chosen, and what can still be.
struct Frame {
    list: Rc<Vec<usize>>,
    at: usize,
    /// How many of the chosen were chosen here.
    own: usize,
    /// The candidate with which the search went deeper.
    tried: Option<usize>,
}

struct Search<'a> {
    problem: &'a Problem<'a>,
    steps_left: u64,
    /// Whether any choice will do.
    first: bool,
    /// How many of the chosen are in each group.
    members: Vec<u32>,
    /// Groups in use per property.
    open: Vec<usize>,
    chosen: Vec<usize>,
    worth: Worth,
    room: i64,
    best: Option<Best>,
    given_up: bool,
    steps: u64,
    tally: Tally,
}

impl<'a> Search<'a> {
    fn new(problem: &'a Problem<'a>, steps: u64, first: bool) -> Self {
        Self {
            problem,
            steps_left: steps,
            first,
            members: vec![0; problem.groups.len()],
            open: vec![0; problem.properties.len()],
            chosen: Vec::new(),
            worth: NOTHING,
            room: 0,
            best: None,
            given_up: false,
            steps: 0,
            tally: Tally::default(),
        }
    }

    fn answer(self) -> Answer {
        let chosen = self.best.map(|best| {
            let mut chosen = best.chosen;
            chosen.sort_unstable();
            chosen
        });
        Answer {
            complete: !self.given_up && (!self.first || chosen.is_none()),
            chosen,
            steps: self.steps,
        }
    }

    fn run(&mut self, list: &[usize]) {
        let list = self.usable(list);
        self.charge(list.len());
        let Some(most) = self.bound(&list, self.problem.max_clusters) else {
            return;
        };
        let mut stack = vec![Frame {
            list: Rc::new(list),
            at: 0,
            own: 0,
            tried: None,
        }];
        let mut descended = false;
        while let Some(frame) = stack.last_mut() {
            if let Some(tried) = frame.tried.take() {
                self.leave_out(frame, tried);
            }
            if descended && self.steps_left == 0 {
                self.given_up = true;
                return;
            }
            self.take_free(frame);
            // Nothing can be better, or nothing better is looked for.
            if self
                .best
                .as_ref()
                .is_some_and(|best| self.first || best.key() >= most)
            {
                return;
            }
            let list = frame.list.get(frame.at..).unwrap_or_default();
            let slots = self.problem.max_clusters - self.chosen.len();
            // The first of many clusters are taken without looking far ahead.
            let on_the_way = !descended && slots > 64 && !self.chosen.len().is_multiple_of(64);
            let mut head = list.first().copied().filter(|_| slots > 0);
            if !on_the_way && head.is_some() {
                self.charge(list.len());
                head = head.filter(|_| self.promising(list, slots));
            }
            let Some(head) = head else {
                descended = true;
                for _ in 0..frame.own {
                    self.take_back();
                }
                stack.pop();
                continue;
            };
            frame.at += 1;
            frame.tried = Some(head);
            let (rest, at) = (frame.list.clone(), frame.at);
            let (list, at) = if self.take(head) {
                let rest = rest.get(at..).unwrap_or_default();
                self.charge(rest.len());
                (Rc::new(self.usable(rest)), 0)
            } else {
                (rest, at)
            };
            self.record();
            stack.push(Frame {
                list,
                at,
                own: 1,
                tried: None,
            });
        }
    }

    fn charge(&mut self, candidates: usize) {
        let steps = candidates as u64 + 1;
        self.steps += steps;
        self.steps_left = self.steps_left.saturating_sub(steps);
    }

    fn item(&self, position: usize) -> Option<&'a Item> {
        self.problem.items.get(position)
    }

    /// How many groups of each property a cluster would open.
    fn opens<'b>(&'b self, item: &'b Item) -> impl Iterator<Item = usize> + 'b {
        let closed = |group: &&usize| self.members.get(**group).is_some_and(|members| *members == 0);
        let closed = item.groups.iter().filter(closed);
        closed.filter_map(|group| self.problem.groups.get(*group).copied())
    }

    /// Whether the properties allow the groups a cluster would open.
    fn allows(&self, item: &Item) -> bool {
        // Of one property a cluster rarely opens more than one group, and its groups are next to each other.
        let mut run = (usize::MAX, 0);
        self.opens(item).all(|property| {
            run = if run.0 == property {
                (property, run.1 + 1)
            } else {
                (property, 1)
            };
            let open = self.open.get(property).copied().unwrap_or(0);
            self.problem
                .properties
                .get(property)
                .is_none_or(|limits| open + run.1 <= limits.max)
        })
    }

    fn usable(&self, list: &[usize]) -> Vec<usize> {
        let usable = |position: &&usize| self.item(**position).is_some_and(|item| self.allows(item));
        list.iter().filter(usable).copied().collect()
    }

    /// Chooses a cluster. Whether that opened a group of a property with a maximum.
    fn take(&mut self, position: usize) -> bool {
        let Some(item) = self.item(position) else {
            return false;
        };
        let mut limited = false;
        for group in &item.groups {
            let Some(members) = self.members.get_mut(*group) else {
                continue;
            };
            *members += 1;
            if *members == 1
                && let Some(property) = self.problem.groups.get(*group)
                && let Some(open) = self.open.get_mut(*property)
            {
                *open += 1;
                let limits = self.problem.properties.get(*property);
                limited |= limits.is_some_and(|limits| limits.max < usize::MAX);
            }
        }
        self.chosen.push(position);
        self.worth = add(self.worth, item.worth);
        self.room += item.room;
        limited
    }

    fn take_back(&mut self) {
        let Some(item) = self.chosen.pop().and_then(|position| self.item(position)) else {
            return;
        };
        for group in &item.groups {
            let Some(members) = self.members.get_mut(*group) else {
                continue;
            };
            *members -= 1;
            if *members == 0
                && let Some(property) = self.problem.groups.get(*group)
                && let Some(open) = self.open.get_mut(*property)
            {
                *open -= 1;
            }
        }
        self.worth = subtract(self.worth, item.worth);
        self.room -= item.room;
    }

    /// Chooses the next candidates as long as there is nothing to weigh: they are worth something, take nobody's
    /// place and open no group of a property with a maximum.
    fn take_free(&mut self, frame: &mut Frame) {
        let list = frame.list.get(frame.at..).unwrap_or_default();
        if self.problem.max_clusters - self.chosen.len() < list.len() {
            return;
        }
        let before = frame.own;
        for position in list {
            let Some(item) = self.item(*position) else { break };
            let limits = |property| self.problem.properties.get(property);
            let opens_limited = self
                .opens(item)
                .any(|property| limits(property).is_some_and(|limits| limits.max < usize::MAX));
            if item.worth <= NOTHING || opens_limited {
                break;
            }
            self.take(*position);
            frame.own += 1;
        }
        frame.at += frame.own - before;
        if frame.own > before {
            self.record();
        }
    }

    /// Goes on without a candidate that was tried, and without those that are of no use without it.
    fn leave_out(&mut self, frame: &mut Frame, tried: usize) {
        let Some(without) = self.item(tried) else { return };
        let list = frame.list.get(frame.at..).unwrap_or_default();
        let free = self.problem.max_clusters - self.chosen.len() > list.len();
        let useless = |item: &Item| {
            item.kind == without.kind
                && (free && without.worth > NOTHING
                    || item.room <= without.room && item.worth <= without.worth)
        };
        let positions = list.iter().copied();
        let kept: Vec<usize> = positions
            .filter(|position| self.item(*position).is_some_and(|item| !useless(item)))
            .collect();
        self.charge(list.len());
        if kept.len() < list.len() {
            frame.list = Rc::new(kept);
            frame.at = 0;
        }
    }

    /// Keeps the current choice if it meets everything and is the best so far. Of choices that are worth the same the
    /// one with the earlier items comes first.
    fn record(&mut self) {
        let problem = self.problem;
        let mut properties = problem.properties.iter().zip(&self.open);
        if self.chosen.len() < problem.min_clusters
            || self.room < problem.wanted
            || properties.any(|(limits, open)| *open < limits.min)
        {
            return;
        }
        let groups = self.open.iter().sum();
        let key = (self.worth, Reverse(groups));
        if self.best.as_ref().is_none_or(|best| key > best.key()) {
            self.best = Some(Best {
                worth: self.worth,
                groups,
                chosen: self.chosen.clone(),
            });
        }
    }

    /// Whether some of the candidates can make the choice meet everything and be the best.
    fn promising(&mut self, list: &[usize], slots: usize) -> bool {
        let bound = self.bound(list, slots);
        bound.is_some_and(|bound| self.best.as_ref().is_none_or(|best| bound > best.key()))
    }

    /// What the choice can become worth with some of the candidates, and with how few groups; nothing when it cannot
    /// meet everything.
    fn bound(&mut self, list: &[usize], slots: usize) -> Option<(Worth, Reverse<usize>)> {
        let problem = self.problem;
        let take = slots.min(list.len());
        if self.chosen.len() + take < problem.min_clusters {
            return None;
        }
        let items = || list.iter().filter_map(|position| problem.items.get(*position));
        let room = most_room(items().map(|item| item.room), take, list.len());
        let worth = items()
            .take(take)
            .filter(|item| item.worth > NOTHING)
            .fold(NOTHING, |sum, item| add(sum, item.worth));
        let mut tally = std::mem::take(&mut self.tally);
        tally.count(problem, items());
        let bound = self.within_properties(&tally, slots, (room, worth));
        self.tally = tally;
        let (room, worth) = bound?;
        if self.room.saturating_add(room) < problem.wanted {
            return None;
        }
        // There will be at least as many groups as there are, and as many as are asked for.
        let properties = problem.properties.iter().zip(&self.open);
        let groups = properties.map(|(limits, open)| limits.min.max(*open)).sum();
        Some((add(self.worth, worth), Reverse(groups)))
    }

    /// The most that candidates can add given the maximum of groups of each property; nothing when a minimum cannot be
    /// met.
    fn within_properties(
        &self,
        tally: &Tally,
        slots: usize,
        (mut room, mut worth): (i64, Worth),
    ) -> Option<(i64, Worth)> {
        for (property, (limits, open)) in self.problem.properties.iter().zip(&self.open).enumerate() {
            let (mut open_room, mut open_worth, mut others) = (0i64, NOTHING, Vec::new());
            for (group, room, worth) in tally.of(self.problem, property) {
                if self.members.get(group).is_some_and(|members| *members > 0) {
                    open_room = open_room.saturating_add(room);
                    open_worth = add(open_worth, worth);
                } else {
                    others.push((room, worth));
                }
            }
            let missing = limits.min.saturating_sub(*open);
            if others.len() < missing || !limits.overlapping && missing > slots {
                return None;
            }
            let more = limits.max - open;
            if limits.overlapping || others.len() <= more {
                continue;
            }
            others.sort_unstable_by_key(|(room, _)| Reverse(*room));
            let rooms = others.iter().take(more).map(|(room, _)| *room);
            room = room.min(rooms.fold(open_room, i64::saturating_add));
            others.sort_unstable_by_key(|(_, worth)| Reverse(*worth));
            let worths = others.iter().take(more).map(|(_, worth)| *worth);
            worth = worth.min(worths.fold(open_worth, add));
        }
        Some((room, worth))
    }
}

/// What candidates could add, by group.
#[derive(Default)]
struct Tally {
    /// Room, and what is worth something, of the candidates in each group.
    cells: Vec<Option<(i64, Worth)>>,
    /// The groups that have candidates.
    seen: Vec<usize>,
}

impl Tally {
    fn count<'i>(&mut self, problem: &Problem<'_>, items: impl Iterator<Item = &'i Item>) {
        self.cells.resize(problem.groups.len(), None);
        for group in self.seen.drain(..) {
            if let Some(cell) = self.cells.get_mut(group) {
                *cell = None;
            }
        }
        for item in items {
            for group in &item.groups {
                let Some(cell) = self.cells.get_mut(*group) else {
                    continue;
                };
                if cell.is_none() {
                    self.seen.push(*group);
                }
                let (room, worth) = cell.get_or_insert((0, NOTHING));
                *room = room.saturating_add(item.room);
                if item.worth > NOTHING {
                    *worth = add(*worth, item.worth);
                }
            }
        }
    }

    /// The groups of a property that have candidates.
    fn of(&self, problem: &Problem<'_>, property: usize) -> impl Iterator<Item = (usize, i64, Worth)> {
        let of_property = move |group: &&usize| problem.groups.get(**group) == Some(&property);
        self.seen.iter().filter(of_property).filter_map(|group| {
            let (room, worth) = self.cells.get(*group).copied().flatten()?;
            Some((*group, room, worth))
        })
    }
}

/// The most room that `take` of so many clusters have.
fn most_room(rooms: impl Iterator<Item = i64>, take: usize, all: usize) -> i64 {
    let mut rooms: Vec<i64> = rooms.collect();
    if take < all
        && let Some(last) = take.checked_sub(1)
    {
        rooms.select_nth_unstable_by_key(last, |room| Reverse(*room));
        rooms.truncate(take);
    }
    rooms.into_iter().take(take).fold(0, i64::saturating_add)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Tries every choice, in the order in which earlier items come first.
    fn by_enumeration(problem: &Problem<'_>) -> Option<Vec<usize>> {
        let count = problem.items.len();
        let mut best: Option<(Worth, Reverse<usize>, Vec<usize>)> = None;
        for bits in (1u32..1 << count).rev() {
            let chosen: Vec<usize> = (0..count).filter(|i| bits >> (count - 1 - i) & 1 == 1).collect();
            let items = || chosen.iter().map(|position| &problem.items[*position]);
            let mut open: Vec<usize> = items().flat_map(|item| item.groups.clone()).collect();
            open.sort_unstable();
            open.dedup();
            let within = problem.properties.iter().enumerate().all(|(property, limits)| {
                let open = open
                    .iter()
                    .filter(|group| problem.groups[**group] == property)
                    .count();
                (limits.min..=limits.max).contains(&open)
            });
            let room: i64 = items().map(|item| item.room).sum();
            if !within
                || room < problem.wanted
                || !(problem.min_clusters..=problem.max_clusters).contains(&chosen.len())
            {
                continue;
            }
            let worth = items().fold(NOTHING, |sum, item| add(sum, item.worth));
            let key = (worth, Reverse(open.len()));
            if best.as_ref().is_none_or(|best| key > (best.0, best.1)) {
                best = Some((key.0, key.1, chosen));
            }
        }
        best.map(|(_, _, chosen)| chosen)
    }

    fn item(worth: [i128; 3], room: i64, groups: Vec<usize>) -> Item {
        Item {
            worth: [worth[0], worth[1], worth[2], 0, 0],
            room,
            groups,
            kind: 0,
        }
    }

    /// Sorts items and numbers kinds as a caller does.
    fn prepared(mut items: Vec<Item>) -> Vec<Item> {
        items.sort_by_key(|item| Reverse(item.worth));
        let mut kinds: Vec<Vec<usize>> = Vec::new();
        for item in &mut items {
            let known = kinds.iter().position(|groups| *groups == item.groups);
            item.kind = known.unwrap_or(kinds.len());
            if known.is_none() {
                kinds.push(item.groups.clone());
            }
        }
        items
    }

    /// Four regions, three providers and three zones, which overlap.
    const GROUPS: [usize; 10] = [0, 0, 0, 0, 1, 1, 1, 2, 2, 2];

    fn any_item(aggregated: bool) -> impl Strategy<Value = Item> {
        let zones = prop::collection::btree_set(7usize..10, 1..=3);
        (0i128..2, 0i64..12, 0usize..4, 4usize..7, zones).prop_map(
            move |(score, room, region, provider, zones)| {
                let mut groups = vec![region, provider];
                groups.extend(zones);
                let worth = if aggregated {
                    [score, -1, room.into()]
                } else {
                    [1, score * 100, room.into()]
                };
                item(worth, room, groups)
            },
        )
    }

    fn limits(end: usize, overlapping: bool) -> impl Strategy<Value = Property> {
        (0..end, prop_oneof![Just(usize::MAX), 1..end]).prop_map(move |(min, max)| Property {
            min: min.min(max),
            max,
            overlapping,
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(800))]
        #[test]
        fn equals_trying_every_choice(
            (items, regions, providers, zones) in any::<bool>().prop_flat_map(|aggregated| (
                prop::collection::vec(any_item(aggregated), 0..12),
                limits(5, false),
                limits(4, false),
                limits(4, true),
            )),
            min_clusters in 1usize..5,
            max_clusters in 1usize..13,
            wanted in prop_oneof![Just(0i64), 0i64..80],
        ) {
            let items = prepared(items);
            let problem = Problem {
                properties: vec![regions, providers, zones],
                groups: &GROUPS,
                min_clusters,
                max_clusters: max_clusters.min(items.len()),
                wanted,
                items: &items,
            };
            let answer = best(&problem, STEPS);
            prop_assert!(answer.complete);
            prop_assert_eq!(answer.chosen, by_enumeration(&problem));
        }

        #[test]
        fn what_is_found_in_a_hurry_meets_everything(
            items in prop::collection::vec(any_item(false), 1..60),
            regions in limits(5, false),
            zones in limits(4, true),
            max_clusters in 1usize..30,
            wanted in 0i64..200,
            steps in 0u64..3000,
        ) {
            let items = prepared(items);
            let any = Property { min: 0, max: usize::MAX, overlapping: false };
            let problem = Problem {
                properties: vec![regions, any, zones],
                groups: &GROUPS,
                min_clusters: 1,
                max_clusters: max_clusters.min(items.len()),
                wanted,
                items: &items,
            };
            let answer = best(&problem, steps);
            prop_assert_eq!(&best(&problem, steps), &answer);
            let Some(chosen) = answer.chosen else { return Ok(()) };
            prop_assert!(chosen.is_sorted_by(|left, right| left < right) && chosen.len() <= max_clusters);
            let mut open: Vec<usize> = chosen.iter().flat_map(|position| items[*position].groups.clone()).collect();
            open.sort_unstable();
            open.dedup();
            for (property, limits) in problem.properties.iter().enumerate() {
                let open = open.iter().filter(|group| GROUPS[**group] == property).count();
                prop_assert!((limits.min..=limits.max).contains(&open));
            }
            prop_assert!(chosen.iter().map(|position| items[*position].room).sum::<i64>() >= wanted);
        }
    }

    /// The hardest case for the bounds: everything is worth the same and in groups of its own, and there is no choice.
    #[test]
    fn sixteen_candidates_are_always_decided() {
        let groups: Vec<usize> = (0..16).map(|_| 0).chain((0..16).map(|_| 1)).collect();
        let items: Vec<Item> = (0..16)
            .map(|i| item([1, 0, 0], 1 << i, vec![i, 16 + i]))
            .collect();
        let mut items = prepared(items);
        items.reverse();
        let any = Property {
            min: 0,
            max: usize::MAX,
            overlapping: false,
        };
        let eight = Property {
            min: 8,
            max: 8,
            overlapping: false,
        };
        let problem = Problem {
            items: &items,
            properties: vec![any, eight],
            groups: &groups,
            min_clusters: 9,
            max_clusters: 16,
            wanted: 0,
        };
        let answer = best(&problem, STEPS);
        assert!(answer.complete && answer.chosen.is_none(), "{}", answer.steps);
    }

    #[test]
    fn many_clusters_in_few_groups_are_decided() {
        // Twenty regions of 250 clusters each, of which the last three have the most room.
        let items: Vec<Item> = (0..5000)
            .map(|i| item([1, 0, 0], if i % 20 > 16 { 50 } else { 1 }, vec![i % 20]))
            .collect();
        let items = prepared(items);
        let groups = [0usize; 20];
        let regions = Property {
            min: 3,
            max: 3,
            overlapping: false,
        };
        let problem = |max_clusters: usize, wanted: i64| Problem {
            items: &items,
            properties: vec![regions],
            groups: &groups,
            min_clusters: 1,
            max_clusters,
            wanted,
        };
        let answer = best(&problem(5000, 0), STEPS);
        assert_eq!(
            (answer.complete, answer.chosen.map(|chosen| chosen.len())),
            (true, Some(750))
        );
        let answer = best(&problem(10, 400), STEPS);
        let chosen = answer.chosen.unwrap();
        assert!(chosen.iter().map(|position| items[*position].room).sum::<i64>() >= 400);
        // Many clusters are taken at once.
        let any = Property {
            min: 0,
            max: usize::MAX,
            overlapping: false,
        };
        let answer = best(
            &Problem {
                properties: vec![any],
                ..problem(2000, 700)
            },
            STEPS,
        );
        let chosen = answer.chosen.unwrap();
        assert_eq!(chosen.len(), 2000);
        assert!(chosen.iter().map(|position| items[*position].room).sum::<i64>() >= 700);
    }
}
