"""What evaluating gave, as users read it: a line of text."""

from __future__ import annotations

from api.cases.values import as_text as value_text
from engine.interpret.outcomes import Choice, Failure, Interval, Known, NotApplicable, Outcome, Possible
from engine.ir.program import Definition
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
