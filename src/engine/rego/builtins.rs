use std::cell::Cell;
thread_local!(static NOW: Cell<i128> = const { Cell::new(0) });
pub(super) fn set_instant(t: jiff::Timestamp) {
    NOW.set(t.as_nanosecond());
}
pub(super) fn install(engine: &mut regorus::Engine) -> anyhow::Result<()> {
    engine.add_extension(
        "time.now_ns".to_owned(),
        0,
        Box::new(|_: Vec<regorus::Value>| Ok(regorus::Value::from(NOW.get()))),
    )
}
