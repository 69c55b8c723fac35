"""What permits say, in words: one of the register, and one that somebody shows, whatever its issuer wrote into it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from api.cases.reach import reached
from api.http.programs import Law
from api.http.service import Service
from api.permits.credential import Verified
from api.permits.register import RegisteredPermit
from engine.ir.program import Definition, Program
from engine.values.periods import PeriodKind, Unit
from engine.values.types import Kind

MOST = 300


@dataclass(frozen=True, slots=True)
class Category:
    """A category of vehicles that may be driven, and from when to when; `last` is empty where that of all is meant."""

    code: str
    label: str
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Own:
    """A permit of the register. `standing`: met (valid), unmet (revoked) or spared (not yet, or no longer);
    `revoked`: on what day it was, and `why`."""

    place: int
    label: str
    first: str
    last: str
    issued: str
    standing: str
    words: str
    revoked: str
    why: str
    categories: Sequence[Category]


@dataclass(frozen=True, slots=True)
class Shown:
    """A permit that somebody shows: what it permits, from when to when, only for what, whose it is, who issued it by
    which rules, and whether they are served here under the same fingerprint."""

    label: str
    first: str
    last: str
    circumstances: Sequence[tuple[str, str]]
    categories: Sequence[Category]
    subject: str
    issuer: str
    ruleset: str
    fingerprint: str
    same_rules: bool


def own_said(service: Service, entry: RegisteredPermit, today: date) -> Own:
    """A permit of the register in words, as of a day."""
    law = _law(service, entry.ruleset)
    definition = law.program.find(entry.requirement) if law is not None else None
    label = (definition.label if definition is not None else "") or entry.requirement.replace("_", " ").capitalize()
    if entry.revoked_at is not None:
        standing, words = "unmet", "Revoked"
    elif today < entry.decided_for:
        standing, words = "spared", "Not valid yet"
    elif today > entry.holds_until:
        standing, words = "spared", "Expired"
    else:
        standing, words = "met", "Valid"
    labels = _labels(law, entry.over)
    first = entry.decided_for.isoformat()
    categories = [Category(code, labels.get(code, ""), first, last.isoformat()) for code, last in entry.codes.items()]
    return Own(
        entry.place,
        label,
        first,
        entry.holds_until.isoformat(),
        entry.issued_at[:10],
        standing,
        words,
        (entry.revoked_at or "")[:10],
        entry.why or "",
        categories,
    )


def shown_said(service: Service, verified: Verified) -> Shown:
    """What a permit that was verified says."""
    claims = verified.claims
    said_law = claims.get("law")
    by = said_law if isinstance(said_law, Mapping) else {}
    ruleset, fingerprint = _text(by.get("ruleset")), _text(by.get("fingerprint"))
    law = _law(service, ruleset)
    circumstances = claims.get("circumstances")
    listed = circumstances if isinstance(circumstances, list) else []
    asked = [(_text(each.get("label")), _told(law, each)) for each in listed if isinstance(each, Mapping)]
    last = _text(claims.get("holds_until"))
    categories = [
        replace(each, last="" if each.last == last else each.last) for each in _categories(law, verified.disclosed)
    ]
    return Shown(
        _text(claims.get("label")) or _text(claims.get("requirement")),
        _text(claims.get("decided_for")),
        last,
        asked,
        categories,
        _text(verified.disclosed.get("subject")),
        _text(claims.get("iss")),
        ruleset,
        fingerprint,
        law is not None and law.program.fingerprint == fingerprint,
    )


def _told(law: Law | None, circumstance: Mapping[str, Any]) -> str:
    """What a permission was asked for, with its label where the rules are here."""
    value = _text(circumstance.get("value"))
    definition = law.program.find(_text(circumstance.get("fact"))) if law is not None else None
    if law is None or definition is None or definition.type.kind is not Kind.ENUM:
        return value
    return law.program.settings.enums[definition.type.enum].members.get(value, value)


def _categories(law: Law | None, disclosed: Mapping[str, Any]) -> Iterator[Category]:
    """The categories of both kinds: international, and the jurisdiction's own."""
    labels = _labels(law)
    for privilege in _mappings(disclosed.get("driving_privileges")):
        code = _text(privilege.get("vehicle_category_code"))
        yield Category(
            code, labels.get(code, ""), _text(privilege.get("issue_date")), _text(privilege.get("expiry_date"))
        )
    for privilege in _mappings(disclosed.get("domestic_driving_privileges")):
        said = privilege.get("domestic_vehicle_class")
        own = said if isinstance(said, Mapping) else {}
        names = ("code", "description")
        code, label = (_text(own.get(f"domestic_vehicle_class_{name}")) for name in names)
        yield Category(code, label, _text(own.get("issue_date")), _text(own.get("expiry_date")))


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _text(value: object) -> str:
    """What a token says, as a text of some length, whatever it is."""
    return "" if value is None else str(value)[:MOST]


def _law(service: Service, ruleset: str) -> Law | None:
    """The law of that name, if it is served here."""
    laws = (service.laws.law(name, None, "") for name in service.laws.names)
    return next((law for law in laws if law.program.settings.name == ruleset), None)


def _labels(law: Law | None, over: str = "") -> dict[str, str]:
    """What the categories of vehicles are called, by their codes: those of a fact, or those of ISO 18013-5."""
    if law is None:
        return {}
    settings, fact = law.program.settings, law.program.find(over) if over else None
    own = [settings.enums[fact.type.enum]] if fact is not None and fact.type.kind is Kind.ENUM else []
    listed = own or [enum for enum in settings.enums.values() if enum.codes]
    return {member.upper(): label for enum in listed for member, label in enum.members.items()}


def asked_over(program: Program, definition: Definition, day: date) -> str:
    """The fact over whose members a permission is asked, the category of the vehicle: the only fact of the day, of
    whoever asks, that is chosen from a list. Empty if there is none, or several."""
    period = PeriodKind(Unit.DAY).containing(day)
    read = (program.definitions[cell.name] for cell in reached(program, period, (definition,)))
    chosen = {
        fact.short_name
        for fact in read
        if fact.is_input
        and fact.type.kind is Kind.ENUM
        and (fact.entity, fact.period.unit) == (definition.entity, Unit.DAY)
    }
    return chosen.pop() if len(chosen) == 1 else ""
