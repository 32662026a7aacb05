//! What runs in a cluster, as questions: which artifacts, where, of which workloads.
//!
//! Pure: the objects come as the API server has them. Whoever calls it asks the gate.

mod doors;
mod owners;
mod status;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::extract::{self, Found};
use super::image::UsedImage;
use super::listed::{Listed, listed};
use super::object::Object;
use super::placement::{self, Place, Placed};
use super::question::Asking;
use super::refusal::{self, Refusal};
use super::review::{GroupVersionResource, Operation, Review, User};
use super::scope;
use super::settings::{AdmissionSettings, Tags, Unmapped};
use crate::domain::audit::{DigestFrom, PassedOver};
use crate::domain::reference::{ArtifactReference, ReferenceError};
use crate::domain::request::{Request, RequestedArtifact};
use crate::domain::verdict::Verdict;
pub use doors::Doors;
use owners::{Owners, Workload};

/// How it is asked.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// What the configuration says of admission.
    pub settings: &'a AdmissionSettings,
    /// By what.
    pub by: By<'a>,
    /// Whether a tag is judged by the digest that a node runs under it, though the settings refuse tags.
    pub running_digests: bool,
}

/// By what the objects are judged.
#[derive(Clone, Copy, Debug)]
pub enum By<'a> {
    /// The settings themselves, as at `/validate`.
    Settings,
    /// One profile.
    Profile(&'a str),
    /// The profiles of the webhooks that each object would be sent by; an object that none is called for passes.
    Webhooks(&'a Doors<'a>),
}

impl By<'_> {
    fn profiles(self, one: &Listed<'_>) -> Result<BTreeSet<Option<String>>, String> {
        match self {
            Self::Settings => Ok(BTreeSet::from([None])),
            Self::Profile(name) => Ok(BTreeSet::from([Some(name.to_owned())])),
            Self::Webhooks(doors) => doors.profiles(one),
        }
    }
}

/// What is to be found out about a use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The gate has to say.
    Gate(Box<Request>),
    /// It would be refused without asking the gate.
    Refused(Refusal),
}

/// A use of an artifact by the objects of one workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// Its namespace.
    pub namespace: String,
    /// The kind of the outermost controller.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// How many objects use it.
    pub objects: usize,
    /// The profile that it is judged by; none for the settings themselves.
    pub profile: Option<String>,
    /// Where they run.
    pub place: Option<Place>,
    /// The reference that is judged; empty when the object cannot be.
    pub image: String,
    /// Where its digest was found.
    pub digest_from: DigestFrom,
    /// What to find out.
    pub asked: Asked,
}

/// Everything that runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Running {
    /// How many objects were looked at: those that could use artifacts.
    pub objects: usize,
    /// What was not judged.
    pub passed_over: PassedOver,
    /// By namespace, kind, name and image.
    pub uses: Vec<Use>,
}

/// The artifacts that these objects use.
///
/// # Errors
/// A webhook that selects namespaces by labels that are not known.
pub fn gather(objects: &[Value], circumstances: &Circumstances<'_>) -> Result<Running, String> {
    let all = listed(objects);
    let owners = Owners::of(&all);
    let mut gathering = Gathering { circumstances, running: Running::default(), uses: BTreeMap::new() };
    for one in &all {
        gathering.look_at(one, &owners)?;
    }
    Ok(Running { uses: gathering.uses.into_values().collect(), ..gathering.running })
}

/// What tells uses apart: workload, profile, environment, deployment name, image, and the refusal's code.
type Key = (Workload, Option<String>, Option<(String, Option<String>)>, String, &'static str);

/// A workload, and the profile that it is judged by.
struct Subject {
    workload: Workload,
    profile: Option<String>,
}

struct Gathering<'a> {
    circumstances: &'a Circumstances<'a>,
    running: Running,
    uses: BTreeMap<Key, Use>,
}

impl Gathering<'_> {
    fn look_at(&mut self, one: &Listed<'_>, owners: &Owners<'_>) -> Result<(), String> {
        let found = extract::images(&one.kind, one.object.value(), &self.circumstances.settings.resources);
        if found == Found::Nothing {
            return Ok(());
        }
        self.running.objects += 1;
        if owners::is_over(one) {
            self.running.passed_over.finished += 1;
            return Ok(());
        }
        let profiles = self.circumstances.by.profiles(one)?;
        if profiles.is_empty() {
            self.running.passed_over.not_sent += 1;
        }
        for profile in profiles {
            self.look_through(&Subject { workload: owners.workload(one), profile }, one, found.clone());
        }
        Ok(())
    }

    fn look_through(&mut self, subject: &Subject, one: &Listed<'_>, found: Found) {
        let settings = self.circumstances.settings;
        let review = review(one);
        match placement::place(settings, subject.profile.as_deref(), &review) {
            Placed::At(place) => self.judge(subject, &Asking::new(&review, place), found, one.object),
            Placed::Exempt { .. } => self.running.passed_over.exempt += 1,
            Placed::Unmapped { message } if settings.unmapped == Unmapped::Deny => {
                self.refuse(subject, None, String::new(), Refusal::told(Verdict::Deny, "unmapped", &message));
            }
            Placed::Unmapped { .. } => self.running.passed_over.unmapped += 1,
            Placed::Refused { message, remediation } => {
                self.refuse(subject, None, String::new(), refusal::placement(message, remediation));
            }
        }
    }

    fn judge(&mut self, subject: &Subject, asking: &Asking, found: Found, object: Object<'_>) {
        let images = match found {
            Found::Nothing => return,
            Found::Images(images) => images,
            Found::Unknown { message } => {
                let refused = Refusal::told(Verdict::Undecided, "object_unknown", &message);
                return self.refuse(subject, Some(asking.place()), String::new(), refused);
            }
        };
        for image in images {
            if scope::ignored(self.circumstances.settings, &subject.workload.namespace, &image).is_some() {
                self.running.passed_over.ignored_images += 1;
            } else {
                self.judge_image(subject, asking, &image, object);
            }
        }
    }

    fn judge_image(&mut self, subject: &Subject, asking: &Asking, image: &UsedImage, object: Object<'_>) {
        let refused = match self.artifact(image, object) {
            Ok((reference, digest_from)) if reference.name.is_some() => {
                let (text, artifact) = (reference.text.clone(), RequestedArtifact::from(reference));
                let asked = Asked::Gate(Box::new(asking.request(artifact)));
                return self.add(subject, Some(asking.place()), text, digest_from, asked);
            }
            Ok(_bare) => refusal::bare_digest(&image.reference),
            Err(error) => refusal::reference(&error),
        };
        self.refuse(subject, Some(asking.place()), image.reference.clone(), refused);
    }

    /// What is judged: the reference, or for a tag what runs under it.
    fn artifact(
        &self,
        image: &UsedImage,
        object: Object<'_>,
    ) -> Result<(ArtifactReference, DigestFrom), ReferenceError> {
        let by_status = self.circumstances.running_digests || self.circumstances.settings.tags == Tags::Resolve;
        match image.reference.parse() {
            Err(ReferenceError::NoDigest(_)) if by_status && let Some(digest) = status::digest(object, image) => {
                Ok((format!("{}@{digest}", image.reference).parse()?, DigestFrom::Status))
            }
            parsed => Ok((parsed?, DigestFrom::Reference)),
        }
    }

    fn refuse(&mut self, subject: &Subject, place: Option<&Place>, image: String, refusal: Refusal) {
        self.add(subject, place, image, DigestFrom::Nowhere, Asked::Refused(refusal));
    }

    fn add(&mut self, subject: &Subject, place: Option<&Place>, image: String, digest_from: DigestFrom, asked: Asked) {
        let code = if let Asked::Refused(refusal) = &asked { refusal.code } else { "" };
        let where_to = place.map(|place| (place.environment.clone(), place.deployment_name.clone()));
        let (Subject { workload, profile }, place) = (subject, place.cloned());
        let Workload { namespace, kind, name } = workload.clone();
        let key = (workload.clone(), profile.clone(), where_to, image.clone(), code);
        let profile = profile.clone();
        let new = || Use { namespace, kind, name, objects: 0, profile, place, image, digest_from, asked };
        self.uses.entry(key).or_insert_with(new).objects += 1;
    }
}

/// The review that would come if the object were created now.
fn review(one: &Listed<'_>) -> Review {
    let resource = GroupVersionResource {
        group: one.kind.group.clone(),
        version: one.kind.version.clone(),
        // Nothing that is looked at depends on how the kind is called in an address.
        resource: String::new(),
    };
    Review {
        uid: String::new(),
        kind: one.kind.clone(),
        resource: resource.clone(),
        sub_resource: None,
        request_kind: one.kind.clone(),
        request_resource: resource,
        request_sub_resource: None,
        name: one.object.name().to_owned(),
        namespace: one.object.namespace().to_owned(),
        operation: Operation::Create,
        user: User::default(),
        dry_run: true,
        object: Some(one.object.value().clone()),
        old_object: None,
    }
}

#[cfg(test)]
mod tests;
