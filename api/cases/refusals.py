"""Why somebody gets nothing, or may not: the reasons that a refusal tells people."""

from __future__ import annotations

from collections.abc import Sequence

from api.cases.calculate import Result
from api.cases.explain import ReasonSaid
from engine.ir.program import Program


def refusals(program: Program, result: Result) -> Sequence[ReasonSaid]:
    """The reasons, with words, that were not met where a figure says no, or comes to nothing.

    Of a figure that comes to nothing, those of its own module: on the way to an amount many others are asked, whether
    a car qualifies on the way to what is left of the tax for a child's credit.
    """
    if result.reasons is None or result.status != "determined" or result.value not in (False, "0", "0.00"):
        return ()
    refused = [reason for reason in result.reasons.not_met if reason.fails]
    if result.value is False:
        return refused
    module = _module(program, result.figure)
    return [reason for reason in refused if _module(program, reason.path.partition(".")[0]) == module]


def _module(program: Program, name: str) -> str:
    definition = program.find(name)
    return definition.module if definition is not None else ""
