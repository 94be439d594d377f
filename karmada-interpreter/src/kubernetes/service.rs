//! `v1`: Service.

use super::meta::{Condition, ObjectMeta};
use super::schema::{Bool, Int32, IntOrString, Map, Str};

types! {
    Service { apiVersion: Str, kind: Str, metadata = ObjectMeta, spec = ServiceSpec, status = ServiceStatus }
    ServiceSpec {
        allocateLoadBalancerNodePorts ? Bool, clusterIP: Str, clusterIPs: [Str], externalIPs: [Str],
        externalName: Str, externalTrafficPolicy: Str, healthCheckNodePort: Int32,
        internalTrafficPolicy ? Str, ipFamilies: [Str], ipFamilyPolicy ? Str, loadBalancerClass ? Str,
        loadBalancerIP: Str, loadBalancerSourceRanges: [Str], ports: [ServicePort],
        publishNotReadyAddresses: Bool, selector: Map<Str>, sessionAffinity: Str,
        sessionAffinityConfig ? SessionAffinityConfig, trafficDistribution ? Str, type: Str,
    }
    ServiceStatus { conditions: [Condition], loadBalancer = LoadBalancerStatus }
    ServicePort {
        appProtocol ? Str, name: Str, nodePort: Int32, port = Int32, protocol: Str, targetPort = IntOrString,
    }
    SessionAffinityConfig { clientIP ? ClientIPConfig }
    LoadBalancerStatus { ingress: [LoadBalancerIngress] }
    ClientIPConfig { timeoutSeconds ? Int32 }
    LoadBalancerIngress { hostname: Str, ip: Str, ipMode ? Str, ports: [PortStatus] }
    PortStatus { error ? Str, port = Int32, protocol = Str }
}
