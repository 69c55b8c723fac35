"""A permit as a verifiable credential in the SD-JWT VC form, and its verification with nothing but public keys.

What everybody sees: who issued it, what kind it is, which requirement holds and for what (`circumstances`: the
category of the vehicle, the mass of its trailer), from when to when, on which law, where its status stands, and the
holder's public key if it is bound to one (`api.permits.holder`). What the holder may keep back is a disclosure each:
whose permit it is, the privileges to drive by ISO 18013-5 categories, and those by the jurisdiction's own classes. A
verifier recomputes the digest of each disclosure that is shown.
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
from api.permits.decision import Decision, Privilege
from api.permits.holder import Challenge, check_proof
from api.permits.keys import ISSUER, base64url, public_jwk
from api.permits.signing import checked, key_of, signed
from api.permits.status_list import VALID, packed, status_at

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

TYPE = "dc+sd-jwt"
STATUS_TYPE = "statuslist+jwt"
KIND = "urn:rulewright:permit:1"
MOST_CHARACTERS = 1_000_000
LEEWAY = timedelta(minutes=5)
"""So far apart clocks may be."""
_SALT_BYTES = 16
_RESERVED = ("_sd", "...")
"""Names that a disclosure may not have (RFC 9901, section 4.2.1)."""


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
    """What a token says, if it is genuine: `problems` is empty. `status` is `valid`, `revoked` or `not checked`;
    `holder` is `proved`, `not proved`, or `anybody` for a permit that is bound to no key."""

    claims: Mapping[str, Any] = field(default_factory=dict)
    disclosed: Mapping[str, Any] = field(default_factory=dict)
    status: str = "not checked"
    holder: str = "anybody"
    problems: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether the permit may be relied on."""
        return not self.problems


def issue(
    issuer: Issuer, decision: Decision, law: Law, index: int, *, now: datetime, holder: Mapping[str, str] | None = None
) -> str:
    """The token of a decision that holds: a signed part, and a disclosure for each thing that may be kept back.
    `holder`: the public key of whoever may show it."""
    disclosures = [_disclosure(name, value) for name, value in _withheld(decision)]
    claims = {
        "iss": issuer.name,
        "iat": int(now.timestamp()),
        "nbf": _moment(decision.on),
        "exp": _moment(decision.until + timedelta(days=1)),
        "vct": KIND,
        "requirement": decision.requirement,
        "label": decision.label,
        **_asked_for(decision),
        "holds": decision.holds,
        "decided_for": decision.on.isoformat(),
        "holds_until": decision.until.isoformat(),
        "law": {"ruleset": law.ruleset, "fingerprint": law.fingerprint, "offset": law.offset},
        "status": {"status_list": {"idx": index, "uri": issuer.status_at}},
        "_sd_alg": "sha-256",
        "_sd": sorted(_digest(disclosure) for disclosure in disclosures),
    }
    bound = {"cnf": {"jwk": dict(holder)}} if holder is not None else {}
    return "~".join([_signed(issuer, TYPE, {**claims, **bound}), *disclosures, ""])


def _asked_for(decision: Decision) -> dict[str, Any]:
    """What a permission was asked for, which nobody may keep back: it holds for nothing else."""
    told = [{"fact": each.fact, "label": each.label, "value": each.value} for each in decision.circumstances]
    return {"circumstances": told} if told else {}


def _withheld(decision: Decision) -> list[tuple[str, Any]]:
    """What the holder may keep back, by name."""
    international = [_privilege(each) for each in decision.privileges if each.is_international]
    domestic = [_domestic(each) for each in decision.privileges if not each.is_international]
    shown: list[tuple[str, Any]] = [("subject", f"{decision.entity}/{decision.instance}")]
    shown += [("driving_privileges", international)] if international else []
    return shown + ([("domestic_driving_privileges", domestic)] if domestic else [])


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
    """The token with some disclosures kept back. Raises Failure for what is not a permit."""
    signed_part, *disclosures = token.strip().split("~")[:-1] or [""]
    try:
        kept = [disclosure for disclosure in disclosures if _opened(disclosure)[0] not in hidden]
    except ValueError:
        signed_part = ""
    if not signed_part:
        raise Failure("this is not a permit", "name a file that `rulewright permit issue` wrote")
    return "~".join([signed_part, *kept, ""])


def verify(
    token: str,
    keys: Mapping[str, Any],
    now: datetime,
    status: str | None = None,
    *,
    challenge: Challenge | None = None,
    needs_holder: bool = True,
    clock: datetime | None = None,
    issuer: str = "",
) -> Verified:
    """Whether a token is genuine, in time, in its holder's hand, and not taken back by the status list beside it.

    No network. `challenge` is what the holder was asked to sign; a permit that is bound to a key and comes without a
    proof is not to be relied on, unless `needs_holder` is false: then only what the issuer said is checked.
    `clock`: the verifier's own, where `now` is read from it: nothing is to be relied on that was signed after it.
    `issuer`: whose permits alone are accepted, by the name that they say; a key of an issuer's metadata signs for that
    issuer alone in any case.
    """
    parts = token.strip().split("~")
    if len(token) > MOST_CHARACTERS or len(parts) < 2 or not token.isascii():
        return Verified(problems=("this is not a permit: it has no `~`, or is too long",))
    try:
        claims = checked(parts[0], TYPE, keys)
        whose = (key_of(parts[0], keys) or {}).get(ISSUER, "")
        disclosed = _disclosed(claims, parts[1:-1])
    except ValueError as fault:
        return Verified(problems=(str(fault),))
    problems = [*_untimely(claims, now), *_of_the_future(claims, clock), *_of_another(claims, whose, issuer)]
    if claims.get("vct") != KIND or claims.get("holds") is not True:
        problems.append("it states no permission")
    holder, unproved = _holder(claims, token.strip(), challenge, now)
    problems += [unproved] if unproved and (needs_holder or (parts[-1] and challenge is not None)) else []
    said, taken_back = _status_or_fault(claims, status, keys, now, clock)
    problems += [taken_back] if taken_back else []
    return Verified(claims, disclosed, said, holder, tuple(problems))


def _holder(claims: Mapping[str, Any], token: str, challenge: Challenge | None, now: datetime) -> tuple[str, str]:
    """In whose hand the permit is, and what is wrong with that."""
    shown, _, proof = token.rpartition("~")
    if "cnf" not in claims:
        return "anybody", "it is bound to no key, and comes with a proof" if proof else ""
    bound = claims["cnf"]
    if not proof:
        return "not proved", "it is bound to a key, and the person who shows it has not proved that they hold that key"
    if challenge is None:
        return (
            "not proved",
            "its proof cannot be told from one that was overheard: say what the holder was asked to sign",
        )
    try:
        check_proof(f"{shown}~", proof, bound.get("jwk") if isinstance(bound, dict) else None, challenge, now)
    except ValueError as fault:
        return "not proved", str(fault)
    return "proved", ""


def _status_or_fault(
    claims: Mapping[str, Any], status: str | None, keys: Mapping[str, Any], now: datetime, clock: datetime | None
) -> tuple[str, str]:
    """The status by the list, and what is wrong: with the list, or that the permit was taken back."""
    if status is None:
        return "not checked", ""
    try:
        said = _status(claims, status, keys, now, clock)
    except ValueError as fault:
        return "not checked", str(fault)
    return said, "it has been revoked" if said == "revoked" else ""


def _status(
    claims: Mapping[str, Any], token: str, keys: Mapping[str, Any], now: datetime, clock: datetime | None
) -> str:
    listed = checked(token.strip(), STATUS_TYPE, keys)
    whose = (key_of(token.strip(), keys) or {}).get(ISSUER, claims.get("iss"))
    if whose != claims.get("iss"):
        raise ValueError(
            f"the status list is signed by a key of `{whose}`, and `{claims.get('iss')}` issued the permit"
        )
    where = _place_in_list(claims)
    if listed.get("sub") != where.get("uri"):
        raise ValueError("the status list is another one than the permit names")
    if not isinstance(listed.get("exp"), int) or now.timestamp() >= listed["exp"]:
        raise ValueError("the status list is too old: fetch it again")
    for fault in _of_the_future(listed, clock):
        raise ValueError(f"the status list: {fault}")
    if type(where.get("idx")) is not int:
        raise ValueError("the permit names no place in a status list")
    return "valid" if status_at(listed.get("status_list"), where["idx"]) == VALID else "revoked"


def _place_in_list(claims: Mapping[str, Any]) -> Mapping[str, Any]:
    status = claims.get("status")
    where = status.get("status_list") if isinstance(status, dict) else None
    return where if isinstance(where, dict) else {}


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


def _of_another(claims: Mapping[str, Any], whose: str, wanted: str) -> list[str]:
    """What is wrong with who issued a permit: its key signs for somebody else, or another issuer was asked for."""
    said, problems = claims.get("iss"), []
    if whose and said != whose:
        problems.append(f"it says that `{said}` issued it, and its key is one of `{whose}`")
    if wanted and said != wanted:
        problems.append(f"`{said}` issued it, and only permits of `{wanted}` are accepted")
    return problems


def _of_the_future(claims: Mapping[str, Any], clock: datetime | None) -> list[str]:
    """What is wrong with a token that was signed later than a clock says it is: that clock, most often."""
    made = claims.get("iat")
    if clock is None or not isinstance(made, int) or made <= (clock + LEEWAY).timestamp():
        return []
    return ["it was signed later than the clock says it is: set the clock"]


# --- signatures and disclosures


def _signed(issuer: Issuer, kind: str, claims: Mapping[str, Any]) -> str:
    return signed(issuer.key, kind, claims, public_jwk(issuer.key)["kid"])


def _disclosure(name: str, value: Any) -> str:
    salt = base64url(secrets.token_bytes(_SALT_BYTES))
    return base64url(json.dumps([salt, name, value], ensure_ascii=False).encode())


def _digest(disclosure: str) -> str:
    return base64url(hashlib.sha256(disclosure.encode("ascii")).digest())


def _opened(disclosure: str) -> tuple[str, Any]:
    try:
        _, name, value = json.loads(urlsafe_b64decode(disclosure + "=" * (-len(disclosure) % 4)))
    except (ValueError, TypeError, RecursionError):
        raise ValueError("a disclosure is not well formed") from None
    if not isinstance(name, str) or name in _RESERVED:
        raise ValueError("a disclosure is not well formed")
    return name, value


def _disclosed(claims: Mapping[str, Any], disclosures: Sequence[str]) -> dict[str, Any]:
    """What the disclosures say, each of which must be one that was signed, once. Nothing else is looked into."""
    digests = claims.get("_sd", [])
    if claims.get("_sd_alg", "sha-256") != "sha-256":
        raise ValueError("its disclosures use a hash that this program does not support")
    if not isinstance(digests, list) or len({str(digest) for digest in digests}) < len(digests):
        raise ValueError("its list of disclosures is not well formed")
    disclosed: dict[str, Any] = {}
    for disclosure in disclosures:
        if _digest(disclosure) not in digests:
            raise ValueError("a disclosure is not one that was signed")
        name, value = _opened(disclosure)
        if name in disclosed or name in claims:
            raise ValueError("a disclosure repeats a claim that is already there")
        disclosed[name] = value
    return disclosed


def _privilege(privilege: Privilege) -> dict[str, str]:
    return {"vehicle_category_code": privilege.code, **_days(privilege)}


def _domestic(privilege: Privilege) -> dict[str, Any]:
    """A class of the jurisdiction's own, as AAMVA's guidelines for mobile licences write it."""
    named = {
        "domestic_vehicle_class_code": privilege.code,
        "domestic_vehicle_class_description": privilege.label,
    }
    return {"domestic_vehicle_class": {**named, **_days(privilege)}}


def _days(privilege: Privilege) -> dict[str, str]:
    return {"issue_date": privilege.first.isoformat(), "expiry_date": privilege.last.isoformat()}


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
        raise Failure("this is not a permit", "name a file that `rulewright permit issue` wrote") from None
