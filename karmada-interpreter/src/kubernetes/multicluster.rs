//! `multicluster.x-k8s.io/v1alpha1`.

use super::meta::ObjectMeta;
use super::schema::{Int32, Str};
use super::service::SessionAffinityConfig;

types! {
    ServiceImport {
        apiVersion: Str, kind: Str, metadata = ObjectMeta, spec = ServiceImportSpec, status = ServiceImportStatus,
    }
    ServiceImportSpec {
        ips: [Str], ports = [ImportedPort], sessionAffinity: Str, sessionAffinityConfig ? SessionAffinityConfig,
        type = Str,
    }
    ImportedPort { appProtocol ? Str, name: Str, port = Int32, protocol: Str }
    ServiceImportStatus { clusters: [ExportingCluster] }
    ExportingCluster { cluster = Str }
}
