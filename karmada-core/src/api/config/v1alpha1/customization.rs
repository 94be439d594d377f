//! Scripts that interpret a kind (`karmada:pkg/apis/config/v1alpha1/resourceinterpretercustomization_types.go`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::wire::nullable;

kind! {
    /// Interprets a kind by scripts.
    pub struct ResourceInterpreterCustomization {
        group: "config.karmada.io", version: "v1alpha1", plural: "resourceinterpretercustomizations",
        singular: "resourceinterpretercustomization",
        scope: Cluster, short_names: ["ric"], categories: ["karmada-io"], status: false,
        columns: [
            ("TARGET-API-VERSION", "string", ".spec.target.apiVersion"),
            ("TARGET-KIND", "string", ".spec.target.kind"),
            ("AGE", "date", ".metadata.creationTimestamp"),
        ],
        /// The kind and the scripts.
        spec: ResourceInterpreterCustomizationSpec,
    }
}

/// A kind and the scripts that interpret it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ResourceInterpreterCustomizationSpec {
    /// The kind.
    #[serde(deserialize_with = "nullable")]
    pub target: CustomizationTarget,
    /// The scripts, by operation.
    #[serde(deserialize_with = "nullable")]
    pub customizations: CustomizationRules,
}

/// The kind that is interpreted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct CustomizationTarget {
    /// Group and version.
    #[serde(deserialize_with = "nullable")]
    pub api_version: String,
    /// Kind.
    #[serde(deserialize_with = "nullable")]
    pub kind: String,
}

/// Scripts by operation; an operation without one is left to the other interpreters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct CustomizationRules {
    /// `Retain(desiredObj, observedObj)`: what a member's copy keeps when it is updated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention: Option<LuaScript>,
    /// `GetReplicas(desiredObj)`: replicas, and what one of them needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replica_resource: Option<LuaScript>,
    /// `GetComponents(desiredObj)`: the parts of a workload with several pod templates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component_resource: Option<LuaScript>,
    /// `ReviseReplica(desiredObj, desiredReplica)`: the template with other replicas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replica_revision: Option<LuaScript>,
    /// `ReflectStatus(observedObj)`: the part of a member's status that is collected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_reflection: Option<LuaScript>,
    /// `AggregateStatus(desiredObj, statusItems)`: the template with the status of all members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_aggregation: Option<LuaScript>,
    /// `InterpretHealth(observedObj)`: whether a member's copy is healthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_interpretation: Option<LuaScript>,
    /// `GetDependencies(desiredObj)`: what goes with the template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dependency_interpretation: Option<LuaScript>,
}

/// A script in Lua 5.1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct LuaScript {
    /// Its text.
    #[serde(deserialize_with = "nullable")]
    pub lua_script: String,
}

impl LuaScript {
    /// A script of that text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            lua_script: text.into(),
        }
    }
}

impl CustomizationRules {
    /// Sets the script for `Retain`.
    #[must_use]
    pub fn retention(mut self, script: impl Into<String>) -> Self {
        self.retention = Some(LuaScript::new(script));
        self
    }

    /// Sets the script for `GetReplicas`.
    #[must_use]
    pub fn replica_resource(mut self, script: impl Into<String>) -> Self {
        self.replica_resource = Some(LuaScript::new(script));
        self
    }

    /// Sets the script for `GetComponents`.
    #[must_use]
    pub fn component_resource(mut self, script: impl Into<String>) -> Self {
        self.component_resource = Some(LuaScript::new(script));
        self
    }

    /// Sets the script for `ReviseReplica`.
    #[must_use]
    pub fn replica_revision(mut self, script: impl Into<String>) -> Self {
        self.replica_revision = Some(LuaScript::new(script));
        self
    }

    /// Sets the script for `ReflectStatus`.
    #[must_use]
    pub fn status_reflection(mut self, script: impl Into<String>) -> Self {
        self.status_reflection = Some(LuaScript::new(script));
        self
    }

    /// Sets the script for `AggregateStatus`.
    #[must_use]
    pub fn status_aggregation(mut self, script: impl Into<String>) -> Self {
        self.status_aggregation = Some(LuaScript::new(script));
        self
    }

    /// Sets the script for `InterpretHealth`.
    #[must_use]
    pub fn health_interpretation(mut self, script: impl Into<String>) -> Self {
        self.health_interpretation = Some(LuaScript::new(script));
        self
    }

    /// Sets the script for `GetDependencies`.
    #[must_use]
    pub fn dependency_interpretation(mut self, script: impl Into<String>) -> Self {
        self.dependency_interpretation = Some(LuaScript::new(script));
        self
    }
}

impl ResourceInterpreterCustomization {
    /// Interprets a kind by these scripts.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        api_version: impl Into<String>,
        kind: impl Into<String>,
        customizations: CustomizationRules,
    ) -> Self {
        Self {
            spec: ResourceInterpreterCustomizationSpec {
                target: CustomizationTarget {
                    api_version: api_version.into(),
                    kind: kind.into(),
                },
                customizations,
            },
            ..Self::named(name)
        }
    }
}
