//! Tables for each sentence of the queue's rules; `model` compares long random histories with a slow reference.

mod events;
mod model;
mod priority;
mod rate_limited;

use jiff::{SignedDuration, Timestamp};

use super::*;

fn key(name: &str) -> BindingKey {
    BindingKey::new("ns", name)
}

/// So many milliseconds after the start.
fn at(milliseconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_millis(milliseconds)
}

fn millis(time: Timestamp) -> i64 {
    time.duration_since(Timestamp::UNIX_EPOCH).as_millis() as i64
}

fn counts(active: usize, backoff: usize, unschedulable: usize) -> QueueCounts {
    QueueCounts {
        active,
        backoff,
        unschedulable,
    }
}

#[test]
fn the_feature_decides_which_queue() {
    for (enabled, by_priority) in [(true, true), (false, false)] {
        let features = FeatureGates::default().with(Feature::PriorityBasedScheduling, enabled);
        let mut queue = SchedulingQueue::new(features, QueueOptions::default());
        queue.push(key("low"), 1, at(0));
        queue.push(key("high"), 2, at(1));
        let first = queue.pop().unwrap();
        assert_eq!(first.key().name() == "high", by_priority);
        assert_eq!(queue.counts(), counts(1, 0, 0));
        queue.done(first, RetryClass::Backoff, at(2));
        assert_eq!(queue.counts(), counts(1, 1, 0));
        let deadline = queue.next_deadline().unwrap();
        assert_eq!(queue.flush(deadline - SignedDuration::from_nanos(1)), 0);
        assert_eq!(queue.flush(deadline), 1);
        assert!(queue.remove(&key("low")) && !queue.contains(&key("low")));
        queue.close();
        assert!(queue.is_closed() && !queue.push(key("late"), 0, at(9)));
        assert!(queue.pop().is_some() && queue.pop().is_none());
    }
}

#[test]
fn a_binding_of_another_queue_is_ignored() {
    for enabled in [true, false] {
        let features = FeatureGates::default().with(Feature::PriorityBasedScheduling, enabled);
        let mut queue = SchedulingQueue::new(features, QueueOptions::default());
        for class in [RetryClass::Forget, RetryClass::Backoff, RetryClass::Unschedulable] {
            queue.done(QueuedBinding::new(key("stray"), 0), class, at(0));
        }
        assert_eq!(queue.counts(), counts(0, 0, 0));
    }
}

#[test]
fn keys() {
    fn check(namespace: &str, name: &str, text: &str) {
        let key = BindingKey::new(namespace, name);
        assert_eq!(
            (key.as_str(), key.namespace(), key.name(), &*key.to_string()),
            (text, namespace, name, text)
        );
    }
    check("ns", "web-deployment", "ns/web-deployment");
    check("", "viewer-clusterrole", "viewer-clusterrole");
}
