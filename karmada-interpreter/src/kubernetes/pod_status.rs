//! `v1`: the status of a Pod.

use super::pod::ResourceRequirements;
use super::schema::{Bool, Int32, Int64, Map, Quantity, Str, Time};

types! {
    PodStatus {
        allocatedResources: Map<Quantity>, conditions: [PodCondition], containerStatuses: [ContainerStatus],
        ephemeralContainerStatuses: [ContainerStatus],
        extendedResourceClaimStatus ? PodExtendedResourceClaimStatus, hostIP: Str, hostIPs: [HostIP],
        initContainerStatuses: [ContainerStatus], message: Str,
        nodeAllocatableResourceClaimStatuses: [NodeAllocatableResourceClaimStatus], nominatedNodeName: Str,
        observedGeneration: Int64, phase: Str, podIP: Str, podIPs: [PodIP], qosClass: Str, reason: Str,
        resize: Str, resourceClaimStatuses: [PodResourceClaimStatus], resources ? ResourceRequirements,
        startTime ? Time,
    }
    PodCondition {
        lastProbeTime = Time, lastTransitionTime = Time, message: Str, observedGeneration: Int64, reason: Str,
        status = Str, type = Str,
    }
    HostIP { ip = Str }
    PodIP { ip = Str }
    ContainerStatus {
        allocatedResources: Map<Quantity>, allocatedResourcesStatus: [ResourceStatus], containerID: Str,
        image = Str, imageID = Str, lastState = ContainerState, name = Str, ready = Bool,
        resources ? ResourceRequirements, restartCount = Int32, started ? Bool, state = ContainerState,
        stopSignal ? Str, user ? ContainerUser, volumeMounts: [VolumeMountStatus],
    }
    PodResourceClaimStatus { name = Str, resourceClaimName ? Str }
    PodExtendedResourceClaimStatus {
        requestMappings = [ContainerExtendedResourceRequest], resourceClaimName = Str,
    }
    NodeAllocatableResourceClaimStatus {
        containers: [Str], resourceClaimName = Str, resources = Map<Quantity>,
    }
    ContainerState {
        running ? ContainerStateRunning, terminated ? ContainerStateTerminated,
        waiting ? ContainerStateWaiting,
    }
    VolumeMountStatus {
        mountPath = Str, name = Str, readOnly: Bool, recursiveReadOnly ? Str, volumeStatus ? VolumeStatus,
    }
    ContainerUser { linux ? LinuxContainerUser }
    ResourceStatus { name = Str, resources: [ResourceHealth] }
    ContainerExtendedResourceRequest { containerName = Str, requestName = Str, resourceName = Str }
    ContainerStateWaiting { message: Str, reason: Str }
    ContainerStateRunning { startedAt = Time }
    ContainerStateTerminated {
        containerID: Str, exitCode = Int32, finishedAt = Time, message: Str, reason: Str, signal: Int32,
        startedAt = Time,
    }
    VolumeStatus { image ? ImageVolumeStatus }
    LinuxContainerUser { gid = Int64, supplementalGroups: [Int64], uid = Int64 }
    ResourceHealth { health: Str, message ? Str, resourceID = Str }
    ImageVolumeStatus { imageRef: Str }
}
