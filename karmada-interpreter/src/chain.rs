//! Asking several layers, one after the other.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use karmada_core::api::config::v1alpha1::DependentObjectReference;
use karmada_core::api::work::v1alpha2::{AggregatedStatusItem, Component};
use serde_json::Value;

use crate::error::Error;
use crate::interpreter::{Answer, Operation, Replicas, ResourceInterpreter, SyncInterpreter, TypeMeta};
use crate::native::Native;
use crate::thirdparty::ThirdParty;

/// The name of the layer of `ResourceInterpreterCustomization`s, upstream's first.
pub const DECLARATIVE: &str = "declarative";
/// The name of the layer of `ResourceInterpreterWebhookConfiguration`s, upstream's second.
pub const WEBHOOK: &str = "webhook";
/// The name of the layer of the third-party kinds that Karmada knows, upstream's third.
pub const THIRD_PARTY: &str = "thirdparty";
/// The name of the layer of the kinds that Kubernetes brings, upstream's last.
pub const NATIVE: &str = "native";

/// A layer is to go before one that is not in the chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no layer {0:?} in the chain")]
pub struct NoSuchLayer(pub String);

/// Declares a chain of one of the two traits.
macro_rules! chain {
    ($(#[$doc:meta])* $name:ident of $layer:ident) => {
        $(#[$doc])*
        #[derive(Clone, Default)]
        pub struct $name {
            layers: Vec<(Cow<'static, str>, Arc<dyn $layer>)>,
        }

        impl $name {
            /// A chain without layers, which answers nothing.
            #[must_use]
            pub fn new() -> Self {
                Self::default()
            }

            /// The layers that need nothing from outside: third-party kinds, then native ones, with default gates.
            #[must_use]
            pub fn built_in() -> Self {
                Self::new().then(THIRD_PARTY, ThirdParty).then(NATIVE, Native::default())
            }

            /// Adds a layer that is asked after all others.
            #[must_use]
            pub fn then(mut self, name: impl Into<Cow<'static, str>>, layer: impl $layer + 'static) -> Self {
                self.layers.push((name.into(), Arc::new(layer)));
                self
            }

            /// Adds a layer that is asked before all others.
            #[must_use]
            pub fn first(mut self, name: impl Into<Cow<'static, str>>, layer: impl $layer + 'static) -> Self {
                self.layers.insert(0, (name.into(), Arc::new(layer)));
                self
            }

            /// Adds a layer that is asked before the one called `other`.
            ///
            /// # Errors
            /// [`NoSuchLayer`] when there is no layer of that name.
            pub fn before(
                mut self,
                other: &str,
                name: impl Into<Cow<'static, str>>,
                layer: impl $layer + 'static,
            ) -> Result<Self, NoSuchLayer> {
                let index = self
                    .names()
                    .position(|name| name == other)
                    .ok_or_else(|| NoSuchLayer(other.to_owned()))?;
                self.layers.insert(index, (name.into(), Arc::new(layer)));
                Ok(self)
            }

            /// The names of the layers, in the order they are asked.
            pub fn names(&self) -> impl Iterator<Item = &str> {
                self.layers.iter().map(|(name, _)| name.as_ref())
            }

            /// The name of the layer that answers the operation for that kind.
            #[must_use]
            pub fn answering(&self, of: TypeMeta<'_>, operation: Operation) -> Option<&str> {
                self.layers
                    .iter()
                    .find(|(_, layer)| layer.supports(of, operation))
                    .map(|(name, _)| name.as_ref())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))?;
                f.debug_list().entries(self.names()).finish()
            }
        }
    };
}

chain! {
    /// Asks layers in order until one answers (`karmada:pkg/resourceinterpreter/interpreter.go`).
    ///
    /// The order holds for every operation by itself: a layer that answers only one operation for a kind leaves the others
    /// to the layers after it. An error ends the search. The chain is a layer, too.
    ///
    /// Upstream's order is [`DECLARATIVE`], [`WEBHOOK`], [`THIRD_PARTY`], [`NATIVE`]; a host can put layers of its own
    /// anywhere.
    ///
    /// ```
    /// use karmada_interpreter::{Chain, Customization, Operation, TypeMeta, chain};
    ///
    /// let ours = Customization::of("apps/v1", "Deployment").health_interpretation(|_| Ok(true));
    /// let chain = Chain::built_in().before(chain::NATIVE, "ours", ours)?;
    /// let deployment = TypeMeta::new("apps/v1", "Deployment");
    /// assert_eq!(chain.answering(deployment, Operation::InterpretHealth), Some("ours"));
    /// assert_eq!(chain.answering(deployment, Operation::InterpretReplica), Some("native"));
    /// # Ok::<(), chain::NoSuchLayer>(())
    /// ```
    Chain of ResourceInterpreter
}

chain! {
    /// A [`Chain`] of layers that answer at once, which answers at once as well.
    SyncChain of SyncInterpreter
}

/// Has every layer asked in turn, with or without waiting.
macro_rules! ask {
    ($chain:expr, |$layer:ident| $answer:expr) => {{
        for (_, $layer) in &$chain.layers {
            if let Answer::Value(value) = $answer? {
                return Ok(Answer::Value(value));
            }
        }
        Ok(Answer::NotMine)
    }};
}

/// Implements a trait by asking every layer in turn.
macro_rules! ask_all {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl ResourceInterpreter for Chain {
            fn supports(&self, of: TypeMeta<'_>, operation: Operation) -> bool {
                self.answering(of, operation).is_some()
            }
            $(
                async fn $name(&self, $($argument: $type),*) -> Result<Answer<$answer>, Error> {
                    ask!(self, |layer| layer.$name($($argument),*).await)
                }
            )*
        }

        impl SyncInterpreter for SyncChain {
            fn supports(&self, of: TypeMeta<'_>, operation: Operation) -> bool {
                self.answering(of, operation).is_some()
            }
            $(
                fn $name(&self, $($argument: $type),*) -> Result<Answer<$answer>, Error> {
                    ask!(self, |layer| layer.$name($($argument),*))
                }
            )*
        }
    };
}

ask_all! {
    fn get_replicas(object: &Value) -> Replicas;
    fn get_components(object: &Value) -> Vec<Component>;
    fn revise_replica(object: &mut Value, replica: i64) -> ();
    fn retain(desired: &mut Value, observed: &Value) -> ();
    fn aggregate_status(object: &mut Value, items: Option<&[AggregatedStatusItem]>, now: Timestamp) -> ();
    fn reflect_status(object: &Value) -> Option<Value>;
    fn interpret_health(object: &Value) -> bool;
    fn get_dependencies(object: &Value) -> Vec<DependentObjectReference>;
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use serde_json::json;

    use super::*;
    use crate::Customization;

    fn widget() -> Value {
        json!({"apiVersion": "example.com/v1", "kind": "Widget"})
    }

    fn rule(health: Result<bool, &'static str>) -> Customization {
        Customization::of("example.com/v1", "Widget")
            .health_interpretation(move |_| health.map_err(Error::other))
    }

    #[test]
    fn the_first_layer_that_answers_decides() {
        let check = |layers: Vec<Customization>, expected: Result<Option<bool>, &str>| {
            let chain = layers
                .into_iter()
                .fold(SyncChain::new(), |chain, layer| chain.then("layer", layer));
            let got = SyncInterpreter::interpret_health(&chain, &widget());
            let got = got.map(Answer::value).map_err(|error| error.to_string());
            assert_eq!(got, expected.map_err(str::to_owned));
            let waited = Chain::new().then("chain", chain);
            let waited = block_on(ResourceInterpreter::interpret_health(&waited, &widget()));
            assert_eq!(waited.map(Answer::value).map_err(|error| error.to_string()), got);
        };
        let silent = || Customization::of("example.com/v1", "Widget");
        let other = || Customization::of("example.com/v2", "Widget").health_interpretation(|_| Ok(true));
        check(vec![], Ok(None));
        check(vec![silent(), other()], Ok(None));
        check(vec![rule(Ok(false)), rule(Ok(true))], Ok(Some(false)));
        check(
            vec![silent(), other(), rule(Ok(true)), rule(Ok(false))],
            Ok(Some(true)),
        );
        check(vec![rule(Err("broken")), rule(Ok(true))], Err("broken"));
        check(vec![rule(Ok(true)), rule(Err("broken"))], Ok(Some(true)));
    }

    #[test]
    fn precedence_is_per_operation() {
        let chain = SyncChain::new()
            .then("ours", rule(Ok(true)))
            .then(NATIVE, Native::default());
        let check = |operation, expected| {
            let of = TypeMeta::new("example.com/v1", "Widget");
            assert_eq!(chain.answering(of, operation), expected);
            assert_eq!(
                SyncInterpreter::supports(&chain, of, operation),
                expected.is_some()
            );
        };
        check(Operation::InterpretHealth, Some("ours"));
        check(Operation::InterpretStatus, Some(NATIVE));
        check(Operation::InterpretReplica, None);
    }

    #[test]
    fn layers_go_where_they_are_put() {
        let layer = || rule(Ok(true));
        let chain = Chain::built_in()
            .first(DECLARATIVE, layer())
            .before(THIRD_PARTY, WEBHOOK, layer())
            .unwrap();
        assert_eq!(
            chain.names().collect::<Vec<_>>(),
            [DECLARATIVE, WEBHOOK, THIRD_PARTY, NATIVE]
        );
        let error = chain.before("gone", "ours", layer()).unwrap_err();
        assert_eq!(error, NoSuchLayer("gone".to_owned()));
    }

    #[test]
    fn a_question_nobody_answers_can_be_made_an_error() {
        let object = widget();
        let answer = block_on(ResourceInterpreter::get_components(&Chain::new(), &object)).unwrap();
        let error = answer
            .require(Operation::InterpretComponent, TypeMeta::of(&object))
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "InterpretComponent is not implemented for example.com/v1, Kind=Widget"
        );
    }

    #[test]
    fn every_operation_is_passed_on() {
        let layer = Customization::of("example.com/v1", "Widget")
            .replica_resource(|_| {
                Ok(Replicas {
                    replicas: 3,
                    requirements: None,
                })
            })
            .component_resource(|_| Ok(vec![Component::default()]))
            .replica_revision(|object, replica| {
                object["spec"] = replica.into();
                Ok(())
            })
            .retention(|desired, observed| {
                desired["kept"] = observed["kept"].clone();
                Ok(())
            })
            .status_aggregation(|object, items, now| {
                object["status"] = json!([items.map(<[_]>::len), now.to_string()]);
                Ok(())
            })
            .status_reflection(|_| Ok(Some(json!("status"))))
            .health_interpretation(|_| Ok(true))
            .dependency_interpretation(|_| Ok(vec![]));
        let chain = Chain::new()
            .then("silent", Customization::of("v1", "Pod"))
            .then("ours", layer);
        let mut object = widget();
        block_on(async {
            let now = Timestamp::UNIX_EPOCH;
            let replicas = chain.get_replicas(&object).await.unwrap().value().unwrap();
            assert_eq!(replicas.replicas, 3);
            assert_eq!(
                chain
                    .get_components(&object)
                    .await
                    .unwrap()
                    .value()
                    .unwrap()
                    .len(),
                1
            );
            assert!(chain.revise_replica(&mut object, 5).await.unwrap().is_value());
            assert!(
                chain
                    .retain(&mut object, &json!({"kept": 1}))
                    .await
                    .unwrap()
                    .is_value()
            );
            assert!(
                chain
                    .aggregate_status(&mut object, Some(&[]), now)
                    .await
                    .unwrap()
                    .is_value()
            );
            assert_eq!(
                chain.reflect_status(&object).await.unwrap(),
                Answer::Value(Some(json!("status")))
            );
            assert_eq!(
                chain.interpret_health(&object).await.unwrap(),
                Answer::Value(true)
            );
            assert_eq!(
                chain.get_dependencies(&object).await.unwrap(),
                Answer::Value(vec![])
            );
        });
        assert_eq!(
            object,
            json!({
                "apiVersion": "example.com/v1",
                "kind": "Widget",
                "spec": 5,
                "kept": 1,
                "status": [0, "1970-01-01T00:00:00Z"],
            })
        );
    }
}
