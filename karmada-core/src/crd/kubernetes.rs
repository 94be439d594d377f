//! What the schemas of k8s-openapi's types lack.
//!
//! They are made from Kubernetes' OpenAPI document, which leaves out list and map markers, defaults, patterns and
//! whatever else only the Go types say. Here it is, for the types that Karmada's kinds embed.

use schemars::Schema;
use schemars::transform::Transform;
use serde_json::{Map, Value, json};

use super::schema::{DEFAULT, OPTIONAL, REQUIRED};
use crate::api::meta::QUALIFIED_NAME_PATTERN;
use crate::quantity::PATTERN as QUANTITY_PATTERN;

use Fact::{Atomic, AtomicList, Bounded, Default, IntOrString, KeyedList, Only, Pattern, Required, SetList};

/// Something about a field, or about the type itself.
#[derive(Clone, Copy, Debug)]
enum Fact {
    /// An object that is replaced as a whole.
    Atomic,
    /// A list that is replaced as a whole.
    AtomicList,
    /// A list without repetitions.
    SetList,
    /// A list whose items are told apart by these fields.
    KeyedList(&'static [&'static str]),
    /// A text the API server fills in, so that the field is not required.
    Default(&'static str),
    /// The API server fills in `false`.
    DefaultFalse,
    /// The schema requires the field.
    Required,
    /// A number or a text.
    IntOrString,
    /// A pattern of texts.
    Pattern(&'static str),
    /// A pattern and a greatest length of texts.
    Bounded(usize, &'static str),
    /// Of the type's fields only these.
    Only(&'static [&'static str]),
}

/// The facts, by type (without `io.k8s.`) and field; the empty field is the type itself.
const FACTS: &[(&str, &[(&str, Fact)])] = &[
    (
        "apimachinery.pkg.api.resource.Quantity",
        &[("", IntOrString), ("", Pattern(QUANTITY_PATTERN))],
    ),
    ("apimachinery.pkg.util.intstr.IntOrString", &[("", IntOrString)]),
    (
        "apimachinery.pkg.apis.meta.v1.LabelSelector",
        &[("", Atomic), ("matchExpressions", AtomicList)],
    ),
    (
        "apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement",
        &[("values", AtomicList)],
    ),
    // Metadata inside a template; an object's own metadata has no schema.
    (
        "apimachinery.pkg.apis.meta.v1.ObjectMeta",
        &[(
            "",
            Only(&["annotations", "finalizers", "labels", "name", "namespace"]),
        )],
    ),
    // Scaling.
    ("api.autoscaling.v2.HPAScalingRules", &[("policies", AtomicList)]),
    (
        "api.autoscaling.v2.HorizontalPodAutoscalerStatus",
        &[
            ("conditions", KeyedList(&["type"])),
            ("currentMetrics", AtomicList),
        ],
    ),
    // Ingresses and load balancers.
    ("api.networking.v1.HTTPIngressRuleValue", &[("paths", AtomicList)]),
    (
        "api.networking.v1.IngressLoadBalancerIngress",
        &[("ports", AtomicList)],
    ),
    (
        "api.networking.v1.IngressLoadBalancerStatus",
        &[("ingress", AtomicList)],
    ),
    ("api.networking.v1.IngressPortStatus", PORT_STATUS),
    (
        "api.networking.v1.IngressSpec",
        &[("rules", AtomicList), ("tls", AtomicList)],
    ),
    ("api.networking.v1.IngressTLS", &[("hosts", AtomicList)]),
    ("api.networking.v1.ServiceBackendPort", &[("", Atomic)]),
    ("api.core.v1.LoadBalancerIngress", &[("ports", AtomicList)]),
    ("api.core.v1.LoadBalancerStatus", &[("ingress", AtomicList)]),
    ("api.core.v1.PortStatus", PORT_STATUS),
    // References.
    ("api.core.v1.LocalObjectReference", REFERENCE),
    ("api.core.v1.TypedLocalObjectReference", &[("", Atomic)]),
    ("api.core.v1.ConfigMapEnvSource", REFERENCE),
    ("api.core.v1.ConfigMapKeySelector", REFERENCE),
    ("api.core.v1.SecretEnvSource", REFERENCE),
    ("api.core.v1.SecretKeySelector", REFERENCE),
    ("api.core.v1.ConfigMapProjection", REFERENCE_WITH_ITEMS),
    ("api.core.v1.ConfigMapVolumeSource", REFERENCE_WITH_ITEMS),
    ("api.core.v1.SecretProjection", REFERENCE_WITH_ITEMS),
    (
        "api.core.v1.FileKeySelector",
        &[("", Atomic), ("optional", Fact::DefaultFalse)],
    ),
    ("api.core.v1.ObjectFieldSelector", &[("", Atomic)]),
    ("api.core.v1.ResourceFieldSelector", &[("", Atomic)]),
    // Affinity.
    (
        "api.core.v1.NodeAffinity",
        &[("preferredDuringSchedulingIgnoredDuringExecution", AtomicList)],
    ),
    (
        "api.core.v1.NodeSelector",
        &[("", Atomic), ("nodeSelectorTerms", AtomicList)],
    ),
    ("api.core.v1.NodeSelectorRequirement", &[("values", AtomicList)]),
    (
        "api.core.v1.NodeSelectorTerm",
        &[
            ("", Atomic),
            ("matchExpressions", AtomicList),
            ("matchFields", AtomicList),
        ],
    ),
    ("api.core.v1.PodAffinity", POD_AFFINITY),
    ("api.core.v1.PodAntiAffinity", POD_AFFINITY),
    (
        "api.core.v1.PodAffinityTerm",
        &[
            ("matchLabelKeys", AtomicList),
            ("mismatchLabelKeys", AtomicList),
            ("namespaces", AtomicList),
        ],
    ),
    // Containers.
    (
        "api.core.v1.Container",
        &[
            ("args", AtomicList),
            ("command", AtomicList),
            ("env", KeyedList(&["name"])),
            ("envFrom", AtomicList),
            ("ports", KeyedList(&["containerPort", "protocol"])),
            ("resizePolicy", AtomicList),
            ("restartPolicyRules", AtomicList),
            ("volumeDevices", KeyedList(&["devicePath"])),
            ("volumeMounts", KeyedList(&["mountPath"])),
        ],
    ),
    (
        "api.core.v1.Capabilities",
        &[("add", AtomicList), ("drop", AtomicList)],
    ),
    ("api.core.v1.ContainerPort", &[("protocol", Default("TCP"))]),
    (
        "api.core.v1.ContainerRestartRuleOnExitCodes",
        &[("values", SetList)],
    ),
    ("api.core.v1.ExecAction", &[("command", AtomicList)]),
    ("api.core.v1.GRPCAction", &[("service", Default(""))]),
    ("api.core.v1.HTTPGetAction", &[("httpHeaders", AtomicList)]),
    (
        "api.core.v1.ResourceRequirements",
        &[("claims", KeyedList(&["name"]))],
    ),
    // Volumes.
    (
        "api.core.v1.AzureDiskVolumeSource",
        &[("fsType", Default("ext4")), ("readOnly", Fact::DefaultFalse)],
    ),
    ("api.core.v1.CephFSVolumeSource", &[("monitors", AtomicList)]),
    ("api.core.v1.DownwardAPIProjection", &[("items", AtomicList)]),
    ("api.core.v1.DownwardAPIVolumeSource", &[("items", AtomicList)]),
    (
        "api.core.v1.FCVolumeSource",
        &[("targetWWNs", AtomicList), ("wwids", AtomicList)],
    ),
    (
        "api.core.v1.ISCSIVolumeSource",
        &[("iscsiInterface", Default("default")), ("portals", AtomicList)],
    ),
    (
        "api.core.v1.PersistentVolumeClaimSpec",
        &[("accessModes", AtomicList)],
    ),
    ("api.core.v1.ProjectedVolumeSource", &[("sources", AtomicList)]),
    (
        "api.core.v1.RBDVolumeSource",
        &[
            ("keyring", Default("/etc/ceph/keyring")),
            ("monitors", AtomicList),
            ("pool", Default("rbd")),
            ("user", Default("admin")),
        ],
    ),
    (
        "api.core.v1.ScaleIOVolumeSource",
        &[
            ("fsType", Default("xfs")),
            ("storageMode", Default("ThinProvisioned")),
        ],
    ),
    ("api.core.v1.SecretVolumeSource", &[("items", AtomicList)]),
];

/// Facts that several types share.
const PORT_STATUS: &[(&str, Fact)] = &[
    ("error", Bounded(316, QUALIFIED_NAME_PATTERN)),
    ("error", Required),
];
const REFERENCE: &[(&str, Fact)] = &[("", Atomic), ("name", Default(""))];
const REFERENCE_WITH_ITEMS: &[(&str, Fact)] = &[("", Atomic), ("items", AtomicList), ("name", Default(""))];
const POD_AFFINITY: &[(&str, Fact)] = &[
    ("preferredDuringSchedulingIgnoredDuringExecution", AtomicList),
    ("requiredDuringSchedulingIgnoredDuringExecution", AtomicList),
];

/// Adds the facts to the definitions of a root schema, before references are resolved.
pub(super) struct KubernetesFacts;

impl Transform for KubernetesFacts {
    fn transform(&mut self, schema: &mut Schema) {
        let Some(Value::Object(definitions)) = schema.get_mut(super::schema::DEFINITIONS) else {
            return;
        };
        for (type_, facts) in FACTS {
            let Some(Value::Object(definition)) = definitions.get_mut(&format!("io.k8s.{type_}")) else {
                continue;
            };
            for (field, fact) in *facts {
                apply(*fact, definition, field);
            }
        }
    }
}

fn apply(fact: Fact, definition: &mut Map<String, Value>, field: &str) {
    let target = if field.is_empty() {
        Some(definition)
    } else {
        definition
            .get_mut("properties")
            .and_then(|properties| properties.get_mut(field))
            .and_then(Value::as_object_mut)
    };
    let Some(target) = target else { return };
    let mut set = |keyword: &str, value: Value| {
        target.insert(keyword.to_owned(), value);
    };
    match fact {
        Fact::Atomic => set("x-kubernetes-map-type", json!("atomic")),
        Fact::AtomicList => set("x-kubernetes-list-type", json!("atomic")),
        Fact::SetList => set("x-kubernetes-list-type", json!("set")),
        Fact::KeyedList(keys) => {
            set("x-kubernetes-list-type", json!("map"));
            set("x-kubernetes-list-map-keys", json!(keys));
        }
        Fact::Default(text) => {
            set(DEFAULT, json!(text));
            set(OPTIONAL, json!(true));
        }
        Fact::DefaultFalse => set(DEFAULT, json!(false)),
        Fact::Required => set(REQUIRED, json!(true)),
        Fact::IntOrString => set("anyOf", json!([{"type": "integer"}, {"type": "string"}])),
        Fact::Pattern(pattern) => set("pattern", json!(pattern)),
        Fact::Bounded(length, pattern) => {
            set("maxLength", json!(length));
            set("pattern", json!(pattern));
        }
        Fact::Only(fields) => {
            if let Some(Value::Object(properties)) = target.get_mut("properties") {
                properties.retain(|name, _| fields.contains(&name.as_str()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The definitions all kinds together refer to.
    fn definitions() -> Map<String, Value> {
        let mut all = Map::new();
        for info in crate::crd::kinds() {
            let mut derived = (info.derived)().to_value();
            let definitions = derived[super::super::schema::DEFINITIONS].as_object_mut();
            all.extend(definitions.into_iter().flat_map(std::mem::take));
        }
        all
    }

    #[test]
    fn every_fact_is_about_a_type_and_field_in_use() {
        let definitions = definitions();
        let mut unused = BTreeSet::new();
        for (type_, facts) in FACTS {
            let definition = definitions.get(&format!("io.k8s.{type_}"));
            for (field, _) in *facts {
                let known =
                    definition.is_some_and(|d| field.is_empty() || d["properties"].get(field).is_some());
                if !known {
                    unused.insert(format!("{type_} {field}"));
                }
            }
        }
        assert!(unused.is_empty(), "{unused:#?}");
    }

    #[test]
    fn every_list_of_a_listed_type_is_marked() {
        let definitions = definitions();
        for (type_, facts) in FACTS {
            let definition = &definitions[&format!("io.k8s.{type_}")];
            for (field, property) in definition["properties"].as_object().into_iter().flatten() {
                if property["type"] != "array" || *type_ == "apimachinery.pkg.apis.meta.v1.ObjectMeta" {
                    continue;
                }
                assert!(facts.iter().any(|(name, _)| name == field), "{type_} {field}");
            }
        }
    }
}
