//! The operations, and the traits that answer them.

use async_trait::async_trait;
use jiff::Timestamp;
use karmada_core::api::config::v1alpha1::DependentObjectReference;
use karmada_core::api::work::v1alpha2::{AggregatedStatusItem, Component, ReplicaRequirements};
use serde_json::Value;

use crate::error::Error;

/// What can be asked of an interpreter (`karmada:pkg/apis/config/v1alpha1`, `InterpreterOperation`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// How many replicas an object has, and what one of them needs.
    InterpretReplica,
    /// Which components an object has, each with replicas of its own.
    InterpretComponent,
    /// Writing a number of replicas into an object.
    ReviseReplica,
    /// What to keep of the object in the member cluster when it is updated.
    Retain,
    /// Bringing the statuses of the members together.
    AggregateStatus,
    /// Which part of a member's status to reflect.
    InterpretStatus,
    /// Whether an object does well in a member.
    InterpretHealth,
    /// What an object depends on.
    InterpretDependency,
}

impl Operation {
    /// Every operation, in the order above.
    pub const ALL: [Self; 8] = [
        Self::InterpretReplica,
        Self::InterpretComponent,
        Self::ReviseReplica,
        Self::Retain,
        Self::AggregateStatus,
        Self::InterpretStatus,
        Self::InterpretHealth,
        Self::InterpretDependency,
    ];

    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InterpretReplica => "InterpretReplica",
            Self::InterpretComponent => "InterpretComponent",
            Self::ReviseReplica => "ReviseReplica",
            Self::Retain => "Retain",
            Self::AggregateStatus => "AggregateStatus",
            Self::InterpretStatus => "InterpretStatus",
            Self::InterpretHealth => "InterpretHealth",
            Self::InterpretDependency => "InterpretDependency",
        }
    }

    /// The operation of that name on the wire; names are case-sensitive.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.as_str() == name)
    }
}

impl std::fmt::Display for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Group, version and kind as objects state them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeMeta<'a> {
    /// Group and version, `apps/v1`, or the version alone for the core group.
    pub api_version: &'a str,
    /// The kind.
    pub kind: &'a str,
}

impl<'a> TypeMeta<'a> {
    /// The type with that API version and kind.
    #[must_use]
    pub const fn new(api_version: &'a str, kind: &'a str) -> Self {
        Self { api_version, kind }
    }

    /// The type an object says it has; empty texts where it does not say.
    #[must_use]
    pub fn of(object: &'a Value) -> Self {
        let text = |member| object.get(member).and_then(Value::as_str).unwrap_or_default();
        Self {
            api_version: text("apiVersion"),
            kind: text("kind"),
        }
    }
}

/// What a layer says: a result, or that the question is for somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Answer<T> {
    /// The result.
    Value(T),
    /// This layer does not answer that operation for that kind; the next one is asked.
    NotMine,
}

impl<T> Answer<T> {
    /// The result, if there is one.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::NotMine => None,
        }
    }

    /// Whether the layer answered.
    #[must_use]
    pub fn is_value(&self) -> bool {
        matches!(self, Self::Value(_))
    }

    /// The result, where the question is not for anybody else.
    ///
    /// # Errors
    /// [`Error::NotImplemented`] when there is none.
    pub fn require(self, operation: Operation, of: TypeMeta<'_>) -> Result<T, Error> {
        self.value().ok_or_else(|| Error::not_implemented(operation, of))
    }
}

/// How many replicas an object has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Replicas {
    /// The number wanted, over all clusters.
    pub replicas: i32,
    /// What one replica needs of a cluster; nothing in particular when absent.
    pub requirements: Option<ReplicaRequirements>,
}

/// Declares both traits: the operations are the same, only one of them waits.
macro_rules! interpreter_traits {
    ($(
        $(#[$doc:meta])*
        fn $name:ident(&self, $($argument:ident: $type:ty),*) -> $answer:ty;
    )*) => {
        /// Knows what objects of some kinds mean to a fleet, and may have to ask elsewhere for the answer.
        ///
        /// The trait is object-safe; a [`Chain`](crate::Chain) asks several. Every method has a default that answers
        /// [`Answer::NotMine`], so an implementation has the operations it knows and nothing else.
        ///
        /// # Contract
        /// - [`supports`](Self::supports) says for every object of a kind alike whether a method answers; a method may
        ///   be called without asking first.
        /// - An error is final: the next layer is *not* asked.
        /// - A method that changes an object leaves it as it was when the answer is an error or
        ///   [`Answer::NotMine`].
        /// - The same question has the same answer; the only time there is comes in as `now`.
        ///
        /// # Cancel safety
        /// Dropping a future gives the question up. What it was to change may then be half changed.
        ///
        /// Layers that need no waiting implement [`SyncInterpreter`] and get this trait with it. The two have the same
        /// methods: where both are in scope, say which one is meant.
        #[async_trait]
        pub trait ResourceInterpreter: Send + Sync {
            /// Whether the operation is answered for objects of that kind (upstream's `HookEnabled`).
            fn supports(&self, of: TypeMeta<'_>, operation: Operation) -> bool;
            $(
                $(#[$doc])*
                async fn $name(&self, $($argument: $type),*) -> Result<Answer<$answer>, Error> {
                    $(let _ = $argument;)*
                    Ok(Answer::NotMine)
                }
            )*
        }

        /// A [`ResourceInterpreter`] that answers at once; what it has to keep to is written there.
        ///
        /// It can be used without any executor, on targets without threads included.
        pub trait SyncInterpreter: Send + Sync {
            /// Whether the operation is answered for objects of that kind (upstream's `HookEnabled`).
            fn supports(&self, of: TypeMeta<'_>, operation: Operation) -> bool;
            $(
                $(#[$doc])*
                fn $name(&self, $($argument: $type),*) -> Result<Answer<$answer>, Error> {
                    $(let _ = $argument;)*
                    Ok(Answer::NotMine)
                }
            )*
        }

        #[async_trait]
        impl<T: SyncInterpreter> ResourceInterpreter for T {
            fn supports(&self, of: TypeMeta<'_>, operation: Operation) -> bool {
                SyncInterpreter::supports(self, of, operation)
            }
            $(
                async fn $name(&self, $($argument: $type),*) -> Result<Answer<$answer>, Error> {
                    SyncInterpreter::$name(self, $($argument),*)
                }
            )*
        }
    };
}

interpreter_traits! {
    /// `InterpretReplica`: how many replicas the object has, and what one of them needs.
    ///
    /// # Errors
    /// When the object is not one of its kind.
    fn get_replicas(&self, object: &Value) -> Replicas;

    /// `InterpretComponent`: the components of the object, each with replicas of its own.
    ///
    /// # Errors
    /// When the object is not one of its kind.
    fn get_components(&self, object: &Value) -> Vec<Component>;

    /// `ReviseReplica`: writes the number of replicas into the object.
    ///
    /// # Errors
    /// When the object is not one of its kind.
    fn revise_replica(&self, object: &mut Value, replica: i64) -> ();

    /// `Retain`: carries over into `desired` what the member cluster decides, from the object `observed` there.
    ///
    /// # Errors
    /// When one of the objects is not one of its kind.
    fn retain(&self, desired: &mut Value, observed: &Value) -> ();

    /// `AggregateStatus`: writes into the template's status what the members report.
    ///
    /// `items` are the reports in the order of the binding; `None` is a list that was never set, which some kinds tell
    /// from an empty one. `now` is for conditions that the aggregation itself stamps.
    ///
    /// # Errors
    /// When the object is not one of its kind, or the status of a member cannot be read.
    fn aggregate_status(
        &self,
        object: &mut Value,
        items: Option<&[AggregatedStatusItem]>,
        now: Timestamp
    ) -> ();

    /// `InterpretStatus`: the part of a member object's status that is reported to the control plane, if any.
    ///
    /// # Errors
    /// When the object is not one of its kind.
    fn reflect_status(&self, object: &Value) -> Option<Value>;

    /// `InterpretHealth`: whether the object does well in its member cluster.
    ///
    /// # Errors
    /// When the object is not one of its kind, or does not say.
    fn interpret_health(&self, object: &Value) -> bool;

    /// `InterpretDependency`: what the object needs beside it, sorted by API version, kind, namespace and name.
    ///
    /// # Errors
    /// When the object is not one of its kind, or a reference is not valid.
    fn get_dependencies(&self, object: &Value) -> Vec<DependentObjectReference>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_have_upstream_names() {
        for operation in Operation::ALL {
            assert_eq!(Operation::from_name(operation.as_str()), Some(operation));
        }
        assert_eq!(Operation::from_name("interpretreplica"), None);
        assert_eq!(Operation::from_name("Prune"), None);
        assert_eq!(Operation::from_name("*"), None);
    }

    #[test]
    fn a_type_is_what_the_object_says() {
        let check = |object: Value, api_version, kind| {
            assert_eq!(TypeMeta::of(&object), TypeMeta::new(api_version, kind));
        };
        check(
            serde_json::json!({"apiVersion": "apps/v1", "kind": "Deployment"}),
            "apps/v1",
            "Deployment",
        );
        check(serde_json::json!({"apiVersion": 1}), "", "");
        check(serde_json::json!([]), "", "");
    }
}
