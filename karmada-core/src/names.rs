//! Names that Karmada derives from other names, character for character as upstream does
//! (`karmada:pkg/util/names/names.go`).

/// What an execution space's name begins with.
pub const EXECUTION_SPACE_PREFIX: &str = "karmada-es-";

/// The namespace of Karmada's own components.
pub const NAMESPACE_KARMADA_SYSTEM: &str = "karmada-system";

/// The namespace of cluster credentials and leases.
pub const NAMESPACE_KARMADA_CLUSTER: &str = "karmada-cluster";

/// The namespace that every API server has; namespace sync leaves it alone.
pub const NAMESPACE_DEFAULT: &str = "default";

/// The service account with which the control plane impersonates users in a member cluster.
pub const IMPERSONATOR_SERVICE_ACCOUNT: &str = "karmada-impersonator";

/// What an estimator's service is called, up to the cluster.
pub const ESTIMATOR_SERVICE_PREFIX: &str = "karmada-scheduler-estimator";

/// The scheduler of bindings that name none.
pub const DEFAULT_SCHEDULER: &str = "default-scheduler";

/// A namespace that is not any cluster's execution space.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "namespace {namespace:?} is not an execution space: it does not begin with {EXECUTION_SPACE_PREFIX:?}"
)]
pub struct NotAnExecutionSpace {
    /// The namespace.
    pub namespace: String,
}

/// The namespace on the control plane that holds a cluster's Works.
#[must_use]
pub fn execution_space(cluster: &str) -> String {
    format!("{EXECUTION_SPACE_PREFIX}{cluster}")
}

/// The cluster whose Works a namespace holds.
///
/// # Errors
/// [`NotAnExecutionSpace`] when the namespace lacks the prefix.
pub fn cluster_of_execution_space(namespace: &str) -> Result<&str, NotAnExecutionSpace> {
    namespace
        .strip_prefix(EXECUTION_SPACE_PREFIX)
        .ok_or_else(|| NotAnExecutionSpace {
            namespace: namespace.to_owned(),
        })
}

/// Whether Karmada keeps a namespace for itself: nothing in it is propagated.
#[must_use]
pub fn is_reserved_namespace(namespace: &str) -> bool {
    namespace == NAMESPACE_KARMADA_SYSTEM
        || namespace == NAMESPACE_KARMADA_CLUSTER
        || namespace.starts_with(EXECUTION_SPACE_PREFIX)
}

/// The binding of a resource. Names of RBAC objects may hold colons, which become dots.
#[must_use]
pub fn binding_name(kind: &str, name: &str) -> String {
    lower(&format!("{}-{kind}", name.replace(':', ".")))
}

/// What an attached binding's `depended-by` label ends with for the binding of that namespace and name.
#[must_use]
pub fn binding_reference_key(namespace: &str, name: &str) -> String {
    safe_hash(&namespaced_key(namespace, name))
}

/// The Work of a resource, the same in each cluster's execution space. The namespace is empty for cluster-scoped ones.
#[must_use]
pub fn work_name(kind: &str, name: &str, namespace: &str) -> String {
    let name = lower(&name.replace(':', "."));
    let key = if namespace.is_empty() {
        lower(&format!("{name}-{kind}"))
    } else {
        lower(&format!("{namespace}-{name}-{kind}"))
    };
    format!("{name}-{}", safe_hash(&key))
}

/// The policy that a command makes for a resource; `group_version_kind` is the text of all three.
#[must_use]
pub fn policy_name(namespace: &str, name: &str, group_version_kind: &str) -> String {
    let hash = safe_hash(&format!("{namespace}{group_version_kind}"));
    lower(&format!("{}-{hash}", name.replace(':', ".")))
}

/// The service account Karmada uses in a member cluster.
#[must_use]
pub fn service_account(cluster: &str) -> String {
    format!("karmada-{cluster}")
}

/// The role of a service account.
#[must_use]
pub fn role(service_account: &str) -> String {
    format!("karmada-controller-manager:{service_account}")
}

/// The secret on the control plane with a cluster's impersonation token.
#[must_use]
pub fn impersonation_secret(cluster: &str) -> String {
    format!("{cluster}-impersonator")
}

/// An EndpointSlice collected from a cluster.
#[must_use]
pub fn endpoint_slice(endpoint_slice: &str, cluster: &str) -> String {
    format!("imported-{cluster}-{endpoint_slice}")
}

/// An EndpointSlice of a providing cluster in a consuming one.
#[must_use]
pub fn dispatched_endpoint_slice(provider: &str, endpoint_slice: &str) -> String {
    format!("{provider}-{endpoint_slice}")
}

/// The Service made for a ServiceImport.
#[must_use]
pub fn derived_service(service: &str) -> String {
    format!("derived-{service}")
}

/// The Service of a cluster's estimator; see [`ESTIMATOR_SERVICE_PREFIX`].
#[must_use]
pub fn estimator_service(prefix: &str, cluster: &str) -> String {
    format!("{prefix}-{cluster}")
}

/// The Deployment of a cluster's estimator.
#[must_use]
pub fn estimator_deployment(cluster: &str) -> String {
    estimator_service(ESTIMATOR_SERVICE_PREFIX, cluster)
}

/// `namespace/name`, or the name alone when there is no namespace.
#[must_use]
pub fn namespaced_key(namespace: &str, name: &str) -> String {
    if namespace.is_empty() {
        name.to_owned()
    } else {
        format!("{namespace}/{name}")
    }
}

/// A short hash whose characters spell no words: the FNV-1a hash of the bytes in decimal, one letter per digit.
#[must_use]
pub fn safe_hash(text: &str) -> String {
    fnv1a32(text.as_bytes())
        .to_string()
        .chars()
        .map(safe_digit)
        .collect()
}

/// The digit `d` as the character at place `48 + d`, modulo 27, of `bcdfghjklmnpqrstvwxz2456789`
/// (apimachinery `rand.SafeEncodeString`).
fn safe_digit(digit: char) -> char {
    match digit {
        '0' => '4',
        '1' => '5',
        '2' => '6',
        '3' => '7',
        '4' => '8',
        '5' => '9',
        '6' => 'b',
        '7' => 'c',
        '8' => 'd',
        _ => 'f',
    }
}

/// The 32-bit FNV-1a hash, which also breaks ties in replica division.
#[must_use]
pub fn fnv1a32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash: u32, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}

/// Lower case as Go has it: code point by code point, without regard to neighbours. The only code point that Rust maps
/// to several is `İ`, and the first of them is what Go gives.
fn lower(text: &str) -> String {
    text.chars()
        .map(|c| c.to_lowercase().next().unwrap_or(c))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::{dns_label, dns_subdomain};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn names_of_valid_objects_are_valid(
            cluster in "[a-z0-9]([-a-z0-9]{0,46}[a-z0-9])?",
            name in "[a-z0-9]{1,20}([.:-][a-z0-9]{1,20}){0,3}",
            kind in "[A-Z][A-Za-z]{0,20}",
            namespace in "([a-z0-9]{1,10}(-[a-z0-9]{1,10}){0,2})?",
        ) {
            let space = execution_space(&cluster);
            prop_assert_eq!(dns_label(&space), Ok(()));
            prop_assert_eq!(cluster_of_execution_space(&space).unwrap(), &cluster);
            prop_assert_eq!(dns_subdomain(&binding_name(&kind, &name)), Ok(()));
            prop_assert_eq!(dns_subdomain(&work_name(&kind, &name, &namespace)), Ok(()));
            prop_assert_eq!(dns_subdomain(&policy_name(&namespace, &name, &kind)), Ok(()));
        }
    }

    #[test]
    fn derives() {
        fn check(got: impl AsRef<str>, want: &str) {
            assert_eq!(got.as_ref(), want);
        }
        check(execution_space("member1"), "karmada-es-member1");
        check(
            cluster_of_execution_space("karmada-es-member1").unwrap(),
            "member1",
        );
        check(cluster_of_execution_space("karmada-es-").unwrap(), "");
        check(
            cluster_of_execution_space("es-member1").unwrap_err().to_string(),
            r#"namespace "es-member1" is not an execution space: it does not begin with "karmada-es-""#,
        );

        check(binding_name("Deployment", "nginx"), "nginx-deployment");
        check(
            binding_name("ClusterRole", "system::tom"),
            "system..tom-clusterrole",
        );
        check(binding_name("Kind:A", "b"), "b-kind:a");
        check(binding_name("ConfigMap", "ΟΔΟΣİ"), "οδοσi-configmap");

        check(work_name("Deployment", "nginx", "default"), "nginx-687f7fb96f");
        check(work_name("Namespace", "foo", ""), "foo-5dbdc7b59c");
        check(work_name("ClusterRole", "system:foo", ""), "system.foo-5f7d88f69");
        check(work_name("ConfigMap", "cm1", "ns1"), "cm1-f8674b6cd");
        check(work_name("configmap", "CM1", "NS1"), "cm1-f8674b6cd");

        check(policy_name("ns-foo", "foo", "rand"), "foo-b4978784");
        check(policy_name("ns-foo", "system:foo", "rand"), "system.foo-b4978784");

        check(binding_reference_key("test", "test-binding"), "5dbb6dc9c8");
        check(binding_reference_key("", "a"), &safe_hash("a"));
        check(safe_hash("default-pod-pods"), "5fdddc94c5");
        check(safe_hash("pod-pod"), "6c46fd8b9d");
        check(safe_hash("default-work.pod-pods"), "85bc474696");
        check(safe_hash("dup-basic-web-deployment"), "7648d7bbcd");
        check(fnv1a32(b"a").to_string(), &0xe40c_292cu32.to_string());

        check(service_account("m1"), "karmada-m1");
        check(role("karmada-m1"), "karmada-controller-manager:karmada-m1");
        check(impersonation_secret("m1"), "m1-impersonator");
        check(endpoint_slice("web-abc", "m1"), "imported-m1-web-abc");
        check(dispatched_endpoint_slice("m1", "web-abc"), "m1-web-abc");
        check(derived_service("web"), "derived-web");
        check(estimator_service("estimator", "m1"), "estimator-m1");
        check(estimator_deployment("m1"), "karmada-scheduler-estimator-m1");
        check(namespaced_key("ns", "a"), "ns/a");
        check(namespaced_key("", "a"), "a");
    }

    #[test]
    fn knows_reserved_namespaces() {
        fn check(namespace: &str, want: bool) {
            assert_eq!(is_reserved_namespace(namespace), want, "{namespace:?}");
        }
        check("karmada-system", true);
        check("karmada-cluster", true);
        check("karmada-es-member1", true);
        check("karmada-es-", true);
        check("karmada-es", false);
        check("default", false);
        check("my-karmada-es-x", false);
        check("", false);
    }

    #[test]
    fn lower_case_maps_one_code_point_to_one() {
        for c in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
            let mapped = c.to_lowercase().count();
            assert!(mapped == 1 || c == 'İ', "{c:?} maps to {mapped} code points");
        }
    }
}
