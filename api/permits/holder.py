"""Whose hand a permit is in: it names the holder's public key, and who shows it proves to have the private one.

The proof is the key-binding JWT of SD-JWT (RFC 9901): it repeats the verifier's nonce and name, and a digest of
exactly what is shown, so that it serves once, for one verifier, and for no other disclosures.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from api.failures import Misuse
from api.permits.keys import base64url
from api.permits.signing import checked_by, signed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

PROOF_TYPE = "kb+jwt"
FRESH = timedelta(minutes=5)
_PUBLIC = ("kty", "crv", "x", "y")


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a verifier asks the holder to sign: a nonce of this one check, and the verifier's name."""

    nonce: str
    audience: str


def holder_key(said: object) -> dict[str, str]:
    """The public key of a holder, nothing else of what was said. Raises Misuse for one that is none, or private."""
    import jwt

    remedy = 'give the public part as a JWK: `{"kty": "EC", "crv": "P-256", "x": …, "y": …}`'
    if not isinstance(said, Mapping) or said.get("kty") != "EC" or said.get("crv") != "P-256":
        raise Misuse("the holder's key is not an elliptic curve key on P-256", remedy)
    if "d" in said:
        raise Misuse("the holder's key is a private one, which nobody else may have", remedy)
    try:
        jwt.PyJWK({name: said[name] for name in _PUBLIC}, "ES256")
    except (jwt.PyJWKError, jwt.InvalidKeyError, KeyError, TypeError, ValueError):
        raise Misuse("the holder's key is not a point on its curve", remedy) from None
    return {name: str(said[name]) for name in _PUBLIC}


def read_holder_key(path: Path) -> dict[str, str]:
    """The holder's public key in a file. Raises Misuse."""
    try:
        return holder_key(json.loads(path.read_text(encoding="utf-8")))
    except OSError as fault:
        raise Misuse(f"the key `{path}` cannot be read: {(fault.strerror or 'unknown').lower()}") from None
    except ValueError:
        raise Misuse(f"`{path}` holds no public key", "name a file that `rulewright permit key` wrote") from None


def with_proof(shown: str, key: EllipticCurvePrivateKey, challenge: Challenge, now: datetime) -> str:
    """What is shown of a permit, with the proof that whoever shows it has the key."""
    claims = {
        "iat": int(now.timestamp()),
        "aud": challenge.audience,
        "nonce": challenge.nonce,
        "sd_hash": _digest(shown),
    }
    return shown + signed(key, PROOF_TYPE, claims)


def check_proof(shown: str, proof: str, jwk: object, challenge: Challenge | None, now: datetime) -> None:
    """Raise ValueError unless the proof is of this key, of what is shown, fresh, and answers the challenge."""
    try:
        claims = checked_by(proof, PROOF_TYPE, jwk if isinstance(jwk, Mapping) else {})
    except ValueError as fault:
        raise ValueError(f"the holder's proof: {fault}") from None
    made = claims.get("iat")
    if claims.get("sd_hash") != _digest(shown):
        raise ValueError("the holder's proof is for something other than what is shown")
    if not isinstance(made, int) or abs(now.timestamp() - made) > FRESH.total_seconds():
        raise ValueError("the holder's proof is not current: ask for a new one")
    if challenge is not None and (claims.get("nonce"), claims.get("aud")) != (challenge.nonce, challenge.audience):
        raise ValueError("the holder's proof answers another challenge")


def _digest(shown: str) -> str:
    return base64url(hashlib.sha256(shown.encode("ascii")).digest())
