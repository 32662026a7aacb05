//! Lists of records or environments, and the pages that carry them.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::fields::{Count, Nullable, Text, once, skip};
use super::intern::Interner;
use super::record::RecordVisitor;
use crate::domain::record::DeploymentRecord;

/// What a page says of itself and of the whole; a count that is absent, `null` or empty is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pagination {
    /// How many items all pages have together.
    pub total_count: Option<u64>,
    /// The number of this page.
    pub page: Option<u64>,
    /// How many pages there are.
    pub total_pages: Option<u64>,
    /// How many items a page has at most.
    pub page_size: Option<u64>,
}

impl Pagination {
    /// The number of pages, when it is more than `total` items need at so many a page: then there are more items than
    /// the total says. `largest_page` is how many items came on one page at most; pages may be smaller than they say.
    #[must_use]
    pub fn surplus_pages(&self, total: u64, largest_page: u64) -> Option<u64> {
        let size = self.page_size.filter(|size| *size > 0).map_or(largest_page, |size| size.min(largest_page));
        self.total_pages.filter(|pages| *pages > total.div_ceil(size.max(1)).max(1))
    }
}

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The items in the order of the server.
    pub items: Vec<T>,
    /// `None` when the page has no `pagination`.
    pub pagination: Option<Pagination>,
}

/// An environment as the source lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedEnvironment {
    /// The source's id, empty when it gave none.
    pub id: Arc<str>,
    /// What records name in `environment_name`.
    pub name: Arc<str>,
    /// The logical environment that it belongs to.
    pub logical_environment: Option<Arc<str>>,
    /// Why its records in this file are short of the truth; only snapshots have it.
    pub incomplete: Option<Arc<str>>,
}

/// A kind of list: its key in both spellings, and how one item is read.
pub(in crate::source) trait Items {
    type Item;
    const KEYS: [&'static str; 2];

    fn next<'de, A: SeqAccess<'de>>(&mut self, sequence: &mut A) -> Result<Option<Self::Item>, A::Error>;
}

/// Deployment records.
pub(in crate::source) struct RecordList<'a>(pub(in crate::source) &'a mut Interner);

impl Items for RecordList<'_> {
    type Item = DeploymentRecord;
    const KEYS: [&'static str; 2] = ["deployment_records", "deploymentRecords"];

    fn next<'de, A: SeqAccess<'de>>(&mut self, sequence: &mut A) -> Result<Option<DeploymentRecord>, A::Error> {
        sequence.next_element_seed(Object(RecordVisitor(self.0)))
    }
}

/// Environments.
pub(in crate::source) struct EnvironmentList<'a>(pub(in crate::source) &'a mut Interner);

impl Items for EnvironmentList<'_> {
    type Item = NamedEnvironment;
    const KEYS: [&'static str; 2] = ["environments", "environments"];

    fn next<'de, A: SeqAccess<'de>>(&mut self, sequence: &mut A) -> Result<Option<NamedEnvironment>, A::Error> {
        sequence.next_element_seed(Object(EnvironmentVisitor(self.0)))
    }
}

/// Reads an object, nothing else.
struct Object<V>(V);

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Object<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        deserializer.deserialize_map(self.0)
    }
}

/// Reads a list, handing each item on as it comes; `null` is an empty list.
pub(in crate::source) struct List<L, F>(pub(in crate::source) L, pub(in crate::source) F);

impl<'de, L: Items, F: FnMut(L::Item) -> Result<(), String>> DeserializeSeed<'de> for List<L, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, L: Items, F: FnMut(L::Item) -> Result<(), String>> Visitor<'de> for List<L, F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the list `{}`", L::KEYS[0])
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut sequence: A) -> Result<(), A::Error> {
        while let Some(item) = self.0.next(&mut sequence)? {
            (self.1)(item).map_err(de::Error::custom)?;
        }
        Ok(())
    }
}

/// Reads a page: an object with the list and its pagination.
pub(super) struct PageSeed<L>(pub(super) L);

impl<'de, L: Items> DeserializeSeed<'de> for PageSeed<L> {
    type Value = Page<L::Item>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, L: Items> Visitor<'de> for PageSeed<L> {
    type Value = Page<L::Item>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "an object with the list `{}`", L::KEYS[0])
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut list = Some(self.0);
        let mut items = Vec::new();
        let mut pagination = None;
        while let Some(key) = map.next_key_seed(Text(str::to_owned))? {
            if L::KEYS.contains(&key.as_str()) {
                let list = list.take().ok_or_else(|| de::Error::duplicate_field(L::KEYS[0]))?;
                let push = |item| {
                    items.push(item);
                    Ok(())
                };
                map.next_value_seed(List(list, push))?;
            } else if key == "pagination" {
                once(&mut pagination, "pagination", map.next_value_seed(self::pagination())?)?;
            } else {
                skip(&mut map)?;
            }
        }
        if list.is_some() {
            let [snake, camel] = L::KEYS;
            let also = if snake == camel { String::new() } else { format!(" (or `{camel}`)") };
            return Err(de::Error::custom(format!("the list `{snake}`{also} is missing")));
        }
        Ok(Page { items, pagination: pagination.flatten() })
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum PaginationKey {
    #[serde(alias = "totalCount")]
    TotalCount,
    Page,
    #[serde(alias = "totalPages")]
    TotalPages,
    #[serde(alias = "pageSize")]
    PageSize,
    #[serde(other)]
    Other,
}

struct PaginationVisitor;

/// Reads `pagination`, which may be `null`.
pub(in crate::source) fn pagination<'de>() -> impl DeserializeSeed<'de, Value = Option<Pagination>> {
    Nullable(PaginationVisitor)
}

impl<'de> Visitor<'de> for PaginationVisitor {
    type Value = Pagination;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with `total_count`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pagination, A::Error> {
        let (mut total_count, mut page, mut total_pages, mut page_size) = (None, None, None, None);
        while let Some(key) = map.next_key()? {
            match key {
                PaginationKey::TotalCount => once(&mut total_count, "total_count", map.next_value_seed(Count)?)?,
                PaginationKey::Page => once(&mut page, "page", map.next_value_seed(Count)?)?,
                PaginationKey::TotalPages => once(&mut total_pages, "total_pages", map.next_value_seed(Count)?)?,
                PaginationKey::PageSize => once(&mut page_size, "page_size", map.next_value_seed(Count)?)?,
                PaginationKey::Other => skip(&mut map)?,
            }
        }
        Ok(Pagination {
            total_count: total_count.flatten(),
            page: page.flatten(),
            total_pages: total_pages.flatten(),
            page_size: page_size.flatten(),
        })
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum EnvironmentKey {
    Id,
    Name,
    #[serde(alias = "logicalEnvironment")]
    LogicalEnvironment,
    Incomplete,
    #[serde(other)]
    Other,
}

struct EnvironmentVisitor<'a>(&'a mut Interner);

impl<'de> Visitor<'de> for EnvironmentVisitor<'_> {
    type Value = NamedEnvironment;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an environment, an object with a `name`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NamedEnvironment, A::Error> {
        let (mut id, mut name, mut logical, mut incomplete) = (None, None, None, None);
        while let Some(key) = map.next_key()? {
            let mut shared = |map: &mut A| map.next_value_seed(Text(|text: &str| self.0.text(text)));
            match key {
                EnvironmentKey::Id => once(&mut id, "id", shared(&mut map)?)?,
                EnvironmentKey::Name => once(&mut name, "name", shared(&mut map)?)?,
                EnvironmentKey::LogicalEnvironment => {
                    once(&mut logical, "logical_environment", map.next_value_seed(Nullable(NameVisitor(self.0)))?)?;
                }
                EnvironmentKey::Incomplete => once(&mut incomplete, "incomplete", shared(&mut map)?)?,
                EnvironmentKey::Other => skip(&mut map)?,
            }
        }
        let filled = |text: Option<Arc<str>>| text.filter(|text| !text.is_empty());
        Ok(NamedEnvironment {
            id: id.unwrap_or_default(),
            name: filled(name).ok_or_else(|| de::Error::custom("an environment without a `name`"))?,
            logical_environment: filled(logical.flatten()),
            incomplete: filled(incomplete),
        })
    }
}

/// Reads the `name` of an object.
struct NameVisitor<'a>(&'a mut Interner);

impl<'de> Visitor<'de> for NameVisitor<'_> {
    type Value = Arc<str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with a `name`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Arc<str>, A::Error> {
        let mut name = None;
        while let Some(key) = map.next_key()? {
            match key {
                EnvironmentKey::Name => {
                    once(&mut name, "name", map.next_value_seed(Text(|text: &str| self.0.text(text)))?)?;
                }
                _ => skip(&mut map)?,
            }
        }
        Ok(name.unwrap_or_default())
    }
}
