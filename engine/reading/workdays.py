"""`workdays` of `ruleset.yaml`: which days of the week are free, and the holidays, as far as they are known."""

from __future__ import annotations

from datetime import date

from engine.reading.context import Context
from engine.reading.fields import Fields, as_scalar, named_entries, open_fields
from engine.reading.scalars import read_day
from engine.syntax.nodes import MappingEntry, shown
from engine.values.types import WEEKDAYS
from engine.values.working_days import WorkingDays

KEYS = ("weekend", "holidays", "known_until", "law")


def read_workdays(fields: Fields) -> dict[str, WorkingDays]:
    """The calendars of working days of a jurisdiction, by name."""
    node = fields.node_of("workdays")
    if node is None:
        return {}
    entries = named_entries(
        fields.context, node, fields.span_of("workdays"), "`workdays`", of_what="a calendar of working days"
    )
    return {entry.name: _one(fields.context, entry) for entry in entries}


def _one(context: Context, entry: MappingEntry) -> WorkingDays:
    inner = open_fields(context, entry.value, entry.key.span, f"`{shown(entry.name)}`", KEYS)
    if inner is None:
        return WorkingDays(entry.name, entry.key.span)
    if not inner.has("law"):
        context.report("E212", f"`{shown(entry.name)}` cites no law", inner.place, help="add `law:`")
    return WorkingDays(
        entry.name, entry.key.span, _weekend(inner), _holidays(inner), read_day(context, inner.scalar("known_until")),
        inner.text("law"),
    )  # fmt: skip


def _weekend(fields: Fields) -> tuple[int, ...]:
    if not fields.has("weekend"):
        return (5, 6)
    days: set[int] = set()
    for item in fields.sequence("weekend"):
        scalar = as_scalar(fields.context, item, fields.span_of("weekend"), "a day of the weekend")
        if scalar is None:
            continue
        if scalar.text in WEEKDAYS:
            days.add(WEEKDAYS.index(scalar.text))
        else:
            help_text = fields.context.did_you_mean(scalar.text, WEEKDAYS)
            fields.context.report(
                "E204", f"`{shown(scalar.text)}` is not a day of the week", scalar.span, help=help_text
            )
    if len(days) == 7:
        fields.context.report("E216", "no day is left to work", fields.span_of("weekend"), help="leave one out")
        return (5, 6)
    return tuple(sorted(days))


def _holidays(fields: Fields) -> tuple[date, ...]:
    days: set[date] = set()
    for item in fields.sequence("holidays"):
        scalar = as_scalar(fields.context, item, fields.span_of("holidays"), "a holiday")
        day = read_day(fields.context, scalar) if scalar is not None else None
        if day is not None and day in days:
            fields.context.report("E211", f"`{day}` appears twice", item.span, help="remove one of the two")
        elif day is not None:
            days.add(day)
    return tuple(sorted(days))
