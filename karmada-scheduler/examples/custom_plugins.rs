//! A filter, a score and an estimator of one's own: `cargo run -p karmada-scheduler --example custom_plugins`.
use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_scheduler::*;
use serde_json::json;
/// Sends work where there is green power; the label `green` of a cluster says how much.
#[derive(Debug)]
struct GreenPower;
fn power(ctx: &Context<'_>, cluster: ClusterId) -> i32 {
    let label = ctx.snapshot().cluster(cluster).and_then(|it| it.label("green"));
    label.and_then(|power| power.parse().ok()).unwrap_or(0)
}
impl FilterPlugin for GreenPower {
    fn name(&self) -> &str {
        "GreenPower"
    }
    fn filter(&self, ctx: &Context<'_>, candidates: &mut ClusterSet) {
        candidates.retain(|cluster| power(ctx, cluster) > 0);
    }
    fn verdict(&self, ctx: &Context<'_>, cluster: ClusterId) -> Verdict {
        Verdict::unless(power(ctx, cluster) <= 0, "cluster(s) had no green power")
    }
}
impl ScorePlugin for GreenPower {
    fn name(&self) -> &str {
        "GreenPower"
    }
    fn score(&self, ctx: &Context<'_>, clusters: &[ClusterId], scores: &mut [i64]) -> Result<(), ScoreError> {
        let cells = clusters.iter().zip(scores);
        cells.for_each(|(cluster, score)| *score = i64::from(power(ctx, *cluster).min(100)));
        Ok(())
    }
}
impl ReplicaEstimator for GreenPower {
    fn name(&self) -> &str {
        "GreenPower"
    }
    fn estimate(&self, request: &EstimateRequest<'_>) -> Result<Vec<Estimate>, EstimateError> {
        let room = |cluster: &ClusterId| Estimate::Value(power(request.context, *cluster) / 10);
        Ok(request.clusters.iter().map(room).collect())
    }
}
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut clusters = ["alps", "coast"].map(Cluster::named);
    clusters[1].metadata.labels = Some([("green".into(), "60".into())].into());
    let snapshot = Snapshot::build(&clusters, [])?;
    let mut registry = Registry::in_tree().select(&["*", "-APIEnablement"]);
    registry.register_filter(GreenPower)?;
    registry.register_score(GreenPower)?;
    let profile = Profile::new("own", &registry).with_only_estimators(vec![]);
    let options = Options {
        profile: profile.with_estimator(GreenPower).into(),
        ..Options::default()
    };
    let strategy = json!({"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Aggregated"});
    let spec = serde_json::from_value(json!({"replicas": 5, "placement": {"replicaScheduling": strategy}}))?;
    let decision = schedule(&snapshot, &spec, &Default::default(), &options)?;
    println!("{:?}", decision.to_target_clusters());
    Ok(())
}
