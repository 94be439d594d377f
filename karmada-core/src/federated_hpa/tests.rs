use proptest::prelude::*;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_000_000 + second).unwrap()
}

fn pod(name: &str) -> Pod {
    Pod {
        name: name.into(),
        phase: "Running".into(),
        started: Some(at(-1000)),
        ready: Some(Readiness {
            status: Some(true),
            since: at(-990),
        }),
        request: Some(1000),
        ..Pod::default()
    }
}

fn pods(count: usize) -> Vec<Pod> {
    (0..count).map(|index| pod(&format!("p{index}"))).collect()
}

fn metrics(values: &[i64]) -> PodMetrics {
    let values = values.iter().enumerate();
    values
        .map(|(index, value)| {
            let metric = PodMetric {
                timestamp: at(-10),
                window: Duration::from_secs(30),
                value: *value,
            };
            (format!("p{index}"), metric)
        })
        .collect()
}

fn scale(pods: &[Pod], current: i32, calibration: f64) -> Scale<'_> {
    Scale {
        current,
        calibration,
        pods,
        options: Options::default(),
        now: at(0),
    }
}

#[test]
fn groups() {
    #[derive(Debug, PartialEq, Eq)]
    enum Group {
        Ready,
        Unready,
        Missing,
        Ignored,
    }
    fn check(is_cpu: bool, measured: bool, change: impl FnOnce(&mut Pod), want: &Group) {
        let mut pod = pod("p0");
        change(&mut pod);
        let metrics = if measured {
            metrics(&[1])
        } else {
            PodMetrics::new()
        };
        let groups = group_pods(
            std::slice::from_ref(&pod),
            &metrics,
            is_cpu,
            &Options::default(),
            at(0),
        );
        let got = if groups.ready == 1 {
            Group::Ready
        } else if groups.unready.contains("p0") {
            Group::Unready
        } else if groups.missing.contains("p0") {
            Group::Missing
        } else {
            assert!(groups.ignored.contains("p0"));
            Group::Ignored
        };
        assert_eq!(&got, want, "{pod:?} {is_cpu} {measured}");
    }
    use Group::{Ignored, Missing, Ready, Unready};
    let ready = |status, since| {
        Some(Readiness {
            status,
            since: at(since),
        })
    };
    check(true, true, |_| {}, &Ready);
    check(true, false, |_| {}, &Missing);
    check(true, true, |pod| pod.deleting = true, &Ignored);
    check(true, true, |pod| pod.phase = "Failed".into(), &Ignored);
    check(true, false, |pod| pod.phase = "Pending".into(), &Unready);
    check(true, true, |pod| pod.ready = None, &Unready);
    check(true, true, |pod| pod.started = None, &Unready);
    check(false, true, |pod| pod.ready = None, &Ready);
    // Within the initialization period.
    let young = |status, since| {
        move |pod: &mut Pod| {
            pod.started = Some(at(-100));
            pod.ready = ready(status, since);
        }
    };
    check(true, true, young(Some(true), -40), &Ready);
    check(true, true, young(Some(true), -39), &Unready);
    check(true, true, young(Some(false), -90), &Unready);
    check(false, true, young(Some(false), -90), &Ready);
    // Later.
    check(true, true, |pod| pod.ready = ready(Some(false), -971), &Unready);
    check(true, true, |pod| pod.ready = ready(Some(false), -970), &Ready);
    check(true, true, |pod| pod.ready = ready(None, -971), &Ready);
}

#[test]
fn utilization() {
    fn check(
        values: &[i64],
        (unready, missing): (usize, usize),
        (current, calibration): (i32, f64),
        target: i32,
        want: (i32, i64, i32),
    ) {
        let mut list = pods(values.len() + unready + missing);
        for pod in list.iter_mut().skip(values.len()).take(unready) {
            pod.phase = "Pending".into();
        }
        let got = by_utilization(
            &scale(&list, current, calibration),
            &metrics(values),
            true,
            target,
        )
        .unwrap();
        let got = (got.replicas, got.value, got.utilization.unwrap());
        assert_eq!(got, want, "{values:?} {unready} {missing} {current} {target}");
    }
    // Two pods, each asks for 1000.
    check(&[500, 500], (0, 0), (2, 1.0), 50, (2, 500, 50));
    check(&[540, 540], (0, 0), (2, 1.0), 50, (2, 540, 54));
    // A tenth off and a bit, since it is computed with floats.
    check(&[540, 560], (0, 0), (2, 1.0), 50, (3, 550, 55));
    check(&[600, 600], (0, 0), (2, 1.0), 50, (3, 600, 60));
    check(&[100, 100], (0, 0), (2, 1.0), 50, (1, 100, 10));
    // Two members with the whole of the template each.
    check(&[600, 600, 600, 600], (0, 0), (2, 2.0), 50, (3, 600, 60));
    // A pod without metric counts as full on the way down, as idle on the way up.
    check(&[100, 100], (0, 1), (3, 1.0), 50, (3, 100, 10));
    check(&[100, 100, 100], (0, 1), (4, 1.0), 80, (2, 100, 10));
    check(&[900, 900], (0, 1), (3, 1.0), 50, (4, 900, 90));
    check(&[600, 600], (0, 1), (3, 1.0), 50, (3, 600, 60));
    // A pod that is not ready matters on the way up only.
    check(&[900, 900], (1, 0), (3, 1.0), 50, (4, 900, 90));
    check(&[100, 100], (1, 0), (3, 1.0), 50, (1, 100, 10));
    check(&[500, 500], (0, 1), (3, 1.0), 50, (3, 500, 50));
}

#[test]
fn averages() {
    fn check(
        values: &[i64],
        missing: usize,
        (current, calibration): (i32, f64),
        target: i64,
        want: (i32, i64),
    ) {
        let list = pods(values.len() + missing);
        let got = by_average(
            &scale(&list, current, calibration),
            &metrics(values),
            false,
            target,
        )
        .unwrap();
        assert_eq!(
            (got.replicas, got.value, got.utilization),
            (want.0, want.1, None),
            "{values:?} {target}"
        );
    }
    check(&[100, 110], 0, (2, 1.0), 100, (2, 105));
    check(&[200, 200], 0, (2, 1.0), 100, (4, 200));
    check(&[200, 200], 0, (1, 2.0), 100, (2, 200));
    check(&[10, 10], 0, (2, 1.0), 100, (1, 10));
    check(&[10, 10], 2, (4, 1.0), 100, (3, 10));
    check(&[300, 300], 2, (4, 1.0), 100, (6, 300));
    check(&[150, 150], 1, (3, 1.0), 100, (3, 150));
}

#[test]
fn objects() {
    fn check(ready: usize, (current, calibration): (i32, f64), value: i64, target: i64, want: Option<i32>) {
        let mut list = pods(ready);
        list.push(Pod {
            ready: None,
            ..pod("starting")
        });
        let list = if ready == 0 { &[][..] } else { &list[..] };
        let got = by_object_value(&scale(list, current, calibration), value, target);
        assert_eq!(
            got.ok().map(|it| it.replicas),
            want,
            "{ready} {current} {value} {target}"
        );
    }
    check(2, (2, 1.0), 109, 100, Some(2));
    check(2, (2, 1.0), 200, 100, Some(4));
    check(4, (2, 2.0), 200, 100, Some(4));
    check(0, (0, 1.0), 250, 100, Some(3));
    check(0, (0, 1.0), 0, 100, Some(0));
    check(0, (2, 1.0), 100, 100, Some(2));
    check(0, (2, 1.0), 200, 100, None);
}

#[test]
fn object_averages() {
    fn check((members, calibration): (i32, f64), value: i64, target: i64, want: (i32, i32, i64)) {
        let list = pods(1);
        let scale = scale(&list, 1, calibration);
        let replicas = |twice| by_object_average(&scale, members, value, target, twice).unwrap();
        assert_eq!(
            (
                replicas(false).replicas,
                replicas(true).replicas,
                replicas(true).value
            ),
            want
        );
    }
    check((4, 1.0), 400, 100, (4, 4, 100));
    check((4, 1.0), 800, 100, (8, 8, 200));
    check((4, 2.0), 410, 100, (2, 2, 103));
    check((4, 2.0), 800, 100, (4, 2, 200));
    check((4, 2.0), 100, 100, (1, 1, 25));
}

#[test]
fn refuses() {
    fn check(got: Result<Proposal, ProposalError>, want: &ProposalError) {
        assert_eq!(&got.unwrap_err(), want);
    }
    let two = pods(2);
    let measured = metrics(&[1, 1]);
    let target = |what| ProposalError::NotPositive { what };
    check(
        by_utilization(&scale(&[], 2, 1.0), &measured, true, 50),
        &ProposalError::NoPods,
    );
    check(
        by_average(&scale(&[], 2, 1.0), &measured, true, 50),
        &ProposalError::NoPods,
    );
    check(
        by_utilization(&scale(&two, 2, 1.0), &PodMetrics::new(), true, 50),
        &ProposalError::NoMetrics,
    );
    check(
        by_utilization(&scale(&two, 2, 1.0), &measured, true, 0),
        &target("target utilization"),
    );
    check(
        by_utilization(&scale(&two, 2, 0.0), &measured, true, 50),
        &target("calibration"),
    );
    check(
        by_average(&scale(&two, 2, f64::NAN), &measured, true, 50),
        &target("calibration"),
    );
    check(
        by_object_value(&scale(&two, 2, 1.0), 1, 0),
        &target("target value"),
    );
    check(
        by_object_average(&scale(&two, 2, 1.0), 0, 1, 1, false),
        &target("number of member replicas"),
    );
    let mut silent = pods(2);
    silent[1].request = None;
    check(
        by_utilization(&scale(&silent, 2, 1.0), &measured, true, 50),
        &ProposalError::MissingRequest { pod: "p1".into() },
    );
    let mut idle = pods(2);
    idle.iter_mut().for_each(|pod| pod.request = Some(0));
    check(
        by_utilization(&scale(&idle, 2, 1.0), &measured, true, 50),
        &ProposalError::NoRequests,
    );
}

#[test]
fn chooses() {
    fn check(proposals: &[Option<i32>], current: i32, want: Option<usize>) {
        let proposals: Vec<Result<Proposal, ()>> = proposals
            .iter()
            .map(|replicas| {
                replicas.ok_or(()).map(|replicas| Proposal {
                    replicas,
                    value: 0,
                    utilization: None,
                })
            })
            .collect();
        assert_eq!(choose(&proposals, current), want, "{proposals:?} {current}");
    }
    check(&[], 3, None);
    check(&[None, None], 3, None);
    check(&[Some(2), Some(5), Some(5)], 3, Some(1));
    check(&[Some(2), None], 3, None);
    check(&[None, Some(3)], 3, Some(1));
    check(&[None, Some(4)], 3, Some(1));
    check(&[Some(0), Some(0)], 3, Some(1));
}

proptest! {
    #[test]
    fn any_numbers_give_a_number(
        values in prop::collection::vec(any::<i64>(), 1..5),
        current in any::<i32>(),
        calibration in any::<f64>(),
        target in any::<i32>(),
    ) {
        let list = pods(values.len() + 1);
        let scale = scale(&list, current, calibration);
        let measured = metrics(&values);
        let _ = by_utilization(&scale, &measured, true, target);
        let _ = by_average(&scale, &measured, true, target.into());
        let _ = by_object_value(&scale, values[0], target.into());
        let _ = by_object_average(&scale, current, values[0], target.into(), true);
    }
}
