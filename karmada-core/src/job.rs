//! Dividing a Job's completions among clusters (`karmada:pkg/controllers/binding/common.go`).

use serde_json::Value;

use crate::api::work::v1alpha2::TargetCluster;
use crate::binding::spread_replicas;
use crate::object::{Object, fields};

/// A Job whose completions are not a number that can be divided.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("spec.completions: {found} is not an integer")]
pub struct CompletionsError {
    /// What is there instead.
    pub found: String,
}

/// Divides the completions of a Job among its clusters in proportion to their replicas, sorted by cluster.
///
/// The result is empty, and the completions stay as they are in every cluster, when the Job has no completions or the
/// clusters have no replicas. Ties go by the Job's UID.
///
/// # Errors
/// [`CompletionsError`] when `spec.completions` is there but no integer.
pub fn divide_completions(
    job: &Value,
    clusters: &[TargetCluster],
) -> Result<Vec<TargetCluster>, CompletionsError> {
    let Some(completions) = job.get("spec").and_then(|spec| spec.get(fields::COMPLETIONS)) else {
        return Ok(Vec::new());
    };
    let completions = completions.as_i64().ok_or_else(|| CompletionsError {
        found: completions.to_string(),
    })?;
    Ok(spread_replicas(
        completions,
        clusters,
        &[],
        Object::new(job).uid(),
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn divides() {
        fn check(completions: &Value, replicas: &[i32], want: Result<&[i32], &str>) {
            let clusters: Vec<TargetCluster> = ["m1", "m2", "m3"]
                .iter()
                .zip(replicas)
                .map(|(name, n)| TargetCluster::new(*name, *n))
                .collect();
            let job = json!({"kind": "Job", "metadata": {"uid": "b"}, "spec": {"completions": completions}});
            let got = divide_completions(&job, &clusters)
                .map(|clusters| {
                    clusters
                        .iter()
                        .map(|cluster| cluster.replicas)
                        .collect::<Vec<_>>()
                })
                .map_err(|error| error.to_string());
            assert_eq!(
                got,
                want.map(<[i32]>::to_vec).map_err(str::to_owned),
                "{completions} {replicas:?}"
            );
        }
        check(&json!(10), &[3, 1], Ok(&[7, 3]));
        check(&json!(5), &[1, 1, 1], Ok(&[1, 2, 2]));
        check(&json!(4), &[1, 0], Ok(&[4, 0]));
        check(&json!(0), &[1, 1], Ok(&[0, 0]));
        check(&json!(-3), &[1, 1], Ok(&[0, 0]));
        check(&json!(4), &[0, 0], Ok(&[]));
        check(&json!(4), &[], Ok(&[]));
        check(
            &json!(null),
            &[1],
            Err("spec.completions: null is not an integer"),
        );
        check(
            &json!("5"),
            &[1],
            Err(r#"spec.completions: "5" is not an integer"#),
        );
        check(&json!(5.5), &[1], Err("spec.completions: 5.5 is not an integer"));

        let clusters = [TargetCluster::new("m1", 1)];
        assert_eq!(divide_completions(&json!({"spec": {}}), &clusters), Ok(vec![]));
        assert_eq!(divide_completions(&json!({}), &clusters), Ok(vec![]));
    }
}
