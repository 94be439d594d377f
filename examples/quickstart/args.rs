//! The command line.

use std::path::PathBuf;

use anyhow::{Context, bail};

pub(crate) const USAGE: &str = "\
Turns a Deployment and a policy into placements and Work objects for a fleet. No cluster, no network.

usage: quickstart [OPTIONS]

  --deployment PATH       the resource template                  [samples/nginx/deployment.yaml]
  --policy PATH           (Cluster)PropagationPolicies            [samples/nginx/propagationpolicy.yaml]
  --override-policy PATH  (Cluster)OverridePolicies               [samples/nginx/overridepolicy.yaml]
  --fleet PATH            Clusters                                [samples/fleet.yaml]
  --replicas N            scale the template to N replicas
  --output DIR            also write each Work to a file in DIR
  --format FORMAT         table, json or yaml                     [table]
  --help                  this text

A PATH is a YAML or JSON file with one or many objects, or a folder of such files.";

/// How the outcome is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Table,
    Json,
    Yaml,
}

/// What is to be done.
#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) deployment: PathBuf,
    pub(crate) policy: PathBuf,
    pub(crate) override_policy: Option<PathBuf>,
    pub(crate) fleet: PathBuf,
    pub(crate) replicas: Option<i32>,
    pub(crate) output: Option<PathBuf>,
    pub(crate) format: Format,
}

impl Args {
    /// Reads the command line; nothing when only help was asked for.
    pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> anyhow::Result<Option<Self>> {
        let samples = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/samples"));
        let mut args = Self {
            deployment: samples.join("nginx/deployment.yaml"),
            policy: samples.join("nginx/propagationpolicy.yaml"),
            override_policy: None,
            fleet: samples.join("fleet.yaml"),
            replicas: None,
            output: None,
            format: Format::Table,
        };
        let mut own_files = false;
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            if word == "--help" || word == "-h" {
                return Ok(None);
            }
            let (option, inline) = match word.split_once('=') {
                Some((option, value)) => (option.to_owned(), Some(value.to_owned())),
                None => (word, None),
            };
            let mut value = || {
                inline
                    .clone()
                    .or_else(|| words.next())
                    .with_context(|| format!("{option} needs a value"))
            };
            match option.as_str() {
                "--deployment" => (args.deployment, own_files) = (value()?.into(), true),
                "--policy" => (args.policy, own_files) = (value()?.into(), true),
                "--override-policy" => args.override_policy = Some(value()?.into()),
                "--fleet" => args.fleet = value()?.into(),
                "--output" => args.output = Some(value()?.into()),
                "--replicas" => {
                    let text = value()?;
                    let replicas: i32 = text
                        .parse()
                        .with_context(|| format!("--replicas {text}: not a number of replicas"))?;
                    if replicas < 0 {
                        bail!("--replicas {replicas}: must not be negative");
                    }
                    args.replicas = Some(replicas);
                }
                "--format" => {
                    args.format = match value()?.as_str() {
                        "table" => Format::Table,
                        "json" => Format::Json,
                        "yaml" => Format::Yaml,
                        other => bail!("--format {other}: expected table, json or yaml"),
                    }
                }
                other => bail!("{other}: no such option; see --help"),
            }
        }
        // The sample overrides belong to the sample workload; somebody else's is left alone unless told otherwise.
        if args.override_policy.is_none() && !own_files {
            args.override_policy = Some(samples.join("nginx/overridepolicy.yaml"));
        }
        Ok(Some(args))
    }
}
