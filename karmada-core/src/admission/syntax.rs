//! The syntax of what admission looks at beyond names and labels: domains, ports, paths, addresses
//! (apimachinery `pkg/util/validation`).

use std::net::Ipv6Addr;

use crate::syntax::{MAX_SUBDOMAIN, SyntaxError, dns_label, dns_subdomain};

fn malformed(part: &'static str, rule: &'static str) -> Result<(), SyntaxError> {
    Err(SyntaxError::Malformed { part, rule })
}

fn bounded(part: &'static str, text: &str, max: usize) -> Result<(), SyntaxError> {
    if text.len() > max {
        Err(SyntaxError::TooLong { part, max })
    } else {
        Ok(())
    }
}

/// A DNS subdomain whose first label is `*`.
pub(super) fn wildcard_subdomain(text: &str) -> Result<(), SyntaxError> {
    bounded("a wildcard domain", text, MAX_SUBDOMAIN)?;
    match text.strip_prefix("*.") {
        Some(rest) => dns_subdomain(rest),
        None => malformed("a wildcard domain", "'*.' and a DNS subdomain"),
    }
}

/// A DNS label (RFC 1035): lower-case letters, digits and inner hyphens, starting with a letter.
pub(super) fn dns1035_label(text: &str) -> Result<(), SyntaxError> {
    dns_label(text)?;
    if text.starts_with(|first: char| first.is_ascii_lowercase()) {
        Ok(())
    } else {
        malformed(
            "a DNS label",
            "lower-case letters, digits and '-', and begin with a letter",
        )
    }
}

/// A domain name of at least two labels; a trailing dot is accepted.
pub(super) fn domain_name(text: &str) -> Result<(), SyntaxError> {
    let text = text.strip_suffix('.').unwrap_or(text);
    dns_subdomain(text)?;
    if !text.contains('.') {
        return malformed("a domain name", "at least two labels separated by dots");
    }
    text.split('.').try_for_each(dns_label)
}

/// A name that can be a segment of a URL path.
pub(super) fn path_segment(text: &str) -> Result<(), SyntaxError> {
    if matches!(text, "." | "..") || text.contains(['/', '%']) {
        malformed("a path segment", "neither '.' nor '..' nor contain '/' or '%'")
    } else {
        Ok(())
    }
}

/// The name of a port: up to 15 lower-case letters, digits and single inner hyphens, with a letter among them.
pub(super) fn port_name(text: &str) -> Result<(), SyntaxError> {
    bounded("a port name", text, 15)?;
    dns_label(text)?;
    if text.contains("--") || !text.bytes().any(|byte| byte.is_ascii_lowercase()) {
        return malformed(
            "a port name",
            "letters, digits and single hyphens, at least one letter among them",
        );
    }
    Ok(())
}

/// The number of a port, 1 to 65535.
pub(super) fn port_number(port: i32) -> Result<(), &'static str> {
    if (1..=65535).contains(&port) {
        Ok(())
    } else {
        Err("must be between 1 and 65535, inclusive")
    }
}

/// A group and version: `v1` or `apps/v1`; empty is accepted.
pub(super) fn group_version(text: &str) -> Result<(), SyntaxError> {
    if text.matches('/').count() > 1 {
        malformed("an API version", "a version, or a group, '/' and a version")
    } else {
        Ok(())
    }
}

/// A JSON pointer (RFC 6901): empty, or starting with `/`.
pub(super) fn json_pointer(text: &str) -> Result<(), SyntaxError> {
    if text.is_empty() || text.starts_with('/') {
        Ok(())
    } else {
        malformed("a JSON pointer", "nothing, or parts that each begin with '/'")
    }
}

/// Longest name of a member cluster: it has to fit behind a prefix into the name of a namespace.
const MAX_CLUSTER_NAME: usize = 48;

/// The name of a member cluster: a DNS label of 1 to 48 characters
/// (`karmada:pkg/apis/cluster/validation/validation.go`).
///
/// # Errors
/// The first rule broken.
pub fn cluster_name(text: &str) -> Result<(), SyntaxError> {
    bounded("a cluster name", text, MAX_CLUSTER_NAME)?;
    dns_label(text)
}

/// Whether a text is an IP address. Leading zeros in an IPv4 address are accepted, as everywhere in Kubernetes.
pub(super) fn is_ip(text: &str) -> bool {
    if text.contains(':') {
        return text.parse::<Ipv6Addr>().is_ok();
    }
    let parts: Vec<&str> = text.split('.').collect();
    parts.len() == 4
        && parts.iter().all(|part| {
            let digits = part.trim_start_matches('0');
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_digit())
                && (digits.is_empty() || digits.len() <= 3 && digits.parse::<u8>().is_ok())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: impl Fn(&str) -> Result<(), SyntaxError>, good: &[&str], bad: &[&str]) {
        for text in good {
            assert_eq!(rule(text), Ok(()), "{text:?}");
        }
        for text in bad {
            assert!(rule(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn domains() {
        let long = "a".repeat(64);
        check(
            dns1035_label,
            &["a", "a-0"],
            &["", "0", "0a", "-a", "a-", "A", "a.b", &long],
        );
        check(
            wildcard_subdomain,
            &["*.a", "*.a.b"],
            &["*", "*.", "a.*.b", "*a.b", "*.*.a"],
        );
        check(
            domain_name,
            &["a.b", "a.b.c.", "hook.example.com"],
            &["", "a", "a.", "A.b", &format!("{long}.b")],
        );
    }

    #[test]
    fn segments_ports_and_pointers() {
        check(path_segment, &["a", "...", "a b", ""], &[".", "..", "a/b", "50%"]);
        check(
            port_name,
            &["http", "a-1", "1a"],
            &["", "80", "a--b", "-a", "a-", "HTTP", "aaaaaaaaaaaaaaaa"],
        );
        check(json_pointer, &["", "/", "/a/b", "//"], &["a", " /a"]);
        check(group_version, &["", "v1", "apps/v1", "a/"], &["a/b/c"]);
        check(
            cluster_name,
            &["m", "member-1"],
            &["", "a.b", "M", &"a".repeat(49)],
        );
        assert!(port_number(1).is_ok() && port_number(65535).is_ok());
        assert!(port_number(0).is_err() && port_number(65536).is_err());
    }

    #[test]
    fn addresses() {
        for (text, expected) in [
            ("1.2.3.4", true),
            ("001.2.3.004", true),
            ("::1", true),
            ("fe80::1%eth0", false),
            ("1.2.3", false),
            ("1.2.3.256", false),
            ("1.2.3.4.5", false),
            ("a.b.c.d", false),
            ("", false),
        ] {
            assert_eq!(is_ip(text), expected, "{text:?}");
        }
    }
}
