//! `autoscaling/v2`.

use super::meta::{LabelSelector, ObjectMeta};
use super::schema::{Int32, Int64, Quantity, Str, Time};

types! {
    HorizontalPodAutoscaler {
        apiVersion: Str, kind: Str, metadata = ObjectMeta, spec = HorizontalPodAutoscalerSpec,
        status = HorizontalPodAutoscalerStatus,
    }
    HorizontalPodAutoscalerSpec {
        behavior ? HorizontalPodAutoscalerBehavior, maxReplicas = Int32, metrics: [MetricSpec],
        minReplicas ? Int32, scaleTargetRef = CrossVersionObjectReference,
    }
    HorizontalPodAutoscalerStatus {
        conditions: [HorizontalPodAutoscalerCondition], currentMetrics = [MetricStatus],
        currentReplicas: Int32, desiredReplicas = Int32, lastScaleTime ? Time, observedGeneration ? Int64,
    }
    CrossVersionObjectReference { apiVersion: Str, kind = Str, name = Str }
    MetricSpec {
        containerResource ? ContainerResourceMetricSource, external ? ExternalMetricSource,
        object ? ObjectMetricSource, pods ? PodsMetricSource, resource ? ResourceMetricSource, type = Str,
    }
    HorizontalPodAutoscalerBehavior { scaleDown ? HPAScalingRules, scaleUp ? HPAScalingRules }
    MetricStatus {
        containerResource ? ContainerResourceMetricStatus, external ? ExternalMetricStatus,
        object ? ObjectMetricStatus, pods ? PodsMetricStatus, resource ? ResourceMetricStatus, type = Str,
    }
    HorizontalPodAutoscalerCondition {
        lastTransitionTime = Time, message: Str, reason: Str, status = Str, type = Str,
    }
    ObjectMetricSource {
        describedObject = CrossVersionObjectReference, metric = MetricIdentifier, target = MetricTarget,
    }
    PodsMetricSource { metric = MetricIdentifier, target = MetricTarget }
    ResourceMetricSource { name = Str, target = MetricTarget }
    ContainerResourceMetricSource { container = Str, name = Str, target = MetricTarget }
    ExternalMetricSource { metric = MetricIdentifier, target = MetricTarget }
    HPAScalingRules {
        policies: [HPAScalingPolicy], selectPolicy ? Str, stabilizationWindowSeconds ? Int32,
        tolerance ? Quantity,
    }
    ObjectMetricStatus {
        current = MetricValueStatus, describedObject = CrossVersionObjectReference, metric = MetricIdentifier,
    }
    PodsMetricStatus { current = MetricValueStatus, metric = MetricIdentifier }
    ResourceMetricStatus { current = MetricValueStatus, name = Str }
    ContainerResourceMetricStatus { container = Str, current = MetricValueStatus, name = Str }
    ExternalMetricStatus { current = MetricValueStatus, metric = MetricIdentifier }
    MetricTarget { averageUtilization ? Int32, averageValue ? Quantity, type = Str, value ? Quantity }
    MetricIdentifier { name = Str, selector ? LabelSelector }
    HPAScalingPolicy { periodSeconds = Int32, type = Str, value = Int32 }
    MetricValueStatus { averageUtilization ? Int32, averageValue ? Quantity, value ? Quantity }
}
