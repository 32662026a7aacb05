use super::fault::PolicyFault;
#[derive(Default)]
pub(super) struct Annotation {
    pub(super) title: Option<String>,
    pub(super) remediation: Option<String>,
}
#[derive(Default)]
pub(super) struct Metadata {
    pub(super) package: Annotation,
}
pub(super) fn read(_p: &str, _t: &str) -> Result<Metadata, PolicyFault> {
    Ok(Metadata::default())
}
