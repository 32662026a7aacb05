use std::collections::BTreeMap;

use proptest::prelude::*;

use super::document;
use crate::domain::environment::Environment;
use crate::domain::record::tests::record;
use crate::domain::snapshot::{EnvironmentRecords, Snapshot};

/// A record's environment, digest and hour; digest 0 is none.
type Sketch = (usize, u8, u8);

const ENVIRONMENTS: [&str; 3] = ["dev", "production", "staging"];

fn digest(number: u8) -> String {
    if number == 0 { "unknown".to_owned() } else { format!("sha256:{}", format!("{number:02x}").repeat(32)) }
}

fn time(hour: u8) -> String {
    format!("2026-01-01T{hour:02}:00:00Z")
}

fn snapshot(sketches: &[Sketch]) -> Snapshot {
    let environments = ENVIRONMENTS.iter().enumerate().map(|(place, name)| {
        let own = sketches.iter().enumerate().filter(|(_, sketch)| sketch.0 == place);
        let records = own.map(|(id, (_, number, hour))| record(&id.to_string(), name, &digest(*number), &time(*hour)));
        let environment = Environment {
            name: (*name).to_owned(),
            after: Vec::new(),
            targets: Vec::new(),
            source: String::new(),
            logical_environment: None,
            max_record_age: None,
        };
        ((*name).to_owned(), EnvironmentRecords::new(environment, records.collect(), None, None))
    });
    Snapshot { environments: environments.collect(), sources: Vec::new() }
}

proptest! {
    #[test]
    fn every_record_with_a_digest_is_found_by_it(
        sketches in prop::collection::vec((0..3_usize, 0..5_u8, 0..24_u8), 0..40),
    ) {
        let snapshot = snapshot(&sketches);
        let mut expected: BTreeMap<String, BTreeMap<&str, Vec<String>>> = BTreeMap::new();
        for (name, records) in &snapshot.environments {
            for record in records.index().records().iter().filter(|record| record.artifact.digest.is_some()) {
                let lists = expected.entry(record.artifact.digest_text.to_string()).or_default();
                lists.entry(name).or_default().push(record.id.to_string());
            }
        }
        let data = serde_json::to_value(document(&snapshot)).unwrap();
        let found = data["holdpoint"]["records"]["by_digest"].as_object().unwrap();
        let mut seen: BTreeMap<String, BTreeMap<&str, Vec<String>>> = BTreeMap::new();
        for (digest, environments) in found {
            for (name, records) in environments.as_object().unwrap() {
                let ids = records.as_array().unwrap().iter().map(|record| record["id"].as_str().unwrap().to_owned());
                seen.entry(digest.clone()).or_default().insert(name, ids.collect());
            }
        }
        prop_assert_eq!(seen, expected);
        let times = data["holdpoint"]["records"]["by_environment"].as_object().unwrap().values();
        for record in times.flat_map(|records| records.as_array().unwrap()) {
            let (_, _, hour) = sketches[record["id"].as_str().unwrap().parse::<usize>().unwrap()];
            prop_assert_eq!(&record["created_at"], &time(hour));
        }
    }
}
