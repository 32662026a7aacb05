//! Images that are not judged.

use super::super::super::located::Located;
use super::super::super::raw::admission::parts::{RawImageScope, RawRole};
use super::super::Check;
use super::patterns;
use crate::admission::image::Role;
use crate::admission::settings::{ImageScope, NamePattern};

pub(super) fn check(check: &mut Check<'_>, scopes: Located<Vec<Located<RawImageScope>>>) -> Vec<ImageScope> {
    check.bound("ignored_images", scopes.place, scopes.value.len());
    scopes.value.into_iter().map(|scope| convert(check, scope)).collect()
}

fn convert(check: &mut Check<'_>, written: Located<RawImageScope>) -> ImageScope {
    let RawImageScope { images, namespaces, roles, reason } = written.value;
    if reason.value.trim().is_empty() {
        check.problem(reason.place, "`reason` is empty", "say why, such as `images of the cluster itself`");
    } else {
        check.name("`reason`", &reason);
    }
    let empty = |list: &Located<Vec<Located<String>>>| list.value.is_empty().then_some(list.place);
    if let Some(place) = empty(&images) {
        check.problem(place, "`images` names none", "name images, such as `registry.k8s.io/*`");
    }
    if let Some(place) = namespaces.as_ref().and_then(empty) {
        check.problem(place, "`namespaces` names none", "leave it out to mean all of them");
    }
    if let Some(roles) = roles.as_ref().filter(|roles| roles.value.is_empty()) {
        check.problem(roles.place, "`roles` names none", "leave it out to mean all of them");
    }
    let scope = ImageScope {
        images: images.value.into_iter().filter_map(|name| patterns::image(check, name)).collect(),
        namespaces: namespaces.map(|names| self::namespaces(check, names.value)).unwrap_or_default(),
        roles: roles.map(|roles| roles.value.into_iter().map(role).collect()).unwrap_or_default(),
        reason: reason.value,
    };
    if is_everything(&scope) {
        let hint = "name the images, or the `namespaces`, or `roles` such as `[ephemeral_container]`";
        check.problem(images.place, "this leaves no container to judge", hint);
    }
    scope
}

fn namespaces(check: &mut Check<'_>, names: Vec<Located<String>>) -> Vec<NamePattern> {
    names.into_iter().filter_map(|name| patterns::namespace(check, name)).collect()
}

/// Whether nothing that runs would be judged anywhere.
fn is_everything(scope: &ImageScope) -> bool {
    let all = |patterns: &[NamePattern]| patterns.iter().any(|pattern| pattern.0 == "*");
    let everywhere = scope.namespaces.is_empty() || all(&scope.namespaces);
    let runs = scope.roles.is_empty() || scope.roles.contains(&Role::Container);
    all(&scope.images) && everywhere && runs
}

const fn role(raw: RawRole) -> Role {
    match raw {
        RawRole::Container => Role::Container,
        RawRole::InitContainer => Role::InitContainer,
        RawRole::EphemeralContainer => Role::EphemeralContainer,
        RawRole::ImageVolume => Role::ImageVolume,
        RawRole::Custom => Role::Custom,
        RawRole::Chart => Role::Chart,
    }
}
