"""`rulewright log show` and `log as-of`: a subject's history, and its facts on a day as known at a moment."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from api.cli.log.output import moment_text, table, value_text, width
from api.cli.output import count, say, say_json, waiting
from api.failures import Misuse
from api.history.access import moment_of, read_day, read_known, reading
from api.history.events import in_one_form
from api.history.json import amount_of, event_json, kind_of
from api.history.parts import part_known
from api.history.timeline import Standing, TimelineEntry, history, points_of, standing
from api.history.views import held
from api.schema import as_data
from citizens import (
    Adjustment,
    Arrival,
    Assessment,
    CitizensError,
    Correction,
    Departure,
    Facts,
    Hold,
    Posting,
    Release,
    Retraction,
    Row,
    SqliteLog,
    Value,
    check_subject,
)
from citizens.events import FAULT
from engine.values.numbers import with_commas


def checked_subject(subject: str) -> str:
    """The subject's name. Raises Misuse unless it is `<entity>/<id>`."""
    subject = in_one_form(subject)
    try:
        check_subject(subject)
    except CitizensError:
        raise Misuse(f"`{subject[:60]}` is not a subject", "subjects are named `<entity>/<id>`: person/17") from None
    return subject


def show_command(subject: str, log: Path | None, since: str | None, known: str | None, as_json: bool) -> int:
    """The history, oldest first."""
    name = checked_subject(subject)
    part, to = part_known(log, name, known)
    with reading(part) as opened:
        entries = history(opened, name, to)
        shown = [entry for entry in entries if entry.event.offset >= _first(opened, since)]
    version = entries[-1].event.version
    if as_json:
        say_json({"subject": name, "version": version, "events": [_entry_json(entry) for entry in shown]})
        return 0
    lost = version - len(entries)
    left_out = f"; {count(len(entries) - len(shown), 'event')} before that" if len(shown) < len(entries) else ""
    compacted = f", {lost:,} compacted away" if lost else ""
    say(f"{name}: {count(len(entries), 'event')}{compacted}, version {version}{left_out}")
    for entry in shown:
        say()
        for line in _entry_lines(entry):
            say(line)
    return 0


def _first(log: SqliteLog, since: str | None) -> int:
    """The offset from which events are shown."""
    if since is None:
        return 0
    offset = read_known(since, "--since")
    if isinstance(offset, int):
        return offset
    start = max(moment_of(since, "--since", last=False), datetime.fromtimestamp(1, UTC))
    return log.offset_of(start - datetime.resolution) + 1


def _entry_json(entry: TimelineEntry) -> dict[str, object]:
    """The event, and by day and attribute what took a point's place, or whose place it took."""
    replaced: dict[str, dict[str, object]] = {}
    replaces: dict[str, dict[str, object]] = {}
    for (attribute, day), mark in entry.marks.items():
        if mark.after is not None:
            replaced.setdefault(day.isoformat(), {})[attribute] = mark.after[0]
        if mark.before is not None:
            replaces.setdefault(day.isoformat(), {})[attribute] = mark.before[0]
    return {**event_json(entry.event), "replaced_by": replaced, "takes_the_place_of": replaces}


def _entry_lines(entry: TimelineEntry) -> Iterator[str]:
    event, origin = entry.event, entry.event.origin
    yield f"#{event.offset}  {moment_text(event.recorded_at_us)} UTC  {kind_of(event.body)}"
    said = f"by {origin.actor}, from {origin.source}, on {origin.legal_basis} (id {event.event_id})"
    wrapper = textwrap.TextWrapper(
        max(width(), 40), initial_indent="  ", subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )
    yield from wrapper.wrap(said)
    for line in _body_lines(entry):
        yield f"  {line}"


def _body_lines(entry: TimelineEntry) -> Iterator[str]:
    match entry.event.body:
        case Arrival(came_from=number, known=known):
            yield f"from partition {number}, as known there at #{known}"
            yield from _point_lines(entry)
        case Departure(reason=reason, to=number):
            yield f"to partition {number}: {reason}"
            yield from _point_lines(entry)
        case Facts():
            yield from _point_lines(entry)
        case Correction(reason=reason) | Retraction(reason=reason):
            yield f"reason: {reason}"
            yield from _point_lines(entry)
        case Hold(case, reason) | Release(case, reason):
            yield f"case {case}: {reason}"
        case Posting() as posting:
            amount = with_commas(format(amount_of(posting), "f"))
            yield f"{amount} {posting.currency} for {posting.period} (because of {posting.cause})"
        case Assessment() as body:
            after = f", in the place of #{body.replaces}" if body.replaces is not None else ""
            yield f"for {body.period}, facts of {body.valid_on} as known at #{body.read_to}{after}"
            assert not isinstance(body.figures, Row), "a row is read back as pairs"
            yield from _pairs([(FAULT, body.fault)] if body.fault else list(body.figures))
            yield f"used {', '.join(use.subject for use in body.used)}; program {body.program[:16]}"
        case Adjustment() as body:
            yield f"for {body.period}, to #{body.replaces}: {body.reason}"
            yield from _pairs(list(body.differences), signed=True)


def _pairs(pairs: Sequence[tuple[str, Value]], signed: bool = False) -> Iterator[str]:
    names = max((len(name) for name, _ in pairs), default=0)
    for name, value in pairs:
        sign = "+" if signed and isinstance(value, Decimal) and value > 0 else ""
        yield f"  {name.ljust(names)}  {sign}{value_text(value)}"


def _point_lines(entry: TimelineEntry) -> Iterator[str]:
    """The change points by day, each with what it took the place of and what took its own."""
    points = list(points_of(entry.event))
    body = entry.event.body
    gone = "moved" if isinstance(body, Departure) else "never was" if isinstance(body, Retraction) else ""
    if not points:
        return
    names = max(len(point.attribute) for point in points)
    values = [gone or value_text(point.value) for point in points]
    widest = max(map(len, values))
    for day in dict.fromkeys(point.valid_from for point in points):
        yield f"from {day}:"
        for point, value in zip(points, values, strict=True):
            if point.valid_from == day:
                notes = "  ".join(_notes(entry, point.attribute, day))
                cell = value.ljust(widest) if notes and widest < 40 else value
                yield f"  {point.attribute.ljust(names)}  {cell}  {notes}".rstrip()


def _notes(entry: TimelineEntry, attribute: str, day: object) -> Iterator[str]:
    mark = next(mark for key, mark in entry.marks.items() if key == (attribute, day))
    if mark.before is not None:
        offset, value = mark.before
        yield f"(was {value_text(value)}, #{offset})"
    if mark.after is not None:
        offset, word = mark.after
        yield f"{word} by #{offset}"


# --- as of


def as_of_command(subject: str, log: Path | None, valid: str | None, known: str | None, as_json: bool) -> int:
    """What held on the day."""
    name = checked_subject(subject)
    part, to = part_known(log, name, known)
    day = read_day(valid, "--valid") if valid is not None else datetime.now(UTC).date()
    with reading(part) as opened, waiting("looking"):
        state = standing(opened, name, day, to)
    if as_json:
        members = None if state.members is None else [{"subject": m.subject, "role": m.role} for m in state.members]
        facts = {change.attribute: as_data(held(change)) for change in state.changes}
        head = {"subject": name, "valid_on": day.isoformat(), "known_at": state.offset}
        say_json({**head, "version": state.timeline.version, "facts": facts, "members": members})
        return 0
    say(f"{name} on {day}, as known at #{state.offset}")
    say()
    for line in _standing_lines(state):
        say(line)
    return 0


def _standing_lines(state: Standing) -> Iterator[str]:
    if not state.changes and not state.members:
        yield "nothing is recorded that held on that day"
        return
    if state.changes:
        rows = [
            (
                change.attribute,
                value_text(change.value),
                str(change.valid_from),
                str(change.valid_until or ""),
                f"#{change.offset} on {moment_text(change.recorded_at_us)[:10]} by {change.origin.actor}",
            )
            for change in state.changes
        ]
        yield from table(("fact", "value", "from", "until", "recorded"), rows)
    if state.members:
        if state.changes:
            yield ""
        yield from table(("member", "role"), [(member.subject, member.role) for member in state.members])
