//! The promotion map of a decision, from the records that it saw.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::domain::environment::Environment;
use crate::domain::promotion::{Stage, Subject};
use crate::domain::request::Request;

use super::Gate;
use super::findings::bounded_text;
use super::observe::Observation;

/// Slots of one map. Each environment has its share, and room for [`LEAST_SLOTS`].
const SLOTS_LIMIT: usize = 100;
const LEAST_SLOTS: usize = 4;

impl Gate {
    /// What runs in the environment asked about and in those before it, in the order of promotion. It decides nothing.
    #[must_use]
    pub fn promotion(&self, observation: &Observation, request: &Request, as_of: Timestamp) -> Vec<Stage> {
        let lineage = self.environments.lineage(&observation.environment.name);
        let names: BTreeSet<&str> = lineage.iter().map(|environment| environment.name.as_str()).collect();
        let order = self.environments.promotion_order();
        let order = order.into_iter().filter(|environment| names.contains(environment.name.as_str()));
        let limit = (SLOTS_LIMIT / names.len().max(1)).max(LEAST_SLOTS);
        let subject = Subject::new(request, &observation.snapshot);
        order.map(|environment| stage(observation, environment, &subject, as_of, limit)).collect()
    }
}

fn stage(
    observation: &Observation,
    environment: &Environment,
    subject: &Subject<'_>,
    as_of: Timestamp,
    limit: usize,
) -> Stage {
    let Some(records) = observation.snapshot.environments.get(&environment.name) else {
        let problem = "its records could not be read".to_owned();
        return Stage::unread(environment.name.clone(), environment.after.clone(), problem);
    };
    let problem = Observation::fault_of(records, as_of).map(|fault| bounded_text(&fault.message));
    Stage::new(records, problem, subject, limit)
}
