"""The digest must be deployed and unchanged in at least so many targets upstream, for a minimum time."""

import parameters
from holdpoint import Filter, Finding, Input, Metadata, Record, Records, Skipped, Verdict, each
from parameters import Parameters

# How far the clock that wrote a record may be ahead: five minutes.
CLOCK_DIFFERENCE = 300_000
KINDS = {"CONTAINER_IMAGE", "HELM_CHART"}
# How many targets and records one finding names.
MOST_TOLD = 20

metadata = Metadata(
    name="quorum",
    version="1.0.0",
    title="Quorum of targets",
    description=(
        "The digest must be deployed and unchanged in at least a number or a share of the targets upstream, for a "
        "minimum time. What time alone will mend holds until then."
    ),
    parameters_schema=parameters.SCHEMA,
)

check_parameters = parameters.faults


def evaluate(question: Input, records: Records) -> Verdict:
    """The verdict over the targets of the environments that the rule looks at."""
    wanted = parameters.read(question.parameters)
    environments = wanted.environments or upstream(question)
    if not environments:
        return Skipped(f"nothing comes before {question.request.environment}")
    if unknown := [name for name in environments if name not in question.environments]:
        return [environment_unknown(name, question) for name in unknown]
    places = stays(question, records, environments, wanted)
    ripe_at = sorted(record.created_at + wanted.minimum for record in places)
    if len(ripe_at) >= wanted.needed:
        opens_at = ripe_at[wanted.needed - 1]
        return [] if opens_at <= question.as_of else [not_yet(question, places, wanted, opens_at)]
    return [missed(question, places, environments, wanted)]


def upstream(question: Input) -> list[str]:
    """The environment listed right before that of the request."""
    names = question.environments
    position = names.index(question.request.environment)
    return names[max(position - 1, 0) : position]


def stays(question: Input, records: Records, environments: list[str], wanted: Parameters) -> list[Record]:
    """For each target that has the digest, the oldest record by which it is there; oldest first. It stops when enough
    have had it for long enough, so that what is asked of holdpoint follows what is needed."""
    request = question.request
    candidates = [
        record
        for environment in environments
        for record in each(records, candidates_of(question, environment))
        if record.artifact.kind == request.artifact.kind
        and (wanted.targets is None or record.target in wanted.targets)
        and record.created_at <= question.as_of + CLOCK_DIFFERENCE
    ]
    found: dict[tuple[str, str], Record] = {}
    ripe = 0
    for record in sorted(candidates, key=lambda one: one.created_at):
        place = (record.environment, record.target)
        if place in found or not holds(record, records):
            continue
        # Targets are told apart by name alone where names are given: one name is one target.
        if wanted.targets is not None and any(target == record.target for _, target in found):
            continue
        found[place] = record
        ripe += record.created_at + wanted.minimum <= question.as_of
        if ripe >= wanted.needed:
            break
    return list(found.values())


def candidates_of(question: Input, environment: str) -> Filter:
    request = question.request
    return Filter(
        environment=environment,
        digest=request.artifact.digest,
        deployment_name=request.deployment_name or None,
        status="deployed",
    )


def holds(record: Record, records: Records) -> bool:
    """Whether the record is the newest of its slot without doubt. Charts and images do not take each other's place."""
    slot = Filter(record.environment, record.target, record.deployment_name)
    other_kinds = KINDS - {record.artifact.kind}
    for other in each(records, slot, 20):
        if other.created_at < record.created_at:
            return True
        if other.id == record.id or other.artifact.kind in other_kinds:
            continue
        left = other.status in ("superseded", "decommissioned") or other.artifact.digest == record.artifact.digest
        if other.created_at > record.created_at or not left:
            return False
    return True


def not_yet(question: Input, places: list[Record], wanted: Parameters, opens_at: int) -> Finding:
    ripe = sum(record.created_at + wanted.minimum <= question.as_of for record in places)
    return Finding(
        effect="hold",
        code="not-long-enough",
        message=(
            f"{digest(question)} has been in {ripe} of the {wanted.needed} targets that are needed for "
            f"{wanted.minimum_text}, and is in {len(places)}: {listed(places)}"
        ),
        remediation="leave it there, and ask again when the hold opens",
        records=[record.id for record in places[:MOST_TOLD]],
        opens_at=opens_at,
    )


def missed(question: Input, places: list[Record], environments: list[str], wanted: Parameters) -> Finding:
    out_of = "" if wanted.targets is None else f" out of {len(wanted.targets)}"
    where = f" ({listed(places)})" if places else ""
    return Finding(
        effect="deny",
        code="quorum-missed",
        message=(
            f"{digest(question)} is deployed in {len(places)} targets of {', '.join(environments)}{where}, and "
            f"{wanted.needed}{out_of} are needed"
        ),
        remediation=f"deploy it to more targets of {', '.join(environments)}, and record it there",
        records=[record.id for record in places[:MOST_TOLD]],
    )


def environment_unknown(name: str, question: Input) -> Finding:
    return Finding(
        effect="deny",
        code="environment-unknown",
        message=f"the rule counts targets of {name}, and no records of it are read for {question.request.environment}",
        remediation="name an environment that comes before that of the request",
    )


def digest(question: Input) -> str:
    """The digest, short enough to read."""
    return question.request.artifact.digest[:19]


def listed(places: list[Record]) -> str:
    told = ", ".join(record.target for record in places[:MOST_TOLD])
    return told if len(places) <= MOST_TOLD else f"{told} and {len(places) - MOST_TOLD} more"
