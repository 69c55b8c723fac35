"""*My record* and the desk: what is recorded of a person, as valid on one day and known on another, and who looked.

A number stands in a form, never in an address. Who looks at another's record says why, and the person reads it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.cases.json_values import words_of_json
from api.cases.reach import may_be_stated
from api.history.json import value_json
from api.history.record import person_entity
from api.history.views import Ledger, groups_of, ledger_of, moment
from api.http.access import CASE_WORKER, CITIZEN, OPERATOR, Caller, caller_of, require
from api.http.programs import Law
from api.http.record import Look, look_of, place_of, population_of, seen
from api.http.service import Service, service_of
from api.web.books import book_of
from api.web.lanes import Bar, Lane, drawn
from api.web.rendering import full_day, money, page, shown
from api.web.steps import own_form, read_fields
from citizens import Assessment, Belongs, Change, Event, Facts, Row, Timeline
from engine.ir.program import Definition, Program
from engine.values.types import Kind

router = APIRouter(include_in_schema=False)
MOST_LANES, MOST_LOOKS = 16, 20
SAMPLE = "u00001-head"


@dataclass(frozen=True, slots=True)
class Line:
    """A fact that held: its name and label, its value in words and as a form has it (`raw`), since when, who recorded
    it when, and whether a desk may correct it: a fact of the rules, of the person."""

    name: str
    label: str
    value: str
    since: str
    until: str
    recorded: str
    source: str
    basis: str
    raw: str
    correctable: bool


@dataclass(frozen=True, slots=True)
class Glance:
    """A look at the record: when, by whom, why, for which case and at what."""

    when: str
    by: str
    why: str
    case: str
    what: str


@dataclass(frozen=True, slots=True)
class Assessed:
    """An assessment: when recorded, of whom, for when, and its figures: name, label, value. `fault`: why none."""

    when: str
    subject: str
    period: str
    figures: Sequence[tuple[str, str, str]]
    fault: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What the page shows of a record. `days` are those on which something changed."""

    lines: Sequence[Line]
    picture: str
    days: Sequence[str]
    offset: int
    version: int
    later: int
    ledgers: Sequence[Ledger]
    assessments: Sequence[Assessed]
    glances: Sequence[Glance]


@router.get("/record")
@shown
async def record(request: Request) -> Response:
    """A citizen's own record; for others a form that asks whose, and why."""
    service = service_of(request)
    population_of(service)
    caller = require(request, CITIZEN, CASE_WORKER)
    if caller.record:
        return await _shown(request, caller, {"citizen": caller.record.partition("/")[2]})
    return page(request, "record_ask.html", nav="record", caller=caller, sample=sample_of(service), wrong={}, said={})


@router.post("/record")
@shown
async def as_of(request: Request) -> Response:
    """A record as of two days."""
    own_form(request)
    caller = caller_of(request)
    fields = await read_fields(request)
    wrong = {}
    if not fields.get("citizen", "").strip():
        wrong["citizen"] = "Enter the person’s number"  # noqa: RUF001
    if not caller.record and not fields.get("purpose", "").strip():
        wrong["purpose"] = "Say why you look: the person can read it"
    if wrong:
        sample = sample_of(service_of(request))
        return page(
            request, "record_ask.html", nav="record", status=422, caller=caller, sample=sample, wrong=wrong, said=fields
        )
    return await _shown(request, caller, fields)


def sample_of(service: Service) -> str:
    """The first of the sample population, where that is what is served."""
    population = service.population
    there = service.config.development and population is not None and population.version(f"person/{SAMPLE}")
    return SAMPLE if there else ""


async def _shown(request: Request, caller: Caller, fields: Mapping[str, str]) -> Response:
    service = service_of(request)
    law = service.laws.law(service.laws.names[0], None, "")
    citizen = fields["citizen"].strip()[:200]
    purpose = fields.get("purpose", "").strip()[:300] or None
    look = look_of(
        request, law, citizen, fields.get("valid_at") or None, known_at=fields.get("known_at") or None, purpose=purpose
    )
    record = await service.record(_seen, service, law, look)
    return page(
        request,
        "record.html",
        nav="record",
        caller=caller,
        citizen=citizen,
        purpose=purpose or "",
        valid_at=look.valid.isoformat(),
        known_at=fields.get("known_at", "") or datetime.now(UTC).date().isoformat(),
        record=record,
        may_correct=not caller.record and not caller.roles.isdisjoint({CASE_WORKER, OPERATOR}),
        book=book_of(law),
    )


def _seen(service: Service, law: Law, look: Look) -> Seen:
    seen(service, look, "record")
    population, place = population_of(service), place_of(service, look)
    log, to = place.log, place.known
    known, now = log.timeline(look.person, to), population.log_of(look.person).timeline(look.person)
    subjects = [look.person, *groups_of(log.read_subject(look.person, to))]
    events = [(subject, log.read_subject(subject, to)) for subject in subjects]
    ledgers = [ledger_of(subject, listed) for subject, listed in events]
    glances = f"access/{look.person.partition('/')[2]}"
    looks = [event for at in population.former_places(glances) for event in at.log.read_subject(glances)]
    days = sorted({change.valid_from for change in now.changes})
    return Seen(
        [_line(law.program, change) for change in known.holding(look.valid)],
        _picture(law.program, known, now, look.valid),
        [day.isoformat() for day in days],
        max((change.offset for change in known.changes), default=0),
        known.version,
        len(now.changes) - len(known.changes),
        [ledger for ledger in ledgers if ledger.lines],
        [
            _assessed(law.program, event)
            for _, listed in events
            for event in listed
            if isinstance(event.body, Assessment)
        ][::-1],
        [_glance(event) for event in reversed(looks[-MOST_LOOKS:])],
    )


def _line(program: Program, change: Change) -> Line:
    definition = program.find(change.attribute)
    fact = definition is not None and may_be_stated(definition) and definition.entity == person_entity(program)
    return Line(
        change.attribute,
        _label(program, change.attribute),
        _words(program, change),
        change.valid_from.isoformat(),
        change.valid_until.isoformat() if change.valid_until is not None else "",
        moment(change.recorded_at_us)[:10],
        f"{change.origin.source}, {change.origin.actor}",
        change.origin.legal_basis,
        _raw(change.value),
        fact and not isinstance(change.value, Belongs),
    )


def _raw(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None or isinstance(value, Belongs) else str(value_json(value))


def _label(program: Program, name: str) -> str:
    definition = program.find(name)
    return (definition.label if definition is not None else "") or name.replace("_", " ").capitalize()


def _words(program: Program, change: Change) -> str:
    """A recorded value as people read it."""
    value: Any = change.value
    definition = program.find(change.attribute)
    if isinstance(value, Belongs):
        kind, _, name = value.group.partition("/")
        return f"{value.role.replace('_', ' ')} of {kind.replace('_', ' ')} {name}"
    return _value_words(program, definition, value)


def _value_words(program: Program, definition: Definition | None, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if definition is None:
        return "not stated" if value is None else str(value_json(value))
    if definition.type.kind is Kind.DATE and isinstance(value, date):
        return full_day(value.isoformat())
    try:
        return money(words_of_json(value_json(value), definition.type, program.settings))
    except ValueError:  # recorded under other rules, as what it is not now
        return str(value_json(value))


def _picture(program: Program, known: Timeline, now: Timeline, on: date) -> str:
    """Lanes of what is recorded by now, of which some was not known then."""
    then = {(change.attribute, change.valid_from, change.valid_until, change.offset) for change in known.changes}
    names = list(dict.fromkeys(change.attribute for change in now.changes))[:MOST_LANES]
    lanes = [
        Lane(
            _label(program, name),
            [
                Bar(
                    change.valid_from,
                    change.valid_until,
                    _words(program, change),
                    (name, change.valid_from, change.valid_until, change.offset) in then,
                )
                for change in now.of(name)
            ],
        )
        for name in names
    ]
    about = "What held when; the table below shows the same for the day that is chosen"
    return drawn(lanes, on, about) if lanes else ""


def _assessed(program: Program, event: Event) -> Assessed:
    """An assessment: the figures as recorded, each with its label."""
    body = event.body
    assert isinstance(body, Assessment) and not isinstance(body.figures, Row)
    figures = [(name, _label(program, name), _figure(program, name, value)) for name, value in body.figures]
    return Assessed(moment(event.recorded_at_us)[:10], event.subject, body.period, figures, body.fault)


def _figure(program: Program, name: str, value: Any) -> str:
    definition = program.find(name)
    return "not known" if value is None else _value_words(program, definition, value)


def _glance(event: Event) -> Glance:
    assert isinstance(event.body, Facts)
    said = {point.attribute: point.value for point in event.body.points}
    words = {name: str(said.get(name) or "") for name in ("by", "why", "case", "what")}
    return Glance(moment(event.recorded_at_us)[:19].replace("T", " "), **words)
