"""The register of an issuer: every permit that was issued, what it was decided on, and which were taken back.

A folder with `register.db` and, beside it, the signed status list `status.jwt`, which is made anew at every change and
may be published as it is.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from api.failures import Failure
from api.permits.credential import Issuer, status_token
from api.permits.decision import Decision
from api.permits.status_list import SIZE

LIFETIME = timedelta(days=1)
_TABLE = """
create table if not exists permits (
  place integer primary key, requirement text not null, entity text not null, instance text not null,
  over text not null, decided_for text not null, holds_until text not null, codes text not null, ruleset text not null,
  log_offset integer, issued_at text not null, revoked_at text, why text
) strict
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A permit in the register. `over`: over whose members it was decided; `codes`: those for which it held, each with
    its last day."""

    place: int
    requirement: str
    entity: str
    instance: str
    over: str
    decided_for: date
    holds_until: date
    codes: Mapping[str, date]
    ruleset: str
    offset: int | None
    issued_at: str
    revoked_at: str | None
    why: str | None

    @property
    def subject(self) -> str:
        """Whose it is, as a log names them."""
        return f"{self.entity}/{self.instance}"


class Register:
    """The permits of one issuer."""

    def __init__(self, folder: Path, issuer: Issuer) -> None:
        self.folder = folder
        self._issuer = issuer
        folder.mkdir(parents=True, exist_ok=True)
        with self._open() as base:
            base.execute(_TABLE)

    def add(self, decision: Decision, over: str, ruleset: str, offset: int | None, now: datetime) -> int:
        """Enter a permit at a place that nobody can guess; its place."""
        codes = " ".join(f"{privilege.code}={privilege.last}" for privilege in decision.privileges)
        with self._open(alone=True) as base:
            taken = {place for (place,) in base.execute("select place from permits")}
            if len(taken) >= SIZE // 2:
                raise Failure(f"the register is full: {len(taken):,} permits", "begin another one")
            place = next(drawn for drawn in iter(lambda: secrets.randbelow(SIZE), None) if drawn not in taken)
            base.execute(
                "insert into permits values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, null, null)",
                (
                    place,
                    decision.requirement,
                    decision.entity,
                    decision.instance,
                    over,
                    decision.on.isoformat(),
                    decision.until.isoformat(),
                    codes,
                    ruleset,
                    offset,
                    now.astimezone(UTC).isoformat(timespec="seconds"),
                ),
            )
        self.publish(now)
        return place

    def entries(self, standing: bool = False) -> list[Entry]:
        """Every permit, or those not taken back."""
        where = " where revoked_at is null" if standing else ""
        with self._open() as base:
            rows = base.execute(f"select * from permits{where} order by issued_at, place").fetchall()
        return [_entry(*row) for row in rows]

    def revoke(self, place: int, why: str, now: datetime) -> bool:
        """Take a permit back; whether it stood until now. Raises Failure if there is none at this place."""
        moment = now.astimezone(UTC).isoformat(timespec="seconds")
        with self._open() as base:
            if not base.execute("select 1 from permits where place = ?", (place,)).fetchone():
                raise Failure(f"the register has no permit {place}", "`rulewright permit list` names them")
            done = base.execute(
                "update permits set revoked_at = ?, why = ? where place = ? and revoked_at is null",
                (moment, why, place),
            )
        self.publish(now)
        return done.rowcount == 1

    def publish(self, now: datetime) -> Path:
        """Make the signed status list anew; the file. One at a time, so that no older list stands over a newer one."""
        path = self.folder / "status.jwt"
        beside = path.with_name(".status.jwt.new")
        with self._open(alone=True) as base:
            revoked = [place for (place,) in base.execute("select place from permits where revoked_at is not null")]
            beside.write_text(status_token(self._issuer, revoked, now, LIFETIME) + "\n", encoding="ascii")
            os.replace(beside, path)
        return path

    @contextmanager
    def _open(self, alone: bool = False) -> Iterator[sqlite3.Connection]:
        """The register's table; `alone`: nobody else writes meanwhile, in this process or another."""
        base = sqlite3.connect(self.folder / "register.db", timeout=10, isolation_level="IMMEDIATE")
        try:
            with base:
                if alone:
                    base.execute("begin immediate")
                yield base
        except sqlite3.DatabaseError as fault:
            raise Failure(f"the register cannot be used: {fault}", "check the folder") from None
        finally:
            base.close()


def _entry(
    place: int, requirement: str, entity: str, instance: str, over: str, first: str, last: str, *rest: Any
) -> Entry:
    codes, ruleset, offset, issued, revoked, why = rest
    days = date.fromisoformat(first), date.fromisoformat(last)
    return Entry(
        place, requirement, entity, instance, over, *days, _codes(codes), ruleset, offset, issued, revoked, why
    )


def _codes(text: str) -> dict[str, date]:
    pairs = (pair.partition("=") for pair in text.split())
    return {code: date.fromisoformat(day) for code, _, day in pairs}
