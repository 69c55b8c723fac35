"""The register of an issuer: every permit that was issued, what it was decided on, and which were taken back.

A folder with `register.db` and, beside it, the signed status list `status.jwt`, which is made anew at every change and
may be published as it is.

1. Whose a permit is that was decided by a log, the log alone can say: the register keeps a pseudonym that the log makes
   of its number and its key (`History`'s `pseudonym`). So whoever is erased from the log is named nowhere in the
   register either, nor in its backups, and nothing has to be told to it.
2. A register that an earlier program kept has names. They are replaced as soon as it is opened beside its log.
3. Whose a permit is that was decided by a case stands as the case has it: there is no log to ask.
4. The list that was signed last is a witness: a register that lacks what that list takes back is an older copy, or
   another register; one that would sign for another address is told where its permits look. Neither signs anything.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from api.failures import Failure
from api.permits.credential import Issuer, status_token
from api.permits.decision import Decision
from api.permits.status_list import SIZE, revoked_in

LIFETIME = timedelta(days=1)
_TABLE = """
create table if not exists permits (
  place integer primary key, requirement text not null, entity text not null, instance text not null,
  over text not null, decided_for text not null, holds_until text not null, codes text not null, ruleset text not null,
  log_offset integer, issued_at text not null, revoked_at text, why text, is_pseudonym integer not null default 0
) strict
"""
_ADD_COLUMN = "alter table permits add column is_pseudonym integer not null default 0"
ERASED = "erased"
"""The pseudonym of somebody who had been erased before the register kept pseudonyms."""


class Names(Protocol):
    """What a log says of its pseudonyms."""

    def pseudonym(self, subject: str) -> str | None:
        """What stands for a subject; None for one that is not known."""

    def named_by(self, pseudonym: str) -> str | None:
        """The subject that a pseudonym stands for; None once it is erased."""


@dataclass(frozen=True, slots=True)
class RegisteredPermit:
    """A permit in the register. `over`: over whose members it was decided; `codes`: those for which it held, each with
    its last day. `is_pseudonym` says that `instance` is one, which the log can resolve."""

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
    is_pseudonym: bool

    def subject(self, names: Names | None) -> str | None:
        """Whose it is, as the log names them; None if they are erased, or if there is no log to say."""
        if not self.is_pseudonym:
            return f"{self.entity}/{self.instance}"
        return names.named_by(self.instance) if names is not None else None

    def told(self, names: Names | None) -> str:
        """Whose it is, or what is left of that, in words."""
        number = self.instance.partition("-")[0]
        return self.subject(names) or f"{self.entity} {number if number != ERASED else '-'} of the log"


class WrongRegister(Failure):
    """A register that signs nothing: an older copy, another one's, or one whose list stands elsewhere."""


class Register:
    """The permits of one issuer."""

    def __init__(self, folder: Path, issuer: Issuer) -> None:
        self.folder = folder
        self._issuer = issuer
        folder.mkdir(parents=True, exist_ok=True)
        with self._open() as base:
            base.execute(_TABLE)
            if "is_pseudonym" not in [row[1] for row in base.execute("pragma table_info(permits)")]:
                base.execute(_ADD_COLUMN)

    def hide(self, names: Names) -> None:
        """Put pseudonyms in the place of the names that an earlier program kept of what it decided by a log."""
        with self._open(alone=True) as base:
            named = base.execute(
                "select place, entity, instance from permits where log_offset is not null and not is_pseudonym"
            ).fetchall()
            for place, entity, instance in named:
                pseudonym = names.pseudonym(f"{entity}/{instance}") or ERASED
                base.execute("update permits set instance = ?, is_pseudonym = 1 where place = ?", (pseudonym, place))
        if named:
            with self._open(plain=True) as base:
                base.execute("vacuum")

    def add(
        self,
        decision: Decision,
        over: str,
        ruleset: str,
        offset: int | None,
        *,
        now: datetime,
        names: Names | None = None,
    ) -> int:
        """Enter a permit at a place that nobody can guess; its place. `names` is the log that it was decided by.

        Raises Failure if the log does not know whose it is.
        """
        instance: str | None = decision.instance
        if names is not None:
            instance = names.pseudonym(f"{decision.entity}/{decision.instance}")
        if instance is None:
            told = f"nothing is recorded of `{decision.entity}/{decision.instance}`"
            raise Failure(told, "a permit is issued only to somebody in the log")
        codes = " ".join(f"{privilege.code}={privilege.last}" for privilege in decision.privileges)
        with self._open(alone=True) as base:
            self._revoked(base)
            taken = {place for (place,) in base.execute("select place from permits")}
            if len(taken) >= SIZE // 2:
                raise Failure(f"the register is full: {len(taken):,} permits", "begin another one")
            place = next(drawn for drawn in iter(lambda: secrets.randbelow(SIZE), None) if drawn not in taken)
            base.execute(
                "insert into permits values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, null, null, ?)",
                (
                    place,
                    decision.requirement,
                    decision.entity,
                    instance,
                    over,
                    decision.on.isoformat(),
                    decision.until.isoformat(),
                    codes,
                    ruleset,
                    offset,
                    now.astimezone(UTC).isoformat(timespec="seconds"),
                    names is not None,
                ),
            )
        self.publish(now)
        return place

    def entries(self, standing: bool = False) -> list[RegisteredPermit]:
        """Every permit, or those not taken back."""
        where = " where revoked_at is null" if standing else ""
        with self._open() as base:
            rows = base.execute(f"select * from permits{where} order by issued_at, place").fetchall()
        return [_entry(row) for row in rows]

    def revoke(self, place: int, why: str, now: datetime) -> bool:
        """Take a permit back; whether it stood until now. Raises Failure if there is none at this place."""
        moment = now.astimezone(UTC).isoformat(timespec="seconds")
        with self._open() as base:
            self._revoked(base)
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
            beside.write_text(status_token(self._issuer, self._revoked(base), now, LIFETIME) + "\n", encoding="ascii")
            os.replace(beside, path)
        return path

    def _revoked(self, base: sqlite3.Connection) -> list[int]:
        """The places that were taken back. Raises WrongRegister if the list that was signed last is none of this."""
        import jwt

        revoked = [place for (place,) in base.execute("select place from permits where revoked_at is not null")]
        path = self.folder / "status.jwt"
        try:
            said = jwt.decode(path.read_text(encoding="ascii").strip(), options={"verify_signature": False})
            address, before = str(said["sub"]), revoked_in(said.get("status_list"))
        except (OSError, jwt.InvalidTokenError, KeyError, ValueError):
            return revoked  # there is none, or what is there tells nothing
        if address != self._issuer.status_at:
            raise WrongRegister(
                f"the permits of this register look for their list at `{address}`, not at `{self._issuer.status_at}`",
                f"add `--status-at {address}`, or begin another register",
            )
        lost = before.difference(revoked)
        if lost:
            told = ", ".join(map(str, sorted(lost)[:5])) + (", …" if len(lost) > 5 else "")
            raise WrongRegister(
                f"`{path.name}` revokes permits that are not in `register.db`: {told}",
                "`register.db` is an older copy or another register's: put back the one that belongs to the list",
            )
        return revoked

    @contextmanager
    def _open(self, alone: bool = False, plain: bool = False) -> Iterator[sqlite3.Connection]:
        """The register's table; `alone`: nobody else writes meanwhile, in this process or another; `plain`: without a
        transaction."""
        base = sqlite3.connect(self.folder / "register.db", timeout=10, isolation_level=None if plain else "IMMEDIATE")
        try:
            base.execute("pragma secure_delete = on")
            with base:
                if alone:
                    base.execute("begin immediate")
                yield base
        except sqlite3.DatabaseError as fault:
            raise Failure(f"the register cannot be used: {fault}", "check the folder") from None
        finally:
            base.close()


def _entry(row: Sequence[Any]) -> RegisteredPermit:
    place, requirement, entity, instance, over, first, last, codes, ruleset, offset, issued, revoked, why, hidden = row
    days = date.fromisoformat(first), date.fromisoformat(last)
    return RegisteredPermit(
        place,
        requirement,
        entity,
        instance,
        over,
        *days,
        _codes(codes),
        ruleset,
        offset,
        issued,
        revoked,
        why,
        bool(hidden),
    )


def _codes(text: str) -> dict[str, date]:
    pairs = (pair.partition("=") for pair in text.split())
    return {code: date.fromisoformat(day) for code, _, day in pairs}
