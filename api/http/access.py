"""Who asks, and what they may: signed tokens of an issuer that we believe, API keys, and a development server's caller.

1. A token is a JWT, signed by an asymmetric key of the configured JWKS file. It must say who issued it, for whom, to
   whom, and until when. Whatever else is wrong with it, the answer is the same 401.
2. Its `scope` names roles. A citizen's `record` is the subject whose record is their own.
3. An API key is 32 random bytes in hex; the file holds `NAME ROLE SHA-256`, so that who reads the file has no key.
4. A citizen sees their own record, and for any other the same 404 as for nobody's. A case worker names a case of theirs
   that is about the citizen, and says why: `Purpose: case/4711 correction of W-2`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
from starlette.requests import Request

from api.failures import Failure
from api.http.config import Access
from api.http.problems import Fault, Refusal
from api.http.service import Service, service_of

CITIZEN, CASE_WORKER, ANALYST, RULE_AUTHOR, OPERATOR = ROLES = (
    *("citizen", "case_worker", "analyst", "rule_author", "operator"),
)
ANYBODY = ROLES
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
REQUIRED = ("exp", "iss", "aud", "sub")
_PURPOSE = re.compile(r"(case/[A-Za-z0-9._~-]{1,100}) (\S.{0,300})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `record` is the subject whose record is a citizen's own. `anybody`: a development server's caller."""

    name: str
    roles: frozenset[str]
    record: str = ""
    anybody: bool = False


DEVELOPER = Caller("developer", frozenset(ROLES), "", anybody=True)


@dataclass(eq=False)
class Keys:
    """The keys that are believed, read again when their files change. Raises Failure for files that cannot be read."""

    access: Access
    _kept: dict[Path, tuple[float, Any]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def caller(self, token: str) -> Caller:
        """Whose token or API key it is. Raises ValueError for one that is not believed."""
        if self.access.api_keys is not None and re.fullmatch(r"[0-9a-f]{64}", token):
            return self._by_key(self.access.api_keys, token)
        try:
            header = jwt.get_unverified_header(token)
            key = self._signing(str(header.get("kid", "")), str(header.get("alg", "")))
            claims = jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm_name],
                audience=self.access.audience,
                issuer=self.access.issuer,
                options={"require": list(REQUIRED)},
            )
        except jwt.PyJWTError as fault:
            raise ValueError from fault
        scope = claims.get("scope", "")
        roles = frozenset(scope.split() if isinstance(scope, str) else ()) & frozenset(ROLES)
        record = claims.get("record", "")
        return Caller(str(claims["sub"])[:200], roles, record if isinstance(record, str) else "")

    def _signing(self, kid: str, algorithm: str) -> Any:
        """The key of that id, for the algorithm that it is for. Raises ValueError."""
        for key in self._read(self.access.jwks, lambda text: jwt.PyJWKSet.from_dict(json.loads(text)).keys):
            if key.key_id == kid and key.algorithm_name == algorithm and algorithm in ALGORITHMS:
                return key
        raise ValueError

    def _by_key(self, path: Path, token: str) -> Caller:
        digest = hashlib.sha256(token.encode()).hexdigest()
        for line in self._read(path, str.splitlines):
            name, role, known = (*line.split(), "", "", "")[:3]
            if hmac.compare_digest(known, digest) and role in ROLES:
                return Caller(name, frozenset({role}))
        raise ValueError

    def _read(self, path: Path, read: Any) -> Any:
        with self._lock:
            try:
                changed = path.stat().st_mtime_ns
                if path not in self._kept or self._kept[path][0] != changed:
                    self._kept[path] = (changed, read(path.read_text(encoding="utf-8")))
            except (OSError, ValueError, jwt.PyJWTError) as fault:
                raise Failure(f"`{path.name}` cannot be read as keys", "see api/http/README.md") from fault
            return self._kept[path][1]


def caller_of(request: Request) -> Caller:
    """Who asks. Raises Refusal (401), always with the same words, for a token that is not believed."""
    service = service_of(request)
    if service.config.access is None:
        return DEVELOPER
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip() if kind.lower() == "bearer" else request.headers.get("x-api-key", "")
    try:
        if not token or len(token) > 8_000:
            raise ValueError
        return _keys(service, service.config.access).caller(token)
    except ValueError:
        raise Refusal("no-token", headers={"WWW-Authenticate": "Bearer"}) from None


def _keys(service: Service, access: Access) -> Keys:
    if service.keys is None:
        service.keys = Keys(access)
    keys: Keys = service.keys
    return keys


def require(request: Request, *roles: str) -> Caller:
    """The caller, who must have one of some roles. Raises Refusal (401, 403)."""
    caller = caller_of(request)
    if caller.roles.isdisjoint(roles):
        listed = " or ".join(f"`{role}`" for role in roles)
        raise Refusal("forbidden", [Fault("", f"this takes the scope {listed}", "ask the operator for it")])
    return caller


@dataclass(frozen=True, slots=True)
class Purpose:
    """Why somebody looks at a record: the case, and a sentence; for one's own record neither."""

    case: str = ""
    why: str = "own record"


def purpose_for(request: Request, caller: Caller, person: str, said: str | None = None) -> Purpose:
    """Why the caller may look at a person's record, as `said` by a form, or else by the header.

    Raises Refusal (403, 404): not found, for whoever may not know.
    """
    text = request.headers.get("purpose", "") if said is None else said
    if caller.anybody:
        return Purpose("", text[:300] or "development")
    if CITIZEN in caller.roles and caller.record == person:
        return Purpose()
    if CASE_WORKER not in caller.roles:
        raise Refusal("not-found" if CITIZEN in caller.roles else "forbidden")
    stated = _PURPOSE.fullmatch(text)
    if stated is None:
        raise Refusal("no-purpose")
    return Purpose(stated[1], stated[2])


def check_case(service: Service, caller: Caller, purpose: Purpose, person: str) -> None:
    """Raise Refusal (404) unless the case is about the person, and the caller works on it."""
    if not purpose.case:
        return
    assert service.population is not None
    facts = service.population.log_of(purpose.case).timeline(purpose.case).at(datetime.now(UTC).date())
    workers = facts.get("workers")
    if facts.get("citizen") != person or not isinstance(workers, str) or caller.name not in workers.split():
        raise Refusal("not-found")
