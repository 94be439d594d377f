//! `v1`: Pod, and what a pod template is made of, volumes apart.

use super::meta::{LabelSelector, ObjectMeta};
use super::pod_status::PodStatus;
use super::schema::{Bool, Int32, Int64, IntOrString, Map, Quantity, Str};
use super::volume::Volume;

types! {
    Pod { apiVersion: Str, kind: Str, metadata = ObjectMeta, spec = PodSpec, status = PodStatus }
    PodSpec {
        activeDeadlineSeconds ? Int64, affinity ? Affinity, automountServiceAccountToken ? Bool,
        containers = [Container], dnsConfig ? PodDNSConfig, dnsPolicy: Str, enableServiceLinks ? Bool,
        ephemeralContainers: [EphemeralContainer], hostAliases: [HostAlias], hostIPC: Bool, hostNetwork: Bool,
        hostPID: Bool, hostUsers ? Bool, hostname: Str, hostnameOverride ? Str,
        imagePullSecrets: [LocalObjectReference], initContainers: [Container], nodeName: Str,
        nodeSelector: Map<Str>, os ? PodOS, overhead: Map<Quantity>, preemptionPolicy ? Str, priority ? Int32,
        priorityClassName: Str, readinessGates: [PodReadinessGate], resourceClaims: [PodResourceClaim],
        resources ? ResourceRequirements, restartPolicy: Str, runtimeClassName ? Str, schedulerName: Str,
        schedulingGates: [PodSchedulingGate], schedulingGroup ? PodSchedulingGroup,
        securityContext ? PodSecurityContext, serviceAccount: Str, serviceAccountName: Str,
        setHostnameAsFQDN ? Bool, shareProcessNamespace ? Bool, subdomain: Str,
        terminationGracePeriodSeconds ? Int64, tolerations: [Toleration],
        topologySpreadConstraints: [TopologySpreadConstraint], volumes: [Volume],
    }
    PodTemplateSpec { metadata = ObjectMeta, spec = PodSpec }
    ObjectReference {
        apiVersion: Str, fieldPath: Str, kind: Str, name: Str, namespace: Str, resourceVersion: Str, uid: Str,
    }
    Container {
        args: [Str], command: [Str], env: [EnvVar], envFrom: [EnvFromSource], image: Str,
        imagePullPolicy: Str, lifecycle ? Lifecycle, livenessProbe ? Probe, name = Str,
        ports: [ContainerPort], readinessProbe ? Probe, resizePolicy: [ContainerResizePolicy],
        resources = ResourceRequirements, restartPolicy ? Str, restartPolicyRules: [ContainerRestartRule],
        securityContext ? SecurityContext, startupProbe ? Probe, stdin: Bool, stdinOnce: Bool,
        terminationMessagePath: Str, terminationMessagePolicy: Str, tty: Bool, volumeDevices: [VolumeDevice],
        volumeMounts: [VolumeMount], workingDir: Str,
    }
    EphemeralContainer {
        args: [Str], command: [Str], env: [EnvVar], envFrom: [EnvFromSource], image: Str,
        imagePullPolicy: Str, lifecycle ? Lifecycle, livenessProbe ? Probe, name = Str,
        ports: [ContainerPort], readinessProbe ? Probe, resizePolicy: [ContainerResizePolicy],
        resources = ResourceRequirements, restartPolicy ? Str, restartPolicyRules: [ContainerRestartRule],
        securityContext ? SecurityContext, startupProbe ? Probe, stdin: Bool, stdinOnce: Bool,
        targetContainerName: Str, terminationMessagePath: Str, terminationMessagePolicy: Str, tty: Bool,
        volumeDevices: [VolumeDevice], volumeMounts: [VolumeMount], workingDir: Str,
    }
    PodSecurityContext {
        appArmorProfile ? AppArmorProfile, fsGroup ? Int64, fsGroupChangePolicy ? Str, runAsGroup ? Int64,
        runAsNonRoot ? Bool, runAsUser ? Int64, seLinuxChangePolicy ? Str, seLinuxOptions ? SELinuxOptions,
        seccompProfile ? SeccompProfile, supplementalGroups: [Int64], supplementalGroupsPolicy ? Str,
        sysctls: [Sysctl], windowsOptions ? WindowsSecurityContextOptions,
    }
    LocalObjectReference { name: Str }
    Affinity { nodeAffinity ? NodeAffinity, podAffinity ? PodAffinity, podAntiAffinity ? PodAntiAffinity }
    Toleration { effect: Str, key: Str, operator: Str, tolerationSeconds ? Int64, value: Str }
    HostAlias { hostnames: [Str], ip = Str }
    PodDNSConfig { nameservers: [Str], options: [PodDNSConfigOption], searches: [Str] }
    PodReadinessGate { conditionType = Str }
    TopologySpreadConstraint {
        labelSelector ? LabelSelector, matchLabelKeys: [Str], maxSkew = Int32, minDomains ? Int32,
        nodeAffinityPolicy ? Str, nodeTaintsPolicy ? Str, topologyKey = Str, whenUnsatisfiable = Str,
    }
    PodOS { name = Str }
    PodSchedulingGate { name = Str }
    PodResourceClaim { name = Str, resourceClaimName ? Str, resourceClaimTemplateName ? Str }
    ResourceRequirements { claims: [ResourceClaim], limits: Map<Quantity>, requests: Map<Quantity> }
    PodSchedulingGroup { podGroupName ? Str }
    ContainerPort { containerPort = Int32, hostIP: Str, hostPort: Int32, name: Str, protocol: Str }
    EnvFromSource { configMapRef ? ConfigMapEnvSource, prefix: Str, secretRef ? SecretEnvSource }
    EnvVar { name = Str, value: Str, valueFrom ? EnvVarSource }
    ContainerResizePolicy { resourceName = Str, restartPolicy = Str }
    ContainerRestartRule { action: Str, exitCodes ? ContainerRestartRuleOnExitCodes }
    VolumeMount {
        mountPath = Str, mountPropagation ? Str, name = Str, readOnly: Bool, recursiveReadOnly ? Str,
        subPath: Str, subPathExpr: Str,
    }
    VolumeDevice { devicePath = Str, name = Str }
    Probe {
        exec ? ExecAction, failureThreshold: Int32, grpc ? GRPCAction, httpGet ? HTTPGetAction,
        initialDelaySeconds: Int32, periodSeconds: Int32, successThreshold: Int32,
        tcpSocket ? TCPSocketAction, terminationGracePeriodSeconds ? Int64, timeoutSeconds: Int32,
    }
    Lifecycle { postStart ? LifecycleHandler, preStop ? LifecycleHandler, stopSignal ? Str }
    SecurityContext {
        allowPrivilegeEscalation ? Bool, appArmorProfile ? AppArmorProfile, capabilities ? Capabilities,
        privileged ? Bool, procMount ? Str, readOnlyRootFilesystem ? Bool, runAsGroup ? Int64,
        runAsNonRoot ? Bool, runAsUser ? Int64, seLinuxOptions ? SELinuxOptions,
        seccompProfile ? SeccompProfile, windowsOptions ? WindowsSecurityContextOptions,
    }
    SELinuxOptions { level: Str, role: Str, type: Str, user: Str }
    WindowsSecurityContextOptions {
        gmsaCredentialSpec ? Str, gmsaCredentialSpecName ? Str, hostProcess ? Bool, runAsUserName ? Str,
    }
    Sysctl { name = Str, value = Str }
    SeccompProfile { localhostProfile ? Str, type = Str }
    AppArmorProfile { localhostProfile ? Str, type = Str }
    NodeAffinity {
        preferredDuringSchedulingIgnoredDuringExecution: [PreferredSchedulingTerm],
        requiredDuringSchedulingIgnoredDuringExecution ? NodeSelector,
    }
    PodAffinity {
        preferredDuringSchedulingIgnoredDuringExecution: [WeightedPodAffinityTerm],
        requiredDuringSchedulingIgnoredDuringExecution: [PodAffinityTerm],
    }
    PodAntiAffinity {
        preferredDuringSchedulingIgnoredDuringExecution: [WeightedPodAffinityTerm],
        requiredDuringSchedulingIgnoredDuringExecution: [PodAffinityTerm],
    }
    PodDNSConfigOption { name: Str, value ? Str }
    ResourceClaim { name = Str, request: Str }
    NodeSelector { nodeSelectorTerms = [NodeSelectorTerm] }
    ConfigMapEnvSource { name: Str, optional ? Bool }
    SecretEnvSource { name: Str, optional ? Bool }
    EnvVarSource {
        configMapKeyRef ? ConfigMapKeySelector, fieldRef ? ObjectFieldSelector, fileKeyRef ? FileKeySelector,
        resourceFieldRef ? ResourceFieldSelector, secretKeyRef ? SecretKeySelector,
    }
    ContainerRestartRuleOnExitCodes { operator: Str, values: [Int32] }
    ExecAction { command: [Str] }
    HTTPGetAction { host: Str, httpHeaders: [HTTPHeader], path: Str, port = IntOrString, scheme: Str }
    TCPSocketAction { host: Str, port = IntOrString }
    GRPCAction { port = Int32, service ~ Str }
    LifecycleHandler {
        exec ? ExecAction, httpGet ? HTTPGetAction, sleep ? SleepAction, tcpSocket ? TCPSocketAction,
    }
    Capabilities { add: [Str], drop: [Str] }
    PreferredSchedulingTerm { preference = NodeSelectorTerm, weight = Int32 }
    PodAffinityTerm {
        labelSelector ? LabelSelector, matchLabelKeys: [Str], mismatchLabelKeys: [Str],
        namespaceSelector ? LabelSelector, namespaces: [Str], topologyKey = Str,
    }
    WeightedPodAffinityTerm { podAffinityTerm = PodAffinityTerm, weight = Int32 }
    NodeSelectorTerm { matchExpressions: [NodeSelectorRequirement], matchFields: [NodeSelectorRequirement] }
    ObjectFieldSelector { apiVersion: Str, fieldPath = Str }
    ResourceFieldSelector { containerName: Str, divisor = Quantity, resource = Str }
    ConfigMapKeySelector { key = Str, name: Str, optional ? Bool }
    SecretKeySelector { key = Str, name: Str, optional ? Bool }
    FileKeySelector { key = Str, optional ? Bool, path = Str, volumeName = Str }
    HTTPHeader { name = Str, value = Str }
    SleepAction { seconds = Int64 }
    NodeSelectorRequirement { key = Str, operator = Str, values: [Str] }
}
