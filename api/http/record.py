"""A citizen's record behind the routes: who may see it, what is read of it, what is recorded, and who looked.

Each look at somebody's record is an event of a subject of its own, `access/ID`, with a retention class of its own: it
counts neither in the record's version nor in what an answer rests on. It belongs to the person, and is
erased with them.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from starlette.requests import Request

from api.cases.calculate import Asked, Calculation, calculate
from api.cases.naming import find_definition
from api.failures import Failure, Misuse
from api.history.access import moment_of
from api.history.against_rules import unfit
from api.history.events import drafts_of, in_one_form
from api.history.population import AsKnown, NamedCut, Offsets, PartOffset, Place, Population
from api.history.record import RecordCase, person_entity, record_case
from api.http.access import Caller, Purpose, caller_of, check_case, purpose_for
from api.http.cases import fault_of, place_told, without
from api.http.problems import Fault, Refusal
from api.http.programs import Law
from api.http.reading import Document, Number
from api.http.service import Service
from citizens import (
    CitizensError,
    Correction,
    Draft,
    Event,
    check_subject,
)
from engine.ir.program import Definition
from engine.text.diagnostics import Diagnostics
from engine.values.periods import Period, PeriodKind, Unit, parse_period

_OFFSET = re.compile(r"offset:(?:([0-9]{1,4}):)?([0-9]{1,15})", re.ASCII)
_OFFSETS = re.compile(r"offsets:([0-9]{1,15}(?:,[0-9]{1,15})*)", re.ASCII)
_CUT = re.compile(r"cut:([a-z0-9][a-z0-9._-]{0,99})", re.ASCII)
_CURSOR = re.compile(rb"before:(?:([0-9]{1,4}):)?([0-9]{1,15})")


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody's look at a record: of whom, as valid when, as known when, and why."""

    person: str
    valid: date
    known: AsKnown
    caller: Caller
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class OnRecord:
    """Figures from a record. `left_out` are facts that were recorded in a form that the rules do not take."""

    calculation: Calculation
    left_out: tuple[str, ...] = ()


def look_of(
    request: Request, law: Law, citizen: str, valid_at: str | None, *, known_at: str | None, purpose: str | None = None
) -> Look:
    """Who looks at whose record, as of when; `purpose` stands for the header. Raises Refusal (400, 401, 403, 404)."""
    caller = caller_of(request)
    person = person_of(law, citizen)
    return Look(person, _day(valid_at), _known(known_at), caller, purpose_for(request, caller, person, purpose))


def person_of(law: Law, citizen: str) -> str:
    """The subject of a citizen's id. Raises Refusal (404) for what is not an id."""
    subject = in_one_form(f"{person_entity(law.program)}/{citizen}")
    try:
        check_subject(subject)
    except CitizensError:
        raise Refusal("not-found") from None
    return subject


def _day(text: str | None) -> date:
    if text is None:
        return datetime.now(UTC).date()
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal("bad-query", [Fault("", "`valid_at` is a day", "write `valid_at=2024-12-31`")]) from None


def _known(text: str | None) -> AsKnown:
    if text is None:
        return None
    if offset := _OFFSET.fullmatch(text):
        return int(offset[2]) if offset[1] is None else PartOffset(int(offset[1]), int(offset[2]))
    if offsets := _OFFSETS.fullmatch(text):
        return Offsets(tuple(map(int, offsets[1].split(","))))
    if cut := _CUT.fullmatch(text):
        return NamedCut(cut[1])
    try:
        return moment_of(text, "known_at", last=True)
    except Misuse:
        remedy = "write `known_at=2025-06-01`, `2025-06-01T12:30:00Z`, `offset:18204` or `cut:NAME`"
        raise Refusal("bad-query", [Fault("", "`known_at` is a day, a moment or an offset", remedy)]) from None


def seen(service: Service, look: Look, what: str) -> None:
    """Check that the look is allowed, that there is such a record, and record the look. Raises Refusal (404)."""
    population = population_of(service)
    check_case(service, look.caller, look.purpose, look.person)
    if not population.version(look.person):
        raise Refusal("not-found")
    said = {"why": look.purpose.why, "case": look.purpose.case or None, "what": what}
    population.looked_at([look.person], look.caller.name, "api", said)


def population_of(service: Service) -> Population:
    """The log, or all that a population is in. Raises Refusal (404) for a server without one."""
    if service.population is None:
        raise Refusal("no-log")
    return service.population


def place_of(service: Service, look: Look) -> Place:
    """The log that a look is at, and as known when there. Raises Refusal (400) if nothing was known there then."""
    try:
        return population_of(service).place(look.person, look.known)
    except Failure as fault:
        raise Refusal("bad-query", [Fault("", fault.message, fault.help)]) from None


# --- figures


def on_record(
    service: Service, law: Law, look: Look, at: str | None, *, wanted: list[Definition], asked: Asked
) -> OnRecord:
    """Figures computed now from a record."""
    period = period_of(law, at, look.valid)
    place = place_of(service, look)
    recorded = record_case(place.log, law.program, look.person, period, valid=look.valid, known=place.known)
    made = calculate(
        law.program, recorded.case, wanted, asked, reforms=law.reforms, constants=law.constants, must=False
    )
    basis = replace(
        made.basis,
        offset=recorded.offset,
        valid_at=look.valid.isoformat(),
        known_at=place.told(recorded.offset),
        partition=place.part,
    )
    return OnRecord(replace(made, basis=basis), recorded.left_out)


def gathered(service: Service, law: Law, look: Look, at: Period) -> RecordCase:
    """A person's record as a case."""
    place = place_of(service, look)
    return record_case(place.log, law.program, look.person, at, valid=look.valid, known=place.known)


def period_of(law: Law, at: str | None, valid: date) -> Period:
    """The period that is asked for; the day if none is. Raises Refusal (400)."""
    if at is None:
        return PeriodKind(Unit.DAY).containing(valid)
    try:
        return parse_period(at, dict(law.program.settings.calendars))
    except ValueError:
        raise Refusal("bad-query", [Fault("", "`at` is a period", "write `at=2024` or `at=2024-03`")]) from None


def named(law: Law, name: str) -> Definition:
    """The figure of that name. Raises Refusal (404)."""
    try:
        return find_definition(law.program, name)
    except Misuse as fault:
        raise Refusal("not-found", [fault_of(fault, "", [name])]) from None


# --- recording


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where an event stands, and the subject's version after it."""

    subject: str
    offset: int
    version: int | None
    partition: int | None = None


def record_event(
    service: Service, law: Law, look: Look, document: Document, *, id: str, version: int | None
) -> tuple[Recorded, bool]:
    """Record what a body says of a person, of one of their groups, or of a record of theirs; whether it stood before.

    Raises Refusal (404, 412, 422, 503).
    """
    population = population_of(service)
    check_case(service, look.caller, look.purpose, look.person)
    if not look.caller.anybody and not population.version(look.person):
        raise Refusal("not-found")
    draft = _draft(service, law, look, document, id)
    if draft.subject != look.person and not _theirs(service, law, look, draft.subject):
        raise Refusal("not-found")
    return recorded_of(population, replace(draft, expected_version=version))


def recorded_of(population: Population, draft: Draft) -> tuple[Recorded, bool]:
    """Record one event; where it stands, and whether it stood there before."""
    stands = population.append(draft)
    receipt, part = stands.receipt, stands.part if population.several else None
    return Recorded(draft.subject, receipt.offset, receipt.version, part), receipt.duplicate


def _theirs(service: Service, law: Law, look: Look, subject: str) -> bool:
    """Whether a subject belongs together with a person."""
    if look.caller.anybody and not population_of(service).version(subject):
        return True
    recorded = gathered(service, law, look, PeriodKind(Unit.DAY).containing(look.valid))
    return subject in recorded.subjects


def _draft(service: Service, law: Law, look: Look, document: Document, id: str) -> Draft:
    data = document.data
    if not isinstance(data, dict):
        raise Refusal("invalid-request", [Fault("", "the body is an event", 'send `{"facts": {"2024-01-01": {…}}}`')])
    own = [name for name in ("id", "actor", "expected_version", "retention") if name in data]
    if own:
        remedy = "leave it out: headers and the token say it"
        raise Refusal("invalid-request", [Fault(f"/{name}", "the body cannot say this", remedy) for name in own])
    citizen = not look.caller.anybody and look.caller.record == look.person
    defaults = {
        "source": "citizen" if citizen else "api",
        "actor": look.caller.name,
        "legal_basis": "stated by the citizen" if citizen else look.purpose.why,
        "retention": service.config.retention,
    }
    event = {"subject": look.person, **data, "id": id}
    problems = Diagnostics()
    reads = drafts_of([document.node(event, "")], defaults, problems)
    sent = _sent(data)
    if problems.errors or not reads:
        told = [_told(law, document, problem, event, sent) for problem in problems]
        raise Refusal("invalid-request", told)
    draft = reads[0].draft
    faults = list(_faults(law, draft))
    if faults:
        raise Refusal("invalid-request", faults)
    return draft


def _told(law: Law, document: Document, problem: Any, event: Any, sent: set[str]) -> Fault:
    place = place_told(law.program, document.pointer(problem.span), "", event)
    return Fault(place, without(problem.message, sent), without(problem.help, sent), problem.code)


def _faults(law: Law, draft: Draft) -> Iterator[Fault]:
    """What the rules do not take: facts that there are none of, values of another kind, groups and roles."""
    kind = "corrects" if isinstance(draft.body, Correction) else "facts"
    for fault in unfit(law.program, draft):
        attribute = fault.attribute if fault.attribute.isascii() else "?"
        pointer = f"/{kind}/{fault.valid_from}/{attribute}" if fault.valid_from is not None else "/subject"
        yield Fault(pointer, fault.message, fault.help)


def _sent(data: Any) -> set[str]:
    texts: set[str] = set()
    left = [data]
    while left:
        value = left.pop()
        match value:
            case Number() | str():
                texts.add(str(value))
            case dict():
                texts.update(value)
                left.extend(value.values())
            case list():
                left.extend(value)
    return texts - {"facts", "corrects", "retracts", "reason", "subject", "source", "legal_basis"}


# --- pages


Standing = tuple[int | None, Event]
"""An event, and the partition that it stands in; None where there is one log."""


def page_of(events: list[Standing], limit: int, before: PartOffset | int | None) -> tuple[list[Standing], str]:
    """The newest events below a place, and the cursor of the page after; empty at the end. `events` are in the order of
    the logs that a subject was in, and in each by offset."""
    parts = list(dict.fromkeys(part for part, _ in events))
    at = (before.part, before.offset) if isinstance(before, PartOffset) else (None, before)
    older = [
        (part, event)
        for part, event in reversed(events)
        if before is None or at[0] not in parts or (parts.index(part), event.offset) < (parts.index(at[0]), at[1] or 0)
    ]
    page = older[:limit]
    return page, cursor(page[-1][0], page[-1][1].offset) if len(older) > limit else ""


def cursor(part: int | None, offset: int) -> str:
    """An opaque cursor."""
    place = f"{offset}" if part is None else f"{part}:{offset}"
    return base64.urlsafe_b64encode(f"before:{place}".encode()).decode().rstrip("=")


def offset_of(text: str | None) -> PartOffset | int | None:
    """The place in a cursor. Raises Refusal (400)."""
    if text is None:
        return None
    try:
        match = _CURSOR.fullmatch(base64.urlsafe_b64decode(text.encode("ascii") + b"=="))
    except ValueError:
        match = None
    part = int(match[1]) if match is not None and match[1] is not None else None
    if match is None or cursor(part, int(match[2])) != text:
        raise Refusal("bad-cursor")
    return int(match[2]) if part is None else PartOffset(part, int(match[2]))


def version_of(request: Request) -> int | None:
    """The version in `If-Match`; None without one. Raises Refusal (412) for one that no version fits."""
    text = request.headers.get("if-match")
    if text is None:
        return None
    match = re.fullmatch(r'"?v([0-9]{1,9})"?', text)
    if match is None:
        raise Refusal("stale-version", [Fault("", "`If-Match` is the version that you saw", 'send `If-Match: "v17"`')])
    return int(match[1])


def key_of(request: Request) -> str:
    """The event's id at its source. Raises Refusal (422) without one."""
    text = request.headers.get("idempotency-key", "")
    if not re.fullmatch(r"[!-~]{1,200}", text):
        remedy = "send 1 to 200 printable characters, another for each event, the same when you repeat one"
        raise Refusal("invalid-request", [Fault("", "the header `Idempotency-Key` is missing", remedy)])
    return text
