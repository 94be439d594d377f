//! Rules of a host for a kind, as closures.

use std::fmt;

use jiff::Timestamp;
use karmada_core::api::config::v1alpha1::DependentObjectReference;
use karmada_core::api::work::v1alpha2::{AggregatedStatusItem, Component};
use serde_json::Value;

use crate::dependencies;
use crate::error::Error;
use crate::interpreter::{Answer, Operation, Replicas, SyncInterpreter, TypeMeta};

/// Declares the rules: what each is called, the operation it answers, and the closure it takes.
macro_rules! customization {
    ($(
        $(#[$doc:meta])*
        $rule:ident answers $operation:ident with $name:ident($($argument:ident: $type:ty),*) -> $answer:ty;
    )*) => {
        /// What a host knows about a kind: a closure per operation, of which none is required.
        ///
        /// The rules are called as in a `ResourceInterpreterCustomization`, which says the same in Lua. An operation
        /// without rule is left to the layers after this one. A closure that changes an object must leave it as it was
        /// when it fails.
        ///
        /// ```
        /// use karmada_interpreter::{Customization, FieldError, Replicas, SyncInterpreter, object};
        /// use serde_json::json;
        ///
        /// let widgets = Customization::of("example.com/v1", "Widget")
        ///     .replica_resource(|widget| {
        ///         let size = object::integer(widget, &["spec", "size"])?.unwrap_or(1);
        ///         let replicas = i32::try_from(size)
        ///             .map_err(|_| FieldError::new(&["spec", "size"], "is too large"))?;
        ///         Ok(Replicas { replicas, requirements: None })
        ///     })
        ///     .replica_revision(|widget, replica| Ok(object::set(widget, &["spec", "size"], replica.into())?));
        ///
        /// let mut widget = json!({"apiVersion": "example.com/v1", "kind": "Widget", "spec": {"size": 4}});
        /// let replicas = widgets.get_replicas(&widget)?.value().unwrap_or_default();
        /// assert_eq!(replicas.replicas, 4);
        /// let _ = widgets.revise_replica(&mut widget, 2)?;
        /// assert_eq!(widget["spec"]["size"], 2);
        /// assert!(!widgets.interpret_health(&widget)?.is_value(), "there is no rule");
        /// # Ok::<(), karmada_interpreter::Error>(())
        /// ```
        pub struct Customization {
            api_version: String,
            kind: String,
            $($rule: Option<Box<dyn Fn($($type),*) -> Result<$answer, Error> + Send + Sync>>,)*
        }

        impl Customization {
            /// No rules yet for that kind.
            #[must_use]
            pub fn of(api_version: impl Into<String>, kind: impl Into<String>) -> Self {
                Self {
                    api_version: api_version.into(),
                    kind: kind.into(),
                    $($rule: None,)*
                }
            }

            $(
                $(#[$doc])*
                #[must_use]
                pub fn $rule(
                    mut self,
                    rule: impl Fn($($type),*) -> Result<$answer, Error> + Send + Sync + 'static,
                ) -> Self {
                    self.$rule = Some(Box::new(rule));
                    self
                }
            )*

            fn is_of(&self, of: TypeMeta<'_>) -> bool {
                of == TypeMeta::new(&self.api_version, &self.kind)
            }
        }

        impl SyncInterpreter for Customization {
            fn supports(&self, of: TypeMeta<'_>, operation: Operation) -> bool {
                self.is_of(of)
                    && match operation {
                        $(Operation::$operation => self.$rule.is_some(),)*
                    }
            }

            $(
                fn $name(&self, $($argument: $type),*) -> Result<Answer<$answer>, Error> {
                    customization!(@ask self, $rule, $($argument),*)
                }
            )*
        }
    };
    // Every operation has the object in question first. What a rule says about dependencies is put in order and verified.
    (@ask $self:ident, dependency_interpretation, $object:ident) => {
        match &$self.dependency_interpretation {
            Some(rule) if $self.is_of(TypeMeta::of($object)) => {
                let mut found = rule($object)?;
                dependencies::sort(&mut found);
                dependencies::verify(&found)?;
                Ok(Answer::Value(found))
            }
            _ => Ok(Answer::NotMine),
        }
    };
    (@ask $self:ident, $rule:ident, $object:ident $(, $argument:ident)*) => {
        match &$self.$rule {
            Some(rule) if $self.is_of(TypeMeta::of($object)) => rule($object $(, $argument)*).map(Answer::Value),
            _ => Ok(Answer::NotMine),
        }
    };
}

customization! {
    /// How many replicas an object has, and what one of them needs.
    replica_resource answers InterpretReplica with get_replicas(object: &Value) -> Replicas;
    /// The components of an object.
    component_resource answers InterpretComponent with get_components(object: &Value) -> Vec<Component>;
    /// Writes a number of replicas into an object.
    replica_revision answers ReviseReplica with revise_replica(object: &mut Value, replica: i64) -> ();
    /// Carries over into the desired object what the member cluster has decided in the observed one.
    retention answers Retain with retain(desired: &mut Value, observed: &Value) -> ();
    /// Writes into the status of a template what the members report.
    status_aggregation answers AggregateStatus
        with aggregate_status(object: &mut Value, items: Option<&[AggregatedStatusItem]>, now: Timestamp) -> ();
    /// The part of an object's status that is reported to the control plane.
    status_reflection answers InterpretStatus with reflect_status(object: &Value) -> Option<Value>;
    /// Whether an object does well.
    health_interpretation answers InterpretHealth with interpret_health(object: &Value) -> bool;
    /// What an object needs beside it; the references are sorted and verified afterwards.
    dependency_interpretation answers InterpretDependency
        with get_dependencies(object: &Value) -> Vec<DependentObjectReference>;
}

impl fmt::Debug for Customization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = TypeMeta::new(&self.api_version, &self.kind);
        let answered = Operation::ALL
            .into_iter()
            .filter(|operation| self.supports(of, *operation));
        write!(f, "Customization of {}, Kind={} ", self.api_version, self.kind)?;
        f.debug_list().entries(answered).finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::dependencies::in_core;

    #[test]
    fn only_its_kind_and_rules_are_answered() {
        let layer = Customization::of("example.com/v1", "Widget").health_interpretation(|_| Ok(true));
        let check = |api_version: &str, kind: &str, expected: Answer<bool>| {
            let object = json!({"apiVersion": api_version, "kind": kind});
            assert_eq!(layer.interpret_health(&object).unwrap(), expected);
            let of = TypeMeta::new(api_version, kind);
            assert_eq!(
                layer.supports(of, Operation::InterpretHealth),
                expected.is_value()
            );
            assert!(!layer.supports(of, Operation::InterpretReplica));
            assert!(!layer.get_replicas(&object).unwrap().is_value());
        };
        check("example.com/v1", "Widget", Answer::Value(true));
        check("example.com/v2", "Widget", Answer::NotMine);
        check("example.com/v1", "Gadget", Answer::NotMine);
        assert_eq!(
            format!("{layer:?}"),
            "Customization of example.com/v1, Kind=Widget [InterpretHealth]"
        );
    }

    #[test]
    fn dependencies_are_sorted_and_verified() {
        let object = json!({"apiVersion": "example.com/v1", "kind": "Widget"});
        let layer = |names: &'static [&'static str]| {
            Customization::of("example.com/v1", "Widget").dependency_interpretation(move |_| {
                Ok(names.iter().map(|name| in_core("Secret", "ns", name)).collect())
            })
        };
        let found = layer(&["b", "a"])
            .get_dependencies(&object)
            .unwrap()
            .value()
            .unwrap();
        assert_eq!(
            found.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(),
            ["a", "b"]
        );
        let error = layer(&[""]).get_dependencies(&object).unwrap_err();
        assert!(matches!(error, Error::Dependencies(_)), "{error}");
    }
}
