//! Certificates of agents: which requests are for one, and when one is to be renewed
//! (`karmada:pkg/controllers/certificate`).

use std::collections::BTreeSet;

use jiff::Timestamp;

/// The organization of agents.
pub const AGENTS_GROUP: &str = "system:karmada:agents";
/// What the name of an agent begins with; the name of its cluster follows.
pub const AGENT_USER_PREFIX: &str = "system:karmada:agent:";

/// What a certificate signing request asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateRequest {
    /// The organizations of the subject.
    pub organizations: Vec<String>,
    /// The common name of the subject.
    pub common_name: String,
    /// Alternative names of any sort: DNS names, mail and IP addresses, URIs.
    pub alternative_names: Vec<String>,
    /// What the key is to be used for, in Kubernetes' words.
    pub usages: Vec<String>,
}

/// The cluster whose agent a request is for, if it is for one's client certificate and for nothing else.
///
/// The subject must be of the group of agents and nothing else, without alternative names; the usages must be digital
/// signature and client authentication, key encipherment at most besides.
///
/// ```
/// use karmada_core::certificates::{CertificateRequest, recognize_agent_csr};
/// let request = CertificateRequest {
///     organizations: vec!["system:karmada:agents".into()],
///     common_name: "system:karmada:agent:member1".into(),
///     usages: vec!["client auth".into(), "digital signature".into()],
///     ..CertificateRequest::default()
/// };
/// assert_eq!(recognize_agent_csr(&request), Some("member1"));
/// ```
#[must_use]
pub fn recognize_agent_csr(request: &CertificateRequest) -> Option<&str> {
    let mut usages: BTreeSet<&str> = request.usages.iter().map(String::as_str).collect();
    usages.remove("key encipherment");
    let is_agents = request.organizations == [AGENTS_GROUP]
        && request.alternative_names.is_empty()
        && usages == BTreeSet::from(["client auth", "digital signature"]);
    request
        .common_name
        .strip_prefix(AGENT_USER_PREFIX)
        .filter(|_| is_agents)
}

/// Whether a requester asks for its own certificate: it may only concern its own cluster.
#[must_use]
pub fn is_own_certificate(request: &CertificateRequest, username: &str) -> bool {
    recognize_agent_csr(request).is_some() && request.common_name == username
}

/// Whether a certificate is to be renewed: no more than `threshold` of its life, from 0 to 1, is left.
///
/// Of a bundle the latest beginning and the earliest end count.
#[must_use]
pub fn should_rotate(not_before: Timestamp, not_after: Timestamp, now: Timestamp, threshold: f64) -> bool {
    let total = not_after.duration_since(not_before).as_secs_f64();
    let left = not_after.duration_since(now).as_secs_f64();
    total <= 0.0 || left / total <= threshold
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests() {
        fn check(edit: impl FnOnce(&mut CertificateRequest), expect: Option<&str>) {
            let mut request = CertificateRequest {
                organizations: vec![AGENTS_GROUP.into()],
                common_name: format!("{AGENT_USER_PREFIX}m1"),
                usages: vec![
                    "digital signature".into(),
                    "key encipherment".into(),
                    "client auth".into(),
                ],
                ..CertificateRequest::default()
            };
            edit(&mut request);
            assert_eq!(recognize_agent_csr(&request), expect, "{request:?}");
        }
        check(|_| {}, Some("m1"));
        check(
            |it| it.usages.retain(|usage| usage != "key encipherment"),
            Some("m1"),
        );
        check(|it| it.usages.push("server auth".into()), None);
        check(|it| it.usages.truncate(2), None);
        check(|it| it.organizations.push("system:masters".into()), None);
        check(|it| it.organizations.clear(), None);
        check(|it| it.common_name = "admin".into(), None);
        check(|it| it.alternative_names.push("example.com".into()), None);
    }

    #[test]
    fn requests_concern_the_own_cluster_only() {
        let request = CertificateRequest {
            organizations: vec![AGENTS_GROUP.into()],
            common_name: format!("{AGENT_USER_PREFIX}m1"),
            usages: vec!["digital signature".into(), "client auth".into()],
            ..CertificateRequest::default()
        };
        assert!(is_own_certificate(&request, "system:karmada:agent:m1"));
        assert!(!is_own_certificate(&request, "system:karmada:agent:m2"));
    }

    #[test]
    fn rotation() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        for (now, expect) in [(0, false), (79, false), (80, true), (200, true)] {
            assert_eq!(should_rotate(at(0), at(100), at(now), 0.2), expect, "{now}");
        }
        assert!(should_rotate(at(5), at(5), at(0), 0.2));
    }
}
