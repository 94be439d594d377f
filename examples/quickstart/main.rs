//! From a Deployment and a policy to placements and Works, for a fleet in a file: the whole of what a control plane
//! decides, as a chain of function calls.
//!
//! `cargo run --example quickstart` uses the files in `samples/`; `-- --help` tells how to use your own.

mod args;
#[path = "../inputs/mod.rs"]
mod inputs;
mod report;

use std::process::ExitCode;

use anyhow::bail;
use karmada::core::api::meta::ResourceList;
use karmada::core::features::FeatureGates;
use karmada::core::object::Object;
use karmada::core::override_rules::Overrides;
use karmada::core::policy::PolicyRef;
use karmada::core::propagation::Binding;
use karmada::core::selector::{ImplicitPriority, highest_priority};
use karmada::core::work::{BindingRef, WorkBuilder};
use karmada::interpreter::{SyncChain, SyncInterpreter};
use karmada::scheduler::explain::{ClusterVerdict, Explanation, explain};
use karmada::scheduler::{Decision, Options, Snapshot};
use serde_json::Value;

use args::{Args, Format, USAGE};
use inputs::Inputs;
use inputs::binding::{Bound, bind, parts, schedule_groups, title};
use report::{ClusterLine, PolicyLine, Report, Verdict, to_yaml};

fn main() -> ExitCode {
    let outcome = Args::parse(std::env::args().skip(1)).and_then(|args| match args {
        Some(args) => run(&args),
        None => {
            println!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
    });
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn run(args: &Args) -> anyhow::Result<ExitCode> {
    // The kinds of Kubernetes, and those of other projects that Karmada knows.
    let interpreter = SyncChain::built_in();
    let inputs = Inputs::load(&args.files, &interpreter)?;
    let report = propagate(&inputs, &interpreter)?;
    match args.format {
        Format::Table => print!("{}", report.table()?),
        Format::Json => println!("{}", serde_json::to_string_pretty(&report)?),
        Format::Yaml => print!("{}", to_yaml(&report)?),
    }
    if let Some(folder) = &args.output {
        report.write_works(folder)?;
    }
    Ok(if report.error.is_some() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Claim, bind, schedule, override, pack.
fn propagate(inputs: &Inputs, interpreter: &SyncChain) -> anyhow::Result<Report> {
    let policies = (&inputs.policies[..], &inputs.cluster_policies[..]);
    // Which policy propagates the template, and what does the template want?
    let Bound {
        template,
        policy,
        wanted,
        mut binding,
    } = bind(inputs, &policies, interpreter)?;
    refuse_missing_overrides(policy, inputs)?;
    let policy_line = policy_line(&inputs.template, policy, policies.0.len() + policies.1.len());

    // Where does it go?
    let snapshot = Snapshot::build(&inputs.fleet, [])?;
    let options = Options::default();
    let (spec, status) = parts(&mut binding);
    let outcome = schedule_groups(&snapshot, spec, status, &options);
    let explanation = explain(&snapshot, spec, status, &options)?;
    let clusters = cluster_lines(&snapshot, &explanation);
    spec.clusters = outcome
        .as_ref()
        .map(Decision::to_target_clusters)
        .unwrap_or_default();

    // What does each cluster get?
    let reference = match &binding {
        Binding::Namespaced(binding) => BindingRef::Namespaced(binding),
        Binding::Cluster(binding) => BindingRef::Cluster(binding),
    };
    let overrides = Overrides::select(&template, &inputs.cluster_overrides, &inputs.overrides);
    let builder = WorkBuilder::new(&template, reference, overrides, FeatureGates::default())?;
    let revise = |manifest: &mut Value, replicas| match interpreter.revise_replica(manifest, replicas) {
        Ok(_) => Ok(()),
        Err(error) => Err(error.into()),
    };
    let works = builder
        .targets()
        .iter()
        .map(|target| {
            let cluster = inputs.fleet.iter().find(|cluster| cluster.name() == target.name);
            builder.build(target, cluster, &revise, None)
        })
        .collect::<Result<_, _>>()?;

    Ok(Report {
        template: title(&inputs.template),
        replicas: wanted.as_ref().map_or(0, |wanted| wanted.replicas),
        requests: requests(
            &wanted
                .and_then(|wanted| wanted.requirements)
                .unwrap_or_default()
                .resource_request,
        ),
        policy: policy_line,
        clusters,
        error: outcome.err().map(|error| error.to_string()),
        works,
    })
}

fn refuse_missing_overrides(policy: PolicyRef<'_>, inputs: &Inputs) -> anyhow::Result<()> {
    for name in &policy.spec().dependent_overrides {
        let known = |candidate: &Option<String>| candidate.as_ref() == Some(name);
        let given = match policy {
            PolicyRef::Namespaced(_) => inputs.overrides.iter().any(|o| known(&o.metadata.name)),
            PolicyRef::Cluster(_) => inputs.cluster_overrides.iter().any(|o| known(&o.metadata.name)),
        };
        if !given {
            bail!(
                "{} {}: spec.dependentOverrides: the override policy {name:?} is not among those given",
                policy.kind(),
                policy.name()
            );
        }
    }
    Ok(())
}

fn requests(request: &ResourceList) -> String {
    if request.is_empty() {
        return "nothing in particular".to_owned();
    }
    let parts = request
        .iter()
        .map(|(resource, amount)| format!("{resource} {amount}"));
    parts.collect::<Vec<_>>().join(", ")
}

/// Which policy matched and why, and how it divides replicas.
fn policy_line(template: &Value, policy: PolicyRef<'_>, considered: usize) -> PolicyLine {
    let spec = policy.spec();
    let kind = Object::new(template).kind();
    let why = match highest_priority(template, &spec.resource_selectors) {
        ImplicitPriority::MatchName => "selects the template by name".to_owned(),
        ImplicitPriority::MatchLabelSelector => "selects the template by labels".to_owned(),
        _ => format!("selects every {kind}"),
    };
    let division = match &spec.placement.replica_scheduling {
        None => "every cluster gets all replicas".to_owned(),
        Some(strategy) => {
            let mut words = vec![
                strategy
                    .replica_scheduling_type
                    .as_ref()
                    .map_or("", |kind| kind.as_str()),
                strategy
                    .replica_division_preference
                    .as_ref()
                    .map_or("", |kind| kind.as_str()),
            ];
            if let Some(weights) = &strategy.weight_preference {
                words.push(
                    weights
                        .dynamic_weight
                        .as_ref()
                        .map_or("static weights", |factor| factor.as_str()),
                );
            }
            words.retain(|word| !word.is_empty());
            format!("replicas: {}", words.join(", "))
        }
    };
    let name = match policy {
        PolicyRef::Namespaced(_) => format!("{} {}/{}", policy.kind(), policy.namespace(), policy.name()),
        PolicyRef::Cluster(_) => format!("{} {}", policy.kind(), policy.name()),
    };
    PolicyLine {
        name,
        reason: format!(
            "{why}; priority {}; {considered} considered",
            spec.priority.unwrap_or_default()
        ),
        division,
    }
}

/// What became of each cluster, and why.
fn cluster_lines(snapshot: &Snapshot, explanation: &Explanation) -> Vec<ClusterLine> {
    let clusters = snapshot.clusters().zip(&explanation.clusters);
    clusters
        .map(|(cluster, explained)| {
            let share = explanation.share_to_text(cluster.name());
            let (verdict, reason) = match &explained.verdict {
                ClusterVerdict::Deleting => (Verdict::Rejected, "is being deleted".to_owned()),
                ClusterVerdict::Rejected(objections) => (
                    Verdict::Rejected,
                    objections
                        .first()
                        .map_or_else(String::new, |objection| objection.reason.clone()),
                ),
                ClusterVerdict::Candidate(candidate) => match (candidate.target, candidate.selected) {
                    (Some(_), _) => (
                        Verdict::Chosen,
                        share.unwrap_or_else(|| "passes all filters".to_owned()),
                    ),
                    (None, Some(_)) => (
                        Verdict::Unused,
                        share.unwrap_or_else(|| "passes all filters".to_owned()),
                    ),
                    (None, None) => (
                        Verdict::Unused,
                        "passes all filters, but is not selected".to_owned(),
                    ),
                },
            };
            ClusterLine {
                name: cluster.name().to_owned(),
                provider: cluster.provider().to_owned(),
                region: cluster.region().to_owned(),
                verdict,
                replicas: explained
                    .candidate()
                    .and_then(|candidate| candidate.target)
                    .unwrap_or_default(),
                plugin: explained.rejection().map(|objection| objection.plugin.clone()),
                reason,
            }
        })
        .collect()
}
