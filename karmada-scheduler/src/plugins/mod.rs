//! The in-tree plugins (`karmada:pkg/scheduler/framework/plugins`) and that of [`Profile::spread`](crate::Profile::spread),
//! a module each.

mod api_enablement;
mod cluster_affinity;
mod cluster_eviction;
mod cluster_locality;
mod spread_constraint;
mod spread_label;
mod taint_toleration;
mod workload_affinity;

pub use api_enablement::ApiEnablement;
pub use cluster_affinity::ClusterAffinity;
pub use cluster_eviction::ClusterEviction;
pub use cluster_locality::ClusterLocality;
pub use spread_constraint::SpreadConstraint;
pub use spread_label::SpreadLabel;
pub use taint_toleration::TaintToleration;
pub use workload_affinity::{WorkloadAffinity, WorkloadAntiAffinity};
