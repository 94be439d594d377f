//! Declarations every API module repeats: closed sets of strings, and kinds.

/// Declares a closed set of strings as an enum that keeps what it does not know.
///
/// The schema lists the known values; the decoder accepts any text, so that validation can name a wrong one.
macro_rules! closed_set {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$vmeta])* $variant,)+
            /// A value outside the set, kept as written; schema and validation refuse it.
            Other(String),
        }

        impl $name {
            /// The values of the set, in the order upstream declares them.
            pub const VALUES: &'static [&'static str] = &[$($text),+];

            /// The text on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                }
            }

            /// Whether the value belongs to the set.
            #[must_use]
            pub fn is_known(&self) -> bool {
                !matches!(self, Self::Other(_))
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                match text.as_str() {
                    $($text => Self::$variant,)+
                    _ => Self::Other(text),
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::from(text.to_owned())
            }
        }

        /// The empty text: what a missing required member reads as.
        impl Default for $name {
            fn default() -> Self {
                Self::Other(String::new())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <String as serde::Deserialize>::deserialize(deserializer).map(Self::from)
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string", "enum": Self::VALUES})
            }
        }
    };
}

/// Declares a kind: the object struct, its identity for kube and k8s-openapi, and what its CRD says besides the schema.
///
/// A column with a fourth part has that priority; above 0 it is only shown in wide tables.
/// Members after `metadata` are always written; `= optional` says that the schema does not require one.
macro_rules! kind {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            group: $group:literal, version: $version:literal, plural: $plural:literal, singular: $singular:literal,
            scope: $scope:ident,
            short_names: [$($short:literal),*], categories: [$($category:literal),*], status: $status:literal,
            columns: [$(($cname:literal, $ctype:literal, $cpath:literal $(, $cpriority:literal)?)),* $(,)?],
            $($(#[doc = $doc:literal])* $field:ident: $type:ty $(= $mark:ident)?,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name {
            /// Standard object metadata.
            pub metadata: k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta,
            $($(#[doc = $doc])* pub $field: $type,)*
        }

        const _: () = {
            use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

            const API_VERSION: &str = concat!($group, "/", $version);

            impl serde::Serialize for $name {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    use serde::ser::SerializeStruct;
                    const FIELDS: usize = 3 $(+ { let _ = stringify!($field); 1 })*;
                    let mut object = serializer.serialize_struct(stringify!($name), FIELDS)?;
                    object.serialize_field("apiVersion", API_VERSION)?;
                    object.serialize_field("kind", stringify!($name))?;
                    object.serialize_field("metadata", &self.metadata)?;
                    $(object.serialize_field(stringify!($field), &self.$field)?;)*
                    object.end()
                }
            }

            #[derive(serde::Deserialize, schemars::JsonSchema)]
            #[serde(default, rename_all = "camelCase")]
            #[schemars(inline)]
            #[derive(Default)]
            $(#[$meta])*
            struct Wire {
                #[serde(deserialize_with = "crate::api::wire::nullable", skip_serializing_if = "String::is_empty")]
                api_version: String,
                #[serde(deserialize_with = "crate::api::wire::nullable", skip_serializing_if = "String::is_empty")]
                kind: String,
                #[serde(deserialize_with = "crate::api::wire::nullable", skip_serializing_if = "crate::api::wire::is_zero")]
                #[schemars(with = "crate::api::meta::MetadataSchema")]
                metadata: ObjectMeta,
                $(
                    $(#[doc = $doc])*
                    $(#[schemars(extend("x-karmada-optional" = stringify!($mark)))])?
                    #[serde(deserialize_with = "crate::api::wire::nullable")]
                    $field: $type,
                )*
            }

            impl<'de> serde::Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    let wire = Wire::deserialize(deserializer)?;
                    crate::api::wire::expect_type::<D::Error>(
                        (API_VERSION, stringify!($name)),
                        (&wire.api_version, &wire.kind),
                    )?;
                    Ok(Self { metadata: wire.metadata, $($field: wire.$field,)* })
                }
            }

            impl schemars::JsonSchema for $name {
                fn inline_schema() -> bool {
                    true
                }
                fn schema_name() -> std::borrow::Cow<'static, str> {
                    stringify!($name).into()
                }
                fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                    Wire::json_schema(generator)
                }
            }

            impl k8s_openapi::Resource for $name {
                const API_VERSION: &'static str = API_VERSION;
                const GROUP: &'static str = $group;
                const KIND: &'static str = stringify!($name);
                const VERSION: &'static str = $version;
                const URL_PATH_SEGMENT: &'static str = $plural;
                type Scope = kind!(@scope $scope);
            }

            impl k8s_openapi::ListableResource for $name {
                const LIST_KIND: &'static str = concat!(stringify!($name), "List");
            }

            impl k8s_openapi::Metadata for $name {
                type Ty = ObjectMeta;
                fn metadata(&self) -> &Self::Ty {
                    &self.metadata
                }
                fn metadata_mut(&mut self) -> &mut Self::Ty {
                    &mut self.metadata
                }
            }

            impl crate::crd::CustomResource for $name {
                const NAMES: crate::crd::Names = crate::crd::Names {
                    plural: $plural,
                    singular: $singular,
                    short_names: &[$($short),*],
                    categories: &[$($category),*],
                };
                const SCOPE: crate::crd::Scope = crate::crd::Scope::$scope;
                const STATUS_SUBRESOURCE: bool = $status;
                const COLUMNS: &'static [crate::crd::Column] =
                    &[$(crate::crd::Column {
                        name: $cname,
                        type_: $ctype,
                        json_path: $cpath,
                        priority: 0 $(+ $cpriority)?,
                    }),*];
            }
        };

        kind!(@new $scope $name);
    };
    (@scope Namespaced) => { k8s_openapi::NamespaceResourceScope };
    (@scope Cluster) => { k8s_openapi::ClusterResourceScope };
    (@new Namespaced $name:ident) => {
        impl $name {
            /// An empty object of that namespace and name.
            #[must_use]
            pub fn named(namespace: impl Into<String>, name: impl Into<String>) -> Self {
                let mut object = Self::default();
                object.metadata.namespace = Some(namespace.into());
                object.metadata.name = Some(name.into());
                object
            }
        }
    };
    (@new Cluster $name:ident) => {
        impl $name {
            /// An empty object of that name.
            #[must_use]
            pub fn named(name: impl Into<String>) -> Self {
                let mut object = Self::default();
                object.metadata.name = Some(name.into());
                object
            }
        }
    };
}

/// Declares an object that is only sent, never stored: its struct and its identity. Zero members are not written.
macro_rules! wire_kind {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            group: $group:literal, version: $version:literal, plural: $plural:literal, scope: $scope:ident,
            $($(#[doc = $doc:literal])* $field:ident: $type:ty,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name {
            $($(#[doc = $doc])* pub $field: $type,)*
        }

        const _: () = {
            const API_VERSION: &str = concat!($group, "/", $version);

            #[derive(serde::Serialize)]
            #[serde(rename_all = "camelCase")]
            struct Written<'a> {
                api_version: &'static str,
                kind: &'static str,
                $(#[serde(skip_serializing_if = "Option::is_none")] $field: Option<&'a $type>,)*
            }

            #[derive(Default, serde::Deserialize)]
            #[serde(default, rename_all = "camelCase")]
            struct Read {
                #[serde(deserialize_with = "crate::api::wire::nullable")]
                api_version: String,
                #[serde(deserialize_with = "crate::api::wire::nullable")]
                kind: String,
                $(#[serde(deserialize_with = "crate::api::wire::nullable")] $field: $type,)*
            }

            impl serde::Serialize for $name {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    let written = Written {
                        api_version: API_VERSION,
                        kind: stringify!($name),
                        $($field: (!crate::api::wire::is_zero(&self.$field)).then_some(&self.$field),)*
                    };
                    written.serialize(serializer)
                }
            }

            impl<'de> serde::Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    let read = Read::deserialize(deserializer)?;
                    crate::api::wire::expect_type::<D::Error>(
                        (API_VERSION, stringify!($name)),
                        (&read.api_version, &read.kind),
                    )?;
                    Ok(Self { $($field: read.$field,)* })
                }
            }

            impl k8s_openapi::Resource for $name {
                const API_VERSION: &'static str = API_VERSION;
                const GROUP: &'static str = $group;
                const KIND: &'static str = stringify!($name);
                const VERSION: &'static str = $version;
                const URL_PATH_SEGMENT: &'static str = $plural;
                type Scope = kind!(@scope $scope);
            }
        };
    };
}
