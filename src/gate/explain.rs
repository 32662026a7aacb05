//! Why a decision is what it is: each rule evaluated once more, apart from the decision, with what it saw.

use std::collections::BTreeSet;

use crate::domain::decision::Decision;
use crate::domain::explanation::{Clause, ExplainedStatement, Explanation};
use crate::domain::finding::{Finding, Outcome};
use crate::domain::rule::Rule;
use crate::domain::snapshot::Snapshot;

use super::Gate;
use super::engine::{Answer, Explained, Question, RuleDescription, RuleError, Statement};
use super::findings;
use super::observe::Observation;

/// Statements and records explained of one rule.
const STATEMENTS_LIMIT: usize = 50;
const RECORDS_LIMIT: usize = 20;

impl Gate {
    /// Explains the rules of a decision that this gate made from this observation. The decision stays as it is: where
    /// the second evaluation comes to something else, the explanation says so and explains nothing.
    #[must_use]
    pub fn explain(&self, observation: &Observation, decision: &Decision) -> Vec<Explanation> {
        let request = &decision.request;
        let rules: Vec<&Rule> = self.rules.iter().filter(|rule| rule.applies_to(&request.environment)).collect();
        let environment = &observation.environment;
        let question = Question { request, environment, as_of: decision.as_of, rules: &rules };
        let unread = request.environment != environment.name || !observation.faults(decision.as_of).is_empty();
        let mut explained = match &observation.rules {
            Some(Ok(prepared)) if !unread => prepared.explain(&question).into_iter(),
            _ => Vec::new().into_iter(),
        };
        let explain = |rule: &&Rule| {
            let description = self.engine.describe(rule);
            let found = explained.next().unwrap_or_else(|| Err(not_evaluated()));
            let base = base(rule, &description);
            match found.and_then(|found| agreeing(rule, &description, found, observation, decision)) {
                Ok(found) => filled(base, found, &observation.snapshot),
                Err(error) => Explanation { problem: Some(error.message), ..base },
            }
        };
        rules.iter().map(explain).collect()
    }
}

fn base(rule: &Rule, description: &RuleDescription) -> Explanation {
    Explanation {
        rule: rule.id.clone(),
        policy: rule.kind.policy().map(str::to_owned),
        plugin: rule.kind.plugin().map(str::to_owned),
        title: findings::bounded_text(&description.title),
        enforcement: rule.enforcement,
        parameters: rule.parameters.clone(),
        ..Explanation::default()
    }
}

fn not_evaluated() -> RuleError {
    RuleError {
        code: "rule_unexplained",
        message: "the rule was not evaluated, so there is nothing to explain".to_owned(),
        remediation: String::new(),
    }
}

/// What was found, if it leads to the findings that the decision has.
fn agreeing(
    rule: &Rule,
    description: &RuleDescription,
    found: Explained,
    observation: &Observation,
    decision: &Decision,
) -> Result<Explained, RuleError> {
    let again = match &found.answer {
        Ok(answer) => findings::of_answer(rule, description, answer.clone(), &observation.snapshot),
        Err(error) => vec![findings::of_rule_error(rule, description, error)],
    };
    let of_rule = decision.findings.iter().filter(|finding| finding.rule == rule.id && finding.is_of_rule());
    let decided: Vec<Finding> = of_rule.map(|finding| Finding { overridden_by: None, ..finding.clone() }).collect();
    if again == decided {
        return Ok(found);
    }
    Err(RuleError {
        message: "evaluated a second time the rule says something else, so it is not explained; the decision stands"
            .to_owned(),
        ..not_evaluated()
    })
}

fn filled(base: Explanation, found: Explained, snapshot: &Snapshot) -> Explanation {
    let (answer, problem) = match found.answer {
        Ok(answer) => (answer, None),
        Err(error) => (Answer::default(), Some(findings::bounded_text(&error.message))),
    };
    let mut ids: Vec<String> = said(&answer).flat_map(|(_outcome, statement)| statement.records.clone()).collect();
    ids.extend(found.records);
    let mut seen = BTreeSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    let records_left_out = ids.len().saturating_sub(RECORDS_LIMIT);
    ids.truncate(RECORDS_LIMIT);
    Explanation {
        defaults: found.defaults,
        statements: statements(&answer, &found.clauses),
        values: found.values,
        log: found.log.iter().map(|line| findings::bounded_text(line)).collect(),
        values_left_out: found.values_left_out,
        records: ids.iter().filter_map(|id| snapshot.find(id)).cloned().collect(),
        records_left_out,
        problem,
        ..base
    }
}

fn said(answer: &Answer) -> impl Iterator<Item = (Outcome, &Statement)> {
    let kinds =
        [(Outcome::Denied, &answer.denials), (Outcome::Held, &answer.holds), (Outcome::Warned, &answer.warnings)];
    kinds.into_iter().flat_map(|(outcome, statements)| statements.iter().map(move |statement| (outcome, statement)))
}

fn statements(answer: &Answer, clauses: &[(Clause, Answer)]) -> Vec<ExplainedStatement> {
    let saying = |says: &dyn Fn(&Answer) -> bool| {
        clauses.iter().filter(|(_clause, answer)| says(answer)).map(|(clause, _answer)| clause.clone()).collect()
    };
    let skipped = answer.skip_reason.iter().map(|reason| ExplainedStatement {
        outcome: Outcome::Skipped,
        code: String::new(),
        message: findings::bounded_text(reason),
        clauses: saying(&|answer| answer.skip_reason.as_ref() == Some(reason)),
    });
    let spoken = said(answer).map(|(outcome, statement)| ExplainedStatement {
        outcome,
        code: findings::bounded_text(&statement.code),
        message: findings::bounded_text(&statement.message),
        clauses: saying(&|answer| said(answer).any(|(of, other)| of == outcome && other.says_what(statement))),
    });
    skipped.chain(spoken).take(STATEMENTS_LIMIT).collect()
}
