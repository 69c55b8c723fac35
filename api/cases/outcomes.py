"""What evaluating gave, as users read it: text for a person, and JSON."""

from __future__ import annotations

from collections.abc import Iterable

from api.cases.values import as_json as value_json
from api.cases.values import as_text as value_text
from engine.interpret.outcomes import Choice, Fact, Failure, Interval, Known, NotApplicable, Outcome, Possible
from engine.ir.program import Definition, Program
from engine.reading.declarations import Settings


def as_text(outcome: Outcome, definition: Definition, settings: Settings) -> str:
    """An outcome in a line."""
    match outcome:
        case Known():
            return value_text(outcome.value, definition.type, settings)
        case NotApplicable():
            return "does not apply"
        case Failure():
            return f"error: {outcome.message}"
        case Possible():
            return range_text(outcome, definition, settings) + _provisos(outcome)


def range_text(outcome: Possible, definition: Definition, settings: Settings) -> str:
    """What an undetermined figure may be."""
    match outcome.range:
        case Choice(options):
            shown = sorted(value_text(option, definition.type, settings) for option in options)
            return "not determined" + (f": {' or '.join(shown)}" if shown else "")
        case Interval(low, high):
            ends = [None if end is None else value_text(end, definition.type, settings) for end in (low, high)]
            if ends[0] is None and ends[1] is None:
                return "not determined"
            if ends[1] is None:
                return f"not determined: at least {ends[0]}"
            return f"not determined: {f'between {ends[0]} and' if ends[0] is not None else 'at most'} {ends[1]}"


def _provisos(outcome: Possible) -> str:
    words = [" (or it may not apply)"] if outcome.may_not_apply else []
    return "".join([*words, f" (or an error: {outcome.may_fail})" if outcome.may_fail else ""])


def as_json(outcome: Outcome, definition: Definition, settings: Settings) -> dict[str, object]:
    """An outcome as data. `status` is determined, undetermined, not_applicable or error."""
    match outcome:
        case Known():
            return {"status": "determined", "value": value_json(outcome.value, definition.type, settings)}
        case NotApplicable():
            return {"status": "not_applicable", "value": None}
        case Failure():
            where = str(outcome.span) if outcome.span is not None else None
            path = [str(fact) for fact in outcome.path]
            return {"status": "error", "value": None, "message": outcome.message, "where": where, "path": path}
        case Possible():
            return {"status": "undetermined", "value": None, **_range_json(outcome, definition, settings)}


def _range_json(outcome: Possible, definition: Definition, settings: Settings) -> dict[str, object]:
    answer: dict[str, object] = {"may_not_apply": outcome.may_not_apply, "may_fail": outcome.may_fail or None}
    match outcome.range:
        case Choice(options):
            return answer | {"options": sorted(str(value_json(one, definition.type, settings)) for one in options)}
        case Interval(low, high):
            ends = [None if end is None else value_json(end, definition.type, settings) for end in (low, high)]
            return answer | {"low": ends[0], "high": ends[1]}


def questions(facts: Iterable[Fact], program: Program) -> list[dict[str, object]]:
    """What to ask, in order: the fact, of whom, for when, and the question to put."""
    asked: list[dict[str, object]] = []
    for fact in facts:
        definition = program.definitions[fact.name]
        asked.append(
            {
                "fact": definition.short_name,
                "of": fact.instance,
                "at": str(fact.period),
                "type": str(definition.type),
                "ask": definition.ask or definition.label,
            }
        )
    return asked
