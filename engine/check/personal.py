"""Calendars that begin on a day of each person or group: what says that day, and who may have such periods."""

from __future__ import annotations

from collections.abc import Mapping

from engine.check.resolve import did_you_mean
from engine.ir.program import Definition
from engine.reading.declared_settings import Settings
from engine.text.diagnostics import Diagnostics
from engine.values.periods import Unit
from engine.values.types import Kind


def check_personal_calendars(settings: Settings, definitions: Mapping[str, Definition], problems: Diagnostics) -> None:
    """E216 for a calendar without a first day, and for a figure of somebody who has no such periods."""
    for definition in definitions.values():
        calendar = definition.period.calendar
        if not definition.period.is_personal or definition.span is None:
            continue
        if calendar.of not in settings.entities:
            message = f"the calendar `{calendar.name}` is of `{calendar.of}`, and there is no such entity"
            problems.add("E216", message, definition.span, help=did_you_mean(calendar.of, dict(settings.entities)))
        elif definition.entity not in having(settings, calendar.of):
            message = f"a {definition.entity} has no {calendar.name}: it is of a {calendar.of}"
            help_text = f"a {calendar.of}, its members and their records have one"
            problems.add("E216", message, definition.span, help=help_text)
        else:
            _first_day(definition, definitions, problems)


def having(settings: Settings, of: str) -> set[str]:
    """The entities whose figures may be of the periods of `of`: itself, its members, and records of any of these."""
    entities = {of, settings.entities[of].of} - {""}
    for _ in settings.entities:
        entities |= {entity.name for entity in settings.entities.values() if entity.belongs_to in entities}
    return entities


def _first_day(definition: Definition, definitions: Mapping[str, Definition], problems: Diagnostics) -> None:
    calendar = definition.period.calendar
    first = definitions.get(calendar.starts)
    fits = first is not None and first.type.kind is Kind.DATE and first.period.unit is Unit.ETERNITY
    if first is None or not fits or first.entity != calendar.of:
        message = (
            f"the calendar `{calendar.name}` starts on `{calendar.starts}`, which is not an exported date for all time"
        )
        help_text = f"export a date of a {calendar.of} with `period: eternity`, and name it under `starts`"
        assert definition.span is not None
        problems.add("E216", message, definition.span, help=help_text)
