"""The contract holdpoint:plugin@0.1.0 in Python's words.

Nothing here depends on a rule or on WebAssembly, so a rule is tested with plain Python; app.py joins it to holdpoint.
Times are milliseconds since 1970.
"""

import datetime
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol, Union

EFFECTS = ("deny", "hold", "warn")
STATUSES = ("deployed", "superseded", "decommissioned", "unknown")


@dataclass
class Attribute:
    name: str
    value: str


@dataclass
class Artifact:
    kind: str
    name: str
    digest: str
    version: str = ""


@dataclass
class Record:
    """One deployment record. `status` is one of STATUSES."""

    id: str
    environment: str
    target: str
    deployment_name: str
    artifact: Artifact
    status: str
    status_text: str
    created_at: int
    updated_at: int
    last_seen_at: int | None = None
    tags: list[Attribute] = field(default_factory=list)


@dataclass
class Request:
    """What somebody wants to deploy. Intent, actor, reason and context are the caller's claims."""

    artifact: Artifact
    environment: str
    reference: str = ""
    deployment_name: str = ""
    intent: str = "deploy"
    actor: str = ""
    reason: str = ""
    context: list[Attribute] = field(default_factory=list)


@dataclass
class Input:
    """The question. `as_of` is the only clock; `parameters` are the rule's, parsed."""

    request: Request
    as_of: int
    environments: list[str]
    parameters: Any = field(default_factory=dict)
    channel: str = "test"


@dataclass
class Filter:
    """What is None matches everything."""

    environment: str | None = None
    target: str | None = None
    deployment_name: str | None = None
    digest: str | None = None
    status: str | None = None

    def __post_init__(self) -> None:
        if self.status is not None and self.status not in STATUSES:
            raise ValueError(f"the filter's status {self.status!r} is none of {', '.join(STATUSES)}")


class Records(Protocol):
    """The records of the decision's snapshot, newest first."""

    def count(self, wanted: Filter) -> int: ...
    def latest(self, wanted: Filter) -> Record | None: ...
    def page(self, wanted: Filter, offset: int, limit: int) -> list[Record]: ...


@dataclass
class Finding:
    """One thing found. `effect` is one of EFFECTS."""

    effect: str
    code: str
    message: str
    remediation: str | None = None
    records: list[str] = field(default_factory=list)
    opens_at: int | None = None


@dataclass
class Skipped:
    """The rule does not apply to the request."""

    reason: str


# Without findings the rule has passed.
Verdict = Union[list[Finding], Skipped]


@dataclass
class Metadata:
    name: str
    version: str
    title: str
    description: str
    parameters_schema: dict[str, Any] | None = None
    documentation_url: str | None = None


class Rule(Protocol):
    metadata: Metadata

    def check_parameters(self, parameters: Any) -> list[str]:
        """What is wrong with parameters beyond what the schema can say."""

    def evaluate(self, question: Input, records: Records) -> Verdict:
        """The verdict. What is raised means "could not decide", never an objection."""


class Undecided(Exception):
    """The rule could not decide; the text says why."""


def check_parameters(rule: Rule, text: str) -> list[str]:
    """What is wrong with parameters; also what the rule raised, which would else end the plugin without a word."""
    try:
        return [_text(fault) for fault in rule.check_parameters(json.loads(text))]
    except Exception as error:  # noqa: BLE001
        return [_words(error)]


def evaluate(rule: Rule, question: Input, records: Records) -> Verdict:
    """The rule's verdict, with its shape checked. Raises Undecided and nothing else."""
    try:
        _clock.instant = question.as_of
        question.parameters = json.loads(question.parameters)
        return _checked(rule.evaluate(question, records))
    except Undecided:
        raise
    except Exception as error:  # noqa: BLE001
        raise Undecided(_words(error)) from error
    finally:
        _clock.instant = None


def _words(error: Exception) -> str:
    return _text(f"{type(error).__name__}: {error}")


def _text(text: Any) -> str:
    """Text that can be sent: lone surrogates cannot."""
    return str(text).encode("utf-8", "replace").decode("utf-8")


def _checked(verdict: Any) -> Verdict:
    if isinstance(verdict, Skipped) and isinstance(verdict.reason, str) and verdict.reason:
        return Skipped(_text(verdict.reason))
    if not isinstance(verdict, list):
        raise Undecided("the rule gave neither a list of findings nor the reason it is Skipped")
    return [_checked_finding(finding, position) for position, finding in enumerate(verdict)]


def _checked_finding(finding: Any, position: int) -> Finding:
    def require(good: bool, what: str) -> None:
        if not good:
            raise Undecided(f"finding {position}: {what}")

    require(isinstance(finding, Finding), "it is no Finding")
    require(finding.effect in EFFECTS, f"the effect {finding.effect!r} is none of {', '.join(EFFECTS)}")
    for name in ("code", "message"):
        value = getattr(finding, name)
        require(isinstance(value, str) and value != "", f"the {name} is missing")
    require(finding.remediation is None or isinstance(finding.remediation, str), "the remediation is no text")
    ids = finding.records
    require(isinstance(ids, list) and all(isinstance(one, str) for one in ids), "the records are no list of ids")
    opens_at = finding.opens_at
    whole = isinstance(opens_at, int) and not isinstance(opens_at, bool) and 0 <= opens_at < 1 << 63
    require(opens_at is None or whole, "opens_at is no whole number of milliseconds since 1970")
    remediation = None if finding.remediation is None else _text(finding.remediation)
    return Finding(
        finding.effect, _text(finding.code), _text(finding.message), remediation, [_text(one) for one in ids], opens_at
    )


class _Clock:
    """The instant of the decision, while a rule is evaluated."""

    instant: int | None = None

    def milliseconds(self) -> int:
        if self.instant is None:
            raise RuntimeError("there is no clock but the instant of the decision")
        return self.instant


_clock = _Clock()


class _Datetime(datetime.datetime):
    """`datetime` whose "now" is the instant of the decision."""

    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(_clock.milliseconds() / 1000, tz)

    @classmethod
    def utcnow(cls):
        return cls.now(datetime.timezone.utc).replace(tzinfo=None)

    @classmethod
    def today(cls):
        return cls.now()


def without_clock() -> None:
    """Replaces the clocks of `time` and `datetime`: there are none in here, and asking for them would end the plugin
    without a word. app.py calls it before the rule is imported."""
    time.time = lambda: _clock.milliseconds() / 1000
    time.time_ns = lambda: _clock.milliseconds() * 1_000_000
    time.monotonic = time.time
    time.perf_counter = time.time
    datetime.datetime = _Datetime


def each(records: Records, wanted: Filter, size: int = 500) -> Iterator[Record]:
    """All records that match, newest first, fetched as far as they are looked at."""
    offset = 0
    while page := records.page(wanted, offset, size):
        yield from page
        if len(page) < size:
            return
        offset += size


class Snapshot:
    """Records over a list that is newest first, for tests."""

    def __init__(self, records: list[Record]) -> None:
        self._records = records

    def count(self, wanted: Filter) -> int:
        return len(self._matching(wanted))

    def latest(self, wanted: Filter) -> Record | None:
        return next(iter(self._matching(wanted)), None)

    def page(self, wanted: Filter, offset: int, limit: int) -> list[Record]:
        return self._matching(wanted)[offset : offset + min(limit, 500)]

    def _matching(self, wanted: Filter) -> list[Record]:
        def fits(record: Record) -> bool:
            pairs = (
                (wanted.environment, record.environment),
                (wanted.target, record.target),
                (wanted.deployment_name, record.deployment_name),
                (wanted.digest, record.artifact.digest),
                (wanted.status, record.status),
            )
            return all(want is None or want == have for want, have in pairs)

        return [record for record in self._records if fits(record)]
