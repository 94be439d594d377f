//! Prints the CustomResourceDefinitions of Karmada's kinds as YAML.
//!
//! ```text
//! cargo run --example crdgen                               all of them, to stdout
//! cargo run --example crdgen -- PropagationPolicy          one, by kind, plural or short name
//! cargo run --example crdgen -- all --output deploy/crds   a file for each: <group>_<plural>.yaml
//! ```

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use karmada_core::crd;
use serde_json::Value;

const USAGE: &str = "usage: crdgen [KIND|all] [--output DIR]";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments = Arguments::parse(std::env::args().skip(1))?;
    if arguments.help {
        println!("{USAGE}");
        return Ok(());
    }
    let definitions = select(&arguments.kind)?;
    match &arguments.output {
        Some(folder) => write(&definitions, folder),
        None => print(&definitions),
    }
}

struct Arguments {
    kind: String,
    output: Option<PathBuf>,
    help: bool,
}

impl Arguments {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut kind = None;
        let mut output = None;
        let mut help = false;
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "-h" | "--help" => help = true,
                "-o" | "--output" => {
                    let folder = arguments
                        .next()
                        .with_context(|| format!("{argument} wants a folder; {USAGE}"))?;
                    output = Some(PathBuf::from(folder));
                }
                flag if flag.starts_with('-') => bail!("unknown flag {flag}; {USAGE}"),
                _ if kind.is_some() => bail!("more than one kind; {USAGE}"),
                _ => kind = Some(argument),
            }
        }
        Ok(Self {
            kind: kind.unwrap_or_else(|| "all".to_owned()),
            output,
            help,
        })
    }
}

/// The definitions of one kind, or of all.
fn select(wanted: &str) -> Result<Vec<CustomResourceDefinition>> {
    if wanted == "all" {
        return Ok(crd::definitions()?);
    }
    let info = crd::kinds().iter().find(|info| {
        let names = info.names;
        info.kind.eq_ignore_ascii_case(wanted)
            || names.plural == wanted
            || names.short_names.contains(&wanted)
            || info.definition_name() == wanted
    });
    let Some(info) = info else {
        let known: BTreeSet<&str> = crd::kinds().iter().map(|info| info.kind).collect();
        let known: Vec<&str> = known.into_iter().collect();
        bail!(
            "{wanted:?} is no kind of Karmada's; there are {}",
            known.join(", ")
        );
    };
    Ok(crd::definition(info.kind)?.into_iter().collect())
}

fn print(definitions: &[CustomResourceDefinition]) -> Result<()> {
    let mut text = String::new();
    for definition in definitions {
        text.push_str("---\n");
        text.push_str(&yaml(definition)?);
    }
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        // The reader had enough, as in `crdgen | head`.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => result.context("cannot write to stdout"),
    }
}

fn write(definitions: &[CustomResourceDefinition], folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create folder {}", folder.display()))?;
    for definition in definitions {
        let spec = &definition.spec;
        let path = folder.join(format!("{}_{}.yaml", spec.group, spec.names.plural));
        let text = format!("---\n{}", yaml(definition)?);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        println!("{}", path.display());
    }
    Ok(())
}

fn yaml(definition: &CustomResourceDefinition) -> Result<String> {
    let name = definition.metadata.name.as_deref().unwrap_or_default();
    let mut json = serde_json::to_value(definition).with_context(|| format!("cannot encode {name}"))?;
    write_whole_numbers_plainly(&mut json);
    let mut text = serde_saphyr::to_string(&json).with_context(|| format!("cannot write {name} as YAML"))?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

/// `minimum: 1` instead of `1.0`: limits are floats in Kubernetes' types.
fn write_whole_numbers_plainly(value: &mut Value) {
    match value {
        Value::Number(number) => {
            let whole = number
                .as_f64()
                .filter(|float| float.fract() == 0.0 && float.abs() < 1e15);
            if let Some(whole) = whole {
                *value = Value::from(whole as i64);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(write_whole_numbers_plainly),
        Value::Object(members) => members.values_mut().for_each(write_whole_numbers_plainly),
        _ => {}
    }
}
