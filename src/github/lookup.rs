//! Where a digest is found by the commit: the deployments that GitHub makes for jobs say none.

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use super::template::Template;
use crate::domain::unique::Unique;

/// Where a digest is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// In the payload of a deployment that was made before, such as by the job that built the artifact.
    Earlier(Earlier),
    /// At the registry of the artifact, under the tag that this makes: it names the commit.
    Tag(Template),
}

/// Which deployments are looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// The environment that they were made for, as GitHub calls it.
    pub environment: String,
    /// What they were made for; none means anything.
    pub task: Option<String>,
}

/// Why the answer of GitHub cannot be used.
#[derive(Debug, Error)]
pub enum LookupError {
    /// It is no list of deployments.
    #[error("the list of deployments cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// It has what was not asked for.
    #[error("the list of deployments has one of another commit, environment or task")]
    Other,
}

#[derive(Deserialize)]
struct Listed {
    id: u64,
    sha: String,
    environment: String,
    #[serde(default)]
    task: Option<String>,
    #[serde(default)]
    payload: Option<Unique>,
}

/// What the newest of them says; `None` when there are none. An older one never stands in for it.
///
/// # Errors
/// What is no list of deployments of this commit.
pub fn newest(body: &[u8], sha: &str, lookup: &Earlier) -> Result<Option<Value>, LookupError> {
    let listed: Vec<Listed> = serde_json::from_slice(body)?;
    let is_other = |one: &Listed| {
        let other_task = lookup.task.is_some() && one.task != lookup.task;
        one.sha != sha || one.environment != lookup.environment || other_task
    };
    if listed.iter().any(is_other) {
        return Err(LookupError::Other);
    }
    let newest = listed.into_iter().max_by_key(|one| one.id);
    Ok(newest.map(|one| one.payload.map(|payload| payload.0).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::{Earlier, newest};
    use serde_json::{Value, json};

    #[test]
    fn the_newest_counts_alone() {
        let lookup = |task: Option<&str>| Earlier { environment: "build".to_owned(), task: task.map(str::to_owned) };
        let one = |id: u64, sha: &str, environment: &str, payload: Value| json!({"id": id, "sha": sha, "environment": environment, "task": "image", "payload": payload, "url": "x"});
        let read = |list: Value, task| newest(list.to_string().as_bytes(), "abc", &lookup(task));
        let both = json!([one(1, "abc", "build", json!("old")), one(2, "abc", "build", json!({"digest": "new"}))]);
        assert_eq!(read(both.clone(), None).unwrap(), Some(json!({"digest": "new"})));
        assert_eq!(read(both.clone(), Some("image")).unwrap(), Some(json!({"digest": "new"})));
        assert_eq!(read(json!([]), None).unwrap(), None);
        let empty = json!([one(1, "abc", "build", json!("old")), one(2, "abc", "build", Value::Null)]);
        assert_eq!(read(empty, None).unwrap(), Some(Value::Null), "an older one does not stand in");
        assert!(read(both, Some("deploy")).is_err());
        assert!(read(json!([one(1, "abd", "build", json!("x"))]), None).is_err());
        assert!(read(json!([one(1, "abc", "prod", json!("x"))]), None).is_err());
        assert!(read(json!({"message": "not found"}), None).is_err());
        let twice = br#"[{"id": 1, "sha": "abc", "environment": "build", "payload": {"digest": 1, "digest": 2}}]"#;
        assert!(newest(twice, "abc", &lookup(None)).is_err());
    }
}
