//! Made-up records.

const HISTORY: usize = 10;
const TARGETS: [&str; 4] = ["dev", "staging-eu", "staging-us", "production"];
pub(crate) fn digest(service: usize, release: usize) -> String {
    format!("sha256:{service:032x}{release:032x}")
}

/// Records in the API's own JSON: services in four targets, each slot with a history of ten releases, one a day.
pub(crate) fn json(count: usize) -> String {
    let instant = |days: i64| {
        let newest: jiff::Timestamp = "2026-11-18T09:30:00Z".parse().unwrap();
        (newest - jiff::SignedDuration::from_hours(24 * days)).to_string()
    };
    let slots = (count / HISTORY).max(TARGETS.len() * 8);
    let record = |index: usize| {
        let (slot, release) = (index % slots, index / slots);
        let (service, target) = (slot / TARGETS.len(), TARGETS[slot % TARGETS.len()]);
        let created = instant(i64::try_from(release).unwrap());
        let (status, updated) = if release == 0 {
            ("DEPLOYED", created.clone())
        } else {
            ("SUPERSEDED", instant(i64::try_from(release).unwrap() - 1))
        };
        serde_json::json!({
            "id": format!("6f1c2b34-0000-4000-8000-{index:012x}"),
            "environment_id": format!("0a6f2c1e-1111-4000-8000-{:012x}", slot % TARGETS.len()),
            "environment_name": target,
            "deployment_name": format!("service-{service}"),
            "artifact_id": format!("9d3e4f5a-2222-4000-8000-{:012x}", service * 1000 + release),
            "artifact": {
                "kind": "CONTAINER_IMAGE",
                "name": format!("ghcr.io/acme/service-{service}"),
                "digest": digest(service, release),
                "version": format!("1.{release}.0"),
            },
            "status": status,
            "created_at": created,
            "updated_at": updated,
            "last_seen_at": updated,
        })
        .to_string()
    };
    let records: Vec<String> = (0..count).map(record).collect();
    format!(
        "{{\"deployment_records\":[{}],\"pagination\":{{\"total_count\":{count},\"page\":1,\"total_pages\":1,\"page_size\":{count}}}}}",
        records.join(",")
    )
}
