//! From the body of a request to a review.
//!
//! The API server writes keys once and in their own case: it reads objects case-sensitively and writes them anew before
//! it asks (<https://github.com/kubernetes-sigs/json>). So `Image` is not `image` to it, and need not be to us; and a key
//! that is there twice is no work of an API server.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{GroupVersionKind, GroupVersionResource, Operation, Review, Unreadable, User};
use crate::admission::extract;
use crate::admission::object::Object;
use crate::domain::text::line;
use crate::domain::unique::{Limits, Reading};

const VERSION: &str = "admission.k8s.io/v1";
const KIND: &str = "AdmissionReview";

/// An object of Kubernetes has at most 1.5 MiB, and a review has two; short of 10 bytes a value that is plenty.
const MOST_VALUES: usize = 200_000;
/// Deeper than definitions of custom resources are in practice; the JSON parser would stop at 128.
const DEEPEST: usize = 100;
/// Names and namespaces have at most 253 characters.
const NAME_LIMIT: usize = 253;
/// Everything else that is one word to Kubernetes.
const WORD_LIMIT: usize = 256;
const USER_LIMIT: usize = 512;
const MOST_GROUPS: usize = 64;
const MESSAGE_LIMIT: usize = 300;
const HINT: &str = "\nhint: send what the API server sends";

const REVIEW: Reading = Reading::But(&[("request", REQUEST)]);
const REQUEST: Reading = Reading::But(&[("object", Reading::By(object_of)), ("oldObject", Reading::By(object_of))]);

type Members = Map<String, Value>;

/// Reads a review.
pub(super) fn review(body: &[u8]) -> Result<Review, Unreadable> {
    let whole = whole(body).map_err(|message| Unreadable { uid: uid(body), message })?;
    let uid = whole.get("request").and_then(|request| request.get("uid")).and_then(usable_uid);
    request(whole).map_err(|message| Unreadable { uid, message })
}

fn whole(body: &[u8]) -> Result<Members, String> {
    if body.is_empty() {
        return Err(format!("the body is empty\nhint: send an {KIND} of {VERSION}"));
    }
    if body.starts_with(b"\xef\xbb\xbf") {
        return Err("the body begins with a byte order mark, which JSON has none of\nhint: send it without".to_owned());
    }
    let limits = Limits { values: MOST_VALUES, depth: DEEPEST, reading: &REVIEW };
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = limits.read(&mut json).and_then(|value| json.end().map(|()| value));
    let error = match value {
        Ok(Value::Object(members)) => return Ok(members),
        Ok(_) => "it is no object".to_owned(),
        Err(error) => line(&error.to_string(), MESSAGE_LIMIT),
    };
    Err(format!("the body is no {KIND}: {error}\nhint: send JSON as the API server does"))
}

/// What is read of an object: what is judged by. The API server writes the kind before the object; of one that stands
/// before its kind, all is read.
fn object_of(request: &Members) -> Reading {
    if let Some("DELETE" | "CONNECT") = request.get("operation").and_then(Value::as_str) {
        return extract::METADATA_ONLY;
    }
    let member = |key| request.get("kind").and_then(|kind| kind.get(key)).and_then(Value::as_str).unwrap_or_default();
    extract::reading(member("group"), member("kind"))
}

/// The uid of a review that is otherwise not accepted, when it is there once.
fn uid(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Envelope {
        request: Request,
    }
    #[derive(Deserialize)]
    struct Request {
        uid: Value,
    }
    serde_json::from_slice(body).ok().and_then(|envelope: Envelope| usable_uid(&envelope.request.uid))
}

fn usable_uid(uid: &Value) -> Option<String> {
    let uid = uid.as_str().filter(|uid| !uid.is_empty() && uid.len() <= WORD_LIMIT)?;
    Some(uid.to_owned())
}

fn request(mut whole: Members) -> Result<Review, String> {
    let word = |key| text(&whole, key, WORD_LIMIT).map_err(|error| format!("in the {KIND}, {error}{HINT}"));
    let (kind, version) = (word("kind")?, word("apiVersion")?);
    if kind != KIND {
        return Err(format!("the body is of kind `{}`, not {KIND}{HINT}", shown(&kind)));
    }
    if version != VERSION {
        let hint = format!("hint: set `admissionReviewVersions: [v1]` in the webhook configuration, for {VERSION}");
        return Err(format!("the review has version `{}`, which is not supported\n{hint}", shown(&version)));
    }
    let Some(Value::Object(request)) = whole.remove("request") else {
        return Err(format!("the {KIND} has no `request`{HINT}"));
    };
    fields(request).map_err(|error| format!("in `request`, {error}{HINT}"))
}

fn fields(mut request: Members) -> Result<Review, String> {
    let (object, old_object) = (object(&mut request, "object")?, object(&mut request, "oldObject")?);
    let kind = kind(&request, "kind")?.ok_or("`kind` is missing")?;
    let resource = resource(&request, "resource")?.ok_or("`resource` is missing")?;
    let sub_resource = some(text(&request, "subResource", WORD_LIMIT)?);
    let name = text(&request, "name", NAME_LIMIT)?;
    let review = Review {
        uid: request.get("uid").and_then(usable_uid).ok_or("`uid` is missing or no text of 1 to 256 bytes")?,
        request_kind: self::kind(&request, "requestKind")?.unwrap_or_else(|| kind.clone()),
        request_resource: self::resource(&request, "requestResource")?.unwrap_or_else(|| resource.clone()),
        request_sub_resource: some(text(&request, "requestSubResource", WORD_LIMIT)?).or_else(|| sub_resource.clone()),
        name: some(name).unwrap_or_else(|| name_of(object.as_ref())),
        namespace: text(&request, "namespace", NAME_LIMIT)?,
        operation: operation(&request)?,
        user: user(&request)?,
        dry_run: flag(&request, "dryRun")?,
        kind,
        resource,
        sub_resource,
        object,
        old_object,
    };
    of_its_kind(&review)?;
    Ok(review)
}

fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn name_of(object: Option<&Value>) -> String {
    let name = object.map(|object| Object::new(object).name()).unwrap_or_default();
    if name.len() <= NAME_LIMIT { name.to_owned() } else { String::new() }
}

/// The API server writes into an object what it is. One that says otherwise would be judged as what it is not.
fn of_its_kind(review: &Review) -> Result<(), String> {
    let judged = matches!(review.operation, Operation::Create | Operation::Update);
    let Some(object) = review.object.as_ref().map(Object::new).filter(|_| judged) else { return Ok(()) };
    let GroupVersionKind { group, version, kind } = &review.kind;
    let api_version = if group.is_empty() { version.clone() } else { format!("{group}/{version}") };
    for (key, said, expected) in
        [("kind", object.kind(), kind.as_str()), ("apiVersion", object.api_version(), api_version.as_str())]
    {
        if !said.is_empty() && said != expected {
            return Err(format!("`object` has `{key}` `{}`, and `kind` says `{}`", shown(said), shown(expected)));
        }
    }
    Ok(())
}

fn object(request: &mut Members, key: &'static str) -> Result<Option<Value>, String> {
    match request.remove(key) {
        None | Some(Value::Null) => Ok(None),
        Some(object @ Value::Object(_)) => Ok(Some(object)),
        Some(_) => Err(format!("`{key}` is no object")),
    }
}

fn kind(request: &Members, key: &str) -> Result<Option<GroupVersionKind>, String> {
    let Some(members) = members(request, key)? else { return Ok(None) };
    let (group, version) = (text(members, "group", WORD_LIMIT)?, text(members, "version", WORD_LIMIT)?);
    let kind = some(text(members, "kind", WORD_LIMIT)?).ok_or_else(|| format!("`{key}` has no `kind`"))?;
    Ok(Some(GroupVersionKind { group, version, kind }))
}

fn resource(request: &Members, key: &str) -> Result<Option<GroupVersionResource>, String> {
    let Some(members) = members(request, key)? else { return Ok(None) };
    let (group, version) = (text(members, "group", WORD_LIMIT)?, text(members, "version", WORD_LIMIT)?);
    let resource = some(text(members, "resource", WORD_LIMIT)?).ok_or_else(|| format!("`{key}` has no `resource`"))?;
    Ok(Some(GroupVersionResource { group, version, resource }))
}

fn operation(request: &Members) -> Result<Operation, String> {
    let operation = text(request, "operation", WORD_LIMIT)?;
    let all = [Operation::Create, Operation::Update, Operation::Delete, Operation::Connect];
    let known = all.into_iter().find(|known| known.as_str() == operation);
    known.ok_or_else(|| format!("`operation` is `{}`, which is not known", shown(&operation)))
}

fn user(request: &Members) -> Result<User, String> {
    let Some(user) = members(request, "userInfo")? else { return Ok(User::default()) };
    let groups = match user.get("groups") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(groups)) => groups.iter().take(MOST_GROUPS).map(|group| bounded(group, WORD_LIMIT)).collect(),
        Some(_) => return Err("`groups` is no list".to_owned()),
    };
    let name = user.get("username").map(|name| bounded(name, USER_LIMIT)).unwrap_or_default();
    Ok(User { name, groups })
}

/// The beginning of a text that only rules see, as a claim.
fn bounded(text: &Value, limit: usize) -> String {
    text.as_str().unwrap_or_default().chars().take(limit).collect()
}

fn flag(request: &Members, key: &str) -> Result<bool, String> {
    match request.get(key) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(format!("`{key}` is neither true nor false")),
    }
}

fn members<'a>(request: &'a Members, key: &str) -> Result<Option<&'a Members>, String> {
    match request.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(members)) => Ok(Some(members)),
        Some(_) => Err(format!("`{key}` is no object")),
    }
}

/// A text, empty when there is none.
fn text(members: &Members, key: &str, limit: usize) -> Result<String, String> {
    match members.get(key) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) if text.len() <= limit => Ok(text.clone()),
        Some(Value::String(text)) => Err(format!("`{key}` has {} bytes, and may have {limit}", text.len())),
        Some(_) => Err(format!("`{key}` is no text")),
    }
}

fn shown(text: &str) -> String {
    line(text, WORD_LIMIT)
}
