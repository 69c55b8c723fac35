"""Permits follow the facts: one whose decision no longer stands, as known now, is taken back.

For each permit that stands and has not run out, the record of its person is read as it was read to decide it, as known
now, and the requirement is asked again, from the day that it was decided for to the last that the permit promises. If
it does not hold, or for less time or fewer categories, the permit is revoked, with the offset known and the reason. It
is revoked, too, if the person was erased: nothing is left that it could rest on. Who was merged with another, or goes
by a new id, is asked about under that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

from api.cases.naming import find_definition
from api.history.merging import known_as
from api.history.record import record_case
from api.permits.decide import decide, member_facts
from api.permits.decision import Decision
from api.permits.register import Names, Register, RegisteredPermit
from citizens import History
from engine.ir.program import Program
from engine.values.periods import PeriodKind, Unit


class NamingHistory(History, Names, Protocol):
    """A log whose pseudonyms can be resolved."""


class Logs(Names, Protocol):
    """The logs of a population, whose pseudonyms can be resolved."""

    def log_of(self, subject: str) -> History:
        """The log that a subject lives in."""


@dataclass(frozen=True, slots=True)
class Revoked:
    """A permit that was taken back, and why."""

    place: int
    subject: str
    why: str


def revise(program: Program, logs: Logs, register: Register, today: date, now: datetime) -> list[Revoked]:
    """Ask again about every permit that stands, as known now; those that were taken back."""
    revoked = []
    register.hide(logs)
    for entry in register.entries(standing=True):
        if entry.ruleset != program.settings.name or entry.holds_until < today:
            continue
        subject = entry.subject(logs)
        why = "the record that it rested on was erased"
        if subject is not None:
            log = logs.log_of(subject)
            why = _fault(program, log, entry, known_as(log, subject))
        if why and register.revoke(entry.place, why, now):
            revoked.append(Revoked(entry.place, entry.told(logs), why))
    if not revoked:
        register.publish(now)
    return revoked


def _fault(program: Program, log: History, entry: RegisteredPermit, subject: str) -> str:
    """Why a permit no longer stands; empty if it does: from its first day to the last that was promised."""
    days = (entry.holds_until - entry.decided_for).days
    day, asked = entry.decided_for, (subject, entry.requirement)
    decision, offset = decide_from_log(program, log, *asked, day=day, days=days, over=entry.over)
    known = f"as known at #{offset}"
    if not decision.holds:
        return f"{entry.requirement} does not hold on {day}, {known}: {decision.text}"
    now = {privilege.code: privilege.last for privilege in decision.privileges}
    shorter = [code for code, last in entry.codes.items() if code not in now or now[code] < last]
    if shorter:
        told = ", ".join(f"{code} {f'until {now[code]}' if code in now else 'not at all'}" for code in shorter)
        return f"{entry.requirement} holds for less than was said, {known}: {told}"
    if decision.until < entry.holds_until:
        return f"{entry.requirement} holds until {decision.until} only, {known}"
    return ""


def decide_from_log(
    program: Program, log: History, subject: str, requirement: str, *, day: date, days: int, over: str = ""
) -> tuple[Decision, int]:
    """Decide a requirement by somebody's record as known now; the decision, and the last offset that was read."""
    definition = find_definition(program, requirement)
    fact = member_facts(program, over, definition) if over else None
    period = PeriodKind(Unit.DAY).containing(day)
    record = record_case(log, program, subject, period, valid=day, known=None)
    instance = subject.partition("/")[2]
    return decide(program, replace(record.case, at=period), definition, instance, days=days, over=fact), record.offset
