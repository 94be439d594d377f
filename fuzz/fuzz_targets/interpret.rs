//! Asks the built-in interpreters anything about any JSON, as every kind: no input may panic, and what is refused stays as
//! it was.
#![no_main]

use karmada_core::api::work::v1alpha2::AggregatedStatusItem;
use karmada_interpreter::{Answer, Error, Native, SyncInterpreter, ThirdParty};
use libfuzzer_sys::{Corpus, fuzz_target};
use serde_json::Value;

// An input is a list: the object, the object observed in a member, and the statuses reported by members.
fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok((mut object, mut observed, statuses)) =
        serde_json::from_slice::<(Value, Value, Option<Vec<Option<Value>>>)>(data)
    else {
        return Corpus::Reject;
    };
    let items: Option<Vec<AggregatedStatusItem>> = statuses.map(|statuses| {
        let report = |status| AggregatedStatusItem {
            cluster_name: "member".to_owned(),
            status,
            ..AggregatedStatusItem::default()
        };
        statuses.into_iter().map(report).collect()
    });
    ask(&Native::default(), &object, &observed, items.as_deref());
    // The kind comes from the list rather than from the input, or most inputs would be of none.
    for kind in ThirdParty::kinds().chain(Native::kinds()) {
        for object in [&mut object, &mut observed] {
            if let Value::Object(members) = object {
                members.insert("apiVersion".to_owned(), kind.api_version.into());
                members.insert("kind".to_owned(), kind.kind.into());
            }
        }
        ask(&ThirdParty, &object, &observed, items.as_deref());
        ask(&Native::default(), &object, &observed, items.as_deref());
    }
    Corpus::Keep
});

fn ask(layer: &dyn SyncInterpreter, object: &Value, observed: &Value, items: Option<&[AggregatedStatusItem]>) {
    let _ = layer.get_replicas(object);
    let _ = layer.get_components(object);
    let _ = layer.reflect_status(object);
    let _ = layer.interpret_health(object);
    let _ = layer.get_dependencies(object);
    change(object, |object| layer.revise_replica(object, 3));
    change(object, |desired| layer.retain(desired, observed));
    change(object, |object| layer.aggregate_status(object, items, Default::default()));
}

fn change(object: &Value, change: impl FnOnce(&mut Value) -> Result<Answer<()>, Error>) {
    let mut changed = object.clone();
    if !matches!(change(&mut changed), Ok(Answer::Value(()))) {
        assert_eq!(changed, *object);
    }
}
