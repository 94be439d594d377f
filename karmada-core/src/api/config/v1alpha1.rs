//! `config.karmada.io/v1alpha1` (`karmada:pkg/apis/config/v1alpha1`).

mod context;
mod customization;
mod dependency;
mod webhook;

pub use context::{
    GroupVersionKind, PatchType, RequestStatus, ResourceInterpreterContext, ResourceInterpreterRequest,
    ResourceInterpreterResponse,
};
pub use customization::{
    CustomizationRules, CustomizationTarget, LuaScript, ResourceInterpreterCustomization,
    ResourceInterpreterCustomizationSpec,
};
pub use dependency::DependentObjectReference;
pub use webhook::{
    InterpreterOperation, ResourceInterpreterWebhook, ResourceInterpreterWebhookConfiguration,
    RuleWithOperations,
};
