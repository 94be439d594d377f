//! The command line.

use anyhow::{Context, bail};

use crate::inputs::{Files, replicas};

pub(crate) const USAGE: &str = "\
Explains where a Deployment goes and why. No cluster, no network.

usage: explain [OPTIONS]

  --deployment PATH  the resource template        [samples/nginx/deployment.yaml]
  --policy PATH      (Cluster)PropagationPolicies  [samples/nginx/propagationpolicy.yaml]
  --fleet PATH       Clusters                      [samples/fleet.yaml]
  --replicas N       scale the template to N replicas
  --cluster NAME     only this cluster, and what it takes for it to be chosen
  --output FORMAT    text, json or markdown        [text]
  --help             this text

A PATH is a YAML or JSON file with one or many objects, or a folder of such files.";

/// How the explanation is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    Text,
    Json,
    Markdown,
}

/// What is to be explained.
#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) files: Files,
    pub(crate) cluster: Option<String>,
    pub(crate) output: Output,
}

impl Args {
    /// Reads the command line; nothing when only help was asked for.
    pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> anyhow::Result<Option<Self>> {
        let mut args = Self {
            files: Files::samples(),
            cluster: None,
            output: Output::Text,
        };
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
                "--deployment" => args.files.deployment = value()?.into(),
                "--policy" => args.files.policy = value()?.into(),
                "--fleet" => args.files.fleet = value()?.into(),
                "--replicas" => args.files.replicas = Some(replicas(&value()?)?),
                "--cluster" => args.cluster = Some(value()?),
                "--output" => {
                    args.output = match value()?.as_str() {
                        "text" => Output::Text,
                        "json" => Output::Json,
                        "markdown" => Output::Markdown,
                        other => bail!("--output {other}: expected text, json or markdown"),
                    }
                }
                other => bail!("{other}: no such option; see --help"),
            }
        }
        Ok(Some(args))
    }
}
