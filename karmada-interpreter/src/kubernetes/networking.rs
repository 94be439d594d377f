//! `networking.k8s.io/v1`.

use super::meta::ObjectMeta;
use super::schema::{Int32, Str};
use super::storage::TypedLocalObjectReference;

types! {
    Ingress { apiVersion: Str, kind: Str, metadata = ObjectMeta, spec = IngressSpec, status = IngressStatus }
    IngressSpec {
        defaultBackend ? IngressBackend, ingressClassName ? Str, rules: [IngressRule], tls: [IngressTLS],
    }
    IngressStatus { loadBalancer = IngressLoadBalancerStatus }
    IngressBackend { resource ? TypedLocalObjectReference, service ? IngressServiceBackend }
    IngressTLS { hosts: [Str], secretName: Str }
    IngressRule { host: Str, http ? HTTPIngressRuleValue }
    IngressLoadBalancerStatus { ingress: [IngressLoadBalancerIngress] }
    IngressServiceBackend { name = Str, port = ServiceBackendPort }
    HTTPIngressRuleValue { paths = [HTTPIngressPath] }
    IngressLoadBalancerIngress { hostname: Str, ip: Str, ports: [IngressPortStatus] }
    ServiceBackendPort { name: Str, number: Int32 }
    HTTPIngressPath { backend = IngressBackend, path: Str, pathType ~ Str }
    IngressPortStatus { error ? Str, port = Int32, protocol = Str }
}
