//! Adding up what a namespace uses in all clusters (`karmada:pkg/controllers/federatedresourcequota`).

use crate::api::meta::ResourceList;
use crate::api::policy::v1alpha1::ClusterQuotaStatus;

/// The part of a usage that a quota limits.
#[must_use]
pub fn filter_overall(overall: &ResourceList, used: &ResourceList) -> ResourceList {
    used.iter()
        .filter(|(name, _)| overall.contains_key(*name))
        .map(|(name, amount)| (name.clone(), *amount))
        .collect()
}

/// What all bindings of a namespace use of what a quota limits.
///
/// Amounts come from [`binding_usage`](crate::admission::quota::binding_usage). What nobody uses is left out.
pub fn overall_used(overall: &ResourceList, usages: impl IntoIterator<Item = ResourceList>) -> ResourceList {
    sum(usages.into_iter().map(|usage| filter_overall(overall, &usage)))
}

/// What the ResourceQuotas of all clusters report as used.
#[must_use]
pub fn sum_used(clusters: &[ClusterQuotaStatus]) -> ResourceList {
    sum(clusters.iter().map(|cluster| cluster.used.clone()))
}

fn sum(lists: impl Iterator<Item = ResourceList>) -> ResourceList {
    let mut total = ResourceList::new();
    for (name, amount) in lists.flatten() {
        let entry = total.entry(name).or_default();
        *entry += amount;
    }
    total
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn list(value: Value) -> ResourceList {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn sums() {
        let overall = list(json!({"cpu": "10", "memory": "1Gi"}));
        let usages = [json!({"cpu": "500m", "pods": "3"}), json!({"cpu": "1500m"})].map(list);
        assert_eq!(overall_used(&overall, usages.clone()), list(json!({"cpu": "2"})));
        let mut reversed = usages.to_vec();
        reversed.reverse();
        assert_eq!(overall_used(&overall, reversed), list(json!({"cpu": "2"})));
        assert_eq!(overall_used(&overall, []), list(json!({})));
        let clusters: Vec<ClusterQuotaStatus> = serde_json::from_value(json!([
            {"clusterName": "m1", "used": {"cpu": "1"}}, {"clusterName": "m2", "used": {"cpu": "250m", "memory": "1Ki"}}])).unwrap();
        assert_eq!(
            sum_used(&clusters),
            list(json!({"cpu": "1250m", "memory": "1Ki"}))
        );
    }
}
