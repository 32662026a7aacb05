"""What becomes the component: the rule, joined to the types that componentize-py makes of the contract."""

import json

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import records as host
from wit_world.imports import types

import holdpoint

holdpoint.without_clock()

import rule  # noqa: E402  (after the clocks are replaced)


class HostRecords:
    """Records of the snapshot that holdpoint holds."""

    def count(self, wanted: holdpoint.Filter) -> int:
        return host.count(_filter(wanted))

    def latest(self, wanted: holdpoint.Filter) -> holdpoint.Record | None:
        found = host.latest(_filter(wanted))
        return None if found is None else _record(found)

    def page(self, wanted: holdpoint.Filter, offset: int, limit: int) -> list[holdpoint.Record]:
        return [_record(record) for record in host.page(_filter(wanted), offset, limit)]


class Rule(exports.Rule):
    """The exported interface."""

    def describe(self) -> types.Metadata:
        about = rule.metadata
        schema = None if about.parameters_schema is None else json.dumps(about.parameters_schema)
        return types.Metadata(
            about.name, about.version, about.title, about.description, schema, about.documentation_url
        )

    def check_parameters(self, parameters: str) -> None:
        if faults := holdpoint.check_parameters(rule, parameters):
            raise Err(faults)

    def evaluate(self, input: types.EvaluationInput) -> types.Verdict:
        try:
            verdict = holdpoint.evaluate(rule, _question(input), HostRecords())
        except holdpoint.Undecided as why:
            raise Err(str(why)) from why
        if isinstance(verdict, holdpoint.Skipped):
            return types.Verdict_Skipped(verdict.reason)
        return types.Verdict_Evaluated([_finding(finding) for finding in verdict])


def _filter(wanted: holdpoint.Filter) -> host.Filter:
    status = None if wanted.status is None else types.DeploymentStatus[wanted.status.upper()]
    return host.Filter(wanted.environment, wanted.target, wanted.deployment_name, wanted.digest, status)


def _record(given: types.DeploymentRecord) -> holdpoint.Record:
    return holdpoint.Record(**{**vars(given), "status": given.status.name.lower()})


def _question(given: types.EvaluationInput) -> holdpoint.Input:
    return holdpoint.Input(**{**vars(given), "request": holdpoint.Request(**vars(given.request))})


def _finding(finding: holdpoint.Finding) -> types.Finding:
    return types.Finding(**{**vars(finding), "effect": types.Effect[finding.effect.upper()]})
