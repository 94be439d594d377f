//! Our CustomResourceDefinitions against upstream's.
//!
//! Everything is compared but descriptions and annotations: names, scope, columns, subresources, and every keyword of the
//! schema at every path. What may differ is listed in [`EXCEPTIONS`] and, with a reason, in `docs/compatibility.md`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

use karmada::core::crd;
use karmada::loader;
use karmada_conformance::{read, shared};
use serde_json::{Map, Value, json};

/// Accepted differences, as printed by the test without the values: `<definition> <version> <path> <keyword>`.
const EXCEPTIONS: &[&str] = &[];

/// So many exceptions there may be at most, and none of them about these keywords.
const MOST_EXCEPTIONS: usize = 15;
const NO_EXCEPTIONS_FOR: &[&str] = &["type", "required", "enum", "default"];

/// Kinds that upstream serves from aggregated API servers, without a CustomResourceDefinition.
const WITHOUT_FILE: &[&str] = &["Cluster", "ResourceRegistry"];

/// One keyword at one path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    version: String,
    path: String,
    keyword: String,
}

/// A definition as a table.
type Facts = BTreeMap<Place, Value>;

/// Takes a definition apart.
fn facts(definition: &Value) -> Facts {
    let mut facts = Facts::new();
    let mut add = |version: &str, path: &str, keyword: &str, value: Value| {
        let place = Place {
            version: version.to_owned(),
            path: path.to_owned(),
            keyword: keyword.to_owned(),
        };
        assert_eq!(
            facts.insert(place, value),
            None,
            "{version} {path} {keyword} twice"
        );
    };
    add("-", "metadata", "name", definition["metadata"]["name"].clone());
    let spec = definition["spec"].as_object().unwrap();
    for (keyword, value) in spec
        .iter()
        .filter(|(keyword, _)| *keyword != "versions" && *keyword != "names")
    {
        add("-", "spec", keyword, value.clone());
    }
    let mut names = spec["names"].as_object().unwrap().clone();
    // What the API server fills in.
    let kind = names["kind"].as_str().unwrap().to_owned();
    names
        .entry("listKind")
        .or_insert_with(|| json!(format!("{kind}List")));
    names
        .entry("singular")
        .or_insert_with(|| json!(kind.to_lowercase()));
    for (keyword, value) in names {
        add("-", "spec.names", &keyword, value);
    }
    let versions = spec["versions"].as_array().unwrap();
    let order: Vec<&Value> = versions.iter().map(|version| &version["name"]).collect();
    add("-", "spec", "versions", json!(order));
    for version in versions {
        let name = version["name"].as_str().unwrap();
        for (keyword, value) in version.as_object().unwrap() {
            match keyword.as_str() {
                "name" => {}
                "schema" => {
                    let schema = version["schema"]["openAPIV3Schema"].as_object().unwrap();
                    take_apart(schema, ".", &mut |path, keyword, value| {
                        add(name, path, keyword, value);
                    });
                }
                "additionalPrinterColumns" => {
                    for (index, column) in value.as_array().unwrap().iter().enumerate() {
                        for (part, value) in column.as_object().unwrap() {
                            if part != "description" {
                                add(
                                    name,
                                    &format!("additionalPrinterColumns[{index}]"),
                                    part,
                                    value.clone(),
                                );
                            }
                        }
                    }
                }
                // An empty object names no subresource.
                "subresources" => {
                    for (subresource, value) in value.as_object().unwrap() {
                        add(name, "subresources", subresource, value.clone());
                    }
                }
                _ => add(name, "-", keyword, value.clone()),
            }
        }
    }
    facts
}

/// Takes a schema apart: every keyword of it and of the schemas in it. `required` becomes a fact about the member.
fn take_apart(schema: &Map<String, Value>, path: &str, add: &mut dyn FnMut(&str, &str, Value)) {
    let below = |step: &str| {
        if path == "." {
            format!(".{step}")
        } else {
            format!("{path}.{step}")
        }
    };
    for (keyword, value) in schema {
        match (keyword.as_str(), value) {
            ("description", _) => {}
            ("properties", Value::Object(properties)) => {
                for (name, property) in properties {
                    take_apart(property.as_object().unwrap(), &below(name), add);
                }
            }
            ("items", Value::Object(items)) => take_apart(items, &format!("{path}[]"), add),
            ("additionalProperties", Value::Object(values)) => {
                take_apart(values, &format!("{path}{{}}"), add);
            }
            ("required", Value::Array(names)) => {
                for name in names {
                    add(&below(name.as_str().unwrap()), "required", Value::Bool(true));
                }
            }
            ("enum", Value::Array(values)) => {
                let values: BTreeSet<String> = values.iter().map(ToString::to_string).collect();
                add(path, "enum", json!(values));
            }
            // Limits are floats in Kubernetes' types.
            (keyword, Value::Number(number)) => add(path, keyword, json!(number.as_f64())),
            (keyword, value) => add(path, keyword, value.clone()),
        }
    }
}

/// A difference between upstream's definition and ours.
struct Difference {
    /// As in [`EXCEPTIONS`].
    place: String,
    upstream: String,
    ours: String,
}

fn differences(definition: &str, upstream: &Facts, ours: &Facts) -> Vec<Difference> {
    let places: BTreeSet<&Place> = upstream.keys().chain(ours.keys()).collect();
    let text = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), ToString::to_string);
    places
        .into_iter()
        .filter(|place| upstream.get(place) != ours.get(place))
        .map(|place| Difference {
            place: format!("{definition} {} {} {}", place.version, place.path, place.keyword),
            upstream: text(upstream.get(place)),
            ours: text(ours.get(place)),
        })
        .collect()
}

/// Past the capture of the test harness: who runs the tests must see what they did and did not do.
fn note(text: &str) {
    std::io::stderr()
        .write_all(format!("{text}\n").as_bytes())
        .unwrap();
}

/// Our definition of a kind as JSON.
fn ours(kind: &str) -> Option<Value> {
    let definition = crd::definition(kind).unwrap()?;
    Some(serde_json::to_value(definition).unwrap())
}

/// The kinds of which upstream has a file.
fn expected_kinds() -> BTreeSet<&'static str> {
    let kinds = crd::kinds().iter().map(|info| info.kind);
    kinds.filter(|kind| !WITHOUT_FILE.contains(kind)).collect()
}

#[test]
fn definitions_are_upstreams() {
    let Some(folder) = shared::find("crds").unwrap() else {
        let count = expected_kinds().len();
        note(&format!(
            "SKIPPED: {count} definitions not compared, upstream's are not there"
        ));
        return;
    };
    let files = read::files(&folder).unwrap();
    let documents: Vec<_> = files
        .iter()
        .flat_map(|file| loader::load_file(file).unwrap())
        .collect();
    assert_eq!(documents.len(), files.len(), "a file has one definition");
    let mut found = Vec::new();
    let mut unused: BTreeSet<&str> = EXCEPTIONS.iter().copied().collect();
    let mut compared = BTreeSet::new();
    let mut facts_compared = 0;
    for document in &documents {
        assert_eq!(
            document.kind(),
            "CustomResourceDefinition",
            "{}",
            document.position()
        );
        let name = document.name().unwrap();
        let kind = document.value()["spec"]["names"]["kind"].as_str().unwrap();
        let Some(ours) = ours(kind) else {
            found.push(format!("{name}: no such kind here"));
            continue;
        };
        let upstream = facts(document.value());
        facts_compared += upstream.len();
        for difference in differences(name, &upstream, &facts(&ours)) {
            let accepted = EXCEPTIONS.contains(&difference.place.as_str());
            unused.remove(difference.place.as_str());
            if !accepted {
                let Difference {
                    place,
                    upstream,
                    ours,
                } = difference;
                found.push(format!("{place}: upstream {upstream}, ours {ours}"));
            }
        }
        assert!(compared.insert(kind.to_owned()), "{kind} has two files");
    }
    note(&format!(
        "compared {} definitions with upstream's, {facts_compared} facts, {} exceptions",
        compared.len(),
        EXCEPTIONS.len()
    ));
    assert!(
        found.is_empty(),
        "{} differences:\n{}",
        found.len(),
        found.join("\n")
    );
    assert!(unused.is_empty(), "exceptions that are none: {unused:?}");
    let compared: BTreeSet<&str> = compared.iter().map(String::as_str).collect();
    assert_eq!(
        compared,
        expected_kinds(),
        "every kind has a file, and every file a kind"
    );
}

#[test]
fn exceptions_are_documented() {
    let documentation = include_str!("../docs/compatibility.md");
    let section = documentation.split("### Exceptions").nth(1).unwrap();
    let section = section.split("\n#").next().unwrap();
    let listed: Vec<(&str, &str)> = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |")?.split_once("` | "))
        .collect();
    let places: Vec<&str> = listed.iter().map(|(place, _)| *place).collect();
    assert_eq!(places, EXCEPTIONS);
    assert!(places.len() <= MOST_EXCEPTIONS);
    for (place, reason) in listed {
        assert!(!reason.trim().is_empty(), "{place} has no reason");
        let keyword = place.rsplit(' ').next().unwrap();
        assert!(!NO_EXCEPTIONS_FOR.contains(&keyword), "{place}");
    }
}

#[test]
fn kinds_upstream_serves_itself_have_a_definition() {
    for kind in WITHOUT_FILE {
        let definition = ours(kind).unwrap();
        assert_eq!(definition["spec"]["scope"], "Cluster");
        let version = &definition["spec"]["versions"][0];
        assert_eq!(version["subresources"], json!({"status": {}}));
        assert!(version["schema"]["openAPIV3Schema"]["properties"]["spec"]["required"].is_array());
    }
}

#[test]
fn definitions_are_sorted_and_served_in_all_versions() {
    let definitions = crd::definitions().unwrap();
    let served: usize = definitions.iter().map(|d| d.spec.versions.len()).sum();
    assert_eq!(served, crd::kinds().len());
    let names: Vec<_> = definitions
        .iter()
        .map(|d| (&d.spec.group, &d.spec.names.plural))
        .collect();
    assert!(names.is_sorted());
    for definition in &definitions {
        let stored: Vec<bool> = definition
            .spec
            .versions
            .iter()
            .map(|version| version.storage)
            .collect();
        let (last, others) = stored.split_last().unwrap();
        assert!(*last && !others.contains(&true), "{:?}", definition.metadata.name);
    }
}

/// Each change of a definition is seen, at its place.
#[test]
fn the_comparison_sees_every_change() {
    let definition = ours("Karmada").unwrap();
    let component =
        "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/components/properties";
    let check = |pointer: &str, changed: Option<Value>, expected: &str| {
        let mut other = definition.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = other
            .pointer_mut(parent)
            .unwrap_or_else(|| panic!("{pointer}"))
            .as_object_mut()
            .unwrap();
        match changed {
            Some(value) => parent.insert(key.to_owned(), value),
            None => parent.remove(key),
        };
        let found = differences("d", &facts(&definition), &facts(&other));
        let places: Vec<&str> = found.iter().map(|difference| difference.place.as_str()).collect();
        assert_eq!(places, [expected]);
    };
    let scheduler = format!("{component}/karmadaScheduler/properties");
    let at = "d v1alpha1 .spec.components.karmadaScheduler";
    check("/metadata/name", Some(json!("x")), "d - metadata name");
    check("/spec/scope", Some(json!("Cluster")), "d - spec scope");
    check(
        "/spec/names/shortNames",
        Some(json!(["k"])),
        "d - spec.names shortNames",
    );
    check("/spec/names/categories", None, "d - spec.names categories");
    check(
        "/spec/versions/0/subresources/status",
        None,
        "d v1alpha1 subresources status",
    );
    check(
        "/spec/versions/0/served",
        Some(json!(false)),
        "d v1alpha1 - served",
    );
    check(
        &format!("{scheduler}/replicas/format"),
        None,
        &format!("{at}.replicas format"),
    );
    check(
        &format!("{scheduler}/replicas/nullable"),
        Some(json!(true)),
        &format!("{at}.replicas nullable"),
    );
    check(
        &format!("{scheduler}/priorityClassName/default"),
        None,
        &format!("{at}.priorityClassName default"),
    );
    check(
        &format!("{scheduler}/extraArgs/additionalProperties/type"),
        Some(json!("integer")),
        &format!("{at}.extraArgs{{}} type"),
    );
    check(
        &format!("{scheduler}/tolerations/items/properties/key/type"),
        Some(json!("integer")),
        &format!("{at}.tolerations[].key type"),
    );
    check(
        &format!("{scheduler}/resources/properties/claims/x-kubernetes-list-map-keys"),
        Some(json!(["request"])),
        &format!("{at}.resources.claims x-kubernetes-list-map-keys"),
    );
    check(
        &format!("{scheduler}/podDisruptionBudgetConfig/x-kubernetes-validations"),
        None,
        &format!("{at}.podDisruptionBudgetConfig x-kubernetes-validations"),
    );
    check(
        &format!("{component}/etcd/properties/external/required"),
        Some(json!(["endpoints"])),
        "d v1alpha1 .spec.components.etcd.external.secretRef required",
    );
    check(
        &format!("{component}/karmadaAPIServer/properties/serviceType/enum"),
        Some(json!(["NodePort", "ClusterIP"])),
        "d v1alpha1 .spec.components.karmadaAPIServer.serviceType enum",
    );
}
