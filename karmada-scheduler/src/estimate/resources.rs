//! Units of resources, and what one replica takes.

use karmada_core::api::meta::ResourceList;
use karmada_core::quantity::Quantity;
use karmada_core::syntax;

/// Pod slots of a virtual node: Kubernetes' default (`karmada:pkg/estimator/client/general.go`).
pub(crate) const POD_SLOTS_PER_NODE: i64 = 110;

/// The integer of a quantity that estimates are made with: milli units for `cpu`, whole units rounded up for the rest.
pub(crate) fn natural(resource: &str, quantity: Quantity) -> i64 {
    if resource == "cpu" {
        quantity.milli_value()
    } else {
        quantity.value()
    }
}

/// Whether placement on nodes looks at a resource: `cpu`, `memory`, `ephemeral-storage`, and what Kubernetes calls
/// scalar resources. Everything else is ignored on both sides, and pod slots are counted apart.
pub(crate) fn is_simulated(resource: &str) -> bool {
    match resource {
        "cpu" | "memory" | "ephemeral-storage" => true,
        _ => {
            resource.starts_with("hugepages-")
                || resource.starts_with("attachable-volumes-")
                || resource.contains("kubernetes.io/")
                || is_extended(resource)
        }
    }
}

/// A domain-prefixed resource of somebody else than Kubernetes, which a quota could name.
pub(crate) fn is_extended(resource: &str) -> bool {
    resource.contains('/')
        && !resource.starts_with("requests.")
        && syntax::qualified_name(&format!("requests.{resource}")).is_ok()
}

/// The positive amounts of a request, in natural units.
pub(crate) fn positive(request: &ResourceList) -> impl Iterator<Item = (&str, i64)> {
    request
        .iter()
        .map(|(name, quantity)| (name.as_str(), natural(name, *quantity)))
        .filter(|(_, amount)| *amount > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_compared_by_these_resources() {
        fn check(resource: &str, want: bool) {
            assert_eq!(is_simulated(resource), want, "{resource}");
        }
        check("cpu", true);
        check("memory", true);
        check("ephemeral-storage", true);
        check("nvidia.com/gpu", true);
        check("hugepages-2Mi", true);
        check("attachable-volumes-aws-ebs", true);
        check("x.kubernetes.io/y", true);
        check("storage", false);
        check("pods", false);
        check("requests.nvidia.com/gpu", false);
        check("nvidia.com/", false);
    }

    #[test]
    fn only_cpu_counts_in_thousandths() {
        let quantity: Quantity = "1500m".parse().unwrap();
        assert_eq!((natural("cpu", quantity), natural("memory", quantity)), (1500, 2));
    }
}
