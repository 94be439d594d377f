use super::*;

use RetryClass::{Backoff, Forget, Unschedulable};

fn fail(queue: &mut RateLimitedQueue, now: i64) -> u32 {
    let binding = queue.pop().unwrap();
    let attempts = binding.attempts();
    queue.done(binding, Backoff, at(now));
    attempts
}

#[test]
fn in_order_of_arrival_whatever_the_priority() {
    let mut queue = RateLimitedQueue::default();
    for (name, priority, time) in [("c", 0, 0), ("a", 9, 0), ("b", 5, 1)] {
        assert!(queue.push(key(name), priority, at(time)));
    }
    assert!(!queue.push(key("c"), 7, at(2)));
    let names: Vec<String> = std::iter::from_fn(|| queue.pop())
        .map(|binding| binding.key().name().to_owned())
        .collect();
    assert_eq!(names, ["c", "a", "b"]);
}

#[test]
fn the_delay_of_a_key_doubles_until_it_is_forgotten() {
    let mut queue = RateLimitedQueue::default();
    let mut now = 0;
    queue.push(key("a"), 0, at(0));
    for (attempt, wait) in (1..).zip([5, 10, 20, 40, 80, 160, 320, 640, 1280]) {
        assert_eq!(fail(&mut queue, now), attempt);
        assert_eq!(queue.next_deadline(), Some(at(now + wait)));
        assert_eq!(queue.flush(at(now + wait - 1)), 0);
        assert_eq!(queue.flush(at(now + wait)), 1);
        now += wait;
    }
    let binding = queue.pop().unwrap();
    queue.done(binding, Forget, at(now));
    queue.push(key("a"), 0, at(now));
    assert_eq!(fail(&mut queue, now), 1);
    assert_eq!(queue.next_deadline(), Some(at(now + 5)));
}

#[test]
fn the_delay_of_a_key_has_a_limit() {
    let options = RateLimiterOptions {
        qps: u32::MAX,
        ..RateLimiterOptions::default()
    };
    let mut queue = RateLimitedQueue::new(options);
    queue.push(key("a"), 0, at(0));
    let mut last = 0;
    for _ in 0..200 {
        let now = queue.next_deadline().map_or(0, millis);
        queue.flush(at(now));
        fail(&mut queue, now);
        last = millis(queue.next_deadline().unwrap()) - now;
    }
    assert_eq!(last, 1_000_000);
}

#[test]
fn both_failures_are_retried_alike() {
    for class in [Backoff, Unschedulable] {
        let mut queue = RateLimitedQueue::default();
        queue.push(key("a"), 0, at(0));
        let binding = queue.pop().unwrap();
        queue.done(binding, class, at(0));
        assert_eq!(
            (queue.counts(), queue.next_deadline()),
            (counts(0, 1, 0), Some(at(5)))
        );
    }
}

#[test]
fn all_keys_share_a_bucket_of_tokens() {
    let mut queue = RateLimitedQueue::default();
    let push_and_fail = |queue: &mut RateLimitedQueue, name: &str, now| {
        queue.push(key(name), 0, at(now));
        fail(queue, now);
    };
    // 100 at once, then one per tenth of a second.
    for index in 0..103 {
        push_and_fail(&mut queue, &format!("k{index}"), 0);
    }
    let mut deadlines = Vec::new();
    while let Some(deadline) = queue.next_deadline() {
        deadlines.push((millis(deadline), queue.flush(deadline)));
    }
    assert_eq!(deadlines, [(5, 100), (100, 1), (200, 1), (300, 1)]);
    while queue.pop().is_some() {}
    // What was given away in advance is paid back first: at 400 ms one token is there.
    push_and_fail(&mut queue, "x", 400);
    assert_eq!(queue.next_deadline(), Some(at(405)));
    push_and_fail(&mut queue, "y", 400);
    assert_eq!(queue.flush(at(405)), 1);
    assert_eq!(queue.next_deadline(), Some(at(500)));
    // A quiet time fills it, but not beyond its size.
    assert_eq!(queue.flush(at(500)), 1);
    while queue.pop().is_some() {}
    for index in 0..101 {
        push_and_fail(&mut queue, &format!("l{index}"), 1_000_000);
    }
    assert_eq!(queue.flush(at(1_000_005)), 100);
    assert_eq!(queue.next_deadline(), Some(at(1_000_100)));
}

#[test]
fn zero_stands_for_the_default() {
    let zero = RateLimiterOptions {
        base_delay: Duration::ZERO,
        max_delay: Duration::ZERO,
        qps: 0,
        bucket_size: 0,
    };
    let (zeroed, default) = (RateLimitedQueue::new(zero), RateLimitedQueue::default());
    assert_eq!(format!("{zeroed:?}"), format!("{default:?}"));
    let odd = RateLimiterOptions {
        qps: 3,
        bucket_size: 1,
        ..zero
    };
    let mut queue = RateLimitedQueue::new(odd);
    for name in ["a", "b"] {
        queue.push(key(name), 0, at(0));
        fail(&mut queue, 0);
    }
    assert_eq!(queue.flush(at(333)), 1);
    assert_eq!(
        queue.next_deadline(),
        Some(at(0) + SignedDuration::from_nanos(333_333_333))
    );
}

#[test]
fn a_key_that_waits_for_its_retry_may_be_pushed() {
    let mut queue = RateLimitedQueue::default();
    queue.push(key("a"), 0, at(0));
    fail(&mut queue, 0);
    assert!(queue.push(key("a"), 0, at(1)));
    assert_eq!(queue.counts(), counts(1, 1, 0));
    // Both at once: one of them is enough.
    assert_eq!(queue.flush(at(5)), 0);
    assert_eq!(queue.counts(), counts(1, 0, 0));
    // The earlier retry counts.
    assert_eq!(fail(&mut queue, 10), 2);
    assert_eq!(queue.next_deadline(), Some(at(20)));
    queue.push(key("a"), 0, at(12));
    assert_eq!(fail(&mut queue, 12), 3);
    assert_eq!(
        (queue.counts(), queue.next_deadline()),
        (counts(0, 1, 0), Some(at(20)))
    );
}

#[test]
fn pushed_while_processed() {
    let mut queue = RateLimitedQueue::default();
    queue.push(key("a"), 0, at(0));
    queue.push(key("b"), 0, at(0));
    let a = queue.pop().unwrap();
    assert!(queue.push(key("a"), 0, at(1)) && !queue.push(key("a"), 0, at(2)));
    assert_eq!(queue.counts(), counts(1, 0, 0));
    queue.done(a, Backoff, at(3));
    assert_eq!(
        queue.counts(),
        counts(2, 1, 0),
        "ready behind b, and waiting for its retry"
    );
    assert_eq!(queue.pop().unwrap().key().name(), "b");
    assert_eq!(queue.pop().unwrap().attempts(), 2);
}

#[test]
fn removed() {
    let mut queue = RateLimitedQueue::default();
    queue.push(key("a"), 0, at(0));
    fail(&mut queue, 0);
    assert!(queue.contains(&key("a")) && queue.remove(&key("a")) && !queue.contains(&key("a")));
    queue.push(key("a"), 0, at(0));
    assert_eq!(fail(&mut queue, 0), 1, "its failures are forgotten");
    queue.push(key("a"), 0, at(1));
    assert!(queue.remove(&key("a")) && !queue.remove(&key("a")));
    assert_eq!((queue.counts(), queue.next_deadline()), (counts(0, 0, 0), None));
}

#[test]
fn closed() {
    let mut queue = RateLimitedQueue::default();
    for name in ["failed", "busy", "ready"] {
        queue.push(key(name), 0, at(0));
    }
    fail(&mut queue, 0);
    let busy = queue.pop().unwrap();
    queue.close();
    assert!(!queue.push(key("new"), 0, at(1)));
    assert_eq!((queue.flush(at(1000)), queue.next_deadline()), (0, None));
    queue.done(busy, Backoff, at(2));
    assert_eq!(queue.counts(), counts(1, 1, 0), "no retry any more");
    assert!(queue.is_closed() && queue.pop().is_some() && queue.pop().is_none());
}
