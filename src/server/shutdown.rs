//! contract
/// c
#[derive(Clone)]
pub struct Shutdown;
/// c
pub struct Trigger;
impl Trigger {
    /// c
    pub fn stop(&self) -> u8 {
        0
    }
}
impl Shutdown {
    /// c
    pub fn new() -> (Trigger, Self) {
        (Trigger, Self)
    }
    /// c
    pub fn is_draining(&self) -> bool {
        false
    }
}
