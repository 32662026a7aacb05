//! Single values: texts, whole numbers and times, as leniently as the API writes them.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use super::super::text;
use jiff::Timestamp;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::de::{DeserializeSeed, IgnoredAny};

/// The longest text that is read, in bytes. Names, digests and versions are far shorter.
const LONGEST_TEXT: usize = 4096;
/// The most tags or risks of one record.
const MOST_DETAILS: usize = 100;

/// Reads a text and hands it on; `null` is the empty text. Numbers are read as text: an enumeration value that the
/// server itself does not know comes as its number.
pub(super) struct Text<F>(pub(super) F);

impl<'de, T, F: FnOnce(&str) -> T> DeserializeSeed<'de> for Text<F> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<T, F: FnOnce(&str) -> T> Visitor<'_> for Text<F> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        if text.len() > LONGEST_TEXT {
            return Err(E::custom(format!("a text of {} bytes, where at most {LONGEST_TEXT} are read", text.len())));
        }
        Ok((self.0)(text))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        Ok((self.0)(&number.to_string()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        Ok((self.0)(&number.to_string()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<T, E> {
        Ok((self.0)(""))
    }
}

/// Reads a count, written as a number or as text.
pub(super) struct Count;

impl<'de> DeserializeSeed<'de> for Count {
    type Value = Option<u64>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<u64>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Count {
    type Value = Option<u64>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a whole number that is not negative")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Option<u64>, E> {
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Option<u64>, E> {
        Ok(Some(number))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Option<u64>, E> {
        Ok(None)
    }
}

/// The instant that a text names.
///
/// Empty means none, and so do the two instants that servers write for a time that was never set: a record that
/// seemed two thousand years old would pass every soak time.
///
/// # Errors
/// A text that is no RFC 3339 time.
pub(super) fn time(text: &str) -> Result<Option<Timestamp>, jiff::Error> {
    const YEAR_ONE: i64 = -62_135_596_800;
    if text.is_empty() {
        return Ok(None);
    }
    let time: Timestamp = text.parse()?;
    let unset = [YEAR_ONE, 0].contains(&time.as_second()) && time.subsec_nanosecond() == 0;
    Ok((!unset).then_some(time))
}

/// Reads a time, or `null`.
pub(in crate::source) struct Instant;

impl<'de> DeserializeSeed<'de> for Instant {
    type Value = Option<Timestamp>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let read = Text(|read: &str| time(read).map_err(|_| text::name(read))).deserialize(deserializer)?;
        read.map_err(|text| de::Error::custom(format!("`{text}` is no RFC 3339 time")))
    }
}

/// Reads `null` as none and an object of texts as a map.
pub(super) struct Tags;

impl<'de> DeserializeSeed<'de> for Tags {
    type Value = Option<BTreeMap<String, String>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tags {
    type Value = Option<BTreeMap<String, String>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of texts")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut tags = BTreeMap::new();
        while let Some(key) = map.next_key_seed(Text(str::to_owned))? {
            let value = map.next_value_seed(Text(str::to_owned))?;
            if tags.insert(key, value).is_some() || tags.len() > MOST_DETAILS {
                return Err(de::Error::custom(format!("a tag that comes twice, or more than {MOST_DETAILS} tags")));
            }
        }
        Ok(Some(tags))
    }
}

/// Reads `null` as none and an array of texts as a list.
pub(super) struct Texts;

impl<'de> DeserializeSeed<'de> for Texts {
    type Value = Option<Vec<String>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Texts {
    type Value = Option<Vec<String>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of texts")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = sequence.next_element_seed(Text(str::to_owned))? {
            texts.push(text);
            if texts.len() > MOST_DETAILS {
                return Err(de::Error::custom(format!("more than {MOST_DETAILS} texts in a list")));
            }
        }
        Ok(Some(texts))
    }
}

/// An object that may be `null`: a visitor that has only `visit_map` needs nothing else.
pub(super) struct Nullable<V>(pub(super) V);

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Nullable<V> {
    type Value = Option<V::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(NullableVisitor(self.0, PhantomData))
    }
}

struct NullableVisitor<'de, V>(V, PhantomData<&'de ()>);

impl<'de, V: Visitor<'de>> Visitor<'de> for NullableVisitor<'de, V> {
    type Value = Option<V::Value>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(formatter)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        self.0.visit_map(map).map(Some)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, sequence: A) -> Result<Self::Value, A::Error> {
        self.0.visit_seq(sequence).map(Some)
    }
}

/// Keeps a value, unless the key came before.
pub(super) fn once<T, E: de::Error>(slot: &mut Option<T>, key: &'static str, value: T) -> Result<(), E> {
    if slot.replace(value).is_some() { Err(E::duplicate_field(key)) } else { Ok(()) }
}

/// Passes over a value.
pub(super) fn skip<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(drop)
}
