use super::*;

use RetryClass::{Backoff, Forget, Unschedulable};

fn queue() -> PriorityQueue {
    PriorityQueue::default()
}

fn corrected() -> PriorityQueue {
    let mut options = PriorityQueueOptions::default();
    options.corrections.queued_priority = true;
    PriorityQueue::new(options)
}

/// Pops everything: name, priority, attempts, when it became ready.
fn drain(queue: &mut PriorityQueue, now: i64) -> Vec<(String, i32, u32, i64)> {
    std::iter::from_fn(|| {
        let binding = queue.pop()?;
        let row = (
            binding.key().name().to_owned(),
            binding.priority(),
            binding.attempts(),
            millis(binding.timestamp()),
        );
        queue.done(binding, Forget, at(now));
        Some(row)
    })
    .collect()
}

fn row(name: &str, priority: i32, attempts: u32, timestamp: i64) -> (String, i32, u32, i64) {
    (name.to_owned(), priority, attempts, timestamp)
}

#[test]
fn higher_priority_first_then_earlier_time() {
    fn check(pushes: &[(&str, i32, i64)], order: &[&str]) {
        let mut queue = queue();
        for (name, priority, time) in pushes {
            assert!(queue.push(key(name), *priority, at(*time)));
        }
        let names: Vec<String> = drain(&mut queue, 99).into_iter().map(|row| row.0).collect();
        assert_eq!(names, order, "{pushes:?}");
    }
    check(&[("a", 0, 0), ("b", 1, 1), ("c", -1, 2)], &["b", "a", "c"]);
    check(&[("a", 0, 2), ("b", 0, 3), ("c", 0, 4)], &["a", "b", "c"]);
    // Of one moment: in the order of arrival, not of keys.
    check(&[("c", 0, 0), ("a", 0, 0), ("b", 0, 0)], &["c", "a", "b"]);
    // A clock that goes back stands still.
    check(&[("a", 0, 9), ("b", 0, 5)], &["a", "b"]);
    check(&[("a", i32::MIN, 0), ("b", i32::MAX, 1)], &["b", "a"]);
}

#[test]
fn there_is_no_preemption() {
    let mut queue = queue();
    queue.push(key("low"), 0, at(0));
    let low = queue.pop().unwrap();
    queue.push(key("high"), 9, at(1));
    let high = queue.pop().unwrap();
    assert_eq!((low.key().name(), high.key().name()), ("low", "high"));
}

#[test]
fn a_key_waits_once() {
    let mut queue = queue();
    assert!(queue.push(key("a"), 0, at(0)));
    assert!(!queue.push(key("a"), 0, at(5)));
    assert_eq!(queue.counts(), counts(1, 0, 0));
    assert!(queue.contains(&key("a")));
    assert_eq!(drain(&mut queue, 9), [row("a", 0, 1, 0)]);
    assert!(!queue.contains(&key("a")));
}

/// 8.4, 5: the priority of a binding that is queued already.
#[test]
fn a_new_priority_of_a_queued_key() {
    let pushed = |mut queue: PriorityQueue| {
        queue.push(key("a"), 0, at(0));
        queue.push(key("b"), 5, at(1));
        queue.push(key("c"), 7, at(2));
        let changed = queue.push(key("a"), 7, at(3));
        (changed, drain(&mut queue, 9))
    };
    let (changed, rows) = pushed(queue());
    assert!(!changed);
    assert_eq!(rows, [row("c", 7, 1, 2), row("b", 5, 1, 1), row("a", 0, 1, 0)]);
    // It keeps the time since when it waits, so that it goes before others of its new priority.
    let (changed, rows) = pushed(corrected());
    assert!(changed);
    assert_eq!(rows, [row("a", 7, 1, 0), row("c", 7, 1, 2), row("b", 5, 1, 1)]);
}

#[test]
fn pushed_while_processed() {
    let rows = |mut queue: PriorityQueue, class| {
        queue.push(key("a"), 1, at(0));
        let first = queue.pop().unwrap();
        queue.done(first, Backoff, at(10));
        queue.flush_backoff(at(1000));
        let second = queue.pop().unwrap();
        assert_eq!(second.attempts(), 2);
        assert!(
            queue.push(key("a"), 5, at(1500)),
            "ready again when it is given back"
        );
        queue.push(key("a"), 6, at(1600));
        assert_eq!(queue.counts(), counts(0, 0, 0), "not twice at a time");
        assert!(queue.pop().is_none() && queue.contains(&key("a")));
        queue.done(second, class, at(2000));
        assert_eq!(
            queue.counts(),
            counts(1, 0, 0),
            "neither backing off nor in the pool"
        );
        drain(&mut queue, 3000)
    };
    for class in [Forget, Unschedulable, Backoff] {
        // The old object: priority and attempts stay, the time is that of being given back.
        assert_eq!(rows(queue(), class), [row("a", 1, 3, 2000)]);
        // As if pushed afterwards.
        assert_eq!(rows(corrected(), class), [row("a", 6, 1, 2000)]);
    }
}

#[test]
fn back_off_doubles_up_to_a_limit_and_counts_from_when_it_was_ready() {
    let mut queue = queue();
    queue.push(key("a"), 0, at(0));
    let mut ready = 0;
    for wait in [1000, 2000, 4000, 8000, 10_000, 10_000, 10_000] {
        let binding = queue.pop().unwrap();
        assert_eq!(millis(binding.timestamp()), ready);
        assert_eq!(binding.initial_attempt_timestamp(), at(0));
        // The pass takes 300 ms; they are part of the back-off.
        queue.done(binding, Backoff, at(ready + 300));
        assert_eq!(queue.next_deadline(), Some(at(ready + wait)));
        assert_eq!(queue.flush_backoff(at(ready + wait - 1)), 0);
        assert_eq!(queue.counts(), counts(0, 1, 0));
        assert_eq!(queue.flush_backoff(at(ready + wait)), 1);
        assert_eq!((queue.counts(), queue.next_deadline()), (counts(1, 0, 0), None));
        ready += wait;
    }
}

#[test]
fn back_off_durations() {
    fn check(initial: u64, max: u64, waits: &[i64]) {
        let options = PriorityQueueOptions {
            initial_backoff: Duration::from_millis(initial),
            max_backoff: Duration::from_millis(max),
            ..PriorityQueueOptions::default()
        };
        let mut queue = PriorityQueue::new(options);
        queue.push(key("a"), 0, at(0));
        let mut waited = Vec::new();
        for _ in waits {
            let binding = queue.pop().unwrap();
            let ready = millis(binding.timestamp());
            queue.done(binding, Backoff, at(ready));
            let deadline = queue.next_deadline().unwrap();
            waited.push(millis(deadline) - ready);
            queue.flush_backoff(deadline);
        }
        assert_eq!(waited, waits, "{initial} {max}");
    }
    check(1000, 10_000, &[1000, 2000, 4000, 8000, 10_000, 10_000]);
    check(3000, 12_000, &[3000, 6000, 12_000, 12_000]);
    check(3000, 11_999, &[3000, 6000, 11_999]);
    // The first back-off is not cut.
    check(5000, 1000, &[5000, 1000, 1000]);
    check(0, 1000, &[0, 0, 0]);
}

#[test]
fn a_flush_keeps_the_order_of_the_active_queue() {
    for (class, flushed_at) in [(Backoff, 60_000), (Unschedulable, 600_000)] {
        let mut queue = queue();
        // By the end of their back-off: old, high, young, low.
        for (name, priority, time) in [("old", 1, 0), ("high", 5, 10), ("young", 1, 20), ("low", 0, 30)] {
            queue.push(key(name), priority, at(time));
            let binding = queue.pop().unwrap();
            queue.done(binding, class, at(time));
        }
        queue.flush_backoff(at(flushed_at));
        queue.flush_unschedulable(at(flushed_at));
        let rows = drain(&mut queue, flushed_at);
        let names: Vec<&str> = rows.iter().map(|row| &*row.0).collect();
        assert_eq!(names, ["high", "old", "young", "low"], "{class:?}");
        assert!(
            rows.iter().all(|row| row.2 == 2 && row.3 == flushed_at),
            "attempts add up"
        );
    }
}

#[test]
fn only_what_backed_off_long_enough_is_flushed() {
    let mut queue = queue();
    for (name, time) in [("a", 0), ("b", 500), ("c", 1000)] {
        queue.push(key(name), 0, at(time));
        let binding = queue.pop().unwrap();
        queue.done(binding, Backoff, at(time));
    }
    assert_eq!(queue.flush_backoff(at(1500)), 2);
    assert_eq!(
        (queue.counts(), queue.next_deadline()),
        (counts(2, 1, 0), Some(at(2000)))
    );
    assert_eq!(queue.flush_unschedulable(at(9_999_999)), 0, "the pool only");
}

#[test]
fn the_pool_keeps_bindings_for_more_than_five_minutes() {
    let mut queue = queue();
    queue.push(key("a"), 0, at(0));
    let binding = queue.pop().unwrap();
    queue.done(binding, Unschedulable, at(200_000));
    assert_eq!(queue.counts(), counts(0, 0, 1));
    // From when it was ready, not from when it failed; strictly more.
    assert_eq!(queue.flush_unschedulable(at(300_000)), 0);
    let deadline = at(300_000) + SignedDuration::from_nanos(1);
    assert_eq!(queue.next_deadline(), Some(deadline));
    assert_eq!(queue.flush_backoff(deadline), 0, "the back-off heap only");
    assert_eq!(queue.flush_unschedulable(deadline), 1);
    assert_eq!(queue.counts(), counts(1, 0, 0));
}

#[test]
fn an_event_ends_the_wait_and_resets_the_back_off() {
    for class in [Backoff, Unschedulable] {
        let mut queue = queue();
        queue.push(key("a"), 0, at(0));
        for time in [0, 1000, 3000] {
            queue.flush_backoff(at(time));
            let binding = queue.pop().unwrap();
            queue.done(binding, Backoff, at(time));
        }
        queue.flush_backoff(at(7000));
        let binding = queue.pop().unwrap();
        assert_eq!(binding.attempts(), 4);
        queue.done(binding, class, at(7001));
        assert!(queue.push(key("a"), 3, at(7002)));
        assert_eq!(queue.counts(), counts(1, 0, 0));
        let binding = queue.pop().unwrap();
        let initial = binding.initial_attempt_timestamp();
        assert_eq!(
            (binding.attempts(), binding.priority(), initial),
            (1, 3, at(7002))
        );
        queue.done(binding, Backoff, at(7002));
        assert_eq!(queue.next_deadline(), Some(at(8002)));
    }
}

#[test]
fn what_succeeded_is_forgotten() {
    let mut queue = queue();
    queue.push(key("a"), 0, at(0));
    let binding = queue.pop().unwrap();
    queue.done(binding, Forget, at(1));
    assert_eq!((queue.counts(), queue.next_deadline()), (counts(0, 0, 0), None));
}

#[test]
fn removed() {
    fn check(park: impl Fn(&mut PriorityQueue) -> Option<QueuedBinding>, was_there: bool) {
        for mut queue in [queue(), corrected()] {
            queue.push(key("a"), 0, at(0));
            let out = park(&mut queue);
            assert_eq!(queue.remove(&key("a")), was_there);
            assert!(!queue.contains(&key("a")) && !queue.remove(&key("a")));
            if let Some(binding) = out {
                queue.done(binding, Forget, at(1));
            }
            assert_eq!((queue.counts(), queue.next_deadline()), (counts(0, 0, 0), None));
        }
    }
    fn fail(queue: &mut PriorityQueue, class: RetryClass) {
        let binding = queue.pop().unwrap();
        queue.done(binding, class, at(0));
    }
    check(|_| None, true);
    check(PriorityQueue::pop, false);
    check(
        |queue| {
            let out = queue.pop();
            queue.push(key("a"), 0, at(0));
            out
        },
        true,
    );
    for (class, was_there) in [(Forget, false), (Backoff, true), (Unschedulable, true)] {
        check(
            move |queue| {
                fail(queue, class);
                None
            },
            was_there,
        );
    }
}

#[test]
fn closed() {
    let mut queue = queue();
    for name in ["ready", "busy", "failed", "full"] {
        queue.push(key(name), 0, at(0));
    }
    let mut out: Vec<QueuedBinding> = (0..4).filter_map(|_| queue.pop()).collect();
    queue.push(key("ready"), 0, at(1));
    queue.push(key("busy"), 0, at(1));
    queue.done(out.remove(0), Forget, at(1));
    queue.done(out.remove(1), Backoff, at(1));
    queue.done(out.remove(1), Unschedulable, at(1));
    assert_eq!(queue.counts(), counts(1, 1, 1));
    queue.close();
    assert_eq!(queue.counts(), counts(1, 1, 0));
    assert!(!queue.push(key("new"), 0, at(2)));
    let later = at(9_999_999);
    assert_eq!(
        (queue.flush_backoff(later), queue.flush_unschedulable(later)),
        (0, 0)
    );
    assert_eq!(queue.next_deadline(), None);
    // What was pushed in time still comes out.
    queue.done(out.remove(0), Forget, at(3));
    let names: Vec<String> = drain(&mut queue, 4).into_iter().map(|row| row.0).collect();
    assert_eq!(names, ["ready", "busy"]);
}

#[test]
fn the_ends_of_time() {
    let mut queue = queue();
    queue.push(key("a"), 0, Timestamp::MAX);
    queue.push(key("b"), 0, Timestamp::MIN);
    for class in [Backoff, Unschedulable] {
        let binding = queue.pop().unwrap();
        queue.done(binding, class, Timestamp::MAX);
    }
    assert_eq!(queue.next_deadline(), Some(Timestamp::MAX));
    assert_eq!(queue.flush_backoff(Timestamp::MAX), 1);
}
