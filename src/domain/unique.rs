//! Values in which no key is there twice: of two, people read the first and programs take the second, and a list of
//! what is banned could be emptied further down, without a word.

use std::cell::Cell;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

/// A value, of JSON or YAML, that is refused when an object in it has a key twice.
pub struct Unique(pub Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let limits = Limits { values: usize::MAX, depth: usize::MAX, left_out: &LeftOut(&[]) };
        limits.read(deserializer).map(Self)
    }
}

/// Members that are not read, by their keys from the top: each with those below it. One with none below it is left out
/// with all that it holds, however deep that is.
pub struct LeftOut(pub &'static [(&'static str, Self)]);

/// How much of a value from outside is read.
pub struct Limits {
    /// The most values, those in lists and objects among them.
    pub values: usize,
    /// The most lists and objects within each other.
    pub depth: usize,
    /// What is not read.
    pub left_out: &'static LeftOut,
}

impl Limits {
    /// Reads a value, and refuses it when it goes beyond these limits or an object in it has a key twice.
    pub fn read<'de, D: Deserializer<'de>>(&self, deserializer: D) -> Result<Value, D::Error> {
        let left = Cell::new(self.values);
        Values { left: &left, depth: self.depth, left_out: Some(self.left_out) }.deserialize(deserializer)
    }
}

#[derive(Clone, Copy)]
struct Values<'a> {
    left: &'a Cell<usize>,
    depth: usize,
    left_out: Option<&'static LeftOut>,
}

impl Values<'_> {
    /// One level further down.
    fn inside<E: Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| Error::custom("it is nested too deep"))?;
        Ok(Self { depth, left_out: None, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Values<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.left.get().checked_sub(1).ok_or_else(|| Error::custom("it has too many values"))?;
        self.left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Values<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value);
        number.map(Value::Number).ok_or_else(|| Error::custom("a number is not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut all = Vec::new();
        while let Some(item) = items.next_element_seed(inside)? {
            all.push(item);
        }
        Ok(all.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut all = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            let below = self.left_out.and_then(|left_out| left_out.0.iter().find(|(name, _)| *name == key));
            let left_out = below.map(|(_, below)| below);
            if left_out.is_some_and(|below| below.0.is_empty()) {
                members.next_value::<IgnoredAny>()?;
                continue;
            }
            match all.entry(key) {
                // Before its value is read, so that the error has the key's place.
                Entry::Occupied(entry) => {
                    return Err(Error::custom(format_args!("the key `{}` is there twice", entry.key())));
                }
                Entry::Vacant(entry) => entry.insert(members.next_value_seed(Values { left_out, ..inside })?),
            };
        }
        Ok(Value::Object(all))
    }
}

#[cfg(test)]
mod tests {
    use super::{LeftOut, Limits, Unique};
    use serde_json::{Value, json};

    #[test]
    fn values_stay_what_they_are() {
        let text = r#"{"a": [1, -1, 1.5, 18446744073709551615, true, null, "x", {"a": {}}], "b": []}"#;
        let expected: Value = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::from_str::<Unique>(text).unwrap().0, expected);
        assert_eq!(serde_saphyr::from_str::<Unique>(text).unwrap().0, expected);
    }

    #[test]
    fn limits_are_kept_and_what_is_left_out_does_not_count() {
        let left_out = &const { LeftOut(&[("a", LeftOut(&[("b", LeftOut(&[]))]))]) };
        let read = |text: &str| {
            let limits = Limits { values: 4, depth: 2, left_out };
            limits.read(&mut serde_json::Deserializer::from_str(text)).map_err(|error| error.to_string())
        };
        assert_eq!(read(r#"{"a": {"b": [[[1, 2, 3, 4, 5]]], "c": 1}}"#), Ok(json!({"a": {"c": 1}})));
        assert_eq!(read("[1, [2]]"), Ok(json!([1, [2]])));
        let refused = [
            ("[1, 2, 3, 4]", "it has too many values"),
            ("[[[1]]]", "it is nested too deep"),
            (r#"{"b": [[1]]}"#, "it is nested too deep"),
            (r#"{"c": {"b": [1]}}"#, "it is nested too deep"),
            (r#"{"c": 1, "c": 2}"#, "the key `c` is there twice"),
        ];
        for (text, message) in refused {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(message), "{text}: {error}");
        }
    }
}
