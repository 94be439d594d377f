//! What a pod depends on, and whether references to dependencies are valid.

use std::collections::BTreeSet;
use std::error::Error as _;

use karmada_core::api::config::v1alpha1::DependentObjectReference;
use karmada_core::selector;
use serde_json::Value;

use crate::error::{Error, FieldError};
use crate::kubernetes::{is_set, items, member, text};

/// What a pod of that spec needs beside it, in the namespace of the workload: ConfigMaps, Secrets, the ServiceAccount and
/// PersistentVolumeClaims, without duplicates and sorted (`karmada:pkg/util/helper/pod.go`).
///
/// Nothing is said about parts of another shape than Kubernetes': they name no dependencies.
#[must_use]
pub fn of_pod(spec: &Value, namespace: &str) -> Vec<DependentObjectReference> {
    let mut found = Found::default();
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        for container in items(member(spec, &[list])) {
            found.container(container);
        }
    }
    for reference in items(member(spec, &["imagePullSecrets"])) {
        insert(&mut found.secrets, member(reference, &["name"]));
    }
    for volume in items(member(spec, &["volumes"])) {
        found.volume(volume);
    }
    let service_account = Some(text(member(spec, &["serviceAccountName"])))
        .filter(|name| !name.is_empty() && *name != "default")
        .into_iter()
        .collect();

    let kinds = [
        ("ConfigMap", found.config_maps),
        ("PersistentVolumeClaim", found.claims),
        ("Secret", found.secrets),
        ("ServiceAccount", service_account),
    ];
    kinds
        .into_iter()
        .flat_map(|(kind, names)| names.into_iter().map(move |name| in_core(kind, namespace, name)))
        .collect()
}

/// A reference by name to an object of the core group.
pub(crate) fn in_core(kind: &str, namespace: &str, name: &str) -> DependentObjectReference {
    DependentObjectReference {
        api_version: "v1".to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        label_selector: None,
    }
}

/// Puts references into the order they are answered in: by API version, kind, namespace and name.
pub fn sort(dependencies: &mut [DependentObjectReference]) {
    fn key(it: &DependentObjectReference) -> [&str; 4] {
        [&it.api_version, &it.kind, &it.namespace, &it.name]
    }
    dependencies.sort_by(|a, b| key(a).cmp(&key(b)));
}

/// Checks that references say what they refer to (`karmada:pkg/util/interpreter/validation/validation.go`).
///
/// # Errors
/// [`Error::Dependencies`] with every violation.
pub fn verify(dependencies: &[DependentObjectReference]) -> Result<(), Error> {
    let mut violations = Vec::new();
    for (index, dependency) in dependencies.iter().enumerate() {
        let mut violation = |member: &[&str], reason: String| {
            violations.push(FieldError::new(member, reason).at(index).within("dependencies"));
        };
        if dependency.api_version.is_empty() {
            violation(&["apiVersion"], "is missing".to_owned());
        }
        if dependency.kind.is_empty() {
            violation(&["kind"], "is missing".to_owned());
        }
        match &dependency.label_selector {
            None if dependency.name.is_empty() => {
                violation(&[], "has neither a name nor a label selector".to_owned());
            }
            None => {}
            Some(labels) => {
                if let Err(error) = selector::check(labels) {
                    let rule = error
                        .source()
                        .map_or_else(String::new, |rule| format!(": {rule}"));
                    violation(&["labelSelector"], format!("{error}{rule}"));
                }
            }
        }
    }
    if violations.is_empty() {
        Ok(())
    } else {
        Err(Error::Dependencies(violations))
    }
}

/// Where a volume names a Secret; the first source that is set counts, whether it names one or not.
const SECRET_SOURCES: [(&str, &[&str]); 11] = [
    ("azureFile", &["secretName"]),
    ("cephfs", &["secretRef", "name"]),
    ("cinder", &["secretRef", "name"]),
    ("flexVolume", &["secretRef", "name"]),
    ("projected", &[]),
    ("rbd", &["secretRef", "name"]),
    ("secret", &["secretName"]),
    ("scaleIO", &["secretRef", "name"]),
    ("iscsi", &["secretRef", "name"]),
    ("storageos", &["secretRef", "name"]),
    ("csi", &["nodePublishSecretRef", "name"]),
];

#[derive(Default)]
struct Found<'a> {
    config_maps: BTreeSet<&'a str>,
    secrets: BTreeSet<&'a str>,
    claims: BTreeSet<&'a str>,
}

impl<'a> Found<'a> {
    fn container(&mut self, container: &'a Value) {
        for source in items(member(container, &["envFrom"])) {
            insert(&mut self.config_maps, member(source, &["configMapRef", "name"]));
            insert(&mut self.secrets, member(source, &["secretRef", "name"]));
        }
        for variable in items(member(container, &["env"])) {
            let source = member(variable, &["valueFrom"]);
            insert(
                &mut self.config_maps,
                member(source, &["configMapKeyRef", "name"]),
            );
            insert(&mut self.secrets, member(source, &["secretKeyRef", "name"]));
        }
    }

    fn volume(&mut self, volume: &'a Value) {
        let projected = member(volume, &["projected"]);
        if is_set(projected) {
            for source in items(member(projected, &["sources"])) {
                insert(&mut self.config_maps, member(source, &["configMap", "name"]));
            }
        } else {
            insert(&mut self.config_maps, member(volume, &["configMap", "name"]));
        }
        let source = SECRET_SOURCES
            .iter()
            .find(|(source, _)| is_set(member(volume, &[*source])));
        match source {
            Some(("projected", _)) => {
                for source in items(member(projected, &["sources"])) {
                    insert(&mut self.secrets, member(source, &["secret", "name"]));
                }
            }
            Some((source, path)) => insert(&mut self.secrets, member(member(volume, &[*source]), path)),
            None => {}
        }
        insert(
            &mut self.claims,
            member(volume, &["persistentVolumeClaim", "claimName"]),
        );
    }
}

fn insert<'a>(names: &mut BTreeSet<&'a str>, name: &'a Value) {
    let name = text(name);
    if !name.is_empty() {
        names.insert(name);
    }
}

#[cfg(test)]
mod tests {
    use karmada_core::api::meta::LabelSelector;
    use serde_json::json;

    use super::*;

    fn check(spec: &Value, expected: &[(&str, &str)]) {
        let got = of_pod(spec, "ns");
        let got: Vec<_> = got
            .iter()
            .map(|it| {
                assert_eq!((it.api_version.as_str(), it.namespace.as_str()), ("v1", "ns"));
                (it.kind.as_str(), it.name.as_str())
            })
            .collect();
        assert_eq!(got, expected, "{spec}");
    }

    #[test]
    fn containers_of_all_three_lists_count() {
        for list in ["containers", "initContainers", "ephemeralContainers"] {
            check(
                &json!({list: [{
                    "envFrom": [{"configMapRef": {"name": "a"}}, {"secretRef": {"name": "b"}}, null],
                    "env": [
                        {"valueFrom": {"configMapKeyRef": {"name": "c"}}},
                        {"valueFrom": {"secretKeyRef": {"name": "d"}}},
                        {"valueFrom": {"secretKeyRef": {"name": "d"}}},
                        {"valueFrom": {"secretKeyRef": {"name": ""}}},
                        {"value": "x"},
                    ],
                }]}),
                &[
                    ("ConfigMap", "a"),
                    ("ConfigMap", "c"),
                    ("Secret", "b"),
                    ("Secret", "d"),
                ],
            );
        }
    }

    #[test]
    fn image_pull_secrets_and_the_service_account_count() {
        check(
            &json!({"imagePullSecrets": [{"name": "b"}, {}, {"name": "a"}], "serviceAccountName": "robot"}),
            &[("Secret", "a"), ("Secret", "b"), ("ServiceAccount", "robot")],
        );
        check(
            &json!({"serviceAccountName": "default", "serviceAccount": "old"}),
            &[],
        );
    }

    #[test]
    fn each_volume_source_counts() {
        let volume = |source: Value, expected: &[(&str, &str)]| {
            check(&json!({"volumes": [source]}), expected);
        };
        volume(json!({"configMap": {"name": "a"}}), &[("ConfigMap", "a")]);
        volume(
            json!({"projected": {"sources": [{"configMap": {"name": "a"}}, {"secret": {"name": "b"}}]}}),
            &[("ConfigMap", "a"), ("Secret", "b")],
        );
        volume(json!({"azureFile": {"secretName": "a"}}), &[("Secret", "a")]);
        volume(json!({"secret": {"secretName": "a"}}), &[("Secret", "a")]);
        for source in [
            "cephfs",
            "cinder",
            "flexVolume",
            "rbd",
            "scaleIO",
            "iscsi",
            "storageos",
        ] {
            volume(json!({source: {"secretRef": {"name": "a"}}}), &[("Secret", "a")]);
        }
        volume(
            json!({"csi": {"nodePublishSecretRef": {"name": "a"}}}),
            &[("Secret", "a")],
        );
        volume(
            json!({"persistentVolumeClaim": {"claimName": "a"}}),
            &[("PersistentVolumeClaim", "a")],
        );
        volume(
            json!({"ephemeral": {"volumeClaimTemplate": {"metadata": {"name": "a"}}}}),
            &[],
        );
    }

    #[test]
    fn the_first_source_of_a_volume_decides() {
        check(
            &json!({"volumes": [{"secret": {"secretName": "a"}, "cephfs": {}, "configMap": {"name": "b"}, "projected": {}}]}),
            &[],
        );
    }

    #[test]
    fn references_are_verified_together() {
        let reference = |api_version: &str, kind: &str, name: &str, label: Option<&str>| {
            let mut reference = in_core(kind, "", name);
            reference.api_version = api_version.to_owned();
            reference.label_selector = label.map(|value| LabelSelector {
                match_labels: [("app".to_owned(), value.to_owned())].into(),
                ..LabelSelector::default()
            });
            reference
        };
        assert!(
            verify(&[
                reference("v1", "Secret", "a", None),
                reference("v1", "Secret", "", Some("x"))
            ])
            .is_ok()
        );
        let error = verify(&[
            reference("", "Secret", "a", None),
            reference("v1", "", "", None),
            reference("v1", "Secret", "a", Some("not a value")),
        ])
        .unwrap_err();
        let Error::Dependencies(violations) = error else {
            panic!("{error}");
        };
        let paths: Vec<_> = violations.iter().map(|it| it.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "dependencies[0].apiVersion",
                "dependencies[1].kind",
                "dependencies[1]",
                "dependencies[2].labelSelector",
            ]
        );
    }

    #[test]
    fn references_sort_by_type_and_name() {
        let mut references = [
            in_core("Secret", "a", "z"),
            in_core("Secret", "a", "b"),
            in_core("ConfigMap", "b", "a"),
            in_core("ConfigMap", "a", "z"),
        ];
        sort(&mut references);
        let order: Vec<_> = references
            .iter()
            .map(|it| format!("{}/{}/{}", it.kind, it.namespace, it.name))
            .collect();
        assert_eq!(
            order,
            ["ConfigMap/a/z", "ConfigMap/b/a", "Secret/a/b", "Secret/a/z"]
        );
    }
}
