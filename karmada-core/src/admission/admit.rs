//! All that stands between a request and the store.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Map, Value};

use super::metadata::{validate_metadata, validate_metadata_update};
use super::{Context, Denial, Operation, Request, cluster, mutate, schema, validate};
use crate::api::cluster::v1alpha1::Cluster;
use crate::api::wire;
use crate::crd::{KindInfo, Scope, kinds};
use crate::features::Feature;
use crate::syntax;

/// How much of `generateName` is kept in a generated name.
const GENERATED_BASE: usize = 58;

/// Decides about a request: answers with the object as it is to be stored, or says why it is refused.
///
/// The stages are those of the [module](super). On deletion the stored object comes back. Members that only the server
/// can give (uid, creation time, resource version, a name to be generated) are kept from the stored object on an update
/// and otherwise left to the server; an object without them is admitted.
///
/// # Errors
/// [`Denial`] as a Kubernetes Status would say it: code 400 for an object that cannot be read, 422 for fields that do
/// not fit the schema, 403 for what the rules of the kind refuse.
///
/// ```
/// use karmada_core::admission::{Context, Operation, Request, admit};
/// let policy = serde_json::json!({
///     "apiVersion": "policy.karmada.io/v1alpha1",
///     "kind": "PropagationPolicy",
///     "metadata": {"name": "web"},
///     "spec": {"resourceSelectors": [{"apiVersion": "apps/v1", "kind": "Deployment"}]},
/// });
/// let request = Request {
///     kind: "PropagationPolicy",
///     operation: Operation::Create,
///     namespace: "shop",
///     object: &policy,
///     old: None,
/// };
/// let stored = admit(&request, &Context::new("7d0c5d4e-1f0a-4f5e-9d7b-3c1e8a2b6f90")).unwrap();
/// assert_eq!(stored["spec"]["resourceSelectors"][0]["namespace"], "shop");
/// assert_eq!(stored["spec"]["schedulerName"], "default-scheduler");
/// ```
pub fn admit(request: &Request<'_>, context: &Context<'_>) -> Result<Value, Denial> {
    if request.operation == Operation::Delete {
        validate(request, context)?;
        return Ok(request.old.unwrap_or(request.object).clone());
    }
    let Some(info) = find_kind(request)? else {
        return Ok(request.object.clone());
    };
    let old = match request.operation {
        Operation::Update => Some(
            request
                .old
                .ok_or_else(|| Denial::bad_request("an update needs the stored object"))?,
        ),
        Operation::Create | Operation::Delete => None,
    };
    let object = with_metadata(request, info, old)?;
    match info.kind {
        "Cluster" => admit_cluster(request, context, &object, old),
        "ResourceRegistry" => {
            let request = Request {
                object: &object,
                ..*request
            };
            validate_against(&request, context, &object, old)?;
            Ok(object)
        }
        _ => admit_custom(request, context, info, object, old),
    }
}

/// The kind asked for, if it is one of Karmada's. An object that names no version is taken for the newest.
fn find_kind(request: &Request<'_>) -> Result<Option<&'static KindInfo>, Denial> {
    let mut versions = kinds().iter().filter(|info| info.kind == request.kind).peekable();
    if versions.peek().is_none() {
        return Ok(None);
    }
    let api_version = match request.object.get("apiVersion") {
        None | Some(Value::Null) => return Ok(versions.last()),
        Some(Value::String(text)) => text,
        Some(_) => return Err(Denial::bad_request("apiVersion must be a string")),
    };
    versions
        .find(|info| info.api_version == *api_version)
        .map(Some)
        .ok_or_else(|| Denial::bad_request(format!("{api_version} has no {}", request.kind)))
}

/// The object with metadata as the server reads it: of the right types, without unknown members, in the namespace
/// asked for, and with what the server keeps of the stored object.
fn with_metadata(request: &Request<'_>, info: &KindInfo, old: Option<&Value>) -> Result<Value, Denial> {
    let Value::Object(members) = request.object else {
        return Err(Denial::bad_request("the object must be a JSON object"));
    };
    let mut metadata = read_metadata(request.object)?;
    let given = metadata.namespace.clone().unwrap_or_default();
    match info.scope {
        Scope::Cluster => metadata.namespace = None,
        Scope::Namespaced if given.is_empty() && !request.namespace.is_empty() => {
            metadata.namespace = Some(request.namespace.to_owned());
        }
        Scope::Namespaced if !request.namespace.is_empty() && given != request.namespace => {
            return Err(Denial::bad_request(format!(
                "the namespace of the object ({given}) does not match the namespace of the request ({})",
                request.namespace
            )));
        }
        Scope::Namespaced => {}
    }
    if let Some(old) = old {
        let old = read_metadata(old)?;
        metadata.uid = metadata.uid.or(old.uid);
        metadata.creation_timestamp = metadata.creation_timestamp.or(old.creation_timestamp);
        metadata.deletion_timestamp = metadata.deletion_timestamp.or(old.deletion_timestamp);
        metadata.deletion_grace_period_seconds = metadata
            .deletion_grace_period_seconds
            .or(old.deletion_grace_period_seconds);
        metadata.generation = old.generation;
    } else {
        metadata.deletion_timestamp = None;
        metadata.deletion_grace_period_seconds = None;
        metadata.generation = Some(1);
    }
    let mut members = members.clone();
    members.insert("apiVersion".to_owned(), info.api_version.into());
    members.insert("kind".to_owned(), info.kind.into());
    members.insert("metadata".to_owned(), encode(&metadata)?);
    Ok(Value::Object(members))
}

fn read_metadata(object: &Value) -> Result<ObjectMeta, Denial> {
    match object.get("metadata") {
        None | Some(Value::Null) => Ok(ObjectMeta::default()),
        Some(metadata) => wire::decode(metadata).map_err(|error| Denial::bad_request(error.to_string())),
    }
}

fn encode<T: serde::Serialize>(value: &T) -> Result<Value, Denial> {
    wire::encode(value).map_err(|error| Denial::bad_request(error.to_string()))
}

/// A kind whose API server is its CustomResourceDefinition's, with webhooks.
fn admit_custom(
    request: &Request<'_>,
    context: &Context<'_>,
    info: &KindInfo,
    mut object: Value,
    old: Option<&Value>,
) -> Result<Value, Denial> {
    let made;
    let schema = match context.schemas.and_then(|schemas| schemas.of(info)) {
        Some(schema) => schema,
        None => {
            made = info.schema();
            &made
        }
    };
    complete(schema, &mut object);
    if mutate::applies(request.kind, request.operation) {
        object = mutate::mutate(
            &Request {
                object: &object,
                ..*request
            },
            context,
        )?;
        complete(schema, &mut object);
    }
    if let Value::Object(members) = &mut object {
        settle(members, info, old);
    }

    let old_metadata = old.map(read_metadata).transpose()?;
    let metadata = with_stand_ins(read_metadata(&object)?, old_metadata.as_ref());
    let mut errors = Vec::new();
    if let Some(old) = &old_metadata {
        errors.extend(validate_metadata_update(&metadata, old));
    }
    errors.extend(validate_metadata(&metadata, info.scope, syntax::dns_subdomain));
    errors.extend(schema::validate(schema, &object, old));
    Denial::unless_fitting(request.kind, &object, errors)?;

    validate_against(request, context, &object, old)?;
    Ok(object)
}

fn complete(schema: &Value, object: &mut Value) {
    schema::prune(schema, object);
    schema::apply_defaults(schema, object);
}

/// What a server does on its own: the status is written separately, and the generation counts changes of the rest.
fn settle(object: &mut Map<String, Value>, info: &KindInfo, old: Option<&Value>) {
    let Some(old) = old.and_then(Value::as_object) else {
        if info.status_subresource {
            object.remove("status");
        }
        return;
    };
    if info.status_subresource {
        match old.get("status") {
            Some(status) => object.insert("status".to_owned(), status.clone()),
            None => object.remove("status"),
        };
    }
    let is_apart = |name: &str| matches!(name, "metadata" | "apiVersion" | "kind");
    let content = |object: &Map<String, Value>| {
        let members = object.iter().filter(|(name, _)| !is_apart(name));
        members
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect::<Map<_, _>>()
    };
    if content(object) != content(old)
        && let Some(Value::Object(metadata)) = object.get_mut("metadata")
    {
        let generation = metadata
            .get("generation")
            .and_then(Value::as_i64)
            .unwrap_or_default();
        metadata.insert("generation".to_owned(), generation.saturating_add(1).into());
    }
}

/// The metadata as it is checked: with stand-ins for what the server gives. A name to be generated gets its ending, an
/// update of an object that has no resource version gets one.
fn with_stand_ins(mut new: ObjectMeta, old: Option<&ObjectMeta>) -> ObjectMeta {
    let is_none = |text: &Option<String>| text.as_deref().unwrap_or_default().is_empty();
    if is_none(&new.name) && !is_none(&new.generate_name) {
        let base = new.generate_name.as_deref().unwrap_or_default();
        let end = (0..=GENERATED_BASE).rev().find(|end| base.is_char_boundary(*end));
        let base = end.and_then(|end| base.get(..end)).unwrap_or(base);
        new.name = Some(format!("{base}00000"));
    }
    if old.is_some_and(|old| is_none(&new.resource_version) && is_none(&old.resource_version)) {
        new.resource_version = Some("0".to_owned());
    }
    new
}

/// The rules of the kind, for an object that is complete.
fn validate_against(
    request: &Request<'_>,
    context: &Context<'_>,
    object: &Value,
    old: Option<&Value>,
) -> Result<(), Denial> {
    let mut checked = object.clone();
    let old_metadata = old.map(read_metadata).transpose()?;
    let metadata = with_stand_ins(read_metadata(object)?, old_metadata.as_ref());
    if let Value::Object(members) = &mut checked {
        members.insert("metadata".to_owned(), encode(&metadata)?);
    }
    validate(
        &Request {
            object: &checked,
            old,
            ..*request
        },
        context,
    )
}

/// A Cluster, as its own API server stores it.
fn admit_cluster(
    request: &Request<'_>,
    context: &Context<'_>,
    object: &Value,
    old: Option<&Value>,
) -> Result<Value, Denial> {
    let bad_request = |error: wire::DecodeError| Denial::bad_request(error.to_string());
    let mut cluster: Cluster = wire::decode(object).map_err(bad_request)?;
    let old: Option<Cluster> = old.map(wire::decode).transpose().map_err(bad_request)?;
    let model_resources = context.gates.enabled(Feature::CustomizedClusterResourceModeling);
    let has_models = !cluster.spec.resource_models.is_empty();
    cluster::prepare(&mut cluster, old.as_ref(), model_resources);
    let raw_models = if has_models {
        // Grades are compared as they were written, in their order.
        let mut models = object
            .pointer("/spec/resourceModels")
            .cloned()
            .unwrap_or_default();
        if let (Value::Array(models), true) = (&mut models, model_resources) {
            models.sort_by_key(|model| model.get("grade").and_then(Value::as_u64).unwrap_or_default());
        }
        models
    } else {
        encode(&cluster.spec.resource_models)?
    };
    let mut checked = cluster.clone();
    checked.metadata = with_stand_ins(checked.metadata, old.as_ref().map(|old| &old.metadata));
    let errors = cluster::validate(&checked, &raw_models, old.as_ref());
    Denial::unless_fitting(request.kind, object, errors)?;
    cluster::canonicalise(&mut cluster, context.now.as_ref());
    encode(&cluster)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "7d0c5d4e-1f0a-4f5e-9d7b-3c1e8a2b6f90";

    fn ask(operation: Operation, kind: &str, object: &Value, old: Option<&Value>) -> Result<Value, Denial> {
        let request = Request {
            kind,
            operation,
            namespace: "shop",
            object,
            old,
        };
        admit(&request, &Context::new(ID))
    }

    fn create(object: &Value) -> Result<Value, Denial> {
        ask(Operation::Create, object["kind"].as_str().unwrap(), object, None)
    }

    fn policy(spec: &Value) -> Value {
        json!({"apiVersion": "policy.karmada.io/v1alpha1", "kind": "PropagationPolicy", "metadata": {"name": "web"}, "spec": spec})
    }

    fn refused(answer: Result<Value, Denial>) -> (u16, &'static str, Vec<String>) {
        let denial = answer.unwrap_err();
        let fields = denial
            .errors
            .iter()
            .map(|error| format!("{} {}", error.field, error.kind))
            .collect();
        (denial.code, denial.reason.as_str(), fields)
    }

    #[test]
    fn the_stages_come_in_order() {
        let selectors = json!([{"apiVersion": "v1", "kind": "Secret", "more": 1}]);
        let stored = create(&policy(&json!({"resourceSelectors": selectors, "unknown": 1}))).unwrap();
        assert_eq!(
            stored,
            json!({
                "apiVersion": "policy.karmada.io/v1alpha1",
                "kind": "PropagationPolicy",
                "metadata": {
                    "name": "web",
                    "namespace": "shop",
                    "generation": 1,
                    "labels": {"propagationpolicy.karmada.io/permanent-id": ID},
                    "finalizers": ["karmada.io/propagation-policy-controller"],
                },
                "spec": {
                    "resourceSelectors": [{"apiVersion": "v1", "kind": "Secret", "namespace": "shop"}],
                    "placement": {},
                    "priority": 0,
                    "preemption": "Never",
                    "schedulerName": "default-scheduler",
                    "conflictResolution": "Abort",
                },
            })
        );

        // A webhook that cannot read the object comes before the schema, the schema before the rules.
        let wrong = policy(&json!({"resourceSelectors": [], "priority": "high"}));
        assert_eq!(refused(create(&wrong)), (400, "", Vec::new()));
        let spread =
            json!({"placement": {"spreadConstraints": [{"minGroups": -1}]}, "resourceSelectors": []});
        assert_eq!(
            refused(create(&policy(&spread))),
            (
                422,
                "Invalid",
                vec!["spec.resourceSelectors FieldValueInvalid".to_owned()]
            )
        );
        let spread =
            json!({"placement": {"spreadConstraints": [{"minGroups": -1}]}, "resourceSelectors": selectors});
        assert_eq!(
            refused(create(&policy(&spread))),
            (
                403,
                "Forbidden",
                vec!["spec.placement.spreadConstraints[0] FieldValueInvalid".to_owned()]
            )
        );
    }

    #[test]
    fn a_kind_without_mutation_has_its_types_checked_by_the_schema() {
        let rebalancer = json!({"apiVersion": "apps.karmada.io/v1alpha1", "kind": "WorkloadRebalancer",
            "metadata": {"name": "A"}, "spec": {"workloads": 5}});
        assert_eq!(
            refused(create(&rebalancer)),
            (
                422,
                "Invalid",
                vec![
                    "metadata.name FieldValueInvalid".to_owned(),
                    "spec.workloads FieldValueTypeInvalid".to_owned(),
                ]
            )
        );
    }

    #[test]
    fn requests_that_make_no_sense() {
        let check = |object: &Value, expected: u16| {
            let answer = ask(Operation::Create, "PropagationPolicy", object, None);
            assert_eq!(refused(answer).0, expected, "{object}");
        };
        check(&json!(5), 400);
        check(&json!({"apiVersion": 1}), 400);
        check(&json!({"apiVersion": "policy.karmada.io/v9"}), 400);
        check(&json!({"metadata": "a"}), 400);
        check(&json!({"metadata": {"labels": {"a": 1}}}), 400);
        check(&json!({"metadata": {"namespace": "other"}}), 400);
        check(&json!({}), 422);
        let update = ask(Operation::Update, "PropagationPolicy", &json!({}), None);
        assert_eq!(refused(update).0, 400);
    }

    #[test]
    fn updates() {
        let spec = json!({"resourceSelectors": [{"apiVersion": "v1", "kind": "Secret"}]});
        let mut stored = create(&policy(&spec)).unwrap();
        stored["metadata"]["uid"] = json!("1");
        stored["metadata"]["resourceVersion"] = json!("7");
        let update = |object: &Value| ask(Operation::Update, "PropagationPolicy", object, Some(&stored));

        assert_eq!(update(&stored), Ok(stored.clone()), "nothing changes");
        let mut labelled = stored.clone();
        labelled["metadata"]["labels"]["a"] = json!("b");
        assert_eq!(update(&labelled).unwrap()["metadata"]["generation"], 1);
        let mut changed = stored.clone();
        changed["spec"]["priority"] = json!(1);
        changed["metadata"].as_object_mut().unwrap().remove("uid");
        let answer = update(&changed).unwrap();
        assert_eq!(
            (&answer["metadata"]["generation"], &answer["metadata"]["uid"]),
            (&json!(2), &json!("1"))
        );
        let mut unversioned = stored.clone();
        unversioned["metadata"]
            .as_object_mut()
            .unwrap()
            .remove("resourceVersion");
        assert_eq!(
            refused(update(&unversioned)).2,
            ["metadata.resourceVersion FieldValueInvalid"]
        );
        let mut moved = stored.clone();
        moved["spec"]["schedulerName"] = json!("mine");
        assert_eq!(refused(update(&moved)), (403, "Forbidden", Vec::new()));
    }

    #[test]
    fn a_status_is_not_for_writers_of_the_rest() {
        let binding = json!({"apiVersion": "work.karmada.io/v1alpha2", "kind": "ResourceBinding",
            "metadata": {"name": "a"}, "spec": {"resource": {"apiVersion": "v1", "kind": "A", "name": "a"}},
            "status": {"schedulerObservedGeneration": 3}});
        let mut stored = create(&binding).unwrap();
        assert!(stored.get("status").is_none());
        stored["status"] = json!({"schedulerObservedGeneration": 4});
        let mut changed = binding.clone();
        changed["spec"]["replicas"] = json!(2);
        let stored_again = ask(Operation::Update, "ResourceBinding", &changed, Some(&stored)).unwrap();
        assert_eq!(stored_again["status"], stored["status"]);
        assert!(
            stored_again["metadata"].get("labels").is_none(),
            "bindings are named on creation only"
        );
    }

    #[test]
    fn clusters() {
        let cluster = |spec: Value| json!({"apiVersion": "cluster.karmada.io/v1alpha1", "kind": "Cluster", "metadata": {"name": "m"}, "spec": spec});
        let stored = create(&cluster(json!({"syncMode": "Push", "zone": "z"}))).unwrap();
        assert_eq!(stored["spec"]["zones"], json!(["z"]));
        assert_eq!(stored["spec"]["resourceModels"].as_array().unwrap().len(), 9);
        let range = |min: &str, max: &str| json!([{"name": "cpu", "min": min, "max": max}]);
        // Written in any order, and opened above before it is checked.
        let models =
            json!([{"grade": 1, "ranges": range("1", "2")}, {"grade": 0, "ranges": range("0", "1")}]);
        assert!(create(&cluster(json!({"syncMode": "Push", "resourceModels": models}))).is_ok());
        let models =
            json!([{"grade": 0, "ranges": range("0", "1")}, {"grade": 1, "ranges": range("1000m", "2")}]);
        assert_eq!(
            refused(create(&cluster(
                json!({"syncMode": "Push", "resourceModels": models})
            ))),
            (
                422,
                "Invalid",
                vec!["spec.resourceModels FieldValueInvalid".to_owned()]
            )
        );
        assert_eq!(
            refused(create(&cluster(json!({"syncMode": 5})))),
            (400, "BadRequest", Vec::new())
        );

        let updated = ask(
            Operation::Update,
            "Cluster",
            &cluster(json!({"syncMode": "Pull"})),
            Some(&stored),
        )
        .unwrap();
        assert_eq!(updated["metadata"]["generation"], 2);
        assert!(
            updated["spec"].get("resourceModels").is_none(),
            "no defaults on update"
        );
    }

    #[test]
    fn names_to_be_generated() {
        let check = |base: &str, expected: Option<u16>| {
            let hpa = json!({"apiVersion": "autoscaling.karmada.io/v1alpha1", "kind": "FederatedHPA",
                "metadata": {"generateName": base},
                "spec": {"maxReplicas": 1, "scaleTargetRef": {"kind": "Deployment", "name": "a"}}});
            let answer = create(&hpa);
            assert_eq!(
                answer.as_ref().err().map(|denial| denial.code),
                expected,
                "{base}"
            );
            assert!(answer.is_err() || answer.unwrap()["metadata"].get("name").is_none());
        };
        check("a-", None);
        check(&"a".repeat(100), None);
        check("A-", Some(422));
        check(&"ä".repeat(40), Some(422));
    }

    #[test]
    fn deletion() {
        let check = |value: Value, expected: bool| {
            let object = json!({"kind": "Secret", "metadata": {"labels": {"resourcetemplate.karmada.io/deletion-protected": value}}});
            let answer = ask(Operation::Delete, "Secret", &Value::Null, Some(&object));
            assert_eq!(answer.is_ok(), expected);
            if let Err(denial) = answer {
                assert_eq!((denial.code, denial.errors), (403, Vec::new()));
            }
        };
        check(json!("Always"), false);
        check(json!("always"), true);
        check(json!(true), true);
    }

    #[test]
    fn other_kinds_pass() {
        let secret = json!({"kind": "Secret", "data": {"a": null}});
        assert_eq!(
            ask(Operation::Create, "Secret", &secret, None),
            Ok(secret.clone())
        );
    }
}
