//! Objects of a cluster as kubectl and the API server list them.

use serde_json::Value;

use super::object::Object;
use super::review::GroupVersionKind;

/// One object, and what it is.
#[derive(Clone, Debug)]
pub struct Listed<'a> {
    /// What it is; items of a list of one kind need not say.
    pub kind: GroupVersionKind,
    /// The object.
    pub object: Object<'a>,
}

/// The objects, those in lists in place of the lists.
#[must_use]
pub fn listed(values: &[Value]) -> Vec<Listed<'_>> {
    values.iter().flat_map(one_or_its_items).collect()
}

fn one_or_its_items(value: &Value) -> Vec<Listed<'_>> {
    let object = Object::new(value);
    let Some(items) = value.get("items").and_then(Value::as_array) else {
        return vec![Listed { kind: kind_of(object, ""), object }];
    };
    let item_kind = object.kind().strip_suffix("List").unwrap_or_default();
    let item = |item| {
        let item = Object::new(item);
        let says = !item.kind().is_empty() || item_kind.is_empty();
        let kind = if says { kind_of(item, "") } else { kind_of(object, item_kind) };
        Listed { kind, object: item }
    };
    items.iter().map(item).collect()
}

/// What an object says that it is; `kind` in place of its own unless that is empty.
fn kind_of(object: Object<'_>, kind: &str) -> GroupVersionKind {
    let (group, version) = object.api_version().split_once('/').unwrap_or(("", object.api_version()));
    let kind = if kind.is_empty() { object.kind() } else { kind };
    GroupVersionKind { group: group.to_owned(), version: version.to_owned(), kind: kind.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::listed;
    use serde_json::json;

    #[test]
    fn items_are_what_they_say_or_what_their_list_says() {
        let values = [
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}),
            json!({"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "batch/v1", "kind": "Job"}, 7]}),
            json!({"apiVersion": "apps/v1", "kind": "DeploymentList", "items": [{"metadata": {"name": "b"}}]}),
            json!(null),
        ];
        let kinds: Vec<String> = listed(&values)
            .iter()
            .map(|one| format!("{}/{}/{} {}", one.kind.group, one.kind.version, one.kind.kind, one.object.name()))
            .collect();
        assert_eq!(kinds, ["/v1/Pod a", "batch/v1/Job ", "// ", "apps/v1/Deployment b", "// "]);
    }
}
