//! Images that the configuration leaves alone.

use super::image::UsedImage;
use super::settings::{AdmissionSettings, ImageScope, NamePattern};
use crate::domain::reference::image_name;

/// Why an image is not judged; none when it is.
///
/// An image whose reference cannot be read, or that is a digest alone, has no name and is always judged.
#[must_use]
pub fn ignored(settings: &AdmissionSettings, namespace: &str, image: &UsedImage) -> Option<String> {
    if settings.ignored_images.is_empty() {
        return None;
    }
    let name = image_name(&image.reference).ok()?;
    let scope = settings.ignored_images.iter().find(|scope| covers(scope, namespace, image, &name))?;
    Some(scope.reason.clone())
}

fn covers(scope: &ImageScope, namespace: &str, image: &UsedImage, name: &str) -> bool {
    let of_namespace = scope.namespaces.is_empty() || scope.namespaces.iter().any(|one| one.matches(namespace));
    let of_role = scope.roles.is_empty() || scope.roles.contains(&image.role);
    of_namespace && of_role && scope.images.iter().any(|pattern| is_image(pattern, name))
}

/// A star stands for whole components of the path: `ghcr.io/acme/*` is not `ghcr.io/acme-evil/x`.
fn is_image(pattern: &NamePattern, name: &str) -> bool {
    let whole = pattern.0.strip_suffix('*').is_none_or(|path| path.is_empty() || path.ends_with('/'));
    whole && pattern.matches(name)
}

#[cfg(test)]
mod tests {
    use super::super::image::{Role, UsedImage};
    use super::super::settings::{AdmissionSettings, ImageScope, NamePattern};
    use super::ignored;
    use proptest::prelude::*;

    fn patterns(names: &[&str]) -> Vec<NamePattern> {
        names.iter().map(|name| NamePattern((*name).to_owned())).collect()
    }

    fn settings(images: &[&str], namespaces: &[&str], roles: &[Role]) -> AdmissionSettings {
        let (images, namespaces) = (patterns(images), patterns(namespaces));
        let scope = ImageScope { images, namespaces, roles: roles.to_vec(), reason: "of the system".to_owned() };
        AdmissionSettings { ignored_images: vec![scope], ..AdmissionSettings::default() }
    }

    fn used(reference: &str, role: Role) -> UsedImage {
        UsedImage { reference: reference.to_owned(), place: "/spec".to_owned(), name: "c".to_owned(), role }
    }

    #[test]
    fn names_are_compared_after_they_are_made_alike() {
        let digest = format!("sha256:{}", "ab".repeat(32));
        let cases = [
            ("ghcr.io/acme/*", "ghcr.io/acme/x", true),
            ("ghcr.io/acme/*", "ghcr.io/acme/x/y:v1", true),
            ("ghcr.io/acme/*", "ghcr.io/acme-evil/x", false),
            ("ghcr.io/acme/*", "ghcr.io/acme", false),
            ("ghcr.io/acme/*", "evil.io/ghcr.io/acme/x", false),
            ("ghcr.io/acme/*", "ghcr.io.evil.io/acme/x", false),
            ("ghcr.io/acme/*", "ghcr.io:443/acme/x", false),
            ("ghcr.io/acme/*", "oci://ghcr.io/acme/chart:1.0.0", true),
            ("ghcr.io/acme/x", "ghcr.io/acme/x:v1", true),
            ("ghcr.io/acme/x", "ghcr.io/acme/xy", false),
            ("docker.io/library/busybox", "busybox", true),
            ("docker.io/library/busybox", "index.docker.io/library/busybox:1", true),
            ("docker.io/library/busybox", "evil/busybox", false),
            ("docker.io/*", "evil/busybox", true),
            ("*", "anything/at/all:v1", true),
            // No component of a path ends at these stars.
            ("ghcr.io/acme*", "ghcr.io/acme-evil/x", false),
            ("ghcr.io/acme*", "ghcr.io/acme/x", false),
        ];
        for (pattern, reference, expected) in cases {
            let found = ignored(&settings(&[pattern], &[], &[]), "shop", &used(reference, Role::Container));
            assert_eq!(found.is_some(), expected, "{pattern} {reference}");
        }
        let all = settings(&["*"], &[], &[]);
        let unreadable = [
            String::new(),
            digest.clone(),
            "ghcr.io/Acme/x".to_owned(),
            "ghcr.io/acme/x:".to_owned(),
            "ghcr.io/acme/x@sha256:abc".to_owned(),
            format!("ghcr.io/acme/x@{digest}@{digest}"),
            " ghcr.io/acme/x".to_owned(),
            "ghcr.io/../acme/x".to_owned(),
            "https://ghcr.io/acme/x".to_owned(),
        ];
        for reference in unreadable {
            assert_eq!(ignored(&all, "shop", &used(&reference, Role::Container)), None, "{reference}");
        }
        let with_digest = used(&format!("ghcr.io/acme/x:v1@{digest}"), Role::Container);
        assert_eq!(ignored(&all, "shop", &with_digest).as_deref(), Some("of the system"));
        assert_eq!(ignored(&AdmissionSettings::default(), "shop", &with_digest), None);
    }

    #[test]
    fn a_scope_is_for_its_namespaces_and_roles() {
        let debug = settings(&["docker.io/library/busybox"], &["shop-*", "pay"], &[Role::EphemeralContainer]);
        let cases = [
            ("shop-eu", Role::EphemeralContainer, true),
            ("pay", Role::EphemeralContainer, true),
            ("payments", Role::EphemeralContainer, false),
            ("", Role::EphemeralContainer, false),
            ("shop-eu", Role::Container, false),
            ("shop-eu", Role::InitContainer, false),
        ];
        for (namespace, role, expected) in cases {
            let found = ignored(&debug, namespace, &used("busybox:1", role));
            assert_eq!(found.is_some(), expected, "{namespace} {role:?}");
        }
    }

    proptest! {
        /// An independent reading of the pattern: the path before the star, component by component.
        #[test]
        fn a_star_covers_whole_components(reference in "(ghcr\\.io|evil\\.io)(/(acme|acme-evil|x)){1,3}(:v1)?") {
            let found = ignored(&settings(&["ghcr.io/acme/*"], &[], &[]), "shop", &used(&reference, Role::Container));
            let components: Vec<_> = reference.trim_end_matches(":v1").split('/').collect();
            prop_assert_eq!(found.is_some(), components.len() > 2 && components.starts_with(&["ghcr.io", "acme"]));
        }
    }
}
