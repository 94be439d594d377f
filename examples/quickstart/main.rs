//! From a Deployment and a policy to placements and Works, for a fleet in a file: the whole of what a control plane
//! decides, as a chain of function calls.
//!
//! `cargo run --example quickstart` uses the files in `samples/`; `-- --help` tells how to use your own.

mod args;
mod inputs;
mod report;

use std::process::ExitCode;

use anyhow::{Context, bail};
use karmada::core::api::meta::ResourceList;
use karmada::core::claim::claim;
use karmada::core::features::FeatureGates;
use karmada::core::labels;
use karmada::core::names::DEFAULT_SCHEDULER;
use karmada::core::object::Object;
use karmada::core::override_rules::Overrides;
use karmada::core::policy::{PolicyRef, select_policy};
use karmada::core::propagation::{Binding, Interpretation, build_binding};
use karmada::core::selector::{ImplicitPriority, highest_priority};
use karmada::core::work::{BindingRef, WorkBuilder};
use karmada::interpreter::{SyncChain, SyncInterpreter};
use karmada::scheduler::{Decision, Diagnosis, Options, ScheduleError, Snapshot, diagnose, schedule};
use serde_json::Value;

use args::{Args, Format, USAGE};
use inputs::{Inputs, PERMANENT_ID};
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
    let inputs = Inputs::load(args, &interpreter)?;
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
    let gates = FeatureGates::default();

    // Which policy propagates the template?
    let mut template = inputs.template.clone();
    let policies = (&inputs.policies[..], &inputs.cluster_policies[..]);
    let policy = select_policy(&template, &policies).with_context(|| {
        let considered = inputs.policies.len() + inputs.cluster_policies.len();
        format!(
            "no policy is for {}: none of the {considered} given selects it",
            title(&inputs.template)
        )
    })?;
    let policy_line = policy_line(&template, policy, policies.0.len() + policies.1.len());
    refuse_what_is_not_covered(policy, inputs)?;
    claim(&mut template, policy);

    // What does the template want?
    let wanted = interpreter.get_replicas(&template)?.value();
    let interpretation = wanted
        .clone()
        .map_or(Interpretation::None, |wanted| Interpretation::Replicas {
            replicas: wanted.replicas,
            requirements: wanted.requirements,
        });
    let mut binding = build_binding(&template, policy, interpretation, gates, &|_| None)?;
    let (metadata, spec, status, key) = match &mut binding {
        Binding::Namespaced(binding) => {
            let key = labels::RESOURCE_BINDING_PERMANENT_ID;
            (&mut binding.metadata, &mut binding.spec, &binding.status, key)
        }
        Binding::Cluster(binding) => {
            let key = labels::CLUSTER_RESOURCE_BINDING_PERMANENT_ID;
            (&mut binding.metadata, &mut binding.spec, &binding.status, key)
        }
    };
    let binding_labels = metadata.labels.get_or_insert_default();
    binding_labels.insert(key.to_owned(), PERMANENT_ID.to_owned());

    // Where does it go?
    let snapshot = Snapshot::build(&inputs.fleet, [])?;
    let options = Options::default();
    let outcome = schedule(&snapshot, spec, status, &options);
    let diagnosis = diagnose(&snapshot, spec, status, &options)?;
    let clusters = cluster_lines(&snapshot, outcome.as_ref(), &diagnosis, spec.replicas);
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
    let builder = WorkBuilder::new(&template, reference, overrides, gates)?;
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

/// What a control plane would do for the policy, and this example does not.
fn refuse_what_is_not_covered(policy: PolicyRef<'_>, inputs: &Inputs) -> anyhow::Result<()> {
    let spec = policy.spec();
    let subject = format!("{} {}", policy.kind(), policy.name());
    if !matches!(spec.scheduler_name.as_str(), "" | DEFAULT_SCHEDULER) {
        bail!(
            "{subject}: spec.schedulerName: only {DEFAULT_SCHEDULER:?} is at hand, not {:?}",
            spec.scheduler_name
        );
    }
    if spec.propagate_deps {
        bail!("{subject}: spec.propagateDeps: dependencies are not followed by this example");
    }
    for name in &spec.dependent_overrides {
        let known = |candidate: &Option<String>| candidate.as_ref() == Some(name);
        let given = match policy {
            PolicyRef::Namespaced(_) => inputs.overrides.iter().any(|o| known(&o.metadata.name)),
            PolicyRef::Cluster(_) => inputs.cluster_overrides.iter().any(|o| known(&o.metadata.name)),
        };
        if !given {
            bail!(
                "{subject}: spec.dependentOverrides: the override policy {name:?} is not among those given"
            );
        }
    }
    Ok(())
}

fn title(object: &Value) -> String {
    let object = Object::new(object);
    match object.namespace() {
        "" => format!("{} {}", object.kind(), object.name()),
        namespace => format!("{} {namespace}/{}", object.kind(), object.name()),
    }
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
fn cluster_lines(
    snapshot: &Snapshot,
    outcome: Result<&Decision, &ScheduleError>,
    diagnosis: &Diagnosis,
    wanted: i32,
) -> Vec<ClusterLine> {
    let mut lines: Vec<ClusterLine> = snapshot
        .clusters()
        .map(|cluster| {
            let rejection = diagnosis
                .rejections()
                .find(|rejection| rejection.cluster == cluster.name());
            let share = outcome
                .ok()
                .and_then(|decision| decision.iter().find(|(name, _)| *name == cluster.name()))
                .map(|(_, replicas)| replicas);
            let (verdict, reason) = match (share, rejection) {
                (Some(replicas), _) if wanted > 0 => (
                    Verdict::Chosen,
                    format!("passes all filters; gets {replicas} of {wanted}"),
                ),
                (Some(_), _) => (Verdict::Chosen, "passes all filters".to_owned()),
                (None, Some(rejection)) => (Verdict::Rejected, rejection.reason.to_owned()),
                (None, None) if cluster.is_deleting() => (Verdict::Rejected, "is being deleted".to_owned()),
                (None, None) if outcome.is_err() => (Verdict::Unused, "passes all filters".to_owned()),
                (None, None) => (
                    Verdict::Unused,
                    "passes all filters, but its share comes to nothing".to_owned(),
                ),
            };
            ClusterLine {
                name: cluster.name().to_owned(),
                provider: cluster.provider().to_owned(),
                region: cluster.region().to_owned(),
                verdict,
                replicas: share.unwrap_or_default(),
                plugin: rejection.map(|rejection| rejection.plugin.to_owned()),
                reason,
            }
        })
        .collect();
    lines.sort_by(|a, b| a.name.cmp(&b.name));
    lines
}
