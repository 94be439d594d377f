//! The command line.

use std::path::PathBuf;

use anyhow::{Context, bail};

use crate::inputs::{Files, replicas};

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
    pub(crate) files: Files,
    pub(crate) output: Option<PathBuf>,
    pub(crate) format: Format,
}

impl Args {
    /// Reads the command line; nothing when only help was asked for.
    pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> anyhow::Result<Option<Self>> {
        let mut args = Self {
            files: Files::samples(),
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
                "--deployment" => (args.files.deployment, own_files) = (value()?.into(), true),
                "--policy" => (args.files.policy, own_files) = (value()?.into(), true),
                "--override-policy" => args.files.override_policy = Some(value()?.into()),
                "--fleet" => args.files.fleet = value()?.into(),
                "--output" => args.output = Some(value()?.into()),
                "--replicas" => args.files.replicas = Some(replicas(&value()?)?),
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
        if args.files.override_policy.is_none() && !own_files {
            args.files.override_policy = Some(sample_overrides());
        }
        Ok(Some(args))
    }
}

fn sample_overrides() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/samples/nginx/overridepolicy.yaml"
    ))
}
