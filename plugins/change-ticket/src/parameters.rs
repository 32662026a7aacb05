//! What a rule is told: `parameters.schema.json`, as serde reads it.

use holdpoint_plugin::http::Url;
use regex_lite::Regex;
use serde::Deserialize;

/// The parameters.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Where the ticket system is.
    pub base_url: String,
    /// What is asked for, below it, with `{id}`.
    #[serde(default = "default_path")]
    pub path: String,
    /// The name of the secret that is sent.
    pub secret: Option<String>,
    /// What stands before it.
    #[serde(default = "default_scheme")]
    pub scheme: String,
    /// What ticket ids look like.
    #[serde(default = "default_pattern")]
    pub pattern: String,
    /// Where in the request's context the ticket stands.
    #[serde(default = "default_context")]
    pub context: String,
    /// States that allow.
    pub allowed_states: Vec<String>,
    /// States that hold.
    #[serde(default)]
    pub waiting_states: Vec<String>,
    /// Whether a ticket needs a window.
    #[serde(default)]
    pub require_window: bool,
    /// What the ticket has to name.
    #[serde(default)]
    pub must_name: Vec<Named>,
    /// Intents that need no ticket.
    #[serde(default)]
    pub exempt_intents: Vec<String>,
    /// Where the answer has what.
    #[serde(default)]
    pub fields: Fields,
}

/// What a ticket may have to name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Named {
    /// The artifact, by its digest.
    Artifact,
    /// The deployment, by its name.
    Deployment,
}

/// JSON pointers into the answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fields {
    /// The ticket's id, if the answer has it.
    pub id: String,
    /// The state, a text.
    pub state: String,
    /// When the window opens.
    pub starts_at: String,
    /// When it closes.
    pub ends_at: String,
    /// The artifacts that the ticket is about, a text or a list of texts.
    pub artifacts: String,
    /// The deployments that it is about, likewise.
    pub deployments: String,
}

impl Default for Fields {
    fn default() -> Self {
        Self {
            id: "/id".to_owned(),
            state: "/state".to_owned(),
            starts_at: "/window/starts_at".to_owned(),
            ends_at: "/window/ends_at".to_owned(),
            artifacts: "/artifacts".to_owned(),
            deployments: "/deployments".to_owned(),
        }
    }
}

fn default_path() -> String {
    "/tickets/{id}".to_owned()
}

fn default_scheme() -> String {
    "Bearer".to_owned()
}

fn default_pattern() -> String {
    "[A-Z][A-Z0-9]+-[0-9]+".to_owned()
}

fn default_context() -> String {
    "ticket".to_owned()
}

impl Parameters {
    /// What is wrong beyond what the schema says.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        match Url::parse(&self.base_url) {
            Err(why) => faults.push(format!("`base_url`: {why}")),
            Ok(url) if !url.is_https && self.secret.is_some() && !is_loopback(url.authority) => {
                faults.push(format!(
                    "`base_url`: {} is not https, and would show the secret to everyone on the way",
                    self.base_url
                ));
            }
            Ok(url) if url.path.contains('?') => {
                faults.push("`base_url` has a query; put it into `path`".to_owned());
            }
            Ok(_) => {}
        }
        if !self.path.starts_with('/') || !self.path.contains("{id}") {
            faults.push(format!("`path`: {:?} has to begin with a slash and to hold {{id}}", self.path));
        }
        match self.regex() {
            Err(why) => faults.push(why),
            Ok(regex) if regex.is_match("") => {
                faults.push(format!(
                    "`pattern`: {:?} matches an empty text, so everything would be a ticket",
                    self.pattern
                ));
            }
            Ok(_) => {}
        }
        if self.allowed_states.is_empty() {
            faults.push("`allowed_states` names none, so no ticket could ever allow".to_owned());
        }
        let both = self.allowed_states.iter().filter(|state| self.waiting_states.contains(state));
        faults.extend(both.map(|state| format!("the state {state:?} is in `allowed_states` and in `waiting_states`")));
        faults
    }

    /// The pattern of ids.
    ///
    /// # Errors
    /// When it is no regular expression.
    pub fn regex(&self) -> Result<Regex, String> {
        Regex::new(&self.pattern).map_err(|error| format!("`pattern`: {error}"))
    }
}

fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
