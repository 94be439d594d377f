//! What is printed.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use karmada::core::names;
use karmada::core::syntax;
use karmada::prelude::*;
use serde::Serialize;

/// The outcome of the quickstart.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    /// The template: kind, namespace and name.
    pub(crate) template: String,
    /// How many replicas it wants.
    pub(crate) replicas: i32,
    /// What one replica asks for.
    pub(crate) requests: String,
    /// The policy that matched, and why.
    pub(crate) policy: PolicyLine,
    /// Every cluster of the fleet, by name.
    pub(crate) clusters: Vec<ClusterLine>,
    /// Why nothing was scheduled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// What goes to the chosen clusters.
    pub(crate) works: Vec<Work>,
}

/// The policy that matched.
#[derive(Debug, Serialize)]
pub(crate) struct PolicyLine {
    pub(crate) name: String,
    pub(crate) reason: String,
    pub(crate) division: String,
}

/// One cluster.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClusterLine {
    pub(crate) name: String,
    pub(crate) provider: String,
    pub(crate) region: String,
    pub(crate) verdict: Verdict,
    pub(crate) replicas: i32,
    /// The filter that rejected it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) plugin: Option<String>,
    pub(crate) reason: String,
}

/// What became of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    Chosen,
    Unused,
    Rejected,
}

impl Verdict {
    fn as_str(self) -> &'static str {
        match self {
            Self::Chosen => "chosen",
            Self::Unused => "unused",
            Self::Rejected => "rejected",
        }
    }
}

impl Report {
    /// For people.
    pub(crate) fn table(&self) -> anyhow::Result<String> {
        let mut out = String::new();
        writeln!(out, "Template  {}", self.template)?;
        writeln!(
            out,
            "          {} replicas, each asks for {}",
            self.replicas, self.requests
        )?;
        writeln!(out, "Policy    {}", self.policy.name)?;
        writeln!(out, "          {}", self.policy.reason)?;
        writeln!(out, "          {}\n", self.policy.division)?;
        out.push_str(&columns(
            &["CLUSTER", "PROVIDER", "REGION", "VERDICT", "REPLICAS", "REASON"],
            self.clusters.iter().map(|line| {
                let replicas = match line.verdict {
                    Verdict::Chosen => line.replicas.to_string(),
                    _ => "-".to_owned(),
                };
                let reason = match &line.plugin {
                    Some(plugin) => format!("{plugin}: {}", line.reason),
                    None => line.reason.clone(),
                };
                [
                    line.name.clone(),
                    line.provider.clone(),
                    line.region.clone(),
                    line.verdict.as_str().to_owned(),
                    replicas,
                    reason,
                ]
            }),
        )?);
        if let Some(error) = &self.error {
            writeln!(out, "\nNot scheduled: {error}")?;
        }
        for work in &self.works {
            writeln!(out, "\n---\n{}", to_yaml(work)?.trim_end())?;
        }
        Ok(out)
    }

    /// Writes each Work to a file of its own.
    pub(crate) fn write_works(&self, folder: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        for work in &self.works {
            let namespace = work.metadata.namespace.as_deref().unwrap_or_default();
            let cluster = names::cluster_of_execution_space(namespace)?;
            let name = work.metadata.name.as_deref().unwrap_or_default();
            // Names come from files of unknown origin and become a path here.
            for part in [cluster, name] {
                if let Err(error) = syntax::dns_subdomain(part) {
                    bail!("cannot name a file after {part:?}: {error}");
                }
            }
            let path = folder.join(format!("{cluster}.{name}.yaml"));
            fs::write(&path, to_yaml(work)?).with_context(|| format!("cannot write {}", path.display()))?;
            eprintln!("wrote {}", path.display());
        }
        Ok(())
    }
}

/// A value as YAML, by way of its JSON form, which is what Kubernetes tools read.
pub(crate) fn to_yaml(value: &impl Serialize) -> anyhow::Result<String> {
    Ok(serde_saphyr::to_string(&serde_json::to_value(value)?)?)
}

/// Lines up columns under their headings.
fn columns<const N: usize>(
    headings: &[&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> Result<String, std::fmt::Error> {
    let rows: Vec<[String; N]> = std::iter::once(headings.map(str::to_owned)).chain(rows).collect();
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut out = String::new();
    for row in &rows {
        let mut line = String::new();
        for (&width, cell) in widths.iter().zip(row) {
            write!(line, "{cell:width$}  ")?;
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(out)
}
