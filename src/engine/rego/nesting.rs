use super::fault::PolicyFault;
pub(super) fn check(_p: &str, _t: &str) -> Result<(), PolicyFault> {
    Ok(())
}
