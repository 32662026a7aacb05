//! Names of Kubernetes, and patterns of them.

use super::super::super::error::quote;
use super::super::super::located::Located;
use super::super::Check;
use crate::admission::settings::NamePattern;
use crate::domain::reference::image_name;

/// Labels of DNS, which names of namespaces are, have no more bytes.
const LONGEST_LABEL: usize = 63;
/// Nor have names of DNS.
const LONGEST_NAME: usize = 253;

fn is_label_letter(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

/// Whether it is a label of DNS, such as the name of a namespace.
pub(super) fn is_label(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= LONGEST_LABEL
        && text.bytes().all(is_label_letter)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Whether it is a name of DNS in lower case, such as an API group.
pub(super) fn is_domain(text: &str) -> bool {
    text.len() <= LONGEST_NAME && text.split('.').all(is_label)
}

/// Whether a name of a namespace can begin like this.
pub(super) fn is_beginning(text: &str) -> bool {
    text.len() < LONGEST_LABEL && text.bytes().all(is_label_letter) && !text.starts_with('-')
}

/// A namespace, or the beginning of namespaces, or all.
pub(super) fn namespace(check: &mut Check<'_>, name: Located<String>) -> Option<NamePattern> {
    let text = &name.value;
    let right = text.strip_suffix('*').map_or_else(|| is_label(text), is_beginning);
    if right {
        return Some(NamePattern(name.value));
    }
    let message = format!("{} is not a namespace, nor the beginning of namespaces", quote(text));
    check.problem(name.place, message, "write it as `shop`, `shop-*` or `*`; a star stands at the end only");
    None
}

/// An image, or all images below a path, or all. The name becomes what [`image_name`] makes of it.
pub(super) fn image(check: &mut Check<'_>, name: Located<String>) -> Option<NamePattern> {
    let text = name.value.as_str();
    let hint = "write it as `registry.k8s.io/*` or `ghcr.io/acme/tools`: without tag and digest, and with a star for \
                all below a path";
    if text == "*" {
        return Some(NamePattern(name.value));
    }
    let normalised = match text.strip_suffix("/*") {
        // Two more parts, so that `docker.io/*` means more than the images of `library`.
        Some(path) => image_name(&format!("{path}/x/x")).map(|name| name.trim_end_matches("x/x").to_owned() + "*"),
        None => image_name(text),
    };
    match normalised {
        Ok(_) if text.contains('@') || has_tag(text) => {
            check.problem(name.place, format!("{} has a tag or a digest", quote(text)), hint);
            None
        }
        Ok(normalised) => Some(NamePattern(normalised)),
        Err(error) => {
            check.problem(name.place, format!("{} names no image: {error}", quote(text)), hint);
            None
        }
    }
}

/// A colon after the last slash starts a tag.
fn has_tag(text: &str) -> bool {
    text.rsplit('/').next().is_some_and(|last| last.contains(':'))
}

/// The key of a label or an annotation: `app`, or `example.com/app`.
pub(super) fn key(check: &mut Check<'_>, key: Located<String>) -> Option<String> {
    let (prefix, name) = match key.value.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key.value.as_str()),
    };
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let at_edge = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    let right = name.len() <= LONGEST_LABEL
        && name.bytes().all(is_letter)
        && at_edge(name.bytes().next())
        && at_edge(name.bytes().last())
        && prefix.is_none_or(is_domain);
    if right {
        return Some(key.value);
    }
    let message = format!("{} is not the key of a label or an annotation", quote(&key.value));
    check.problem(key.place, message, "write it as `app.kubernetes.io/name`");
    None
}
