//! Image references, and overriding parts of them.
//!
//! The grammar is the one container registries share (`[domain/]path[:tag][@digest]`); what Karmada calls the registry
//! is stricter than a domain (`karmada:pkg/util/imageparser`).

use std::fmt;

use serde_json::Value;

use super::OverriderError;
use super::container::containers_path;
use super::patch::Operation;
use crate::api::policy::v1alpha1::{ImageComponent, ImageOverrider, OverriderOperator};

/// The parts of an image reference; an empty text is a part that is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageReference {
    /// Host and port, for a first component that has a `.` or `:` in it or is `localhost`.
    pub registry: String,
    /// The path in the registry.
    pub repository: String,
    /// The tag.
    pub tag: String,
    /// The digest, algorithm and colon included; empty when there is a tag.
    pub digest: String,
}

/// Why a text is not an image reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// The text is empty.
    #[error("image name is empty")]
    Empty,
    /// The repository has capital letters.
    #[error("image {0:?}: the repository must be lower case")]
    Uppercase(String),
    /// The text does not have the form of an image reference.
    #[error("image {0:?} is not of the form [domain/]path[:tag][@digest]")]
    Format(String),
    /// The repository is longer than 255 bytes.
    #[error("image {0:?}: the repository is longer than 255 bytes")]
    TooLong(String),
    /// The digest is of an unknown algorithm or has not the digits of it.
    #[error(
        "image {0:?}: the digest must be sha256, sha384 or sha512 with its lower-case hexadecimal digits"
    )]
    Digest(String),
}

/// What a repository may measure.
const NAME_LIMIT: usize = 255;
/// What a tag may measure.
const TAG_LIMIT: usize = 128;

impl ImageReference {
    /// Reads a reference. With both tag and digest the tag counts and the digest is dropped, as upstream does.
    ///
    /// # Errors
    /// [`ImageError`] says which part does not fit.
    ///
    /// ```
    /// use karmada_core::override_rules::ImageReference;
    /// let image = ImageReference::parse("registry.example.com:5000/team/app:v1").unwrap();
    /// assert_eq!((image.registry.as_str(), image.repository.as_str()), ("registry.example.com:5000", "team/app"));
    /// assert_eq!(image.to_string(), "registry.example.com:5000/team/app:v1");
    /// ```
    pub fn parse(image: &str) -> Result<Self, ImageError> {
        let Some((name, tag, digest)) = split(image) else {
            return Err(if image.is_empty() {
                ImageError::Empty
            } else if split(&image.to_lowercase()).is_some() {
                ImageError::Uppercase(image.to_owned())
            } else {
                ImageError::Format(image.to_owned())
            });
        };
        let path = match name.split_once('/') {
            Some((domain, path)) if is_domain(domain) && is_path(path) => path,
            _ => name,
        };
        if path.len() > NAME_LIMIT {
            return Err(ImageError::TooLong(image.to_owned()));
        }
        if !digest.is_empty() && !is_known_digest(digest) {
            return Err(ImageError::Digest(image.to_owned()));
        }
        let (registry, repository) = match name.split_once('/') {
            Some((registry, repository)) if registry.contains(['.', ':']) || registry == "localhost" => {
                (registry, repository)
            }
            _ => ("", name),
        };
        Ok(Self {
            registry: registry.to_owned(),
            repository: repository.to_owned(),
            tag: tag.to_owned(),
            digest: if tag.is_empty() { digest } else { "" }.to_owned(),
        })
    }

    /// Applies one overrider's edit; an operator upstream does not know changes nothing.
    ///
    /// A tag that has the form of neither tag nor digest is left as it was.
    ///
    /// # Errors
    /// [`OverriderError::ImageComponent`] for a component other than registry, repository and tag.
    pub fn edit(
        &mut self,
        component: &ImageComponent,
        operator: &OverriderOperator,
        value: &str,
    ) -> Result<(), OverriderError> {
        let edited = |current: &str| match operator {
            OverriderOperator::Add => format!("{current}{value}"),
            OverriderOperator::Replace => value.to_owned(),
            OverriderOperator::Remove => String::new(),
            OverriderOperator::Other(_) => current.to_owned(),
        };
        match component {
            ImageComponent::Registry => self.registry = edited(&self.registry),
            ImageComponent::Repository => self.repository = edited(&self.repository),
            ImageComponent::Tag => {
                let current = if self.tag.is_empty() {
                    &self.digest
                } else {
                    &self.tag
                };
                match operator {
                    OverriderOperator::Remove if self.tag.is_empty() => self.digest.clear(),
                    OverriderOperator::Remove => self.tag.clear(),
                    OverriderOperator::Other(_) => {}
                    _ => self.set_tag_or_digest(edited(current)),
                }
            }
            ImageComponent::Other(component) => {
                return Err(OverriderError::ImageComponent(component.clone()));
            }
        }
        Ok(())
    }

    fn set_tag_or_digest(&mut self, text: String) {
        if is_tag(&text) {
            self.tag = text;
            self.digest.clear();
        } else if is_digest(&text) {
            self.digest = text;
            self.tag.clear();
        }
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.registry.is_empty() {
            write!(f, "{}/", self.registry)?;
        }
        f.write_str(&self.repository)?;
        if !self.tag.is_empty() {
            write!(f, ":{}", self.tag)
        } else if !self.digest.is_empty() {
            write!(f, "@{}", self.digest)
        } else {
            Ok(())
        }
    }
}

/// Applies an overrider to an image name: parse, edit, write.
///
/// # Errors
/// The name is no image reference, or the component is unknown.
pub fn override_image(image: &str, overrider: &ImageOverrider) -> Result<String, OverriderError> {
    let mut reference = ImageReference::parse(image).map_err(OverriderError::Image)?;
    reference.edit(&overrider.component, &overrider.operator, &overrider.value)?;
    Ok(reference.to_string())
}

/// The operations of one overrider on that object.
pub(super) fn operations(
    object: &Value,
    overrider: &ImageOverrider,
) -> Result<Vec<Operation>, OverriderError> {
    let replace = |path: String, image: &str| {
        override_image(image, overrider).map(|image| Operation::new("replace", path, Value::String(image)))
    };
    if let Some(predicate) = &overrider.predicate {
        let path = &predicate.path;
        let image = image_at(object, path).ok_or_else(|| OverriderError::NotText(path.clone()))?;
        return Ok(vec![replace(path.clone(), image)?]);
    }
    let Some(path) = containers_path(object) else {
        return Ok(Vec::new());
    };
    crate::shape::check_workload(object)?;
    let containers = object.pointer(path).and_then(Value::as_array);
    containers
        .into_iter()
        .flatten()
        .enumerate()
        .map(|(index, container)| {
            let image = container.get("image").and_then(Value::as_str).unwrap_or_default();
            replace(format!("{path}/{index}/image"), image)
        })
        .collect()
}

/// The text at a path whose parts are taken as they are written, `~` included.
fn image_at<'a>(object: &'a Value, path: &str) -> Option<&'a str> {
    path.strip_prefix('/')?
        .split('/')
        .try_fold(object, |value, part| match value {
            Value::Object(members) => members.get(part),
            Value::Array(list) => list.get(part.parse::<usize>().ok()?),
            _ => None,
        })?
        .as_str()
}

/// Name, tag and digest of a reference of the right form; what is not there is empty.
fn split(image: &str) -> Option<(&str, &str, &str)> {
    let (rest, digest) = match image.split_once('@') {
        Some((rest, digest)) if is_digest(digest) => (rest, digest),
        Some(_) => return None,
        None => (image, ""),
    };
    // A colon before the last slash belongs to a port.
    let last = rest.rfind('/').map_or(0, |slash| slash + 1);
    let (name, tag) = match rest.get(last..)?.find(':') {
        Some(colon) => {
            let (name, tag) = rest.split_at(last + colon);
            (name, tag.strip_prefix(':').filter(|tag| is_tag(tag))?)
        }
        None => (rest, ""),
    };
    let valid = is_path(name)
        || name
            .split_once('/')
            .is_some_and(|(domain, path)| is_domain(domain) && is_path(path));
    valid.then_some((name, tag, digest))
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_tag(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() <= TAG_LIMIT
        && bytes.first().is_some_and(|&first| is_word(first))
        && bytes
            .iter()
            .all(|&byte| is_word(byte) || byte == b'.' || byte == b'-')
}

/// `algorithm:hex`, with an algorithm of letters and digits joined by single separators and at least 32 digits.
fn is_digest(text: &str) -> bool {
    let Some((algorithm, digits)) = text.split_once(':') else {
        return false;
    };
    digits.len() >= 32
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        && algorithm.split(['-', '_', '+', '.']).all(|part| {
            part.starts_with(|first: char| first.is_ascii_alphabetic())
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

fn is_known_digest(digest: &str) -> bool {
    let Some((algorithm, digits)) = digest.split_once(':') else {
        return false;
    };
    let length = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return false,
    };
    digits.len() == length
        && digits
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// A host name, IPv4 address or bracketed IPv6 address, with a port if any.
fn is_domain(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => {
            if address.is_empty()
                || !address
                    .bytes()
                    .all(|byte| byte.is_ascii_hexdigit() || byte == b':')
            {
                return false;
            }
            (None, port.strip_prefix(':').or((!port.is_empty()).then_some("x")))
        }
        None => match text.split_once(':') {
            Some((host, port)) => (Some(host), Some(port)),
            None => (Some(text), None),
        },
    };
    let labels = host.is_none_or(|host| {
        host.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
    });
    labels && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Components of lower-case letters and digits, joined inside by `.`, `_`, `__` or dashes.
fn is_path(text: &str) -> bool {
    text.split('/').all(|component| {
        let lower = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let bytes = component.as_bytes();
        bytes.first().is_some_and(lower)
            && bytes.last().is_some_and(lower)
            && bytes.split(lower).all(|between| {
                matches!(between, b"" | b"." | b"_" | b"__") || between.iter().all(|&byte| byte == b'-')
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        fn check(image: &str, expect: Result<(&str, &str, &str, &str), &str>) {
            let got = ImageReference::parse(image);
            match expect {
                Ok((registry, repository, tag, digest)) => {
                    let got = got.unwrap();
                    assert_eq!(
                        (&*got.registry, &*got.repository, &*got.tag, &*got.digest),
                        (registry, repository, tag, digest),
                        "{image}"
                    );
                }
                Err(text) => assert!(got.unwrap_err().to_string().contains(text), "{image}"),
            }
        }
        let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
        check("nginx", Ok(("", "nginx", "", "")));
        check("a/b/c:1", Ok(("", "a/b/c", "1", "")));
        check("localhost/app", Ok(("localhost", "app", "", "")));
        check("LOCALHOST/app", Ok(("", "LOCALHOST/app", "", "")));
        check("reg:5000/app", Ok(("reg:5000", "app", "", "")));
        check("[::1]:5000/app", Ok(("[::1]:5000", "app", "", "")));
        check("a---b/c__d.e", Ok(("", "a---b/c__d.e", "", "")));
        check(&format!("q.io/x@{digest}"), Ok(("q.io", "x", "", &digest)));
        check(&format!("q.io/x:v@{digest}"), Ok(("q.io", "x", "v", "")));
        check("", Err("empty"));
        check("Mixed:tag", Err("lower case"));
        check("nginx:a:b", Err("form"));
        check("a..b/c", Err("form"));
        check("-a/b", Err("form"));
        check("[::1]x/a", Err("form"));
        check("x@sha256:abc", Err("form"));
        check(&format!("x@md5:{}", "0".repeat(32)), Err("digest"));
        check(
            &format!("x@{}", digest.to_uppercase().replace("SHA", "sha")),
            Err("digest"),
        );
        check(&"n".repeat(256), Err("255"));
    }

    #[test]
    fn edits() {
        fn check(
            image: &str,
            component: ImageComponent,
            operator: OverriderOperator,
            value: &str,
            expect: &str,
        ) {
            let overrider = ImageOverrider {
                predicate: None,
                component,
                operator,
                value: value.into(),
            };
            assert_eq!(
                override_image(image, &overrider).unwrap(),
                expect,
                "{image} {overrider:?}"
            );
        }
        use ImageComponent::{Registry, Repository, Tag};
        use OverriderOperator::{Add, Other, Remove, Replace};
        check("nginx:1", Registry, Add, "r.io", "r.io/nginx:1");
        check("r.io/nginx:1", Registry, Add, ".mirror", "r.io.mirror/nginx:1");
        check("r.io/nginx:1", Registry, Remove, "", "nginx:1");
        check("r.io/nginx:1", Repository, Replace, "x/y", "r.io/x/y:1");
        check("nginx:1", Tag, Add, "-alpine", "nginx:1-alpine");
        check("nginx", Tag, Replace, "2", "nginx:2");
        check("nginx:1", Tag, Replace, "not a tag", "nginx:1");
        check("nginx:1", Tag, Remove, "", "nginx");
        check("nginx:1", Tag, Other("swap".into()), "2", "nginx:1");
        let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
        check("nginx:1", Tag, Replace, &digest, &format!("nginx@{digest}"));
        check(&format!("nginx:1@{digest}"), Tag, Remove, "", "nginx");
    }

    #[test]
    fn an_unknown_component_is_an_error() {
        let overrider = ImageOverrider {
            component: ImageComponent::Other("Digest".into()),
            ..ImageOverrider::default()
        };
        assert!(matches!(
            override_image("nginx", &overrider),
            Err(OverriderError::ImageComponent(_))
        ));
    }
}
