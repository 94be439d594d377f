//! What the files hold, as a control plane would have stored it. For several examples.
#![allow(dead_code, reason = "each example uses a part")]

pub(crate) mod binding;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use karmada::core::admission::{self, Context, Denial, Operation, Request, admit};
use karmada::core::api::wire;
use karmada::core::object::Object;
use karmada::interpreter::{SyncChain, SyncInterpreter};
use karmada::loader::{self, Document};
use karmada::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// In place of the random ids that admission gives: a preview is the same every time.
pub(crate) const PERMANENT_ID: &str = "00000000-0000-4000-8000-000000000000";

/// Namespace of what does not name one.
const NAMESPACE: &str = "default";

/// Common kinds without a namespace. Only discovery knows them all; here an object of any other kind that names no
/// namespace is taken to be in `default`.
const CLUSTER_SCOPED: &[&str] = &[
    "APIService",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "IngressClass",
    "MutatingWebhookConfiguration",
    "Namespace",
    "PersistentVolume",
    "PriorityClass",
    "RuntimeClass",
    "StorageClass",
    "ValidatingWebhookConfiguration",
];

/// The files.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    pub(crate) deployment: PathBuf,
    pub(crate) policy: PathBuf,
    pub(crate) override_policy: Option<PathBuf>,
    pub(crate) fleet: PathBuf,
    /// Scales the template.
    pub(crate) replicas: Option<i32>,
}

impl Files {
    /// The sample workload, its policy and the sample fleet.
    pub(crate) fn samples() -> Self {
        let samples = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/samples"));
        Self {
            deployment: samples.join("nginx/deployment.yaml"),
            policy: samples.join("nginx/propagationpolicy.yaml"),
            override_policy: None,
            fleet: samples.join("fleet.yaml"),
            replicas: None,
        }
    }
}

/// Reads the value of `--replicas`.
pub(crate) fn replicas(text: &str) -> anyhow::Result<i32> {
    let replicas: i32 = text
        .parse()
        .with_context(|| format!("--replicas {text}: not a number of replicas"))?;
    if replicas < 0 {
        bail!("--replicas {replicas}: must not be negative");
    }
    Ok(replicas)
}

/// What the files hold.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    pub(crate) template: Value,
    pub(crate) policies: Vec<PropagationPolicy>,
    pub(crate) cluster_policies: Vec<ClusterPropagationPolicy>,
    pub(crate) overrides: Vec<OverridePolicy>,
    pub(crate) cluster_overrides: Vec<ClusterOverridePolicy>,
    pub(crate) fleet: Vec<Cluster>,
}

impl Inputs {
    pub(crate) fn load(files: &Files, interpreter: &SyncChain) -> anyhow::Result<Self> {
        let mut inputs = Self {
            template: template(&files.deployment)?,
            ..Self::default()
        };
        if let Some(replicas) = files.replicas {
            let answer = interpreter.revise_replica(&mut inputs.template, i64::from(replicas))?;
            if !answer.is_value() {
                bail!(
                    "--replicas: a {} has no replicas",
                    Object::new(&inputs.template).kind()
                );
            }
        }
        for document in loader::load_path(&files.policy)? {
            if document.is::<PropagationPolicy>() {
                inputs.policies.push(admitted(&document)?);
            } else if document.is::<ClusterPropagationPolicy>() {
                inputs.cluster_policies.push(admitted(&document)?);
            } else {
                return Err(unexpected(
                    &document,
                    "a PropagationPolicy or ClusterPropagationPolicy",
                ));
            }
        }
        let overrides = files
            .override_policy
            .as_ref()
            .map(loader::load_path)
            .transpose()?;
        for document in overrides.unwrap_or_default() {
            if document.is::<OverridePolicy>() {
                inputs.overrides.push(admitted(&document)?);
            } else if document.is::<ClusterOverridePolicy>() {
                inputs.cluster_overrides.push(admitted(&document)?);
            } else {
                return Err(unexpected(
                    &document,
                    "an OverridePolicy or ClusterOverridePolicy",
                ));
            }
        }
        for document in loader::load_path(&files.fleet)? {
            if !document.is::<Cluster>() {
                return Err(unexpected(&document, "a Cluster"));
            }
            // Creation would empty the status, which is what the fleet is judged by.
            let object = document.value();
            admission::validate(&creation(&document, "", object), &Context::new(PERMANENT_ID))
                .map_err(|denial| refused(&document, &denial))?;
            inputs.fleet.push(document.decode()?);
        }
        Ok(inputs)
    }
}

/// The one object in a file.
fn template(path: &Path) -> anyhow::Result<Value> {
    let mut documents = loader::load_path(path)?;
    let mut template = match documents.pop() {
        Some(document) if documents.is_empty() => document.into_value(),
        Some(_) => bail!(
            "{}: expected one resource template, found {}",
            path.display(),
            documents.len() + 1
        ),
        None => bail!("{}: holds no object", path.display()),
    };
    if !CLUSTER_SCOPED.contains(&Object::new(&template).kind()) {
        default_namespace(&mut template);
    }
    Ok(template)
}

fn default_namespace(object: &mut Value) {
    if Object::new(object).namespace().is_empty()
        && let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut)
    {
        metadata.insert("namespace".to_owned(), json!(NAMESPACE));
    }
}

/// A policy as it would be stored: with defaults, or refused for what is wrong with it.
fn admitted<K>(document: &Document) -> anyhow::Result<K>
where
    K: DeserializeOwned + kube::Resource<DynamicType = ()>,
{
    let mut object = document.value().clone();
    if !document.kind().starts_with("Cluster") {
        default_namespace(&mut object);
    }
    let namespace = Object::new(&object).namespace().to_owned();
    let stored = admit(
        &creation(document, &namespace, &object),
        &Context::new(PERMANENT_ID),
    )
    .map_err(|denial| refused(document, &denial))?;
    wire::decode(&stored).with_context(|| document.position().to_string())
}

fn creation<'a>(document: &'a Document, namespace: &'a str, object: &'a Value) -> Request<'a> {
    Request {
        kind: document.kind(),
        operation: Operation::Create,
        namespace,
        object,
        old: None,
    }
}

fn refused(document: &Document, denial: &Denial) -> anyhow::Error {
    let mut reasons: Vec<String> = denial.errors.iter().map(ToString::to_string).collect();
    if reasons.is_empty() {
        reasons.push(denial.message.clone());
    }
    anyhow!("{}: {}", document.position(), reasons.join("; "))
}

fn unexpected(document: &Document, expected: &str) -> anyhow::Error {
    anyhow!("{}: expected {expected}", document.position())
}
