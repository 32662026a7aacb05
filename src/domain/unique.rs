//! Values in which no key is there twice: of two, people read the first and programs take the second, and a list of
//! what is banned could be emptied further down, without a word.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// A value, of JSON or YAML, that is refused when an object in it has a key twice.
pub struct Unique(pub Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Values).map(Self)
    }
}

struct Values;

impl<'de> Visitor<'de> for Values {
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
        let mut all = Vec::new();
        while let Some(Unique(item)) = items.next_element()? {
            all.push(item);
        }
        Ok(all.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            // Before its value is read, so that the error has the key's place.
            if all.contains_key(&key) {
                return Err(Error::custom(format_args!("the key `{key}` is there twice")));
            }
            let Unique(member) = members.next_value()?;
            all.insert(key, member);
        }
        Ok(Value::Object(all))
    }
}

#[cfg(test)]
mod tests {
    use super::Unique;
    use serde_json::Value;

    #[test]
    fn values_stay_what_they_are() {
        let text = r#"{"a": [1, -1, 1.5, 18446744073709551615, true, null, "x", {"a": {}}], "b": []}"#;
        let expected: Value = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::from_str::<Unique>(text).unwrap().0, expected);
        assert_eq!(serde_saphyr::from_str::<Unique>(text).unwrap().0, expected);
    }
}
