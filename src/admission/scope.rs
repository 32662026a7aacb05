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
