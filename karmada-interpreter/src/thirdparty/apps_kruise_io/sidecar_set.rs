//! SidecarSet: injects containers into matching pods.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::interpreter::Replicas;
use crate::thirdparty::error::Result;
use crate::thirdparty::items::Items;
use crate::thirdparty::references::References;
use crate::thirdparty::result;
use crate::thirdparty::rules::Rules;
use crate::thirdparty::view::{List, View, import, number};

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    replicas: Some(replicas),
    retain: Some(retain),
    aggregate: Some(aggregate),
    reflect: Some(reflect),
    health: Some(health),
    dependencies: Some(dependencies),
    ..Rules::of("apps.kruise.io/v1alpha1", "SidecarSet")
};

const COUNTS: [&str; 3] = ["matchedPods", "updatedPods", "readyPods"];

/// It has no pods of its own.
fn replicas(_object: View<'_>) -> Result<Replicas> {
    Ok(Replicas::default())
}

/// Nothing is kept.
fn retain(_desired: &mut Value, _observed: View<'_>) -> Result<()> {
    Ok(())
}

/// Sums, on an object that has nothing but its identity beside them.
fn aggregate(object: &mut Value, items: Option<Items<'_>>, _now: Timestamp) -> Result<()> {
    let items = items.ok_or_else(|| View::absent().expected("a list of statuses"))?;
    let mut status = Map::new();
    for field in COUNTS {
        let mut sum = 0.0;
        for member in items.iter() {
            let count = member.status.unless_false().find(&[field])?.unless_false();
            if count.is_present() {
                sum += count.operand()?;
            }
        }
        status.insert(field.to_owned(), number(sum)?);
    }
    let metadata = result::members(object, "status")?.remove("metadata");
    let mut aggregated = Map::from_iter([
        ("apiVersion".to_owned(), json!("apps.kruise.io/v1alpha1")),
        ("kind".to_owned(), json!("SidecarSet")),
        ("status".to_owned(), Value::Object(status)),
    ]);
    result::set(&mut aggregated, "metadata", metadata.unwrap_or_default());
    *object = Value::Object(aggregated);
    Ok(())
}

fn reflect(observed: View<'_>) -> Result<Value> {
    let status = observed.get("status")?;
    let mut reflected = Map::new();
    if status.is_present() {
        for field in COUNTS {
            let count = status.get(field)?;
            let count = if count.is_truthy() {
                import(count.value())
            } else {
                json!(0)
            };
            reflected.insert(field.to_owned(), count);
        }
    }
    Ok(Value::Object(reflected))
}

/// All matched pods are updated.
fn health(observed: View<'_>) -> Result<bool> {
    let status = observed.get("status")?;
    if status.is_absent() {
        return Ok(false);
    }
    let zero = json!(0);
    let count = |field: &str| -> Result<Value> {
        let count = status.get(field)?;
        Ok(if count.is_truthy() {
            count.value().clone()
        } else {
            zero.clone()
        })
    };
    let (matched, updated) = (count("matchedPods")?, count("updatedPods")?);
    let matched = View::new(&matched);
    Ok(matched.equals(0.0) || View::new(&updated).same(matched))
}

/// What the injected containers and volumes name.
fn dependencies(object: View<'_>) -> Result<References> {
    let mut references = References::of_anything();
    let spec = object.get("spec")?.unless_false();
    if spec.is_absent() {
        return Ok(references);
    }
    for container in list(spec, "containers")? {
        for variable in list(container, "env")? {
            let from = variable.get("valueFrom")?.unless_false();
            if from.is_absent() {
                continue;
            }
            add(&mut references, "ConfigMap", from, "configMapKeyRef", "name")?;
            add(&mut references, "Secret", from, "secretKeyRef", "name")?;
        }
        for source in list(container, "envFrom")? {
            add(&mut references, "ConfigMap", source, "configMapRef", "name")?;
            add(&mut references, "Secret", source, "secretRef", "name")?;
        }
    }
    for volume in list(spec, "volumes")? {
        add(&mut references, "ConfigMap", volume, "configMap", "name")?;
        add(&mut references, "Secret", volume, "secret", "secretName")?;
        let projected = volume.get("projected")?.unless_false();
        for source in projected.find(&["sources"])?.unless_false().list_or_none()? {
            add(&mut references, "ConfigMap", source, "configMap", "name")?;
            add(&mut references, "Secret", source, "secret", "name")?;
        }
    }
    Ok(references)
}

/// The list that is a member, which may be absent.
fn list<'a>(of: View<'a>, member: &str) -> Result<List<'a>> {
    of.get(member)?.unless_false().list_or_none()
}

/// Adds what a member names, unless the member is absent.
fn add(
    references: &mut References,
    kind: &'static str,
    of: View<'_>,
    member: &str,
    name: &str,
) -> Result<()> {
    let named = of.get(member)?.unless_false();
    if named.is_absent() {
        return Ok(());
    }
    references.add(kind, named.get(name)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::thirdparty::testing::Kind;

    const IT: Kind = Kind(&RULES);

    #[test]
    fn it_has_no_replicas() {
        assert_eq!(IT.replicas(&json!(null)), Some((0, json!(null))));
    }

    #[test]
    fn reflection_counts_from_zero() {
        assert_eq!(IT.reflect(&json!(null)), Some(json!({})));
        let expected = json!({"matchedPods": 2, "updatedPods": 0, "readyPods": 0});
        assert_eq!(IT.reflect(&json!({"matchedPods": 2, "other": 1})), Some(expected));
    }

    #[test]
    fn aggregation_leaves_identity_and_sums() {
        let check = |items, expected: Option<Value>| {
            let got = IT.aggregate_object(&json!({"spec": {"a": 1}, "status": {"x": 1}, "y": 1}), &items);
            assert_eq!(
                got,
                expected.map(|status| IT.object(&json!({"status": status}))),
                "{items}"
            );
        };
        check(json!(null), None);
        check(
            json!([]),
            Some(json!({"matchedPods": 0, "updatedPods": 0, "readyPods": 0})),
        );
        check(
            json!([{"matchedPods": 1, "readyPods": 1}, null, {"matchedPods": 2, "updatedPods": false}]),
            Some(json!({"matchedPods": 3, "updatedPods": 0, "readyPods": 1})),
        );
    }

    #[test]
    fn retention_keeps_the_desired_object() {
        let desired = json!({"spec": {"a": 1, "b": {}}});
        assert_eq!(
            IT.retain(&desired, &json!({"spec": {"a": 2}})),
            Some(IT.object(&desired))
        );
    }

    #[test]
    fn health_is_all_matched_updated() {
        let check = |status, expected| assert_eq!(IT.health_of(&status), Some(expected), "{status}");
        check(json!(null), false);
        check(json!({}), true);
        check(json!({"matchedPods": 2, "updatedPods": 2}), true);
        check(json!({"matchedPods": 2, "updatedPods": 1}), false);
        check(json!({"matchedPods": 2}), false);
    }

    #[test]
    fn dependencies_of_containers_and_volumes() {
        let check = |spec, expected: Option<&[&str]>| {
            let expected = expected.map(|all| all.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>());
            assert_eq!(IT.dependencies(&spec), expected, "{spec}");
        };
        check(json!(null), Some(&[]));
        check(
            json!({
                "containers": [{
                    "env": [
                        {"valueFrom": {"configMapKeyRef": {"name": "c1"}}},
                        {"valueFrom": {"secretKeyRef": {"name": "s1"}}},
                        {"value": "v"},
                    ],
                    "envFrom": [{"configMapRef": {"name": "c2"}}, {"secretRef": {"name": "s2"}}],
                }],
                "initContainers": [{"envFrom": [{"configMapRef": {"name": "not read"}}]}],
                "volumes": [
                    {"configMap": {"name": "c1"}},
                    {"secret": {"secretName": "s3"}},
                    {"projected": {"sources": [{"configMap": {"name": "c3"}}, {"secret": {"name": "s4"}}]}},
                ],
            }),
            Some(&[
                "ConfigMap ns/c1",
                "ConfigMap ns/c2",
                "ConfigMap ns/c3",
                "Secret ns/s1",
                "Secret ns/s2",
                "Secret ns/s3",
                "Secret ns/s4",
            ]),
        );
        check(json!({"volumes": [{"configMap": {"name": ""}}]}), None);
        check(json!({"volumes": [{"configMap": {}}]}), None);
        check(json!({"volumes": [{"configMap": false}]}), Some(&[]));
        check(json!({"containers": "none"}), None);
    }
}
