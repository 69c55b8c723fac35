"""A permit as a verifiable credential in the SD-JWT VC form, and its verification with nothing but public keys.

What everybody sees: who issued it, what kind it is, which requirement holds, from when to when, on which law, and where
its status stands. What the holder may keep back is a disclosure each: whose permit it is, and each privilege to drive
(ISO 18013-5 categories). A verifier recomputes the digest of each disclosure that is shown.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from api.failures import Failure
from api.permits.decision import Decision
from api.permits.keys import ALGORITHM, base64url, public_jwk
from api.permits.status_list import VALID, packed, status_at

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

TYPE = "dc+sd-jwt"
STATUS_TYPE = "statuslist+jwt"
KIND = "urn:rulewright:permit:1"
MOST_CHARACTERS = 1_000_000
_SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs: a name or address, the key, and where the status list is to be had."""

    name: str
    key: EllipticCurvePrivateKey
    status_at: str


@dataclass(frozen=True, slots=True)
class Law:
    """What a decision rests on: the rules by their fingerprint, and how far a log was read."""

    ruleset: str
    fingerprint: str
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """What a token says, if it is genuine: `problems` is empty. `status` is `valid`, `revoked` or `not checked`."""

    claims: Mapping[str, Any] = field(default_factory=dict)
    disclosed: Mapping[str, Any] = field(default_factory=dict)
    status: str = "not checked"
    problems: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether the permit may be relied on."""
        return not self.problems


def issue(issuer: Issuer, decision: Decision, law: Law, index: int, now: datetime) -> str:
    """The token of a decision that holds: a signed part, and a disclosure for each thing that may be kept back."""
    subject = f"{decision.entity}/{decision.instance}"
    shown: list[tuple[str, Any]] = [("subject", subject)]
    shown += [("driving_privileges", [_privilege(one) for one in decision.privileges])] if decision.privileges else []
    disclosures = [_disclosure(name, value) for name, value in shown]
    claims = {
        "iss": issuer.name,
        "iat": int(now.timestamp()),
        "nbf": _moment(decision.on),
        "exp": _moment(decision.until + timedelta(days=1)),
        "vct": KIND,
        "requirement": decision.requirement,
        "label": decision.label,
        "holds": decision.holds,
        "decided_for": decision.on.isoformat(),
        "holds_until": decision.until.isoformat(),
        "law": {"ruleset": law.ruleset, "fingerprint": law.fingerprint, "offset": law.offset},
        "status": {"status_list": {"idx": index, "uri": issuer.status_at}},
        "_sd_alg": "sha-256",
        "_sd": sorted(_digest(one) for one in disclosures),
    }
    return "~".join([_signed(issuer, TYPE, claims), *disclosures, ""])


def status_token(issuer: Issuer, revoked: Sequence[int], now: datetime, lifetime: timedelta) -> str:
    """The signed status list, good until it is made again."""
    claims = {
        "sub": issuer.status_at,
        "iat": int(now.timestamp()),
        "exp": int((now + lifetime).timestamp()),
        "ttl": int(lifetime.total_seconds()),
        "status_list": packed(revoked),
    }
    return _signed(issuer, STATUS_TYPE, claims)


def without(token: str, hidden: Sequence[str]) -> str:
    """The token with some disclosures kept back."""
    signed, *disclosures = token.strip().split("~")[:-1]
    kept = [one for one in disclosures if _opened(one)[0] not in hidden]
    return "~".join([signed, *kept, ""])


def verify(token: str, keys: Mapping[str, Any], now: datetime, status: str | None = None) -> Verified:
    """Whether a token is genuine, in time, and not taken back by the status list beside it. No network."""
    parts = token.strip().split("~")
    if len(token) > MOST_CHARACTERS or len(parts) < 2 or parts[-1]:
        return Verified(problems=("this is no permit: it does not end in `~`, or is too long",))
    try:
        claims = _checked(parts[0], TYPE, keys)
        disclosed = _disclosed(claims, parts[1:-1])
    except ValueError as fault:
        return Verified(problems=(str(fault),))
    problems = _untimely(claims, now)
    if claims.get("vct") != KIND or claims.get("holds") is not True:
        problems.append("it states no permission")
    said = "not checked"
    if status is not None:
        try:
            said = _status(claims, status, keys, now)
        except ValueError as fault:
            problems.append(str(fault))
    if said == "revoked":
        problems.append("it has been revoked")
    return Verified(claims, disclosed, said, tuple(problems))


def _status(claims: Mapping[str, Any], token: str, keys: Mapping[str, Any], now: datetime) -> str:
    listed = _checked(token.strip(), STATUS_TYPE, keys)
    where = claims.get("status", {}).get("status_list", {})
    if listed.get("sub") != where.get("uri"):
        raise ValueError("the status list is another one than the permit names")
    if not isinstance(listed.get("exp"), int) or now.timestamp() >= listed["exp"]:
        raise ValueError("the status list is too old: fetch it anew")
    if not isinstance(where.get("idx"), int):
        raise ValueError("the permit names no place in a status list")
    return "valid" if status_at(listed.get("status_list"), where["idx"]) == VALID else "revoked"


def _untimely(claims: Mapping[str, Any], now: datetime) -> list[str]:
    problems = []
    first, end = claims.get("nbf"), claims.get("exp")
    if not isinstance(first, int) or not isinstance(end, int):
        return ["it does not say from when to when it holds"]
    if now.timestamp() < first:
        problems.append(f"it holds from {claims.get('decided_for')} on")
    if now.timestamp() >= end:
        problems.append(f"it held until {claims.get('holds_until')}")
    return problems


# --- signatures and disclosures


def _signed(issuer: Issuer, kind: str, claims: Mapping[str, Any]) -> str:
    import jwt

    header = {"typ": kind, "kid": public_jwk(issuer.key)["kid"]}
    return jwt.encode(dict(claims), issuer.key, algorithm=ALGORITHM, headers=header)


def _checked(token: str, kind: str, keys: Mapping[str, Any]) -> dict[str, Any]:
    """The claims of a signed part. Raises ValueError with what is wrong."""
    import jwt

    try:
        header = jwt.get_unverified_header(token)
        jwk = keys.get(str(header.get("kid")))
        if jwk is None:
            raise ValueError("it is signed by a key that is not among those given")
        if header.get("typ") != kind:
            raise ValueError(f"it is no `{kind}`")
        key = jwt.PyJWK({name: jwk[name] for name in ("kty", "crv", "x", "y")}, ALGORITHM)
        unchecked = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
        claims: dict[str, Any] = jwt.decode(token, key, algorithms=[ALGORITHM], options=unchecked)  # type: ignore[arg-type]
    except (jwt.InvalidTokenError, jwt.PyJWKError, KeyError, TypeError):
        raise ValueError("the signature does not fit") from None
    return claims


def _disclosure(name: str, value: Any) -> str:
    salt = base64url(secrets.token_bytes(_SALT_BYTES))
    return base64url(json.dumps([salt, name, value], ensure_ascii=False).encode())


def _digest(disclosure: str) -> str:
    return base64url(hashlib.sha256(disclosure.encode("ascii")).digest())


def _opened(disclosure: str) -> tuple[str, Any]:
    try:
        _, name, value = json.loads(urlsafe_b64decode(disclosure + "=" * (-len(disclosure) % 4)))
    except (ValueError, TypeError):
        raise ValueError("a disclosure is not well formed") from None
    return str(name), value


def _disclosed(claims: Mapping[str, Any], disclosures: Sequence[str]) -> dict[str, Any]:
    """What the disclosures say, each of which must be one that was signed, once."""
    digests = claims.get("_sd", [])
    found: dict[str, Any] = {}
    for one in disclosures:
        name, value = _opened(one)
        if not one.isascii() or _digest(one) not in digests or name in found or name in claims:
            raise ValueError("a disclosure is none that was signed")
        found[name] = value
    return found


def _privilege(one: Any) -> dict[str, str]:
    return {
        "vehicle_category_code": one.code,
        "issue_date": one.first.isoformat(),
        "expiry_date": one.last.isoformat(),
    }


def _moment(day: date) -> int:
    """The first moment of a day, in universal time."""
    return int(datetime.combine(day, time(), UTC).timestamp())


def unverified_index(token: str) -> int:
    """The place of a permit in its status list, as it says itself. Raises Failure."""
    import jwt

    try:
        claims = jwt.decode(token.partition("~")[0], options={"verify_signature": False})
        return int(claims["status"]["status_list"]["idx"])
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError):
        raise Failure("this is no permit", "name a file that `rulewright permit issue` wrote") from None
