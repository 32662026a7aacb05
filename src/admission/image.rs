//! An artifact that a Kubernetes object uses.

/// What an object uses an artifact for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A container.
    Container,
    /// An init container, sidecars among them.
    InitContainer,
    /// An ephemeral container, such as those of `kubectl debug`.
    EphemeralContainer,
    /// A volume that is an image.
    ImageVolume,
    /// An image of a custom resource, found where the configuration says.
    Custom,
    /// A Helm chart of a custom resource, found where the configuration says.
    Chart,
}

impl Role {
    /// The word used in the configuration and in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::InitContainer => "init_container",
            Self::EphemeralContainer => "ephemeral_container",
            Self::ImageVolume => "image_volume",
            Self::Custom => "custom",
            Self::Chart => "chart",
        }
    }
}

/// One use of an artifact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsedImage {
    /// The reference as the object has it.
    pub reference: String,
    /// Where it stands in the object, as a JSON pointer.
    pub place: String,
    /// The name of the container or volume; empty when it has none.
    pub name: String,
    /// What it is used for.
    pub role: Role,
}
