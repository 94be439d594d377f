//! `v1`: the volumes of a pod.

use super::meta::{LabelSelector, ObjectMeta};
use super::pod::{LocalObjectReference, ObjectFieldSelector, ResourceFieldSelector};
use super::schema::{Bool, Int32, Int64, Map, Quantity, Str};
use super::storage::PersistentVolumeClaimSpec;

types! {
    Volume {
        awsElasticBlockStore ? AWSElasticBlockStoreVolumeSource, azureDisk ? AzureDiskVolumeSource,
        azureFile ? AzureFileVolumeSource, cephfs ? CephFSVolumeSource, cinder ? CinderVolumeSource,
        configMap ? ConfigMapVolumeSource, csi ? CSIVolumeSource, downwardAPI ? DownwardAPIVolumeSource,
        emptyDir ? EmptyDirVolumeSource, ephemeral ? EphemeralVolumeSource, fc ? FCVolumeSource,
        flexVolume ? FlexVolumeSource, flocker ? FlockerVolumeSource,
        gcePersistentDisk ? GCEPersistentDiskVolumeSource, gitRepo ? GitRepoVolumeSource,
        glusterfs ? GlusterfsVolumeSource, hostPath ? HostPathVolumeSource, image ? ImageVolumeSource,
        iscsi ? ISCSIVolumeSource, name = Str, nfs ? NFSVolumeSource,
        persistentVolumeClaim ? PersistentVolumeClaimVolumeSource,
        photonPersistentDisk ? PhotonPersistentDiskVolumeSource, portworxVolume ? PortworxVolumeSource,
        projected ? ProjectedVolumeSource, quobyte ? QuobyteVolumeSource, rbd ? RBDVolumeSource,
        scaleIO ? ScaleIOVolumeSource, secret ? SecretVolumeSource, storageos ? StorageOSVolumeSource,
        vsphereVolume ? VsphereVirtualDiskVolumeSource,
    }
    GCEPersistentDiskVolumeSource { fsType: Str, partition: Int32, pdName = Str, readOnly: Bool }
    AWSElasticBlockStoreVolumeSource { fsType: Str, partition: Int32, readOnly: Bool, volumeID = Str }
    HostPathVolumeSource { path = Str, type ? Str }
    NFSVolumeSource { path = Str, readOnly: Bool, server = Str }
    FCVolumeSource { fsType: Str, lun ? Int32, readOnly: Bool, targetWWNs: [Str], wwids: [Str] }
    FlockerVolumeSource { datasetName: Str, datasetUUID: Str }
    VsphereVirtualDiskVolumeSource {
        fsType: Str, storagePolicyID: Str, storagePolicyName: Str, volumePath = Str,
    }
    QuobyteVolumeSource { group: Str, readOnly: Bool, registry = Str, tenant: Str, user: Str, volume = Str }
    AzureDiskVolumeSource {
        cachingMode ? Str, diskName = Str, diskURI = Str, fsType ? Str, kind ? Str, readOnly ? Bool,
    }
    PhotonPersistentDiskVolumeSource { fsType: Str, pdID = Str }
    PortworxVolumeSource { fsType: Str, readOnly: Bool, volumeID = Str }
    EmptyDirVolumeSource { medium: Str, sizeLimit ? Quantity }
    GitRepoVolumeSource { directory: Str, repository = Str, revision: Str }
    SecretVolumeSource { defaultMode ? Int32, items: [KeyToPath], optional ? Bool, secretName: Str }
    ISCSIVolumeSource {
        chapAuthDiscovery: Bool, chapAuthSession: Bool, fsType: Str, initiatorName ? Str, iqn = Str,
        iscsiInterface: Str, lun = Int32, portals: [Str], readOnly: Bool, secretRef ? LocalObjectReference,
        targetPortal = Str,
    }
    GlusterfsVolumeSource { endpoints = Str, path = Str, readOnly: Bool }
    PersistentVolumeClaimVolumeSource { claimName = Str, readOnly: Bool }
    RBDVolumeSource {
        fsType: Str, image = Str, keyring: Str, monitors = [Str], pool: Str, readOnly: Bool,
        secretRef ? LocalObjectReference, user: Str,
    }
    FlexVolumeSource {
        driver = Str, fsType: Str, options: Map<Str>, readOnly: Bool, secretRef ? LocalObjectReference,
    }
    CinderVolumeSource { fsType: Str, readOnly: Bool, secretRef ? LocalObjectReference, volumeID = Str }
    CephFSVolumeSource {
        monitors = [Str], path: Str, readOnly: Bool, secretFile: Str, secretRef ? LocalObjectReference,
        user: Str,
    }
    DownwardAPIVolumeSource { defaultMode ? Int32, items: [DownwardAPIVolumeFile] }
    AzureFileVolumeSource { readOnly: Bool, secretName = Str, shareName = Str }
    ConfigMapVolumeSource { defaultMode ? Int32, items: [KeyToPath], name: Str, optional ? Bool }
    ProjectedVolumeSource { defaultMode ? Int32, sources = [VolumeProjection] }
    ScaleIOVolumeSource {
        fsType: Str, gateway = Str, protectionDomain: Str, readOnly: Bool, secretRef ~ LocalObjectReference,
        sslEnabled: Bool, storageMode: Str, storagePool: Str, system = Str, volumeName: Str,
    }
    StorageOSVolumeSource {
        fsType: Str, readOnly: Bool, secretRef ? LocalObjectReference, volumeName: Str, volumeNamespace: Str,
    }
    CSIVolumeSource {
        driver = Str, fsType ? Str, nodePublishSecretRef ? LocalObjectReference, readOnly ? Bool,
        volumeAttributes: Map<Str>,
    }
    EphemeralVolumeSource { volumeClaimTemplate ? PersistentVolumeClaimTemplate }
    ImageVolumeSource { pullPolicy: Str, reference: Str }
    SecretReference { name: Str, namespace: Str }
    KeyToPath { key = Str, mode ? Int32, path = Str }
    DownwardAPIVolumeFile {
        fieldRef ? ObjectFieldSelector, mode ? Int32, path = Str, resourceFieldRef ? ResourceFieldSelector,
    }
    VolumeProjection {
        clusterTrustBundle ? ClusterTrustBundleProjection, configMap ? ConfigMapProjection,
        downwardAPI ? DownwardAPIProjection, podCertificate ? PodCertificateProjection,
        secret ? SecretProjection, serviceAccountToken ? ServiceAccountTokenProjection,
    }
    PersistentVolumeClaimTemplate { metadata = ObjectMeta, spec = PersistentVolumeClaimSpec }
    SecretProjection { items: [KeyToPath], name: Str, optional ? Bool }
    DownwardAPIProjection { items: [DownwardAPIVolumeFile] }
    ConfigMapProjection { items: [KeyToPath], name: Str, optional ? Bool }
    ServiceAccountTokenProjection { audience: Str, expirationSeconds ? Int64, path = Str }
    ClusterTrustBundleProjection {
        labelSelector ? LabelSelector, name ? Str, optional ? Bool, path = Str, signerName ? Str,
    }
    PodCertificateProjection {
        certificateChainPath: Str, credentialBundlePath: Str, keyPath: Str, keyType: Str,
        maxExpirationSeconds ? Int32, signerName: Str, userAnnotations: Map<Str>,
    }
}
