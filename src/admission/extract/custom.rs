//! The artifacts of a custom resource, where the configuration says that they are.

use serde_json::Value;

use super::super::image::{Role, UsedImage};
use super::super::settings::{ChartPointers, CustomResource};
use super::pointer::{Match, fill, resolve};
use super::{pod, push, suspect};

/// Appends the artifacts of a custom resource. A pointer that leads nowhere stands for a part that the object does not
/// have; but a resource for charts must have one.
pub(super) fn artifacts(object: &Value, resource: &CustomResource, uses: &mut Vec<UsedImage>) -> Result<(), String> {
    for pointer in &resource.pod_templates {
        resolve(object, pointer)?.iter().try_for_each(|found| template(found, uses))?;
    }
    for pointer in &resource.images {
        resolve(object, pointer)?.into_iter().try_for_each(|found| image(found, uses))?;
    }
    charts(object, resource, uses)
}

fn template(found: &Match<'_>, uses: &mut Vec<UsedImage>) -> Result<(), String> {
    let place = format!("{}/spec", found.place);
    match found.value.as_object().map(|template| template.get("spec")) {
        None => Err(unknown(&format!("`{}` is no object, and should be a pod template", found.place))),
        Some(Some(Value::Object(spec))) => pod::of_spec(spec, &place, uses),
        Some(None | Some(Value::Null)) => match suspect::below(found.value) {
            // The pointer leads beside the template.
            Some(containers) => {
                Err(unknown(&format!("`{place}` is missing, and there is `{}{containers}`", found.place)))
            }
            None => Ok(()),
        },
        Some(Some(_)) => Err(unknown(&format!("`{place}` is no object"))),
    }
}

/// An empty one leaves the choice to the controller, and its pods are judged.
fn image(found: Match<'_>, uses: &mut Vec<UsedImage>) -> Result<(), String> {
    let reference = text(&found)?.to_owned();
    if reference.is_empty() {
        return Ok(());
    }
    push(uses, UsedImage { reference, place: found.place, name: String::new(), role: Role::Custom })
}

fn charts(object: &Value, resource: &CustomResource, uses: &mut Vec<UsedImage>) -> Result<(), String> {
    let mut repositories = 0_usize;
    for pointers in &resource.charts {
        for found in resolve(object, &pointers.repository)? {
            repositories = repositories.saturating_add(1);
            if let Some(chart) = chart(object, pointers, &found)? {
                push(uses, chart)?;
            }
        }
    }
    let missing = repositories == 0 && !resource.charts.is_empty();
    if missing { Err(unknown("nothing is where its chart should be")) } else { Ok(()) }
}

/// The chart of this repository; none when the resource takes something else from it.
fn chart(object: &Value, pointers: &ChartPointers, found: &Match<'_>) -> Result<Option<UsedImage>, String> {
    let beside = |pointer: &str| -> Result<Option<&str>, String> {
        let place = fill(pointer, &found.stars)
            .ok_or_else(|| unknown(&format!("`{pointer}` has more stars than `{}`", pointers.repository)))?;
        let text = object
            .pointer(&place)
            .filter(|value| !value.is_null())
            .map(|value| value.as_str().ok_or_else(|| unknown(&format!("`{place}` is no text"))));
        Ok(text.transpose()?.filter(|text| !text.is_empty()))
    };
    let name = match &pointers.name {
        Some(pointer) => match beside(pointer)? {
            Some(name) => Some(name),
            // The address of an artifact in a registry needs no name beside it.
            None if text(found)?.starts_with("oci://") => None,
            None => return Ok(None),
        },
        None => None,
    };
    let reference = reference(text(found)?, name, beside(&pointers.digest)?);
    let (name, place) = (name.unwrap_or_default().to_owned(), found.place.clone());
    Ok(Some(UsedImage { reference, name, role: Role::Chart, place }))
}

/// The reference of a chart. A version that is no digest becomes a tag, and what is no OCI repository stays what it is:
/// both are refused as such later.
fn reference(repository: &str, name: Option<&str>, version: Option<&str>) -> String {
    let scheme = if repository.contains("://") { "" } else { "oci://" };
    let mut reference = format!("{scheme}{}", repository.trim_end_matches('/'));
    if let Some(name) = name {
        reference.extend(["/", name]);
    }
    match version {
        Some(digest) if reference.ends_with(&format!("@{digest}")) => {}
        Some(digest) if digest.contains(':') => reference.extend(["@", digest]),
        Some(version) => reference.extend([":", version]),
        None => {}
    }
    reference
}

fn text<'a>(found: &Match<'a>) -> Result<&'a str, String> {
    found.value.as_str().ok_or_else(|| unknown(&format!("`{}` is no text", found.place)))
}

fn unknown(what: &str) -> String {
    format!("{what}\nhint: compare the object with its pointers in `admission.resources`")
}
