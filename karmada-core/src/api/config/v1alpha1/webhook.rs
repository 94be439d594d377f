//! Webhooks that interpret kinds (`karmada:pkg/apis/config/v1alpha1/resourceinterpreterwebhook_types.go`).

use k8s_openapi::api::admissionregistration::v1::WebhookClientConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::wire::nullable;

kind! {
    /// Interprets kinds by asking webhooks.
    pub struct ResourceInterpreterWebhookConfiguration {
        group: "config.karmada.io", version: "v1alpha1", plural: "resourceinterpreterwebhookconfigurations",
        singular: "resourceinterpreterwebhookconfiguration",
        scope: Cluster, short_names: [], categories: ["karmada-io"], status: false,
        columns: [],
        /// The webhooks.
        webhooks: Vec<ResourceInterpreterWebhook>,
    }
}

/// A webhook and what it is asked about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ResourceInterpreterWebhook {
    /// Full name, a DNS subdomain.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    /// How it is reached.
    #[serde(deserialize_with = "nullable")]
    pub client_config: WebhookClientConfig,
    /// What it is asked about: any of these.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleWithOperations>,
    /// Seconds it may take, from 1 to 30; absent means 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<i32>,
    /// Versions of ResourceInterpreterContext it understands, best first.
    #[serde(deserialize_with = "nullable")]
    pub interpreter_context_versions: Vec<String>,
}

/// Operations on kinds; each list may hold `*` for everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct RuleWithOperations {
    /// The operations.
    #[serde(deserialize_with = "nullable")]
    #[schemars(with = "Vec<String>")]
    pub operations: Vec<InterpreterOperation>,
    /// The groups; the core group is the empty text.
    #[serde(deserialize_with = "nullable")]
    pub api_groups: Vec<String>,
    /// The versions.
    #[serde(deserialize_with = "nullable")]
    pub api_versions: Vec<String>,
    /// The kinds.
    #[serde(deserialize_with = "nullable")]
    pub kinds: Vec<String>,
}

closed_set! {
    /// What an interpreter can be asked.
    pub enum InterpreterOperation {
        /// Everything.
        All = "*",
        /// Replicas, and what one of them needs.
        InterpretReplica = "InterpretReplica",
        /// The parts of a workload with several pod templates.
        InterpretComponent = "InterpretComponent",
        /// The template with other replicas.
        ReviseReplica = "ReviseReplica",
        /// The part of a member's status that is collected.
        InterpretStatus = "InterpretStatus",
        /// The template without what does not go to members; defined upstream, never asked.
        Prune = "Prune",
        /// What a member's copy keeps when it is updated.
        Retain = "Retain",
        /// The template with the status of all members.
        AggregateStatus = "AggregateStatus",
        /// Whether a member's copy is healthy.
        InterpretHealth = "InterpretHealth",
        /// What goes with the template.
        InterpretDependency = "InterpretDependency",
    }
}

impl RuleWithOperations {
    /// These operations on one kind.
    #[must_use]
    pub fn new(
        operations: impl IntoIterator<Item = InterpreterOperation>,
        (group, version, kind): (&str, &str, &str),
    ) -> Self {
        Self {
            operations: operations.into_iter().collect(),
            api_groups: vec![group.into()],
            api_versions: vec![version.into()],
            kinds: vec![kind.into()],
        }
    }
}

impl ResourceInterpreterWebhook {
    /// A webhook at a URL that speaks `v1alpha1`.
    #[must_use]
    pub fn at_url(name: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            client_config: WebhookClientConfig {
                url: Some(url.into()),
                ..WebhookClientConfig::default()
            },
            interpreter_context_versions: vec!["v1alpha1".into()],
            ..Self::default()
        }
    }

    /// Asks it about this as well.
    #[must_use]
    pub fn rule(mut self, rule: RuleWithOperations) -> Self {
        self.rules.push(rule);
        self
    }
}

impl ResourceInterpreterWebhookConfiguration {
    /// Webhooks under that name.
    ///
    /// ```
    /// use karmada_core::api::config::v1alpha1::{
    ///     InterpreterOperation, ResourceInterpreterWebhook, ResourceInterpreterWebhookConfiguration,
    ///     RuleWithOperations,
    /// };
    /// let webhook = ResourceInterpreterWebhook::at_url("workloads.example.com", "https://localhost:8443/interpret")
    ///     .rule(RuleWithOperations::new(
    ///         [InterpreterOperation::InterpretReplica],
    ///         ("example.com", "v1", "Workload"),
    ///     ));
    /// let configuration = ResourceInterpreterWebhookConfiguration::new("examples", [webhook]);
    /// assert_eq!(configuration.webhooks[0].rules[0].kinds, ["Workload"]);
    /// ```
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        webhooks: impl IntoIterator<Item = ResourceInterpreterWebhook>,
    ) -> Self {
        Self {
            webhooks: webhooks.into_iter().collect(),
            ..Self::named(name)
        }
    }
}
