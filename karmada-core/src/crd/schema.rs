//! From a Rust type to a structural schema.
//!
//! schemars derives a schema from each type; four transforms make it one that a CustomResourceDefinition can hold:
//!
//! 1. [`KubernetesFacts`](super::kubernetes::KubernetesFacts) adds to the types of k8s-openapi what their schemas lack,
//! 2. [`InlineDefinitions`] puts definitions where they are referred to, since structural schemas have no references,
//! 3. [`DropNull`] takes back that an `Option` may be `null`: upstream's schemas never say so, and an API server drops
//!    or refuses `null` accordingly,
//! 4. [`ApplyMarks`] turns our marks into `required` and `default`, and drops what no CustomResourceDefinition has.

use schemars::generate::{Contract, SchemaSettings};
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value};

use super::kubernetes::KubernetesFacts;

/// Says of a member that is always written that the schema does not require it.
pub(super) const OPTIONAL: &str = "x-karmada-optional";
/// Says of a member that is not always written that the schema requires it.
pub(super) const REQUIRED: &str = "x-karmada-required";
/// The default an API server fills in.
pub(super) const DEFAULT: &str = "x-karmada-default";

/// Where a derived schema has its definitions.
pub(super) const DEFINITIONS: &str = "$defs";
const REFERENCE_PREFIX: &str = "#/$defs/";

/// What schemars derives from a type, with definitions and references.
pub(super) fn derived<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.contract = Contract::Serialize;
        settings.meta_schema = None;
        settings.transforms.clear();
    });
    settings.into_generator().into_root_schema_for::<T>()
}

/// The structural schema that a derived one stands for.
pub(super) fn structural(mut schema: Schema) -> Value {
    KubernetesFacts.transform(&mut schema);
    InlineDefinitions::default().transform(&mut schema);
    DropNull.transform(&mut schema);
    ApplyMarks.transform(&mut schema);
    schema.to_value()
}

/// Replaces references by what they refer to. What stands beside a reference, such as a description, wins.
#[derive(Default)]
struct InlineDefinitions {
    definitions: Map<String, Value>,
}

impl Transform for InlineDefinitions {
    fn transform(&mut self, schema: &mut Schema) {
        if let Some(Value::Object(definitions)) = schema.remove(DEFINITIONS) {
            self.definitions = definitions;
        }
        while let Some(Value::String(reference)) = schema.remove("$ref") {
            let target = reference
                .strip_prefix(REFERENCE_PREFIX)
                .and_then(|name| self.definitions.get(name));
            let Some(Value::Object(target)) = target else {
                break;
            };
            for (key, value) in target {
                if schema.get(key).is_none() {
                    schema.insert(key.clone(), value.clone());
                }
            }
        }
        transform_subschemas(self, schema);
    }
}

/// Removes `null` from types, alternatives and enumerations.
struct DropNull;

impl Transform for DropNull {
    fn transform(&mut self, schema: &mut Schema) {
        let is_null = |alternative: &Value| alternative.get("type").is_some_and(|type_| type_ == "null");
        let nullable = matches!(schema.get("anyOf"), Some(Value::Array(all)) if all.iter().any(is_null));
        if nullable && let Some(Value::Array(alternatives)) = schema.remove("anyOf") {
            for alternative in alternatives {
                let Value::Object(alternative) = alternative else {
                    continue;
                };
                for (key, value) in alternative {
                    if schema.get(&key).is_none() && value != "null" {
                        schema.insert(key, value);
                    }
                }
            }
        }
        if let Some(Value::Array(mut types)) = schema.get("type").cloned() {
            types.retain(|type_| type_ != "null");
            if let [only] = types.as_slice() {
                schema.insert("type".to_owned(), only.clone());
            }
        }
        if let Some(Value::Array(values)) = schema.get_mut("enum") {
            values.retain(|value| !value.is_null());
        }
        transform_subschemas(self, schema);
    }
}

/// Turns marks into `required` and `default`, and drops what schemars says beyond a CustomResourceDefinition.
struct ApplyMarks;

impl Transform for ApplyMarks {
    fn transform(&mut self, schema: &mut Schema) {
        for keyword in ["title", "default"] {
            schema.remove(keyword);
        }
        let mut optional = Vec::new();
        let mut required = Vec::new();
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            for (name, property) in properties {
                let Value::Object(property) = property else {
                    continue;
                };
                if property.remove(OPTIONAL).is_some() {
                    optional.push(name.clone());
                }
                if property.remove(REQUIRED).is_some() {
                    required.push(name.clone());
                }
            }
        }
        if let Some(Value::Array(names)) = schema.get("required") {
            let kept = names.iter().filter_map(Value::as_str);
            required.extend(
                kept.filter(|name| !optional.iter().any(|o| o == name))
                    .map(str::to_owned),
            );
        }
        if required.is_empty() {
            schema.remove("required");
        } else {
            required.sort_unstable();
            schema.insert("required".to_owned(), required.into());
        }
        transform_subschemas(self, schema);
        if let Some(default) = schema.remove(DEFAULT) {
            schema.insert("default".to_owned(), default);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use super::*;

    fn of<T: JsonSchema>() -> Value {
        structural(derived::<T>())
    }

    #[derive(Default, Serialize, Deserialize, JsonSchema)]
    #[serde(default, rename_all = "camelCase")]
    #[schemars(inline)]
    struct Sample {
        always_written: String,
        #[schemars(extend("x-karmada-optional" = true))]
        not_required: Vec<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(extend("x-karmada-default" = 3))]
        pointer: Option<i32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(extend("x-karmada-required" = true))]
        wanted: Option<k8s_openapi::apimachinery::pkg::apis::meta::v1::Time>,
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        map: BTreeMap<String, bool>,
    }

    #[test]
    fn members_are_required_if_always_written_or_marked() {
        let mut schema = of::<Sample>();
        assert_eq!(schema["required"], json!(["alwaysWritten", "wanted"]));
        let wanted = schema["properties"]["wanted"].as_object_mut().unwrap();
        assert!(wanted.remove("description").is_some());
        assert_eq!(
            schema["properties"],
            json!({
                "alwaysWritten": {"type": "string"},
                "notRequired": {"type": "array", "items": {"type": "string"}},
                "pointer": {"type": "integer", "format": "int32", "default": 3},
                "wanted": {"type": "string", "format": "date-time"},
                "map": {"type": "object", "additionalProperties": {"type": "boolean"}},
            })
        );
    }

    #[test]
    fn quantities_and_options_of_them_are_the_same() {
        let quantity = of::<crate::quantity::Quantity>();
        assert_eq!(of::<Option<crate::quantity::Quantity>>(), quantity);
        assert_eq!(quantity["x-kubernetes-int-or-string"], true);
    }

    /// Goes through a structural schema and collects the keywords it uses.
    fn keywords(schema: &Value, found: &mut std::collections::BTreeSet<String>) {
        let Some(schema) = schema.as_object() else { return };
        for (key, value) in schema {
            found.insert(key.clone());
            match key.as_str() {
                "properties" => value
                    .as_object()
                    .unwrap()
                    .values()
                    .for_each(|v| keywords(v, found)),
                "items" | "additionalProperties" => keywords(value, found),
                "type" => assert!(value.is_string(), "{value}"),
                _ => {}
            }
        }
    }

    #[test]
    fn schemas_use_only_what_kubernetes_knows() {
        let mut found = std::collections::BTreeSet::new();
        for info in crate::crd::kinds() {
            keywords(&info.schema(), &mut found);
        }
        let known = [
            "additionalProperties",
            "anyOf",
            "default",
            "description",
            "enum",
            "format",
            "items",
            "maxItems",
            "maxLength",
            "maximum",
            "minItems",
            "minLength",
            "minimum",
            "pattern",
            "properties",
            "required",
            "type",
            "x-kubernetes-int-or-string",
            "x-kubernetes-list-map-keys",
            "x-kubernetes-list-type",
            "x-kubernetes-map-type",
            "x-kubernetes-preserve-unknown-fields",
            "x-kubernetes-validations",
        ];
        let unknown: Vec<_> = found.iter().filter(|k| !known.contains(&k.as_str())).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
