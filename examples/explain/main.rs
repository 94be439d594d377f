//! Why a workload goes where it goes, and what it takes for another cluster to get some of it.
//!
//! `cargo run --example explain` uses the files in `samples/`; `-- --cluster member6` asks about one cluster, and
//! `-- --help` tells how to use your own files.

mod args;
#[path = "../inputs/mod.rs"]
mod inputs;

use std::process::ExitCode;

use anyhow::Context;
use karmada::core::api::cluster::v1alpha1::Cluster;
use karmada::interpreter::SyncChain;
use karmada::scheduler::explain::{explain, smallest_edit};
use karmada::scheduler::{Options, Snapshot};
use serde_json::json;

use args::{Args, Output, USAGE};
use inputs::Inputs;
use inputs::binding::{bind, parts, schedule_groups};

fn main() -> ExitCode {
    let outcome = Args::parse(std::env::args().skip(1)).and_then(|args| match args {
        Some(args) => run(&args),
        None => Ok(USAGE.to_owned()),
    });
    match outcome {
        Ok(text) => {
            println!("{}", text.trim_end());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What is to be printed.
fn run(args: &Args) -> anyhow::Result<String> {
    let interpreter = SyncChain::built_in();
    let inputs = Inputs::load(&args.files, &interpreter)?;
    let policies = (&inputs.policies[..], &inputs.cluster_policies[..]);
    let mut bound = bind(&inputs, &policies, &interpreter)?;
    let (spec, status) = parts(&mut bound.binding);
    let snapshot = Snapshot::build(&inputs.fleet, [])?;
    let options = Options::default();

    // Brings the affinity group in force into the status. A failure is explained like anything else.
    let _ = schedule_groups(&snapshot, spec, status, &options);
    let explanation = explain(&snapshot, spec, status, &options)?;
    let Some(name) = &args.cluster else {
        return Ok(match args.output {
            Output::Text => explanation.to_text(),
            Output::Markdown => explanation.to_markdown(),
            Output::Json => serde_json::to_string_pretty(&explanation)?,
        });
    };

    let named = |cluster: &&Cluster| cluster.name() == name;
    let cluster = inputs
        .fleet
        .iter()
        .find(named)
        .with_context(|| format!("--cluster {name}: there is no such cluster in the fleet"))?;
    let answer = smallest_edit(&snapshot, cluster, spec, status, &options)?;
    let unknown = || format!("--cluster {name}");
    Ok(match args.output {
        Output::Text => {
            let text = explanation.cluster_to_text(name).with_context(unknown)?;
            format!("{text}\n{}", answer.to_text(name))
        }
        Output::Markdown => {
            let text = explanation.cluster_to_markdown(name).with_context(unknown)?;
            format!("{text}\n{}", answer.to_markdown(name))
        }
        Output::Json => serde_json::to_string_pretty(&json!({
            "outcome": explanation.outcome,
            "cluster": explanation.cluster(name),
            "share": explanation.share(name),
            "smallestEdit": answer,
        }))?,
    })
}
