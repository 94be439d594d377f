//! Which controllers run and which resources they leave alone (`karmada:pkg/controllers/context`,
//! `karmada:pkg/util/apigroup.go`).

use std::collections::{BTreeMap, BTreeSet};

/// Whether a controller is to run, by a list as in `--controllers`: `NAME` switches one on, `-NAME` off, and `*` on all
/// that are not off by default. The first entry that names the controller counts.
#[must_use]
pub fn is_controller_enabled(list: &[&str], name: &str, off_by_default: bool) -> bool {
    for entry in list {
        if *entry == name {
            return true;
        }
        if entry.strip_prefix('-') == Some(name) {
            return false;
        }
    }
    list.contains(&"*") && !off_by_default
}

/// API groups whose resources are never propagated.
const GROUPS: [&str; 9] = [
    "cluster.karmada.io",
    "policy.karmada.io",
    "work.karmada.io",
    "config.karmada.io",
    "networking.karmada.io",
    "autoscaling.karmada.io",
    "remedy.karmada.io",
    "apps.karmada.io",
    "events.k8s.io",
];

/// The resources that are not propagated.
///
/// ```
/// use karmada_core::switches::SkippedApis;
/// let skipped = SkippedApis::parse("example.com/v1/Foo,Bar;other.io;v1/Secret")?;
/// assert!(skipped.matches("example.com", "v1", "foo") && !skipped.matches("example.com", "v1", "Baz"));
/// assert!(skipped.matches("other.io", "v2", "Any") && skipped.matches("", "v1", "Secret"));
/// assert!(skipped.matches("policy.karmada.io", "v1alpha1", "PropagationPolicy"), "always");
/// # Ok::<(), karmada_core::switches::SkippedApisError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedApis {
    groups: BTreeSet<String>,
    versions: BTreeSet<(String, String)>,
    /// Kinds in lower case, by group and version.
    kinds: BTreeMap<(String, String), BTreeSet<String>>,
}

/// An entry that names no group, version or kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not of the form GROUP, GROUP/VERSION, GROUP/VERSION/KIND[,KIND] or v1/KIND[,KIND]")]
pub struct SkippedApisError(String);

impl Default for SkippedApis {
    /// What is always left alone: Karmada's own groups, events, leases.
    fn default() -> Self {
        let event = BTreeSet::from(["event".to_owned()]);
        Self {
            groups: GROUPS.into_iter().map(str::to_owned).collect(),
            versions: BTreeSet::from([("coordination.k8s.io".to_owned(), "v1".to_owned())]),
            kinds: BTreeMap::from([((String::new(), "v1".to_owned()), event)]),
        }
    }
}

impl SkippedApis {
    /// Reads a list separated by `;`, in addition to what is always left alone. Kinds match whatever their case.
    ///
    /// # Errors
    /// [`SkippedApisError`] with the first entry that has too many parts or an empty one.
    pub fn parse(text: &str) -> Result<Self, SkippedApisError> {
        let mut skipped = Self::default();
        for entry in text.split(';').filter(|entry| !entry.is_empty()) {
            skipped.add(entry)?;
        }
        Ok(skipped)
    }

    fn add(&mut self, entry: &str) -> Result<(), SkippedApisError> {
        let parts: Vec<&str> = entry.split('/').map(str::trim).collect();
        if parts.iter().any(|part| part.is_empty()) {
            return Err(SkippedApisError(entry.to_owned()));
        }
        match parts.as_slice() {
            [group] => {
                self.groups.insert((*group).to_owned());
            }
            ["v1", kinds] => self.add_kinds("", "v1", kinds),
            [group, version] => {
                self.versions.insert(((*group).to_owned(), (*version).to_owned()));
            }
            [group, version, kinds] => self.add_kinds(group, version, kinds),
            _ => return Err(SkippedApisError(entry.to_owned())),
        }
        Ok(())
    }

    fn add_kinds(&mut self, group: &str, version: &str, kinds: &str) {
        let place = self
            .kinds
            .entry((group.to_owned(), version.to_owned()))
            .or_default();
        place.extend(kinds.split(',').map(|kind| kind.trim().to_lowercase()));
    }

    /// Whether resources of that kind are left alone.
    #[must_use]
    pub fn matches(&self, group: &str, version: &str, kind: &str) -> bool {
        let place = (group.to_owned(), version.to_owned());
        self.groups.contains(group)
            || self.versions.contains(&place)
            || self
                .kinds
                .get(&place)
                .is_some_and(|kinds| kinds.contains(&kind.to_lowercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controllers() {
        fn check(list: &[&str], off_by_default: bool, expect: bool) {
            assert_eq!(
                is_controller_enabled(list, "binding", off_by_default),
                expect,
                "{list:?}"
            );
        }
        check(&["*"], false, true);
        check(&["*"], true, false);
        check(&["*", "binding"], true, true);
        check(&["*", "-binding"], false, false);
        check(&["-binding", "binding"], false, false);
        check(&["execution"], false, false);
        check(&[], false, false);
    }

    #[test]
    fn skipped_apis() {
        fn check(text: &str, kind: [&str; 3], expect: bool) {
            let [group, version, kind] = kind;
            assert_eq!(
                SkippedApis::parse(text).unwrap().matches(group, version, kind),
                expect,
                "{text}"
            );
        }
        check("", ["", "v1", "Event"], true);
        check("", ["events.k8s.io", "v1", "Event"], true);
        check("", ["coordination.k8s.io", "v1", "Lease"], true);
        check("", ["coordination.k8s.io", "v1beta1", "Lease"], false);
        check("", ["apps", "v1", "Deployment"], false);
        check("apps", ["apps", "v1", "Deployment"], true);
        check("apps/v1", ["apps", "v1", "Deployment"], true);
        check("apps/v1", ["apps", "v2", "Deployment"], false);
        check(
            "apps/v1/deployment, StatefulSet",
            ["apps", "v1", "StatefulSet"],
            true,
        );
        check("v1/Secret,Pod", ["", "v1", "pod"], true);
        check("v1/Secret", ["apps", "v1", "Secret"], false);
        for wrong in ["a/b/c/d", "apps//x", "/"] {
            assert!(SkippedApis::parse(wrong).is_err(), "{wrong}");
        }
    }
}
