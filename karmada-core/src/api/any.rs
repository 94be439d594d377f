//! Any object of Karmada's, told by `apiVersion` and `kind`.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

use super::wire::{DecodeError, decode, encode};
use super::{
    apps, autoscaling, cluster, config, multicluster, networking, operator, policy, remedy, search, work,
};
use crate::crd::KindInfo;

/// Declares [`AnyObject`] and the tables that go with it.
macro_rules! objects {
    (
        stored: { $($(#[$meta:meta])* $variant:ident($type:path),)* }
        sent: { $($sent:path,)* }
    ) => {
        /// An object of any kind that is stored.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum AnyObject {
            $(
                #[doc = concat!("`", stringify!($type), "`.")]
                $(#[$meta])*
                $variant(Box<$type>),
            )*
        }

        /// Every kind that is stored, each version on its own, oldest version first.
        pub const KINDS: &[KindInfo] = &[$(KindInfo::of::<$type>()),*];

        /// Every type that stands for a whole document: the kinds that are stored, and those that are only sent.
        pub const DOCUMENTS: &[Document] = &[$(Document::of::<$type>(),)* $(Document::of::<$sent>(),)*];

        impl AnyObject {
            /// Decodes an object of the kind it says it is of.
            ///
            /// # Errors
            /// [`DecodeError`] at `apiVersion` or `kind` when they are missing or name no kind of Karmada's, and at
            /// the field that has the wrong shape otherwise.
            pub fn decode(value: &Value) -> Result<Self, DecodeError> {
                let (api_version, kind) = type_meta(value)?;
                $(
                    if is::<$type>(api_version, kind) {
                        return decode::<$type>(value).map(|object| Self::$variant(Box::new(object)));
                    }
                )*
                Err(unknown(api_version, kind))
            }

            /// Encodes the object.
            ///
            /// # Errors
            /// [`DecodeError`] when the object has no JSON form, which none of these kinds produces.
            pub fn encode(&self) -> Result<Value, DecodeError> {
                match self {
                    $(Self::$variant(object) => encode(object),)*
                }
            }

            /// Its group and version.
            #[must_use]
            pub fn api_version(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => <$type as k8s_openapi::Resource>::API_VERSION,)*
                }
            }

            /// Its kind.
            #[must_use]
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => <$type as k8s_openapi::Resource>::KIND,)*
                }
            }

            /// Its metadata.
            #[must_use]
            pub fn metadata(&self) -> &ObjectMeta {
                match self {
                    $(Self::$variant(object) => &object.metadata,)*
                }
            }
        }

        $(
            impl From<$type> for AnyObject {
                fn from(object: $type) -> Self {
                    Self::$variant(Box::new(object))
                }
            }
        )*
    };
}

objects! {
    stored: {
        Cluster(cluster::v1alpha1::Cluster),
        PropagationPolicy(policy::v1alpha1::PropagationPolicy),
        ClusterPropagationPolicy(policy::v1alpha1::ClusterPropagationPolicy),
        OverridePolicy(policy::v1alpha1::OverridePolicy),
        ClusterOverridePolicy(policy::v1alpha1::ClusterOverridePolicy),
        FederatedResourceQuota(policy::v1alpha1::FederatedResourceQuota),
        ClusterTaintPolicy(policy::v1alpha1::ClusterTaintPolicy),
        /// The first form, which is served but not stored.
        ResourceBindingV1alpha1(work::v1alpha1::ResourceBinding),
        ResourceBinding(work::v1alpha2::ResourceBinding),
        /// The first form, which is served but not stored.
        ClusterResourceBindingV1alpha1(work::v1alpha1::ClusterResourceBinding),
        ClusterResourceBinding(work::v1alpha2::ClusterResourceBinding),
        Work(work::v1alpha1::Work),
        ResourceInterpreterCustomization(config::v1alpha1::ResourceInterpreterCustomization),
        ResourceInterpreterWebhookConfiguration(config::v1alpha1::ResourceInterpreterWebhookConfiguration),
        MultiClusterService(networking::v1alpha1::MultiClusterService),
        MultiClusterIngress(networking::v1alpha1::MultiClusterIngress),
        FederatedHPA(autoscaling::v1alpha1::FederatedHPA),
        CronFederatedHPA(autoscaling::v1alpha1::CronFederatedHPA),
        WorkloadRebalancer(apps::v1alpha1::WorkloadRebalancer),
        Remedy(remedy::v1alpha1::Remedy),
        ResourceRegistry(search::v1alpha1::ResourceRegistry),
        Karmada(operator::v1alpha1::Karmada),
        ServiceExport(multicluster::v1alpha1::ServiceExport),
        ServiceImport(multicluster::v1alpha1::ServiceImport),
    }
    sent: {
        cluster::v1alpha1::ClusterProxyOptions,
        config::v1alpha1::ResourceInterpreterContext,
        search::v1alpha1::Search,
        search::v1alpha1::Proxying,
    }
}

/// A type that stands for a whole document, for code that goes through all of them.
#[derive(Clone, Copy, Debug)]
pub struct Document {
    /// Group and version.
    pub api_version: &'static str,
    /// Kind.
    pub kind: &'static str,
    recode: fn(&Value) -> Result<Value, DecodeError>,
}

impl Document {
    const fn of<T: k8s_openapi::Resource + serde::Serialize + serde::de::DeserializeOwned>() -> Self {
        Self {
            api_version: T::API_VERSION,
            kind: T::KIND,
            recode: |value| decode::<T>(value).and_then(|object| encode(&object)),
        }
    }

    /// Decodes a value as this type, whether or not it says what it is, and encodes it again.
    ///
    /// # Errors
    /// [`DecodeError`] at the field that has the wrong shape.
    pub fn recode(&self, value: &Value) -> Result<Value, DecodeError> {
        (self.recode)(value)
    }
}

impl serde::Serialize for AnyObject {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.encode()
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

fn is<T: k8s_openapi::Resource>(api_version: &str, kind: &str) -> bool {
    T::API_VERSION == api_version && T::KIND == kind
}

fn type_meta(value: &Value) -> Result<(&str, &str), DecodeError> {
    let text = |field: &str| {
        let reason = match value.get(field) {
            Some(Value::String(text)) if !text.is_empty() => return Ok(text.as_str()),
            Some(Value::String(_) | Value::Null) | None if value.is_object() => "is missing",
            Some(_) => "must be a string",
            None => "the document is not an object",
        };
        Err(DecodeError {
            path: if value.is_object() {
                field.to_owned()
            } else {
                ".".to_owned()
            },
            reason: reason.to_owned(),
        })
    };
    Ok((text("apiVersion")?, text("kind")?))
}

fn unknown(api_version: &str, kind: &str) -> DecodeError {
    let versions: Vec<&str> = KINDS
        .iter()
        .filter(|info| info.kind == kind)
        .map(|info| info.api_version)
        .collect();
    if versions.is_empty() {
        return DecodeError {
            path: "kind".to_owned(),
            reason: format!("{kind:?} in {api_version:?} is no kind of Karmada's"),
        };
    }
    DecodeError {
        path: "apiVersion".to_owned(),
        reason: format!(
            "{api_version:?} has no {kind}, which is in {}",
            versions.join(" and ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(value: &Value, path: &str, reason: &str) {
        let error = AnyObject::decode(value).unwrap_err();
        assert_eq!(
            (error.path.as_str(), error.reason.contains(reason)),
            (path, true),
            "{error}"
        );
    }

    #[test]
    fn objects_are_told_by_their_type() {
        let old = json!({"apiVersion": "work.karmada.io/v1alpha1", "kind": "ResourceBinding"});
        assert!(matches!(
            AnyObject::decode(&old).unwrap(),
            AnyObject::ResourceBindingV1alpha1(_)
        ));
        let new = json!({"apiVersion": "work.karmada.io/v1alpha2", "kind": "ResourceBinding",
            "metadata": {"name": "a"}});
        let object = AnyObject::decode(&new).unwrap();
        assert_eq!(
            (object.api_version(), object.kind()),
            ("work.karmada.io/v1alpha2", "ResourceBinding")
        );
        assert_eq!(object.metadata().name.as_deref(), Some("a"));
    }

    #[test]
    fn errors_name_the_field() {
        refused(&json!(5), ".", "not an object");
        refused(&json!({"kind": "Work"}), "apiVersion", "missing");
        refused(
            &json!({"apiVersion": "work.karmada.io/v1alpha1"}),
            "kind",
            "missing",
        );
        refused(&json!({"apiVersion": 1, "kind": "Work"}), "apiVersion", "string");
        refused(
            &json!({"apiVersion": "apps/v1", "kind": "Deployment"}),
            "kind",
            "no kind",
        );
        refused(
            &json!({"apiVersion": "work.karmada.io/v1", "kind": "ResourceBinding"}),
            "apiVersion",
            "v1alpha1 and work.karmada.io/v1alpha2",
        );
        refused(
            &json!({"apiVersion": "work.karmada.io/v1alpha1", "kind": "Work", "spec": {"workload": {"manifests": 1}}}),
            "spec.workload.manifests",
            "sequence",
        );
        refused(
            &json!({"apiVersion": "operator.karmada.io/v1alpha1", "kind": "Karmada",
                "spec": {"components": {"karmadaScheduler": {"replicas": "2"}}}}),
            "spec.components.karmadaScheduler.replicas",
            "i32",
        );
    }

    #[test]
    fn no_two_documents_are_of_the_same_type() {
        let mut types: Vec<_> = DOCUMENTS.iter().map(|d| (d.api_version, d.kind)).collect();
        let all = types.len();
        types.sort_unstable();
        types.dedup();
        assert_eq!(types.len(), all);
    }
}
