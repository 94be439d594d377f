//! A JSON value as Kubernetes' decoder takes it: an object is an object, never a list of members in order.
//!
//! Derived implementations of `Deserialize` also read a struct from a sequence, so that `"spec": []` would pass for an
//! empty spec. This deserializer refuses that, at every depth.

use serde::Deserializer;
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Unexpected, Visitor};
use serde_json::{Error, Map, Number, Value};

/// Reads a value without letting a list pass for a struct.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strict<'de>(pub(super) &'de Value);

impl<'de> Strict<'de> {
    fn unexpected(self) -> Unexpected<'de> {
        match self.0 {
            Value::Null => Unexpected::Other("null"),
            Value::Bool(value) => Unexpected::Bool(*value),
            Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
                (Some(number), _, _) => Unexpected::Signed(number),
                (_, Some(number), _) => Unexpected::Unsigned(number),
                (_, _, Some(number)) => Unexpected::Float(number),
                _ => Unexpected::Other("number"),
            },
            Value::String(text) => Unexpected::Str(text),
            Value::Array(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
        }
    }
}

fn visit_number<'de, V: Visitor<'de>>(number: &Number, visitor: V) -> Result<V::Value, Error> {
    if let Some(number) = number.as_i64() {
        visitor.visit_i64(number)
    } else if let Some(number) = number.as_u64() {
        visitor.visit_u64(number)
    } else if let Some(number) = number.as_f64() {
        visitor.visit_f64(number)
    } else {
        Err(Error::custom(format_args!(
            "{number} is not a number that can be read"
        )))
    }
}

impl<'de> Deserializer<'de> for Strict<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => visit_number(number, visitor),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(items) => visitor.visit_seq(Items(items.iter())),
            Value::Object(members) => visitor.visit_map(Members::new(members)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::Object(members) => visitor.visit_map(Members::new(members)),
            _ => Err(Error::invalid_type(self.unexpected(), &"an object")),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

struct Items<'de>(std::slice::Iter<'de, Value>);

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        self.0
            .next()
            .map(|item| seed.deserialize(Strict(item)))
            .transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct Members<'de> {
    members: serde_json::map::Iter<'de>,
    value: Option<&'de Value>,
}

impl<'de> Members<'de> {
    fn new(members: &'de Map<String, Value>) -> Self {
        Self {
            members: members.iter(),
            value: None,
        }
    }
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((key, value)) = self.members.next() else {
            return Ok(None);
        };
        self.value = Some(value);
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let value = self
            .value
            .take()
            .ok_or_else(|| Error::custom("a value was asked for before its key"))?;
        seed.deserialize(Strict(value))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.members.len())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::decode;
    use crate::api::policy::v1alpha1::PropagationPolicy;

    #[test]
    fn a_list_is_no_object() {
        fn check(spec: Value, path: &str) {
            let policy = json!({"spec": spec});
            match decode::<PropagationPolicy>(&policy) {
                Ok(_) => assert_eq!(path, "", "{policy}"),
                Err(error) => assert_eq!(error.path, path, "{policy}: {error}"),
            }
        }
        check(json!([]), "spec");
        check(json!({"placement": []}), "spec.placement");
        check(
            json!({"placement": {"clusterAffinity": []}}),
            "spec.placement.clusterAffinity",
        );
        check(
            json!({"placement": {"clusterAffinities": [["a"]]}}),
            "spec.placement.clusterAffinities[0]",
        );
        check(
            json!({"placement": {"clusterAffinities": [{"clusterNames": {}}]}}),
            "spec.placement.clusterAffinities[0].clusterNames",
        );
        check(json!({"resourceSelectors": {}}), "spec.resourceSelectors");
        check(json!({"priority": 2_147_483_648_i64}), "spec.priority");
        check(json!({"priority": 2.5}), "spec.priority");
        check(json!({"schedulerName": 5}), "spec.schedulerName");
        check(
            json!({"unknown": [], "placement": null, "priority": null, "preemption": "Perhaps"}),
            "",
        );
    }
}
