//! How a type is described.

/// What a value may be.
#[derive(Debug)]
pub(crate) enum Kind {
    /// A text.
    Str,
    /// True or false.
    Bool,
    /// An integer of 32 bits.
    Int32,
    /// An integer of 64 bits.
    Int64,
    /// A point in time, RFC 3339.
    Time,
    /// A quantity, as a text or a number.
    Quantity,
    /// An integer of 32 bits or a text.
    IntOrString,
    /// Any JSON at all.
    Any,
    /// A list.
    List(&'static Kind),
    /// Values by name.
    Map(&'static Kind),
    /// Members, sorted by name.
    Struct(&'static [Field]),
}

/// A member of a type.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) form: Form,
}

/// When a member is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `:` When it is not empty (a Go value with `omitempty`).
    Omitted,
    /// `=` Always (a Go value without `omitempty`, or a struct).
    Always,
    /// `?` When it is set, to zero too (a Go pointer with `omitempty`).
    Optional,
    /// `~` Always, as null when it is not set (a Go pointer without `omitempty`).
    Nullable,
}

/// The member of that name.
pub(crate) fn find<'a>(fields: &'a [Field], name: &str) -> Option<&'a Field> {
    let index = fields.binary_search_by(|field| field.name.cmp(name)).ok()?;
    fields.get(index)
}

/// A type with a description.
pub(crate) trait Described {
    /// The description.
    const KIND: Kind;
}

/// Declares types: `Name { member: Type, member = Type, member ? Type, member ~ Type }`, members sorted by name. What
/// the signs mean is said at [`Form`].
macro_rules! types {
    ($($name:ident { $($member:ident $form:tt $kind:ty),* $(,)? })*) => {$(
        #[derive(Debug)]
        pub(crate) enum $name {}

        impl $crate::kubernetes::schema::Described for $name {
            const KIND: $crate::kubernetes::schema::Kind = $crate::kubernetes::schema::Kind::Struct(&[$(
                $crate::kubernetes::schema::Field {
                    name: stringify!($member),
                    kind: <$kind as $crate::kubernetes::schema::Described>::KIND,
                    form: types!(@form $form),
                }
            ),*]);
        }
    )*};
    (@form :) => { $crate::kubernetes::schema::Form::Omitted };
    (@form =) => { $crate::kubernetes::schema::Form::Always };
    (@form ?) => { $crate::kubernetes::schema::Form::Optional };
    (@form ~) => { $crate::kubernetes::schema::Form::Nullable };
}

/// Declares the types that have no members.
macro_rules! scalars {
    ($($name:ident),*) => {$(
        #[derive(Debug)]
        pub(crate) enum $name {}

        impl Described for $name {
            const KIND: Kind = Kind::$name;
        }
    )*};
}

scalars!(Str, Bool, Int32, Int64, Time, Quantity, IntOrString, Any);

impl<T: Described> Described for [T] {
    const KIND: Kind = Kind::List(&T::KIND);
}

/// Values by name.
#[derive(Debug)]
pub(crate) struct Map<T>(std::marker::PhantomData<T>);

impl<T: Described> Described for Map<T> {
    const KIND: Kind = Kind::Map(&T::KIND);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::{
        apps, autoscaling, batch, multicluster, networking, pod, policy, service, storage,
    };

    #[test]
    fn members_are_sorted() {
        fn check(kind: &Kind) {
            match kind {
                Kind::List(element) | Kind::Map(element) => check(element),
                Kind::Struct(fields) => {
                    assert!(
                        fields.is_sorted_by(|a, b| a.name < b.name),
                        "{:?}",
                        fields.first()
                    );
                    for field in *fields {
                        assert!(find(fields, field.name).is_some());
                        check(&field.kind);
                    }
                }
                _ => {}
            }
        }
        check(&apps::Deployment::KIND);
        check(&apps::ReplicaSet::KIND);
        check(&apps::StatefulSet::KIND);
        check(&apps::DaemonSet::KIND);
        check(&batch::Job::KIND);
        check(&batch::CronJob::KIND);
        check(&pod::Pod::KIND);
        check(&service::Service::KIND);
        check(&storage::PersistentVolume::KIND);
        check(&storage::PersistentVolumeClaim::KIND);
        check(&networking::Ingress::KIND);
        check(&policy::PodDisruptionBudget::KIND);
        check(&autoscaling::HorizontalPodAutoscaler::KIND);
        check(&multicluster::ServiceImport::KIND);
    }
}
