"""An office that issues permits from a log: it decides, enters the register, signs, and keeps its status list fresh."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import jwt

from api.failures import Failure
from api.permits.credential import Issuer, Law, issue
from api.permits.decision import Decision
from api.permits.keys import public_jwk, read_all_public, read_private
from api.permits.register import LIFETIME, Names, Register
from api.permits.revise import NamingHistory, decide_from_log
from engine.ir.program import Program

FRESH = LIFETIME / 2


class NotPermitted(Failure):
    """The requirement is not met, or not known to be. `decision` says why."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(
            f"`{decision.requirement}` does not hold on {decision.on}: {decision.text}",
            "`POST /v1/cure` and `rulewright cure` say what would change it",
        )
        self.decision = decision


@dataclass(frozen=True, slots=True)
class Issued:
    """A permit, its place in the register, and what it states. `codes`: the categories that it is for."""

    permit: str
    place: int
    requirement: str
    decided_for: str
    holds_until: str
    codes: tuple[str, ...] = ()
    bound: bool = False


@dataclass(eq=False)
class Office:
    """The office of one issuer: its key and its register."""

    issuer: Issuer
    register: Register
    earlier_keys: Mapping[str, Any] = field(default_factory=dict)
    """Public keys that signed before, by their names: what they signed is still good."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def opened(cls, key: Path, folder: Path, name: str, status_at: str, earlier: Sequence[Path] = ()) -> Office:
        """The office with a key, those before it, and a register's folder, which is made if it is not there. Raises
        Misuse."""
        issuer = Issuer(name, read_private(key), status_at)
        return cls(issuer, Register(folder, issuer), read_all_public(earlier))

    def keys(self) -> Mapping[str, Any]:
        """The public keys, as a set of JWKs: the one that signs first."""
        signing = public_jwk(self.issuer.key)
        return {"keys": [signing, *(key for name, key in self.earlier_keys.items() if name != signing["kid"])]}

    def issue(
        self,
        program: Program,
        log: NamingHistory,
        subject: str,
        requirement: str,
        *,
        day: date,
        now: datetime,
        days: int,
        over: str = "",
        holder: Mapping[str, str] | None = None,
        names: Names | None = None,
    ) -> Issued:
        """A permit for somebody, decided by their record as known now. Raises NotPermitted with the reasons.

        `names` resolves the register's pseudonyms, where `log` is one of several.
        """
        decision, offset = decide_from_log(program, log, subject, requirement, day=day, days=days, over=over)
        if not decision.holds:
            raise NotPermitted(decision)
        named = names or log
        self.register.hide(named)
        place = self.register.add(decision, over, program.settings.name, offset, now=now, names=named)
        law = Law(program.settings.name, program.fingerprint, offset)
        return _issued(
            issue(self.issuer, decision, law, place, now=now, holder=holder), place, decision, holder is not None
        )

    def status(self, now: datetime) -> tuple[str, int]:
        """The signed status list, and for how many more seconds it is good; signed again once half its time is over."""
        with self._lock:
            path = self.register.folder / "status.jwt"
            left = _seconds_left(path, now)
            if left <= FRESH.total_seconds():
                self.register.publish(now)
                left = _seconds_left(path, now)
            return path.read_text(encoding="ascii").strip(), left


def _issued(token: str, place: int, decision: Decision, bound: bool) -> Issued:
    days = decision.on.isoformat(), decision.until.isoformat()
    codes = tuple(privilege.code for privilege in decision.privileges)
    return Issued(token, place, decision.requirement, *days, codes, bound)


def _seconds_left(path: Path, now: datetime) -> int:
    """For how long a signed list is good; 0 for one that is not there or cannot be read."""
    try:
        claims = jwt.decode(path.read_text(encoding="ascii").strip(), options={"verify_signature": False})
        return max(0, int(claims["exp"] - now.timestamp()))
    except (OSError, jwt.InvalidTokenError, KeyError, TypeError, ValueError):
        return 0
