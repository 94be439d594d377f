//! CustomResourceDefinitions, generated from the types of [`api`](crate::api).
//!
//! [`schema`] gives the schema of one version of a kind, [`definition`] and [`definitions`] whole
//! CustomResourceDefinitions. Kinds that upstream serves from aggregated API servers (Cluster, ResourceRegistry) are
//! among them, for API servers that have nothing but CustomResourceDefinitions.

mod kubernetes;
mod schema;

use std::collections::BTreeMap;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceColumnDefinition, CustomResourceDefinition, CustomResourceDefinitionNames,
    CustomResourceDefinitionSpec, CustomResourceDefinitionVersion, CustomResourceSubresourceStatus,
    CustomResourceSubresources, CustomResourceValidation, JSONSchemaProps,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

use crate::api::any::KINDS;
use crate::api::wire::{DecodeError, decode};

/// Whether objects of a kind live in a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Objects have a namespace.
    Namespaced,
    /// Objects have none.
    Cluster,
}

impl Scope {
    /// The text in `spec.scope`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Namespaced => "Namespaced",
            Self::Cluster => "Cluster",
        }
    }
}

/// The names a kind goes by in URLs and on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Names {
    /// Lower-case plural, the path segment.
    pub plural: &'static str,
    /// Lower-case singular.
    pub singular: &'static str,
    /// Abbreviations.
    pub short_names: &'static [&'static str],
    /// Groups of kinds, as in `kubectl get karmada-io`.
    pub categories: &'static [&'static str],
}

/// One column of `kubectl get`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Heading.
    pub name: &'static str,
    /// OpenAPI type: `string`, `integer`, `date`, ...
    pub type_: &'static str,
    /// Where the value is.
    pub json_path: &'static str,
    /// Above 0, the column is only shown in wide tables.
    pub priority: i32,
}

/// A kind that a CustomResourceDefinition can serve.
pub trait CustomResource:
    k8s_openapi::Resource + k8s_openapi::ListableResource + schemars::JsonSchema + serde::Serialize
{
    /// Plural, singular, short names and categories.
    const NAMES: Names;
    /// Namespaced or cluster-scoped.
    const SCOPE: Scope;
    /// Whether the kind has the `status` subresource.
    const STATUS_SUBRESOURCE: bool;
    /// Printer columns, in order.
    const COLUMNS: &'static [Column];
}

/// One version of a kind, as a value.
#[derive(Clone, Copy, Debug)]
pub struct KindInfo {
    /// Group.
    pub group: &'static str,
    /// Version.
    pub version: &'static str,
    /// Group and version.
    pub api_version: &'static str,
    /// Kind.
    pub kind: &'static str,
    /// Kind of lists.
    pub list_kind: &'static str,
    /// Plural, singular, short names and categories.
    pub names: Names,
    /// Namespaced or cluster-scoped.
    pub scope: Scope,
    /// Whether the kind has the `status` subresource.
    pub status_subresource: bool,
    /// Printer columns, in order.
    pub columns: &'static [Column],
    derived: fn() -> schemars::Schema,
}

impl KindInfo {
    pub(crate) const fn of<K: CustomResource>() -> Self {
        Self {
            group: K::GROUP,
            version: K::VERSION,
            api_version: K::API_VERSION,
            kind: K::KIND,
            list_kind: K::LIST_KIND,
            names: K::NAMES,
            scope: K::SCOPE,
            status_subresource: K::STATUS_SUBRESOURCE,
            columns: K::COLUMNS,
            derived: schema::derived::<K>,
        }
    }

    /// The schema of the kind, structural OpenAPI v3 as in a CustomResourceDefinition.
    ///
    /// It is generated anew with every call; keep it.
    #[must_use]
    pub fn schema(&self) -> Value {
        schema::structural((self.derived)())
    }

    /// Name of the CustomResourceDefinition that serves the kind.
    #[must_use]
    pub fn definition_name(&self) -> String {
        format!("{}.{}", self.names.plural, self.group)
    }
}

/// Every kind, each version on its own, oldest version first.
#[must_use]
pub fn kinds() -> &'static [KindInfo] {
    KINDS
}

/// The schema of a kind in a version, structural OpenAPI v3, or nothing if it is no kind of Karmada's.
///
/// It is generated anew with every call; keep it.
///
/// ```
/// let schema = karmada_core::crd::schema("policy.karmada.io/v1alpha1", "PropagationPolicy").unwrap();
/// assert_eq!(schema["properties"]["spec"]["properties"]["schedulerName"]["default"], "default-scheduler");
/// assert!(karmada_core::crd::schema("apps/v1", "Deployment").is_none());
/// ```
#[must_use]
pub fn schema(api_version: &str, kind: &str) -> Option<Value> {
    KINDS
        .iter()
        .find(|info| info.api_version == api_version && info.kind == kind)
        .map(KindInfo::schema)
}

/// The CustomResourceDefinition that serves a kind in all its versions, or nothing if it is no kind of Karmada's.
///
/// The newest version is the stored one. A conversion webhook is not part of it: who installs the definition knows
/// where it is.
///
/// # Errors
/// [`DecodeError`] when a generated schema is not one Kubernetes' types can hold, which the tests rule out.
pub fn definition(kind: &str) -> Result<Option<CustomResourceDefinition>, DecodeError> {
    let versions: Vec<&KindInfo> = KINDS.iter().filter(|info| info.kind == kind).collect();
    let Some(newest) = versions.last() else {
        return Ok(None);
    };
    let served = versions
        .iter()
        .map(|info| served_version(info, info.version == newest.version))
        .collect::<Result<_, _>>()?;
    Ok(Some(CustomResourceDefinition {
        metadata: ObjectMeta {
            name: Some(newest.definition_name()),
            ..ObjectMeta::default()
        },
        spec: CustomResourceDefinitionSpec {
            group: newest.group.to_owned(),
            names: CustomResourceDefinitionNames {
                kind: newest.kind.to_owned(),
                list_kind: Some(newest.list_kind.to_owned()),
                plural: newest.names.plural.to_owned(),
                singular: Some(newest.names.singular.to_owned()),
                short_names: texts(newest.names.short_names),
                categories: texts(newest.names.categories),
            },
            scope: newest.scope.as_str().to_owned(),
            versions: served,
            ..CustomResourceDefinitionSpec::default()
        },
        status: None,
    }))
}

/// The CustomResourceDefinitions of all kinds, by group and plural.
///
/// # Errors
/// As for [`definition`].
pub fn definitions() -> Result<Vec<CustomResourceDefinition>, DecodeError> {
    let mut all = BTreeMap::new();
    for info in KINDS {
        if let Some(definition) = definition(info.kind)? {
            all.insert((info.group, info.names.plural), definition);
        }
    }
    Ok(all.into_values().collect())
}

fn served_version(info: &KindInfo, storage: bool) -> Result<CustomResourceDefinitionVersion, DecodeError> {
    let columns = info.columns.iter().map(|column| CustomResourceColumnDefinition {
        name: column.name.to_owned(),
        type_: column.type_.to_owned(),
        json_path: column.json_path.to_owned(),
        priority: (column.priority != 0).then_some(column.priority),
        ..CustomResourceColumnDefinition::default()
    });
    Ok(CustomResourceDefinitionVersion {
        name: info.version.to_owned(),
        served: true,
        storage,
        additional_printer_columns: Some(columns.collect::<Vec<_>>()).filter(|columns| !columns.is_empty()),
        schema: Some(CustomResourceValidation {
            open_api_v3_schema: Some(decode::<JSONSchemaProps>(&info.schema())?),
        }),
        subresources: info.status_subresource.then(|| CustomResourceSubresources {
            status: Some(CustomResourceSubresourceStatus(Value::Object(
                serde_json::Map::new(),
            ))),
            ..CustomResourceSubresources::default()
        }),
        ..CustomResourceDefinitionVersion::default()
    })
}

fn texts(texts: &[&str]) -> Option<Vec<String>> {
    (!texts.is_empty()).then(|| texts.iter().map(|&text| text.to_owned()).collect())
}
