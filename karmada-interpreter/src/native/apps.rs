//! `apps/v1`: Deployment, ReplicaSet, StatefulSet and DaemonSet.

use jiff::Timestamp;
use karmada_core::annotations::RESOURCE_TEMPLATE_GENERATION;
use karmada_core::api::config::v1alpha1::DependentObjectReference;
use karmada_core::labels::{RETAIN_REPLICAS, RETAIN_REPLICAS_VALUE};
use serde_json::{Map, Value};

use super::status::{live, part};
use super::{Items, ReplicaRule, Rules};
use crate::dependencies;
use crate::error::{Error, FieldError};
use crate::kubernetes::apps::{
    DaemonSet, DaemonSetStatus, Deployment, DeploymentStatus, FederatedGeneration, ReplicaSet,
    ReplicaSetStatus, StatefulSet, StatefulSetStatus,
};
use crate::kubernetes::{Described, Kind, int32, int64, is_set, items, member, text};
use crate::object;

const API_VERSION: &str = "apps/v1";
const REPLICAS: &[&str] = &["spec", "replicas"];
const POD_SPEC: &[&str] = &["spec", "template", "spec"];
const REPLICA_RULE: ReplicaRule = ReplicaRule {
    count: |object| int32(member(object, REPLICAS)),
    pod_spec: POD_SPEC,
};

pub(super) const RULES: &[Rules] = &[
    Rules {
        replicas: Some(REPLICA_RULE),
        revise: Some(REPLICAS),
        retain: Some(retain_replicas),
        aggregate: Some(|object, items, _: Timestamp| DEPLOYMENT.aggregate(object, items)),
        reflect: Some(|object| DEPLOYMENT.reflect(object)),
        health: Some(|object| is_current(object) && all_updated(object)),
        dependencies: Some(template_dependencies),
        ..Rules::of(API_VERSION, "Deployment", Deployment::KIND)
    },
    Rules {
        replicas: Some(REPLICA_RULE),
        revise: Some(REPLICAS),
        aggregate: Some(|object, items, _: Timestamp| REPLICA_SET.aggregate(object, items)),
        reflect: Some(|object| REPLICA_SET.reflect(object)),
        health: Some(|object| is_current(object) && reaches_replicas(object, "availableReplicas")),
        dependencies: Some(template_dependencies),
        ..Rules::of(API_VERSION, "ReplicaSet", ReplicaSet::KIND)
    },
    Rules {
        replicas: Some(REPLICA_RULE),
        revise: Some(REPLICAS),
        aggregate: Some(|object, items, _: Timestamp| STATEFUL_SET.aggregate(object, items)),
        reflect: Some(|object| STATEFUL_SET.reflect(object)),
        health: Some(|object| is_current(object) && all_updated(object)),
        dependencies: Some(stateful_set_dependencies),
        ..Rules::of(API_VERSION, "StatefulSet", StatefulSet::KIND)
    },
    Rules {
        aggregate: Some(|object, items, _: Timestamp| DAEMON_SET.aggregate(object, items)),
        reflect: Some(|object| DAEMON_SET.reflect(object)),
        health: Some(|object| {
            is_current(object)
                && in_status(object, "updatedNumberScheduled") >= in_status(object, "desiredNumberScheduled")
                && in_status(object, "numberAvailable") >= in_status(object, "updatedNumberScheduled")
        }),
        dependencies: Some(template_dependencies),
        ..Rules::of(API_VERSION, "DaemonSet", DaemonSet::KIND)
    },
];

const DEPLOYMENT: Workload = Workload {
    status: DeploymentStatus::KIND,
    sums: &[
        "replicas",
        "readyReplicas",
        "updatedReplicas",
        "availableReplicas",
        "unavailableReplicas",
    ],
    reflected: &[
        "observedGeneration",
        "replicas",
        "updatedReplicas",
        "readyReplicas",
        "availableReplicas",
        "unavailableReplicas",
    ],
    wanted: Wanted::TemplateGeneration,
    up_to_date_only_without: &[],
};

const REPLICA_SET: Workload = Workload {
    status: ReplicaSetStatus::KIND,
    sums: &["replicas", "readyReplicas", "availableReplicas"],
    reflected: &[
        "observedGeneration",
        "replicas",
        "readyReplicas",
        "availableReplicas",
    ],
    wanted: Wanted::TemplateGeneration,
    up_to_date_only_without: &[],
};

const STATEFUL_SET: Workload = Workload {
    status: StatefulSetStatus::KIND,
    sums: &[
        "availableReplicas",
        "currentReplicas",
        "readyReplicas",
        "replicas",
        "updatedReplicas",
    ],
    // Upstream leaves observedGeneration out.
    reflected: &[
        "availableReplicas",
        "currentReplicas",
        "readyReplicas",
        "replicas",
        "updatedReplicas",
    ],
    wanted: Wanted::MemberGeneration,
    up_to_date_only_without: &[],
};

const DAEMON_SET: Workload = Workload {
    status: DaemonSetStatus::KIND,
    sums: DAEMON_SET_NUMBERS,
    reflected: &[
        "observedGeneration",
        "currentNumberScheduled",
        "desiredNumberScheduled",
        "numberAvailable",
        "numberMisscheduled",
        "numberReady",
        "updatedNumberScheduled",
        "numberUnavailable",
    ],
    wanted: Wanted::TemplateGeneration,
    up_to_date_only_without: &["conditions", "collisionCount"],
};

const DAEMON_SET_NUMBERS: &[&str] = &[
    "currentNumberScheduled",
    "desiredNumberScheduled",
    "numberAvailable",
    "numberMisscheduled",
    "numberReady",
    "updatedNumberScheduled",
    "numberUnavailable",
];

/// How the status of one of these kinds is reflected and brought together.
struct Workload {
    status: Kind,
    /// Numbers that are summed up over the members.
    sums: &'static [&'static str],
    /// Members of the status that are reflected.
    reflected: &'static [&'static str],
    /// What a member's template generation must have reached.
    wanted: Wanted,
    /// Further members of the status; while one is not empty, the status does not count as up to date.
    up_to_date_only_without: &'static [&'static str],
}

/// What a member's template generation is compared with to tell whether the member has got the current template.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// The generation of the template.
    TemplateGeneration,
    /// The generation of the member's object, as upstream does for StatefulSets.
    MemberGeneration,
}

impl Workload {
    /// Sums the numbers up. `observedGeneration` becomes the template's generation once every member, those that report no
    /// status included, has got the current template and dealt with it; until then it stays.
    fn aggregate(&self, object: &Value, items: Option<Items<'_>>) -> Result<Option<Value>, Error> {
        let items = items.unwrap_or_default();
        let generation = int64(member(object, &["metadata", "generation"]));
        let mut sums = vec![0_i32; self.sums.len()];
        let mut aligned = 0;
        for report in live(items, &[&self.status, &FederatedGeneration::KIND]) {
            let status = report?.status;
            let number = |name| int64(member(status, &[name]));
            let wanted = match self.wanted {
                Wanted::TemplateGeneration => generation,
                Wanted::MemberGeneration => number("generation"),
            };
            if number("observedGeneration") >= number("generation")
                && number("resourceTemplateGeneration") >= wanted
            {
                aligned += 1;
            }
            for (sum, name) in sums.iter_mut().zip(self.sums) {
                // Upstream's sums wrap around.
                *sum = sum.wrapping_add(int32(member(status, &[*name])));
            }
        }

        let old = member(object, &["status"]);
        let old_observed = int64(member(old, &["observedGeneration"]));
        let observed = if aligned == items.len() {
            generation
        } else {
            old_observed
        };
        let up_to_date = observed == old_observed
            && sums
                .iter()
                .zip(self.sums)
                .all(|(sum, name)| *sum == int32(member(old, &[*name])))
            && self.up_to_date_only_without.iter().all(|name| {
                let value = member(old, &[*name]);
                !is_set(value) || value.as_array().is_some_and(Vec::is_empty)
            });
        if up_to_date {
            return Ok(None);
        }

        let mut new = old.as_object().cloned().unwrap_or_default();
        new.insert("observedGeneration".to_owned(), observed.into());
        for (sum, name) in sums.into_iter().zip(self.sums) {
            new.insert((*name).to_owned(), sum.into());
        }
        Ok(Some(Value::Object(new)))
    }

    /// The reflected numbers, with the generation of the object and that of the template it was made from.
    fn reflect(&self, object: &Value) -> Result<Option<Value>, FieldError> {
        let Some(mut status) = part(object, &self.status, self.reflected)? else {
            return Ok(None);
        };
        let template_generation = template_generation(object)?;
        let reflected = status.as_object_mut().map(|status| {
            insert_unless_zero(status, "generation", object::generation(object));
            insert_unless_zero(status, "resourceTemplateGeneration", template_generation);
            status.len()
        });
        // An empty status means that there is none yet.
        Ok(reflected.filter(|members| *members > 0).map(|_| status))
    }
}

/// The generation of the template that Karmada noted on the object of a member.
fn template_generation(object: &Value) -> Result<i64, FieldError> {
    let text = object::annotation(object, RESOURCE_TEMPLATE_GENERATION).unwrap_or_default();
    text.parse().map_err(|_| {
        FieldError::new(
            &["metadata", "annotations", RESOURCE_TEMPLATE_GENERATION],
            format!("{text:?} is not an integer"),
        )
    })
}

fn insert_unless_zero(members: &mut Map<String, Value>, name: &str, number: i64) {
    if number != 0 {
        members.insert(name.to_owned(), number.into());
    }
}

/// Keeps the number of replicas of the member where a label on the template says so: somebody else scales it there.
fn retain_replicas(desired: &mut Value, observed: &Value) -> Result<(), FieldError> {
    let labels = object::string_map(desired, &["metadata", "labels"])?;
    let label = labels.and_then(|labels| labels.get(RETAIN_REPLICAS)).map(text);
    if label != Some(RETAIN_REPLICAS_VALUE) {
        return Ok(());
    }
    let replicas = object::integer(observed, REPLICAS)?
        .ok_or_else(|| FieldError::new(REPLICAS, "is missing in the observed object"))?;
    object::set(desired, REPLICAS, replicas.into())
}

/// Whether the member has dealt with the current generation.
fn is_current(object: &Value) -> bool {
    int64(member(object, &["status", "observedGeneration"]))
        == int64(member(object, &["metadata", "generation"]))
}

/// Whether all replicas are updated, and what is updated is available.
fn all_updated(object: &Value) -> bool {
    reaches_replicas(object, "updatedReplicas")
        && in_status(object, "availableReplicas") >= in_status(object, "updatedReplicas")
}

/// Whether a number in the status reaches the replicas wanted, if a number is wanted.
fn reaches_replicas(object: &Value, name: &str) -> bool {
    let replicas = member(object, REPLICAS);
    !is_set(replicas) || in_status(object, name) >= int32(replicas)
}

fn in_status(object: &Value, name: &str) -> i32 {
    int32(member(object, &["status", name]))
}

fn template_dependencies(object: &Value) -> Vec<DependentObjectReference> {
    dependencies::of_pod(
        member(object, POD_SPEC),
        text(member(object, &["metadata", "namespace"])),
    )
}

/// Claims that the StatefulSet makes from its own templates are no dependencies: the member makes them.
fn stateful_set_dependencies(object: &Value) -> Vec<DependentObjectReference> {
    let mut found = template_dependencies(object);
    let templates = items(member(object, &["spec", "volumeClaimTemplates"]));
    found.retain(|dependency| {
        dependency.kind != "PersistentVolumeClaim"
            || !templates
                .iter()
                .any(|template| text(member(template, &["metadata", "name"])) == dependency.name)
    });
    found
}
