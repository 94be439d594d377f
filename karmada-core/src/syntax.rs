//! The syntax of names and labels (apimachinery `pkg/util/validation`, `pkg/api/validate/content`).

/// Why a text breaks a rule of syntax. It does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SyntaxError {
    /// The text, or a part that must be there, is empty.
    #[error("{part} must not be empty")]
    Empty {
        /// Which part.
        part: &'static str,
    },
    /// The text, or a part of it, is too long.
    #[error("{part} must have no more than {max} characters")]
    TooLong {
        /// Which part.
        part: &'static str,
        /// The longest allowed.
        max: usize,
    },
    /// The text has characters where they may not be.
    #[error("{part} must consist of {rule}")]
    Malformed {
        /// Which part.
        part: &'static str,
        /// What it may consist of.
        rule: &'static str,
    },
}

/// Longest name part of a label key, longest label value, longest DNS label.
pub const MAX_LABEL: usize = 63;

/// Longest DNS subdomain.
pub const MAX_SUBDOMAIN: usize = 253;

const LABEL_CHARACTERS: &str = "letters, digits, '-', '_' and '.', and begin and end with a letter or digit";
const DNS_LABEL_CHARACTERS: &str =
    "lower-case letters, digits and '-', and begin and end with a letter or digit";
const SUBDOMAIN_CHARACTERS: &str =
    "lower-case letters, digits, '-' and '.', every part beginning and ending with a letter or digit";

/// A label key or resource name: `name` or `prefix/name`, the prefix a DNS subdomain.
///
/// # Errors
/// The first rule broken.
pub fn qualified_name(text: &str) -> Result<(), SyntaxError> {
    let name = match text.split_once('/') {
        None => text,
        Some((prefix, name)) => {
            part(
                prefix,
                "the prefix",
                MAX_SUBDOMAIN,
                SUBDOMAIN_CHARACTERS,
                is_subdomain,
            )?;
            name
        }
    };
    part(name, "the name", MAX_LABEL, LABEL_CHARACTERS, is_label)
}

/// A label value, which may be empty.
///
/// # Errors
/// The first rule broken.
pub fn label_value(text: &str) -> Result<(), SyntaxError> {
    if text.is_empty() {
        return Ok(());
    }
    part(text, "a label value", MAX_LABEL, LABEL_CHARACTERS, is_label)
}

/// A DNS label (RFC 1123), such as a namespace's name.
///
/// # Errors
/// The first rule broken.
pub fn dns_label(text: &str) -> Result<(), SyntaxError> {
    part(text, "a DNS label", MAX_LABEL, DNS_LABEL_CHARACTERS, is_dns_label)
}

/// A DNS subdomain (RFC 1123), such as most objects' names.
///
/// # Errors
/// The first rule broken.
pub fn dns_subdomain(text: &str) -> Result<(), SyntaxError> {
    part(
        text,
        "a DNS subdomain",
        MAX_SUBDOMAIN,
        SUBDOMAIN_CHARACTERS,
        is_subdomain,
    )
}

fn part(
    text: &str,
    part: &'static str,
    max: usize,
    rule: &'static str,
    is_valid: fn(&str) -> bool,
) -> Result<(), SyntaxError> {
    if text.is_empty() {
        Err(SyntaxError::Empty { part })
    } else if text.len() > max {
        Err(SyntaxError::TooLong { part, max })
    } else if !is_valid(text) {
        Err(SyntaxError::Malformed { part, rule })
    } else {
        Ok(())
    }
}

fn is_label(text: &str) -> bool {
    encloses(
        text,
        |b| b.is_ascii_alphanumeric(),
        |b| b.is_ascii_alphanumeric() || b"-_.".contains(&b),
    )
}

fn is_dns_label(text: &str) -> bool {
    let is_inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    encloses(text, is_inner, |b| is_inner(b) || b == b'-')
}

fn is_subdomain(text: &str) -> bool {
    text.split('.').all(is_dns_label)
}

/// Whether the text is not empty, its ends are of the one kind and all of it of the other.
fn encloses(text: &str, is_end: impl Fn(u8) -> bool, is_any: impl Fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(|b| is_end(*b))
        && bytes.last().is_some_and(|b| is_end(*b))
        && bytes.iter().all(|b| is_any(*b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks() {
        fn check(rule: fn(&str) -> Result<(), SyntaxError>, text: &str, want: Result<(), &str>) {
            let got = rule(text).map_err(|error| error.to_string());
            match (&got, want) {
                (Ok(()), Ok(())) => {}
                (Err(got), Err(want)) if got.contains(want) => {}
                _ => panic!("{text:?}: {got:?}, expected {want:?}"),
            }
        }
        let long = "a".repeat(64);
        let just = "a".repeat(63);

        check(qualified_name, "app", Ok(()));
        check(qualified_name, "App.kubernetes_io-2", Ok(()));
        check(qualified_name, "app.kubernetes.io/Name", Ok(()));
        check(qualified_name, &just, Ok(()));
        check(qualified_name, &long, Err("the name must have no more than 63"));
        check(qualified_name, "", Err("the name must not be empty"));
        check(qualified_name, "a/", Err("the name must not be empty"));
        check(qualified_name, "/a", Err("the prefix must not be empty"));
        check(qualified_name, "a/b/c", Err("the name must consist of"));
        check(qualified_name, "A/b", Err("the prefix must consist of"));
        check(qualified_name, "a..b/c", Err("the prefix must consist of"));
        check(qualified_name, "-a", Err("the name must consist of"));
        check(qualified_name, "a_", Err("the name must consist of"));
        check(qualified_name, "a b", Err("the name must consist of"));
        check(qualified_name, "ä", Err("the name must consist of"));
        check(qualified_name, "a\n", Err("the name must consist of"));
        check(qualified_name, &format!("{}/a", "a.".repeat(126) + "a"), Ok(()));
        check(
            qualified_name,
            &format!("{}/a", "a.".repeat(126) + "aa"),
            Err("the prefix must have no more than 253"),
        );

        check(label_value, "", Ok(()));
        check(label_value, "a.b_c-D", Ok(()));
        check(label_value, &just, Ok(()));
        check(label_value, &long, Err("63"));
        check(label_value, "a/b", Err("must consist of"));
        check(label_value, ".a", Err("must consist of"));

        check(dns_label, "a-1", Ok(()));
        check(dns_label, "1", Ok(()));
        check(dns_label, "a.b", Err("must consist of"));
        check(dns_label, "A", Err("must consist of"));
        check(dns_label, "a-", Err("must consist of"));
        check(dns_label, "", Err("must not be empty"));
        check(dns_label, &long, Err("63"));

        check(dns_subdomain, "a.b-c.1", Ok(()));
        check(dns_subdomain, "a.-b", Err("must consist of"));
        check(dns_subdomain, "a.b.", Err("must consist of"));
        check(dns_subdomain, &"a".repeat(254), Err("253"));
    }
}
