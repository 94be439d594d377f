//! `v1`: PersistentVolume and PersistentVolumeClaim.

use super::meta::{LabelSelector, ObjectMeta};
use super::pod::{NodeSelector, ObjectReference};
use super::schema::{Bool, Int32, Map, Quantity, Str, Time};
use super::volume::{
    AWSElasticBlockStoreVolumeSource, AzureDiskVolumeSource, FCVolumeSource, FlockerVolumeSource,
    GCEPersistentDiskVolumeSource, HostPathVolumeSource, NFSVolumeSource, PhotonPersistentDiskVolumeSource,
    PortworxVolumeSource, QuobyteVolumeSource, SecretReference, VsphereVirtualDiskVolumeSource,
};

types! {
    PersistentVolumeClaim {
        apiVersion: Str, kind: Str, metadata = ObjectMeta, spec = PersistentVolumeClaimSpec,
        status = PersistentVolumeClaimStatus,
    }
    PersistentVolume {
        apiVersion: Str, kind: Str, metadata = ObjectMeta, spec = PersistentVolumeSpec,
        status = PersistentVolumeStatus,
    }
    PersistentVolumeClaimSpec {
        accessModes: [Str], dataSource ? TypedLocalObjectReference, dataSourceRef ? TypedObjectReference,
        resources = VolumeResourceRequirements, selector ? LabelSelector, storageClassName ? Str,
        volumeAttributesClassName ? Str, volumeMode ? Str, volumeName: Str,
    }
    PersistentVolumeClaimStatus {
        accessModes: [Str], allocatedResourceStatuses: Map<Str>, allocatedResources: Map<Quantity>,
        capacity: Map<Quantity>, conditions: [PersistentVolumeClaimCondition],
        currentVolumeAttributesClassName ? Str, modifyVolumeStatus ? ModifyVolumeStatus, phase: Str,
    }
    PersistentVolumeSpec {
        accessModes: [Str], awsElasticBlockStore ? AWSElasticBlockStoreVolumeSource,
        azureDisk ? AzureDiskVolumeSource, azureFile ? AzureFilePersistentVolumeSource,
        capacity: Map<Quantity>, cephfs ? CephFSPersistentVolumeSource, cinder ? CinderPersistentVolumeSource,
        claimRef ? ObjectReference, csi ? CSIPersistentVolumeSource, fc ? FCVolumeSource,
        flexVolume ? FlexPersistentVolumeSource, flocker ? FlockerVolumeSource,
        gcePersistentDisk ? GCEPersistentDiskVolumeSource, glusterfs ? GlusterfsPersistentVolumeSource,
        hostPath ? HostPathVolumeSource, iscsi ? ISCSIPersistentVolumeSource, local ? LocalVolumeSource,
        mountOptions: [Str], nfs ? NFSVolumeSource, nodeAffinity ? VolumeNodeAffinity,
        persistentVolumeReclaimPolicy: Str, photonPersistentDisk ? PhotonPersistentDiskVolumeSource,
        portworxVolume ? PortworxVolumeSource, quobyte ? QuobyteVolumeSource, rbd ? RBDPersistentVolumeSource,
        scaleIO ? ScaleIOPersistentVolumeSource, storageClassName: Str,
        storageos ? StorageOSPersistentVolumeSource, volumeAttributesClassName ? Str, volumeMode ? Str,
        vsphereVolume ? VsphereVirtualDiskVolumeSource,
    }
    PersistentVolumeStatus { lastPhaseTransitionTime ? Time, message: Str, phase: Str, reason: Str }
    VolumeResourceRequirements { limits: Map<Quantity>, requests: Map<Quantity> }
    TypedLocalObjectReference { apiGroup ~ Str, kind = Str, name = Str }
    TypedObjectReference { apiGroup ~ Str, kind = Str, name = Str, namespace ? Str }
    PersistentVolumeClaimCondition {
        lastProbeTime = Time, lastTransitionTime = Time, message: Str, reason: Str, status = Str, type = Str,
    }
    ModifyVolumeStatus { status = Str, targetVolumeAttributesClassName: Str }
    GlusterfsPersistentVolumeSource { endpoints = Str, endpointsNamespace ? Str, path = Str, readOnly: Bool }
    RBDPersistentVolumeSource {
        fsType: Str, image = Str, keyring: Str, monitors = [Str], pool: Str, readOnly: Bool,
        secretRef ? SecretReference, user: Str,
    }
    ISCSIPersistentVolumeSource {
        chapAuthDiscovery: Bool, chapAuthSession: Bool, fsType: Str, initiatorName ? Str, iqn = Str,
        iscsiInterface: Str, lun = Int32, portals: [Str], readOnly: Bool, secretRef ? SecretReference,
        targetPortal = Str,
    }
    CinderPersistentVolumeSource { fsType: Str, readOnly: Bool, secretRef ? SecretReference, volumeID = Str }
    CephFSPersistentVolumeSource {
        monitors = [Str], path: Str, readOnly: Bool, secretFile: Str, secretRef ? SecretReference, user: Str,
    }
    FlexPersistentVolumeSource {
        driver = Str, fsType: Str, options: Map<Str>, readOnly: Bool, secretRef ? SecretReference,
    }
    AzureFilePersistentVolumeSource {
        readOnly: Bool, secretName = Str, secretNamespace ~ Str, shareName = Str,
    }
    ScaleIOPersistentVolumeSource {
        fsType: Str, gateway = Str, protectionDomain: Str, readOnly: Bool, secretRef ~ SecretReference,
        sslEnabled: Bool, storageMode: Str, storagePool: Str, system = Str, volumeName: Str,
    }
    LocalVolumeSource { fsType ? Str, path = Str }
    StorageOSPersistentVolumeSource {
        fsType: Str, readOnly: Bool, secretRef ? ObjectReference, volumeName: Str, volumeNamespace: Str,
    }
    CSIPersistentVolumeSource {
        controllerExpandSecretRef ? SecretReference, controllerPublishSecretRef ? SecretReference,
        driver = Str, fsType: Str, nodeExpandSecretRef ? SecretReference,
        nodePublishSecretRef ? SecretReference, nodeStageSecretRef ? SecretReference, readOnly: Bool,
        volumeAttributes: Map<Str>, volumeHandle = Str,
    }
    VolumeNodeAffinity { required ? NodeSelector }
}
