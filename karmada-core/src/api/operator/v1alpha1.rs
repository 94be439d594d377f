//! `operator.karmada.io/v1alpha1` (`karmada:operator/pkg/apis/operator/v1alpha1/type.go`): the types only, no operator.

mod components;
mod karmada;

pub use components::{
    Etcd, ExternalEtcd, KarmadaAPIServer, KarmadaAggregatedAPIServer, KarmadaComponents,
    KarmadaControllerManager, KarmadaDescheduler, KarmadaMetricsAdapter, KarmadaScheduler, KarmadaSearch,
    KarmadaWebhook, KubeControllerManager, LocalEtcd, PodDisruptionBudgetConfig, ServiceType, VolumeData,
};
pub use karmada::{
    APIServerService, CRDDownloadPolicy, CRDTarball, CustomCertificate, HTTPSource, HostCluster,
    ImageRegistry, Karmada, KarmadaSpec, KarmadaStatus, LocalSecretReference, Networking, ProxyConfig,
};
