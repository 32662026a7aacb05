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
        Limits { values: usize::MAX, depth: usize::MAX, reading: &Reading::Whole }.read(deserializer).map(Self)
    }
}

/// How much of a value is read. The items of a list are read as the list is. What is left out may be as deep, and may
/// have keys as often, as it likes.
#[derive(Clone, Copy, Debug)]
pub enum Reading {
    /// All of it.
    Whole,
    /// Nothing.
    LeftOut,
    /// These members as they say, the others whole.
    But(&'static [(&'static str, Self)]),
    /// These members as they say, the others not at all.
    Only(&'static [(&'static str, Self)]),
    /// As the members say that stand before it.
    By(fn(&Map<String, Value>) -> Self),
}

impl Reading {
    /// How the member with this key is read, after these others.
    fn of_member(self, key: &str, others: &Map<String, Value>) -> Self {
        let (members, other) = match self {
            Self::But(members) => (members, Self::Whole),
            Self::Only(members) => (members, Self::LeftOut),
            Self::Whole | Self::LeftOut | Self::By(_) => return self,
        };
        match members.iter().find(|(name, _)| *name == key) {
            Some((_, Self::By(choose))) => choose(others),
            Some((_, reading)) => *reading,
            None => other,
        }
    }
}

/// How much of a value from outside is taken.
pub struct Limits {
    /// The most values, those in lists and objects among them.
    pub values: usize,
    /// The most lists and objects within each other.
    pub depth: usize,
    /// What of it is read.
    pub reading: &'static Reading,
}

impl Limits {
    /// Reads a value, and refuses it when it goes beyond these limits or an object in it has a key twice.
    pub fn read<'de, D: Deserializer<'de>>(&self, deserializer: D) -> Result<Value, D::Error> {
        let left = Cell::new(self.values);
        Values { left: &left, depth: self.depth, reading: *self.reading }.deserialize(deserializer)
    }
}

#[derive(Clone, Copy)]
struct Values<'a> {
    left: &'a Cell<usize>,
    depth: usize,
    reading: Reading,
}

impl Values<'_> {
    /// One level further down.
    fn inside<E: Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| Error::custom("it is nested too deep"))?;
        Ok(Self { depth, ..self })
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
            let reading = self.reading.of_member(&key, &all);
            if matches!(reading, Reading::LeftOut) {
                members.next_value::<IgnoredAny>()?;
                continue;
            }
            match all.entry(key) {
                // Before its value is read, so that the error has the key's place.
                Entry::Occupied(entry) => {
                    return Err(Error::custom(format_args!("the key `{}` is there twice", entry.key())));
                }
                Entry::Vacant(entry) => entry.insert(members.next_value_seed(Values { reading, ..inside })?),
            };
        }
        Ok(Value::Object(all))
    }
}

#[cfg(test)]
mod tests {
    use super::{Limits, Reading, Unique};
    use serde_json::{Map, Value, json};

    #[test]
    fn values_stay_what_they_are() {
        let text = r#"{"a": [1, -1, 1.5, 18446744073709551615, true, null, "x", {"a": {}}], "b": []}"#;
        let expected: Value = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::from_str::<Unique>(text).unwrap().0, expected);
        assert_eq!(serde_saphyr::from_str::<Unique>(text).unwrap().0, expected);
    }

    #[test]
    fn limits_are_kept() {
        let read = |text: &str| {
            let limits = Limits { values: 4, depth: 2, reading: &Reading::But(&[("left", Reading::LeftOut)]) };
            limits.read(&mut serde_json::Deserializer::from_str(text)).map_err(|error| error.to_string())
        };
        assert_eq!(read(r#"{"left": [[[1, 2, 3, 4, 5]]], "a": 1}"#), Ok(json!({"a": 1})));
        assert_eq!(read("[1, [2]]"), Ok(json!([1, [2]])));
        let refused = [
            ("[1, 2, 3, 4]", "it has too many values"),
            ("[[[1]]]", "it is nested too deep"),
            (r#"{"a": {"left": [1]}}"#, "it is nested too deep"),
            (r#"{"c": 1, "c": 2}"#, "the key `c` is there twice"),
        ];
        for (text, message) in refused {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(message), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_not_asked_for_is_left_out() {
        const NAME: Reading = Reading::Only(&[("name", Reading::Whole)]);
        fn by_kind(others: &Map<String, Value>) -> Reading {
            if others.contains_key("short") { NAME } else { Reading::Whole }
        }
        let reading = &Reading::But(&[("list", NAME), ("chosen", Reading::By(by_kind)), ("none", Reading::LeftOut)]);
        let cases = [
            (
                json!({"list": [{"name": {"x": 1}, "x": 2}, 3], "x": 4}),
                json!({"list": [{"name": {"x": 1}}, 3], "x": 4}),
            ),
            (json!({"chosen": {"name": 1, "x": 2}}), json!({"chosen": {"name": 1, "x": 2}})),
            (json!({"a_short": 0, "none": {"none": 1}}), json!({"a_short": 0})),
            (json!({"x": {"none": 1, "list": [{"x": 1}]}}), json!({"x": {"none": 1, "list": [{"x": 1}]}})),
        ];
        let read = |text: &str| {
            let limits = Limits { values: 20, depth: 9, reading };
            limits.read(&mut serde_json::Deserializer::from_str(text)).map_err(|error| error.to_string())
        };
        for (value, expected) in cases {
            assert_eq!(read(&value.to_string()), Ok(expected), "{value}");
        }
        assert_eq!(read(r#"{"short": 1, "chosen": {"x": 1}}"#), Ok(json!({"short": 1, "chosen": {}})));
        assert_eq!(read(r#"{"chosen": {"x": 1}, "short": 1}"#), Ok(json!({"short": 1, "chosen": {"x": 1}})));
        assert!(read(r#"{"list": [{"x": 1, "x": 2, "name": 1, "name": 2}]}"#).is_err());
        assert!(read(r#"{"list": [{"x": 1, "x": 2, "name": 1}]}"#).is_ok());
    }
}
