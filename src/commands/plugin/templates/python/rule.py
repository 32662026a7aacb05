"""Some time has to lie between two deployments."""

from typing import Any

from holdpoint import Filter, Finding, Input, Metadata, Records, Verdict

MINUTE = 60_000

metadata = Metadata(
    name="{{name}}",
    version="0.1.0",
    title="Time between deployments",
    description="Some minutes have to lie between two deployments to the same environment.",
    parameters_schema={
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "minutes": {
                "description": "How many minutes have to lie between two deployments.",
                "type": "integer",
                "minimum": 1,
                "maximum": 1440,
                "default": 30,
            }
        },
    },
)


def check_parameters(parameters: Any) -> list[str]:
    """What is wrong with parameters beyond what the schema can say, in a sentence for each fault."""
    minutes = parameters.get("minutes", 30)
    good = isinstance(minutes, int) and not isinstance(minutes, bool) and 1 <= minutes <= 1440
    return [] if good else [f"minutes: {minutes!r} is not from 1 to 1440"]


def evaluate(question: Input, records: Records) -> Verdict:
    """The verdict. Raise when the rule cannot decide; an objection is a finding."""
    request = question.request
    minutes = question.parameters.get("minutes", 30)
    if not request.deployment_name:
        return [
            Finding(
                effect="deny",
                code="deployment-name-missing",
                message="the request names no deployment",
                remediation="name the deployment in the request",
            )
        ]
    last = records.latest(Filter(environment=request.environment, deployment_name=request.deployment_name))
    if last is None or last.artifact.digest == request.artifact.digest:
        return []
    opens_at = last.created_at + minutes * MINUTE
    if opens_at <= question.as_of:
        return []
    ago = max(question.as_of - last.created_at, 0) // MINUTE
    return [
        Finding(
            effect="hold",
            code="too-soon",
            message=(
                f"{request.deployment_name} in {request.environment} was changed {ago} minutes ago, and {minutes} have "
                "to lie between two deployments"
            ),
            remediation="ask again when the hold opens",
            records=[last.id],
            opens_at=opens_at,
        )
    ]
