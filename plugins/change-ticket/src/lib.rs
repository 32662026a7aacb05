//! A deployment needs a ticket of the change system: one in an allowed state, within its change window, and about this
//! artifact or deployment where that is asked for. See README.md.

pub mod named;
pub mod parameters;
pub mod ticket;

use holdpoint_plugin::{Finding, Host, Input, Json, Metadata, Request, Rule, Timestamp, Verdict, time};

use parameters::{Named, Parameters};
use ticket::Ticket;

/// The rule.
pub struct ChangeTicket;

impl Rule for ChangeTicket {
    type Parameters = Json<Parameters>;

    fn metadata() -> Metadata {
        Metadata::new("change-ticket", env!("CARGO_PKG_VERSION"), "An approved change ticket, within its window")
            .description(
                "Asks a ticket system for the ticket that the request names. Denies without one and outside of the \
                 allowed states, and holds until the ticket's change window opens.",
            )
            .parameters_schema(include_str!("../parameters.schema.json"))
    }

    fn check_parameters(parameters: &Json<Parameters>) -> Result<(), Vec<String>> {
        let faults = parameters.faults();
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    fn evaluate(input: &Input<Json<Parameters>>, host: &impl Host) -> Result<Verdict, String> {
        let (request, parameters) = (&input.request, &input.parameters);
        if parameters.exempt_intents.contains(&request.intent) {
            return Ok(Verdict::skip(format!("the intent `{}` needs no ticket", request.intent)));
        }
        let id = match named::ticket(request, parameters)? {
            Ok(id) => id,
            Err(finding) => return Ok(finding.into()),
        };
        let Some(ticket) = ticket::ask(&id, parameters, host)? else {
            let finding = Finding::deny("ticket-unknown", format!("the ticket {id} is unknown"));
            return Ok(finding.remediation("name a ticket that exists").into());
        };
        Ok(findings(&id, &ticket, request, parameters, input.as_of).collect())
    }
}

/// What speaks against deploying under this ticket.
fn findings<'a>(
    id: &'a str,
    ticket: &'a Ticket,
    request: &'a Request,
    parameters: &'a Parameters,
    as_of: Timestamp,
) -> impl Iterator<Item = Finding> + 'a {
    let unnamed = parameters.must_name.iter().filter_map(|what| unnamed(id, ticket, request, *what));
    state(id, ticket, parameters).into_iter().chain(window(id, ticket, parameters, as_of)).chain(unnamed)
}

fn state(id: &str, ticket: &Ticket, parameters: &Parameters) -> Option<Finding> {
    if parameters.allowed_states.contains(&ticket.state) {
        return None;
    }
    let message = format!("the ticket {id} is in the state {:?}", ticket.state);
    let allowed = parameters.allowed_states.join(" or ");
    Some(if parameters.waiting_states.contains(&ticket.state) {
        Finding::hold("ticket-waiting", message).remediation(format!("it opens when the ticket is {allowed}"))
    } else {
        Finding::deny("ticket-state", message).remediation(format!("get it to {allowed}, or name another ticket"))
    })
}

fn window(id: &str, ticket: &Ticket, parameters: &Parameters, as_of: Timestamp) -> Option<Finding> {
    if parameters.require_window && (ticket.starts_at.is_none() || ticket.ends_at.is_none()) {
        let finding = Finding::deny("window-missing", format!("the ticket {id} has no change window"));
        return Some(finding.remediation("give it a start and an end"));
    }
    if let Some(start) = ticket.starts_at.filter(|start| as_of < *start) {
        let message = format!("the change window of {id} opens at {}", time::format(start));
        return Some(Finding::hold("window-not-open", message).opens_at(start));
    }
    let end = ticket.ends_at.filter(|end| as_of >= *end)?;
    let finding = Finding::deny("window-over", format!("the change window of {id} was over at {}", time::format(end)));
    Some(finding.remediation("move the ticket's window, or name a new ticket"))
}

fn unnamed(id: &str, ticket: &Ticket, request: &Request, what: Named) -> Option<Finding> {
    match what {
        Named::Artifact => {
            let digest = request.artifact.digest.as_str();
            let is = |named: &String| named.rsplit('@').next() == Some(digest);
            (!ticket.artifacts.iter().any(is)).then(|| {
                Finding::deny("artifact-not-named", format!("the ticket {id} does not name the digest {digest}"))
                    .remediation("add the digest, or NAME@DIGEST, to the ticket's artifacts")
            })
        }
        Named::Deployment => {
            let name = &request.deployment_name;
            (name.is_empty() || !ticket.deployments.contains(name)).then(|| {
                let message = if name.is_empty() {
                    format!("the ticket {id} has to name the deployment, and the request names none")
                } else {
                    format!("the ticket {id} does not name the deployment {name:?}")
                };
                Finding::deny("deployment-not-named", message).remediation("add it to the ticket's deployments")
            })
        }
    }
}

holdpoint_plugin::export!(ChangeTicket);
