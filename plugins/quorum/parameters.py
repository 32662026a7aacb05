"""The parameters of the rule: their JSON Schema, their faults, and what they mean."""

import math
import re
from dataclasses import dataclass
from typing import Any

_DURATION = re.compile(r"(?:([1-9][0-9]{0,3})d|(?:[1-9][0-9]{0,7}[smh])+)")
_SHARE = re.compile(r"([1-9][0-9]?|100)%")
_MILLISECONDS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}

_NAMES = {
    "type": "array",
    "minItems": 1,
    "maxItems": 500,
    "uniqueItems": True,
    "items": {"type": "string", "minLength": 1},
}

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Parameters of quorum",
    "type": "object",
    "additionalProperties": False,
    "required": ["at_least"],
    "properties": {
        "at_least": {
            "description": "In how many targets, as a number, or as a share of `targets` such as `75%`.",
            "anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": "^([1-9][0-9]?|100)%$"}],
        },
        "minimum": {
            "description": "For how long, such as `90m`, `1h30m`, `24h` or `7d`. Without it, just now is enough.",
            "type": "string",
            "pattern": "^([1-9][0-9]{0,3}d|([1-9][0-9]{0,7}[smh])+)$",
        },
        "environments": {
            "description": "Count targets of these environments, instead of the one listed right before that of the request.",
            **_NAMES,
        },
        "targets": {
            "description": "The targets that count. A share needs them: records do not show a target that has none.",
            **_NAMES,
        },
    },
}


@dataclass
class Parameters:
    """What the parameters mean. `minimum` is in milliseconds."""

    needed: int
    minimum: int
    minimum_text: str
    environments: list[str] | None
    targets: set[str] | None


def faults(given: Any) -> list[str]:
    """All that is wrong with parameters."""
    if not isinstance(given, dict):
        return ["the parameters are no object"]
    found = [f"{name}: there is no such parameter" for name in given if name not in SCHEMA["properties"]]
    for name in ("environments", "targets"):
        if name in given and not _is_names(given[name]):
            found.append(f"{name}: it is no list of names, or an empty one")
    if "minimum" in given and duration(given["minimum"]) is None:
        found.append(f"minimum: {given['minimum']!r} is no duration such as 24h")
    if not found:
        found.extend(_faults_of_count(given.get("at_least"), given.get("targets")))
    return found


def _faults_of_count(at_least: Any, targets: list[str] | None) -> list[str]:
    if isinstance(at_least, str):
        if not _SHARE.fullmatch(at_least):
            return [f"at_least: {at_least!r} is no number of targets and no share from 1% to 100%"]
        return [] if targets else ["at_least: a share needs `targets`: records do not show a target that has none"]
    if not isinstance(at_least, int) or isinstance(at_least, bool) or at_least < 1:
        return [f"at_least: {at_least!r} is no number of targets and no share such as 75%"]
    if targets is not None and at_least > len(set(targets)):
        return [f"at_least: {at_least} targets are needed, and `targets` has {len(set(targets))}"]
    return []


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 0 and all(isinstance(name, str) and name for name in value)


def duration(text: Any) -> int | None:
    """Milliseconds, or None where the text is no duration."""
    if not isinstance(text, str) or not _DURATION.fullmatch(text):
        return None
    return sum(int(number) * _MILLISECONDS[unit] for number, unit in re.findall(r"([0-9]+)([smhd])", text))


def read(given: Any) -> Parameters:
    """The parameters. Raises ValueError with the first fault."""
    if found := faults(given):
        raise ValueError(f"the parameters are not usable: {found[0]}")
    targets = set(given["targets"]) if "targets" in given else None
    at_least = given["at_least"]
    needed = at_least if isinstance(at_least, int) else math.ceil(len(targets or ()) * int(at_least[:-1]) / 100)
    minimum = duration(given.get("minimum")) or 0
    return Parameters(needed, minimum, given.get("minimum", ""), given.get("environments"), targets)
