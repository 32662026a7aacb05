//! An `AdmissionReview` as the API server sends it: what is asked about, by whom, and the objects.

use serde_json::Value;
use thiserror::Error;

use super::object::Object;
use crate::domain::text::line;

mod read;

const TITLE_LIMIT: usize = 400;

/// A kind of object: `apps/v1`, `Deployment`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupVersionKind {
    /// The API group; empty for the core.
    pub group: String,
    /// Its version.
    pub version: String,
    /// The kind.
    pub kind: String,
}

/// A resource: `apps/v1`, `deployments`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupVersionResource {
    /// The API group; empty for the core.
    pub group: String,
    /// Its version.
    pub version: String,
    /// The resource, in lower case and plural.
    pub resource: String,
}

/// What is done to the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// It is made.
    Create,
    /// It is changed.
    Update,
    /// It is removed.
    Delete,
    /// It is connected to, as by `kubectl exec`.
    Connect,
}

impl Operation {
    /// The word that Kubernetes uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Connect => "CONNECT",
        }
    }
}

/// Who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// The name, such as `system:serviceaccount:shop:deployer`; at most 512 characters of it.
    pub name: String,
    /// The groups; at most 64 of them, and 256 characters of each.
    pub groups: Vec<String>,
}

/// One question of the API server.
#[derive(Clone, Debug, PartialEq)]
pub struct Review {
    /// What the answer must repeat.
    pub uid: String,
    /// What `object` is. It may have been converted from `request_kind`.
    pub kind: GroupVersionKind,
    /// The resource of `kind`.
    pub resource: GroupVersionResource,
    /// The part of the resource that is asked about, such as `scale`.
    pub sub_resource: Option<String>,
    /// What the client sent.
    pub request_kind: GroupVersionKind,
    /// The resource that the client named.
    pub request_resource: GroupVersionResource,
    /// The part of the resource that the client named.
    pub request_sub_resource: Option<String>,
    /// The object's name; empty when the API server makes one and does not tell.
    pub name: String,
    /// The object's namespace; empty when it is in none.
    pub namespace: String,
    /// What is done.
    pub operation: Operation,
    /// Who does it.
    pub user: User,
    /// Whether nothing will come of it.
    pub dry_run: bool,
    /// The object as it would be; none for a removal. Only what is judged by is read of it: without
    /// `metadata.managedFields`, and of containers the names and images alone.
    pub object: Option<Value>,
    /// The object as it is, for a change or a removal. Read like the other.
    pub old_object: Option<Value>,
}

/// Why a text is no review that can be answered by its content.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct Unreadable {
    /// The uid, when it could be read: then the API server gets an answer that it understands.
    pub uid: Option<String>,
    /// What is wrong with it, and what to do.
    pub message: String,
}

impl Review {
    /// Reads the body of a request.
    ///
    /// Only `admission.k8s.io/v1` is accepted. Fields that are not known are passed over. In what is read, a key that is
    /// in an object twice, nesting beyond 100 levels and more than 200,000 values are refused.
    pub fn parse(body: &[u8]) -> Result<Self, Unreadable> {
        read::review(body)
    }

    /// The object as it would be, or the one that is removed.
    #[must_use]
    pub fn subject(&self) -> Object<'_> {
        Object::new(self.object.as_ref().or(self.old_object.as_ref()).unwrap_or(&Value::Null))
    }

    /// The object in words, on one line: `Deployment shop/storefront`, `Pod shop/web-1 (ephemeralcontainers)`.
    #[must_use]
    pub fn title(&self) -> String {
        let generated = format!("{}…", self.subject().generate_name());
        let name = if self.name.is_empty() { &generated } else { &self.name };
        let slash = if self.namespace.is_empty() { "" } else { "/" };
        let title = format!("{} {}{slash}{name}", self.request_kind.kind, self.namespace);
        match &self.request_sub_resource {
            Some(part) => line(&format!("{title} ({part})"), TITLE_LIMIT),
            None => line(&title, TITLE_LIMIT),
        }
    }

    /// The same review with the object as it is in the place of the one as it would be, when the change could move
    /// it to another environment: its labels or annotations, or its controller, differ. None when they do not.
    ///
    /// An image that may stay where it is must not come along to another environment unjudged.
    #[must_use]
    pub fn as_it_was(&self) -> Option<Self> {
        let old = self.old_object.as_ref().filter(|_| self.operation == Operation::Update)?;
        let (old, new) = (Object::new(old), self.subject());
        let same =
            old.labels() == new.labels() && old.annotations() == new.annotations() && old.owners() == new.owners();
        (!same).then(|| Self { object: self.old_object.clone(), old_object: None, ..self.clone() })
    }
}
