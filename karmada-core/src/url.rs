//! Reading URLs as Go's `net/url` does: what upstream accepts as an address is what that package can take apart.

use std::borrow::Cow;
use std::net::Ipv6Addr;

/// The parts of a URL that admission looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Url {
    /// Lower case, empty if there is none.
    pub(crate) scheme: String,
    /// Host and port, empty if there is none.
    pub(crate) host: String,
    /// Whether there is user information, even an empty one.
    pub(crate) user: bool,
    /// After `?`.
    pub(crate) query: String,
    /// After `#`.
    pub(crate) fragment: String,
}

impl Url {
    /// What the address of a webhook must not have: each part with its value, and why it is refused. The value of user
    /// information is not quoted: it may be a password.
    pub(crate) fn refused_in_addresses(&self) -> impl Iterator<Item = (&str, &'static str)> {
        [
            (self.user, "", "user information is not permitted in the URL"),
            (
                !self.fragment.is_empty(),
                self.fragment.as_str(),
                "fragments are not permitted in the URL",
            ),
            (
                !self.query.is_empty(),
                self.query.as_str(),
                "query parameters are not permitted in the URL",
            ),
        ]
        .into_iter()
        .filter_map(|(present, value, reason)| present.then_some((value, reason)))
    }
}

/// Takes a URL apart.
///
/// # Errors
/// Why the text is no URL.
pub(crate) fn parse(text: &str) -> Result<Url, &'static str> {
    let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
    if !escapes_are_valid(fragment) {
        return Err("invalid escape in the fragment");
    }
    if text.bytes().any(|byte| byte < 0x20 || byte == 0x7f) {
        return Err("control character");
    }
    let mut url = Url {
        fragment: fragment.to_owned(),
        ..Url::default()
    };
    if text == "*" {
        return Ok(url);
    }
    let (scheme, rest) = split_scheme(text)?;
    url.scheme = scheme.to_ascii_lowercase();
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    query.clone_into(&mut url.query);

    if !rest.starts_with('/') {
        if !scheme.is_empty() {
            // Opaque, like `mailto:someone`: there is no host.
            return Ok(url);
        }
        if rest.split('/').next().is_some_and(|first| first.contains(':')) {
            return Err("first path segment cannot contain a colon");
        }
    }
    let mut path = rest;
    if let Some(after) = rest
        .strip_prefix("//")
        .filter(|after| !scheme.is_empty() || !after.starts_with('/'))
    {
        let end = after.find('/').unwrap_or(after.len());
        let (authority, after) = after.split_at_checked(end).unwrap_or((after, ""));
        (url.user, url.host) = parse_authority(authority)?;
        path = after;
    }
    if escapes_are_valid(path) {
        Ok(url)
    } else {
        Err("invalid escape in the path")
    }
}

/// A URL, or what was meant as one, with `xxxxx` for user information, which may be a password.
///
/// A text that cannot be taken apart may have the password anywhere, so all that is before the last `@` goes.
pub(crate) fn redacted(text: &str) -> Cow<'_, str> {
    let Some((before, after)) = text.rsplit_once('@') else {
        return Cow::Borrowed(text);
    };
    let is_scheme = |text: &str| {
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    };
    let start = before
        .split_once("//")
        .map(|(scheme, _)| scheme)
        .filter(|scheme| scheme.is_empty() || scheme.strip_suffix(':').is_some_and(is_scheme))
        .map(|scheme| format!("{scheme}//"))
        .unwrap_or_default();
    Cow::Owned(format!("{start}xxxxx@{after}"))
}

/// The scheme, if the text starts with one, and the rest.
fn split_scheme(text: &str) -> Result<(&str, &str), &'static str> {
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if index > 0 => {}
            b':' if index == 0 => return Err("missing protocol scheme"),
            b':' => return Ok(text.split_once(':').unwrap_or(("", text))),
            _ => break,
        }
    }
    Ok(("", text))
}

/// Whether there is user information, and the host with its port.
fn parse_authority(authority: &str) -> Result<(bool, String), &'static str> {
    let Some((user, host)) = authority.rsplit_once('@') else {
        return Ok((false, parse_host(authority)?));
    };
    let host = parse_host(host)?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte);
    if !user.bytes().all(allowed) || !escapes_are_valid(user) {
        return Err("invalid user information");
    }
    Ok((true, host))
}

fn parse_host(host: &str) -> Result<String, &'static str> {
    match host.rfind('[') {
        Some(0) => {
            let inner = host.strip_prefix('[').unwrap_or(host);
            let (address, port) = inner.rsplit_once(']').ok_or("missing ']' in host")?;
            if !is_optional_port(port) {
                return Err("invalid port");
            }
            let address = match address.split_once("%25") {
                Some((_, zone)) if zone.is_empty() || !escapes_are_valid(zone) => {
                    return Err("invalid zone");
                }
                Some((address, _)) => address,
                None => address,
            };
            if address.parse::<Ipv6Addr>().is_err() {
                return Err("invalid IPv6 address");
            }
        }
        Some(_) => return Err("'[' inside the host"),
        None => {
            if let Some(colon) = host.find(':') {
                let port = host.get(colon..).unwrap_or_default();
                if !is_optional_port(port) {
                    return Err("invalid port");
                }
            }
            host_characters_are_valid(host)?;
        }
    }
    Ok(host.to_owned())
}

/// In a host only bytes outside ASCII may be escaped, and `%25`; some characters need not be.
fn host_characters_are_valid(host: &str) -> Result<(), &'static str> {
    if !escapes_are_valid(host) {
        return Err("invalid escape in the host");
    }
    let mut bytes = host.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let (high, low) = (bytes.next(), bytes.next());
            let beyond_ascii = high.is_some_and(|high| !high.is_ascii_digit() || high >= b'8');
            if !beyond_ascii && (high, low) != (Some(b'2'), Some(b'5')) {
                return Err("invalid escape in the host");
            }
        } else if byte.is_ascii()
            && !byte.is_ascii_alphanumeric()
            && !b"-_.~!$&'()*+,;=:[]<>\"".contains(&byte)
        {
            return Err("invalid character in the host");
        }
    }
    Ok(())
}

/// Whether a text is empty, or `:` and digits, possibly none.
fn is_optional_port(text: &str) -> bool {
    text.is_empty()
        || text
            .strip_prefix(':')
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether two hexadecimal digits follow every `%`.
fn escapes_are_valid(text: &str) -> bool {
    text.split('%').skip(1).all(|after| {
        let mut digits = after.bytes();
        [digits.next(), digits.next()]
            .iter()
            .all(|digit| digit.is_some_and(|digit| digit.is_ascii_hexdigit()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        let check = |text: &str, scheme: &str, host: &str, user: bool, query: &str, fragment: &str| {
            let expected = Url {
                scheme: scheme.into(),
                host: host.into(),
                user,
                query: query.into(),
                fragment: fragment.into(),
            };
            assert_eq!(parse(text), Ok(expected), "{text:?}");
        };
        check(
            "https://a.example:6443/x",
            "https",
            "a.example:6443",
            false,
            "",
            "",
        );
        check("HTTPS://a?x=1#f", "https", "a", false, "x=1", "f");
        check("https://u:p@a", "https", "a", true, "", "");
        check("https://@a", "https", "a", true, "", "");
        check("https://[::1]:443", "https", "[::1]:443", false, "", "");
        check(
            "https://[fe80::1%25eth0]",
            "https",
            "[fe80::1%25eth0]",
            false,
            "",
            "",
        );
        check("a.example", "", "", false, "", "");
        check("member:6443", "member", "", false, "", "");
        check("//a/b", "", "a", false, "", "");
        check("///a", "", "", false, "", "");
        check("", "", "", false, "", "");
        check("https://", "https", "", false, "", "");
        check("https:///x", "https", "", false, "", "");
        check("https://a:", "https", "a:", false, "", "");
    }

    #[test]
    fn passwords_are_not_shown() {
        let check = |text: &str, expected: &str| assert_eq!(redacted(text), expected);
        check("https://a.example:6443/x", "https://a.example:6443/x");
        check("https://u:secret@a.example/x", "https://xxxxx@a.example/x");
        check("//u:secret@a", "//xxxxx@a");
        check("u:secret@a", "xxxxx@a");
        check("u:sec//ret@a", "xxxxx@a");
        check("https:u:secret@a//b", "xxxxx@a//b");
        check("https://u:sec/ret@a", "https://xxxxx@a");
        check("https://u:sec@ret@a", "https://xxxxx@a");
        check("https://u:sec#r?t@a", "https://xxxxx@a");
    }

    #[test]
    fn refused() {
        for text in [
            "10.0.0.1:6443",
            ":x",
            "https://a:b",
            "https://a:1:2",
            "https://::1",
            "https://[::1",
            "https://[1.2.3.4]",
            "https://a[::1]",
            "https://a b",
            "https://a/%zz",
            "https://a/#%2",
            "https://a%41",
            "https://u^@a",
            "https://a\n",
            "https://[fe80::1%25]",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
