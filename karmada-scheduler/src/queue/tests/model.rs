//! Long random histories, compared step by step with slow references that do what upstream's code does, one structure
//! after the other, in plain lists.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const KEYS: usize = 6;

#[derive(Clone, Debug)]
enum Step {
    Push {
        key: usize,
        priority: i32,
    },
    Pop,
    /// Gives back one of those handed out.
    Done {
        index: usize,
        class: RetryClass,
    },
    FlushBackoff,
    FlushUnschedulable,
    /// Lets time pass up to the next deadline, and flushes.
    Deadline,
    Wait {
        milliseconds: i64,
    },
    Remove {
        key: usize,
    },
    Close,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let class = prop_oneof![
        Just(RetryClass::Forget),
        Just(RetryClass::Unschedulable),
        Just(RetryClass::Backoff),
        Just(RetryClass::Backoff),
    ];
    let wait = prop_oneof![
        Just(0),
        Just(1),
        0..1500_i64,
        Just(1000),
        0..400_000_i64,
        Just(-700)
    ];
    let step = prop_oneof![
        40 => (0..KEYS, -1..=1).prop_map(|(key, priority)| Step::Push { key, priority }),
        40 => Just(Step::Pop),
        40 => (0..KEYS, class).prop_map(|(index, class)| Step::Done { index, class }),
        10 => Just(Step::FlushBackoff),
        6 => Just(Step::FlushUnschedulable),
        16 => Just(Step::Deadline),
        30 => wait.prop_map(|milliseconds| Step::Wait { milliseconds }),
        2 => (0..KEYS).prop_map(|key| Step::Remove { key }),
        1 => Just(Step::Close),
    ];
    proptest::collection::vec(step, 0..200)
}

/// Upstream's `QueuedBindingInfo`.
#[derive(Clone, Debug, PartialEq)]
struct Info {
    key: usize,
    priority: i32,
    timestamp: i64,
    initial: Option<i64>,
    attempts: u32,
    /// Decides between equal times.
    arrival: u64,
}

impl Info {
    fn new(key: usize, priority: i32) -> Self {
        Self {
            key,
            priority,
            timestamp: 0,
            initial: None,
            attempts: 0,
            arrival: 0,
        }
    }
}

/// Upstream's active queue: a list, a set of dirty keys, and a set of keys in process.
#[derive(Debug, Default)]
struct Active {
    list: Vec<Info>,
    dirty: BTreeSet<usize>,
    processing: BTreeSet<usize>,
    shutting_down: bool,
    arrivals: u64,
    fifo: bool,
    /// With the correction: what was pushed last under a key in process.
    corrected: Option<BTreeMap<usize, Info>>,
}

impl Active {
    fn add(&mut self, mut info: Info) {
        self.arrivals += 1;
        info.arrival = self.arrivals;
        self.list.retain(|other| other.key != info.key);
        self.list.push(info);
    }

    fn push(&mut self, mut info: Info, now: i64) -> bool {
        if self.shutting_down {
            return false;
        }
        info.timestamp = now;
        info.initial = info.initial.or(Some(now));
        if let Some(pushed) = &mut self.corrected {
            if self.processing.contains(&info.key) {
                self.dirty.insert(info.key);
                pushed.insert(info.key, info);
                return true;
            }
            if let Some(waiting) = self.list.iter_mut().find(|other| other.key == info.key) {
                (waiting.priority, waiting.attempts) = (info.priority, info.attempts);
                return true;
            }
        }
        if self.dirty.contains(&info.key) {
            return false;
        }
        self.dirty.insert(info.key);
        if !self.processing.contains(&info.key) {
            self.add(info);
        }
        true
    }

    fn pop(&mut self) -> Option<Info> {
        let order = |info: &Info| {
            (
                if self.fifo { 0 } else { -info.priority },
                info.timestamp,
                info.arrival,
            )
        };
        let first = (0..self.list.len()).min_by_key(|index| order(&self.list[*index]))?;
        let mut info = self.list.remove(first);
        info.attempts += 1;
        self.processing.insert(info.key);
        self.dirty.remove(&info.key);
        Some(info)
    }

    fn done(&mut self, mut info: Info, now: i64) {
        self.processing.remove(&info.key);
        if self.dirty.contains(&info.key) {
            let pushed = self
                .corrected
                .as_mut()
                .and_then(|pushed| pushed.remove(&info.key));
            info = pushed.unwrap_or(info);
            info.timestamp = now;
            self.add(info);
        }
    }

    fn remove(&mut self, key: usize) -> bool {
        self.list.retain(|info| info.key != key);
        self.dirty.remove(&key)
    }
}

/// What both kinds of reference can be asked.
trait Reference {
    fn push(&mut self, key: usize, priority: i32, now: i64) -> bool;
    fn pop(&mut self) -> Option<Info>;
    fn done(&mut self, info: Info, class: RetryClass, now: i64);
    fn flush_backoff(&mut self, now: i64) -> usize;
    fn flush_unschedulable(&mut self, now: i64) -> usize;
    fn remove(&mut self, key: usize) -> bool;
    fn close(&mut self);
    fn contains(&self, key: usize) -> bool;
    fn counts(&self) -> QueueCounts;
    /// In nanoseconds.
    fn next_deadline(&self) -> Option<i64>;
    /// Every place of every key that waits or is handed out.
    fn places(&self) -> Vec<usize>;
}

const MS: i64 = 1_000_000;

#[derive(Debug, Default)]
struct PriorityReference {
    active: Active,
    backoff: Vec<Info>,
    unschedulable: BTreeMap<usize, Info>,
}

impl PriorityReference {
    fn end(info: &Info) -> i64 {
        let seconds = [0, 1, 2, 4, 8].get(info.attempts as usize).copied().unwrap_or(10);
        info.timestamp + seconds * 1000 * MS
    }

    fn move_to_active(&mut self, info: Info, now: i64) -> bool {
        let key = info.key;
        let taken = self.active.push(info, now);
        self.backoff.retain(|info| info.key != key);
        self.unschedulable.remove(&key);
        taken
    }

    fn move_all(&mut self, mut batch: Vec<Info>, now: i64) -> usize {
        batch.sort_by_key(|info| (-info.priority, info.timestamp, info.arrival));
        let count = batch.len();
        for info in batch {
            self.move_to_active(info, now);
        }
        count
    }
}

impl Reference for PriorityReference {
    fn push(&mut self, key: usize, priority: i32, now: i64) -> bool {
        self.move_to_active(Info::new(key, priority), now)
    }

    fn pop(&mut self) -> Option<Info> {
        self.active.pop()
    }

    /// The handling of the error, then `Done`, as the worker does it.
    fn done(&mut self, info: Info, class: RetryClass, now: i64) {
        let in_backoff = self.backoff.iter().any(|other| other.key == info.key);
        let in_active = self.active.dirty.contains(&info.key);
        match class {
            RetryClass::Forget => self.backoff.retain(|other| other.key != info.key),
            RetryClass::Unschedulable => {
                if !in_backoff && !in_active {
                    self.unschedulable.insert(info.key, info.clone());
                }
            }
            RetryClass::Backoff => {
                if !self.unschedulable.contains_key(&info.key) && !in_active {
                    self.backoff.retain(|other| other.key != info.key);
                    self.backoff.push(info.clone());
                }
            }
        }
        self.active.done(info, now);
    }

    fn flush_backoff(&mut self, now: i64) -> usize {
        if self.active.shutting_down {
            return 0;
        }
        let (due, rest) = std::mem::take(&mut self.backoff)
            .into_iter()
            .partition(|info| Self::end(info) <= now);
        self.backoff = rest;
        self.move_all(due, now)
    }

    fn flush_unschedulable(&mut self, now: i64) -> usize {
        if self.active.shutting_down {
            return 0;
        }
        let due = |info: &&Info| now - info.timestamp > 300_000 * MS;
        let due = self.unschedulable.values().filter(due).cloned().collect();
        self.move_all(due, now)
    }

    fn remove(&mut self, key: usize) -> bool {
        let parked = self.contains(key);
        self.backoff.retain(|info| info.key != key);
        self.unschedulable.remove(&key);
        self.active.remove(key);
        parked
    }

    fn close(&mut self) {
        self.active.shutting_down = true;
        self.unschedulable.clear();
    }

    fn contains(&self, key: usize) -> bool {
        self.active.dirty.contains(&key)
            || self.backoff.iter().any(|info| info.key == key)
            || self.unschedulable.contains_key(&key)
    }

    fn counts(&self) -> QueueCounts {
        counts(
            self.active.list.len(),
            self.backoff.len(),
            self.unschedulable.len(),
        )
    }

    fn next_deadline(&self) -> Option<i64> {
        let pool = self.unschedulable.values();
        let pool = pool.map(|info| info.timestamp + 300_000 * MS + 1);
        let ends = self.backoff.iter().map(Self::end).chain(pool);
        ends.min().filter(|_| !self.active.shutting_down)
    }

    fn places(&self) -> Vec<usize> {
        let lists = self.active.list.iter().chain(&self.backoff);
        let infos = lists.chain(self.unschedulable.values());
        infos
            .map(|info| info.key)
            .chain(self.active.processing.iter().copied())
            .collect()
    }
}

/// client-go's delaying queue with the two rate limiters, the bucket counted in fractions of a token.
#[derive(Debug)]
struct RateLimitedReference {
    active: Active,
    waiting: Vec<(i64, Info)>,
    failures: BTreeMap<usize, u32>,
    tokens: f64,
    last: Option<i64>,
}

/// The tests' limiter is so small that the bucket matters.
const LIMITER: RateLimiterOptions = RateLimiterOptions {
    base_delay: Duration::from_millis(5),
    max_delay: Duration::from_millis(700),
    qps: 4,
    bucket_size: 3,
};

impl RateLimitedReference {
    fn new() -> Self {
        Self {
            active: Active {
                fifo: true,
                ..Active::default()
            },
            waiting: Vec::new(),
            failures: BTreeMap::new(),
            tokens: 3.0,
            last: None,
        }
    }
}

impl Reference for RateLimitedReference {
    fn push(&mut self, key: usize, priority: i32, now: i64) -> bool {
        self.active.push(Info::new(key, priority), now)
    }

    fn pop(&mut self) -> Option<Info> {
        let mut info = self.active.pop()?;
        info.attempts = self.failures.get(&info.key).map_or(1, |failures| failures + 1);
        Some(info)
    }

    fn done(&mut self, info: Info, class: RetryClass, now: i64) {
        if class == RetryClass::Forget {
            self.failures.remove(&info.key);
        } else if !self.active.shutting_down {
            let failures = self.failures.entry(info.key).or_default();
            let own = (5 * MS).checked_shl(*failures).unwrap_or(i64::MAX).min(700 * MS);
            *failures += 1;
            let elapsed = (now - self.last.replace(now).unwrap_or(now)) as f64 / 1e9;
            self.tokens = (self.tokens + elapsed * 4.0).min(3.0) - 1.0;
            let shared = ((-self.tokens).max(0.0) / 4.0 * 1e9).round() as i64;
            let ready = now + own.max(shared);
            match self.waiting.iter_mut().find(|(_, other)| other.key == info.key) {
                None => self.waiting.push((ready, info.clone())),
                Some(entry) if ready < entry.0 => {
                    self.waiting.retain(|(_, other)| other.key != info.key);
                    self.waiting.push((ready, info.clone()));
                }
                Some(_) => {}
            }
        }
        self.active.done(info, now);
    }

    fn flush_backoff(&mut self, now: i64) -> usize {
        if self.active.shutting_down {
            return 0;
        }
        let (mut due, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|(ready, _)| *ready <= now);
        self.waiting = rest;
        due.sort_by_key(|(ready, _)| *ready);
        due.into_iter()
            .filter(|(_, info)| self.active.push(info.clone(), now))
            .count()
    }

    fn flush_unschedulable(&mut self, now: i64) -> usize {
        self.flush_backoff(now)
    }

    fn remove(&mut self, key: usize) -> bool {
        let there = self.contains(key);
        self.active.remove(key);
        self.waiting.retain(|(_, info)| info.key != key);
        self.failures.remove(&key);
        there
    }

    fn close(&mut self) {
        self.active.shutting_down = true;
    }

    fn contains(&self, key: usize) -> bool {
        self.active.dirty.contains(&key) || self.waiting.iter().any(|(_, info)| info.key == key)
    }

    fn counts(&self) -> QueueCounts {
        counts(self.active.list.len(), self.waiting.len(), 0)
    }

    fn next_deadline(&self) -> Option<i64> {
        let ready = self.waiting.iter().map(|(ready, _)| *ready).min();
        ready.filter(|_| !self.active.shutting_down)
    }

    /// A key that waits for its retry may be ready or handed out as well.
    fn places(&self) -> Vec<usize> {
        let ready = self.active.list.iter().map(|info| info.key);
        ready.chain(self.active.processing.iter().copied()).collect()
    }
}

fn name(index: usize) -> BindingKey {
    key(&format!("binding-{index}"))
}

fn nanos(time: Timestamp) -> i64 {
    time.as_nanosecond().try_into().unwrap()
}

fn time(nanoseconds: i64) -> Timestamp {
    Timestamp::from_nanosecond(nanoseconds.into()).unwrap()
}

fn same(binding: &QueuedBinding, info: &Info) -> bool {
    *binding.key() == name(info.key)
        && binding.priority() == info.priority
        && nanos(binding.timestamp()) == info.timestamp
        && Some(nanos(binding.initial_attempt_timestamp())) == info.initial
        && binding.attempts() == info.attempts
}

fn flush_backoff(queue: &mut SchedulingQueue, now: Timestamp) -> usize {
    match queue {
        SchedulingQueue::Priority(queue) => queue.flush_backoff(now),
        SchedulingQueue::RateLimited(queue) => queue.flush(now),
    }
}

fn flush_unschedulable(queue: &mut SchedulingQueue, now: Timestamp) -> usize {
    match queue {
        SchedulingQueue::Priority(queue) => queue.flush_unschedulable(now),
        // It has no pool; the call tells it the time.
        SchedulingQueue::RateLimited(queue) => queue.flush(now),
    }
}

/// Plays a history to both, and compares all that can be seen after each step. `one_place` says that a key that waits for
/// its retry is nowhere else.
fn play(
    steps: &[Step],
    mut queue: SchedulingQueue,
    mut reference: impl Reference,
    one_place: bool,
) -> Result<(), TestCaseError> {
    // What the clock shows, and the latest time it told: for the queue, a clock that goes back stands still.
    let (mut clock, mut now) = (0, -1_000_000 * MS);
    let mut out: Vec<(QueuedBinding, Info)> = Vec::new();
    let mut owed: BTreeSet<usize> = BTreeSet::new();
    let mut closed = false;
    for step in steps {
        let (given, before) = (time(clock), now);
        if !matches!(
            step,
            Step::Pop | Step::Deadline | Step::Wait { .. } | Step::Remove { .. } | Step::Close
        ) {
            now = now.max(clock);
        }
        match step {
            Step::Push { key, priority } => {
                let taken = queue.push(name(*key), *priority, given);
                prop_assert_eq!(taken, reference.push(*key, *priority, now));
                if !closed {
                    owed.insert(*key);
                }
            }
            Step::Pop => match (queue.pop(), reference.pop()) {
                (None, None) => {}
                (Some(binding), Some(info)) => {
                    prop_assert!(same(&binding, &info), "{binding:?} {info:?}");
                    prop_assert!(binding.timestamp() <= time(now), "time is monotone");
                    let asked_for = owed.remove(&info.key);
                    prop_assert!(asked_for || !one_place, "handed out without being asked to");
                    out.push((binding, info));
                }
                (binding, info) => prop_assert!(false, "{binding:?} {info:?}"),
            },
            Step::Done { index, class } => {
                if *index >= out.len() {
                    // Nothing is told.
                    now = before;
                } else {
                    let (binding, info) = out.remove(*index);
                    if *class != RetryClass::Forget && !closed {
                        owed.insert(info.key);
                    }
                    queue.done(binding, *class, given);
                    reference.done(info, *class, now);
                }
            }
            Step::FlushBackoff => {
                prop_assert_eq!(flush_backoff(&mut queue, given), reference.flush_backoff(now));
            }
            Step::FlushUnschedulable => {
                let flushed = flush_unschedulable(&mut queue, given);
                prop_assert_eq!(flushed, reference.flush_unschedulable(now));
            }
            Step::Deadline => {
                if let Some(deadline) = queue.next_deadline() {
                    let too_early = time(now).max(deadline - SignedDuration::from_nanos(1));
                    if too_early < deadline {
                        prop_assert_eq!(queue.flush(too_early), 0);
                    }
                    clock = clock.max(nanos(deadline));
                    now = now.max(nanos(deadline));
                    let flushed = queue.flush(deadline);
                    prop_assert_eq!(
                        flushed,
                        reference.flush_backoff(now) + reference.flush_unschedulable(now)
                    );
                    prop_assert!(queue.next_deadline().is_none_or(|next| next > deadline));
                }
            }
            Step::Wait { milliseconds } => {
                clock += milliseconds * MS;
            }
            Step::Remove { key } => {
                prop_assert_eq!(queue.remove(&name(*key)), reference.remove(*key));
                owed.remove(key);
            }
            Step::Close => {
                queue.close();
                reference.close();
                closed = true;
            }
        }
        prop_assert_eq!(queue.counts(), reference.counts());
        prop_assert_eq!(queue.next_deadline().map(nanos), reference.next_deadline());
        let places = reference.places();
        let distinct: BTreeSet<usize> = places.iter().copied().collect();
        prop_assert_eq!(distinct.len(), places.len(), "no key twice");
        for index in 0..KEYS {
            prop_assert_eq!(queue.contains(&name(index)), reference.contains(index));
            if one_place && !closed {
                prop_assert_eq!(queue.contains(&name(index)), owed.contains(&index), "no key lost");
            }
        }
    }
    // Everything that is owed comes out in the end.
    for (binding, info) in out.drain(..) {
        queue.done(binding, RetryClass::Forget, time(now));
        reference.done(info, RetryClass::Forget, now);
    }
    let mut last = time(now);
    loop {
        while let Some(binding) = queue.pop() {
            let info = reference.pop().unwrap();
            prop_assert!(same(&binding, &info), "{binding:?} {info:?}");
            owed.remove(&info.key);
            queue.done(binding, RetryClass::Forget, last);
            reference.done(info, RetryClass::Forget, nanos(last));
        }
        let Some(deadline) = queue.next_deadline() else {
            break;
        };
        last = last.max(deadline);
        queue.flush(last);
        reference.flush_backoff(nanos(last));
        reference.flush_unschedulable(nanos(last));
    }
    prop_assert!(closed || owed.is_empty(), "{owed:?} never came out");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_queue_by_priority(steps in steps()) {
        let queue = SchedulingQueue::Priority(PriorityQueue::default());
        play(&steps, queue, PriorityReference::default(), true)?;
    }

    #[test]
    fn the_queue_by_priority_corrected(steps in steps()) {
        let mut options = PriorityQueueOptions::default();
        options.corrections.queued_priority = true;
        let mut reference = PriorityReference::default();
        reference.active.corrected = Some(BTreeMap::new());
        play(&steps, SchedulingQueue::Priority(PriorityQueue::new(options)), reference, true)?;
    }

    #[test]
    fn the_queue_in_order_of_arrival(steps in steps()) {
        let queue = SchedulingQueue::RateLimited(RateLimitedQueue::new(LIMITER));
        play(&steps, queue, RateLimitedReference::new(), false)?;
    }
}
