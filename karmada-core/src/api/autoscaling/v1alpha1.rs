//! `autoscaling.karmada.io/v1alpha1`.

mod cron;
mod federated;

pub use cron::{
    CronFederatedHPA, CronFederatedHPARule, CronFederatedHPASpec, CronFederatedHPAStatus, ExecutionHistory,
    FailedExecution, SuccessfulExecution,
};
pub use federated::{FederatedHPA, FederatedHPASpec};
pub use k8s_openapi::api::autoscaling::v2::CrossVersionObjectReference;
