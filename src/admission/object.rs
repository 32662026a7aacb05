//! What every Kubernetes object has: names, labels, annotations, an owner.

use serde_json::Value;

/// The controller that made an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner<'a> {
    /// Its `apiVersion`.
    pub api_version: &'a str,
    /// Its kind.
    pub kind: &'a str,
    /// Its name.
    pub name: &'a str,
}

/// An object, for reading its metadata. What is missing or of another type than it should be is empty or none.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a>(&'a Value);

impl<'a> Object<'a> {
    /// Any value; one that is no object has no metadata.
    #[must_use]
    pub const fn new(value: &'a Value) -> Self {
        Self(value)
    }

    /// The value itself.
    #[must_use]
    pub const fn value(self) -> &'a Value {
        self.0
    }

    /// `kind`.
    #[must_use]
    pub fn kind(self) -> &'a str {
        text(self.0.get("kind"))
    }

    /// `apiVersion`.
    #[must_use]
    pub fn api_version(self) -> &'a str {
        text(self.0.get("apiVersion"))
    }

    /// `metadata.name`.
    #[must_use]
    pub fn name(self) -> &'a str {
        text(self.metadata("name"))
    }

    /// `metadata.generateName`: the beginning of the name, when the API server makes it.
    #[must_use]
    pub fn generate_name(self) -> &'a str {
        text(self.metadata("generateName"))
    }

    /// `metadata.namespace`.
    #[must_use]
    pub fn namespace(self) -> &'a str {
        text(self.metadata("namespace"))
    }

    /// `metadata.labels`.
    #[must_use]
    pub fn labels(self) -> Option<&'a Value> {
        self.metadata("labels")
    }

    /// The label with this key.
    #[must_use]
    pub fn label(self, key: &str) -> Option<&'a str> {
        self.labels()?.get(key)?.as_str()
    }

    /// `metadata.annotations`.
    #[must_use]
    pub fn annotations(self) -> Option<&'a Value> {
        self.metadata("annotations")
    }

    /// The annotation with this key.
    #[must_use]
    pub fn annotation(self, key: &str) -> Option<&'a str> {
        self.annotations()?.get(key)?.as_str()
    }

    /// `metadata.ownerReferences`.
    #[must_use]
    pub fn owners(self) -> Option<&'a Value> {
        self.metadata("ownerReferences")
    }

    /// The owner that controls it: the one with `controller: true`. Kubernetes lets there be one at most.
    #[must_use]
    pub fn controller(self) -> Option<Owner<'a>> {
        let owners = self.owners()?.as_array()?;
        let owner = owners.iter().find(|owner| owner.get("controller") == Some(&Value::Bool(true)))?;
        let member = |key| text(owner.get(key));
        Some(Owner { api_version: member("apiVersion"), kind: member("kind"), name: member("name") })
    }

    fn metadata(self, key: &str) -> Option<&'a Value> {
        self.0.get("metadata")?.get(key)
    }
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}
