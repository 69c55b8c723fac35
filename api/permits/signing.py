"""Signed parts of a token: JWTs of a stated type, by an elliptic curve key, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from api.permits.keys import ALGORITHM

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey


def signed(key: EllipticCurvePrivateKey, kind: str, claims: Mapping[str, Any], kid: str = "") -> str:
    """The claims as a JWT of that type; `kid` names the key where a verifier has several."""
    import jwt

    header = {"typ": kind, **({"kid": kid} if kid else {})}
    return jwt.encode(dict(claims), key, algorithm=ALGORITHM, headers=header)


def checked(token: str, kind: str, keys: Mapping[str, Any]) -> dict[str, Any]:
    """The claims of a JWT that one of the keys signed, by its name. Raises ValueError with what is wrong."""
    jwk = key_of(token, keys)
    if jwk is None:
        raise ValueError("it is signed by a key that is not among those given")
    return checked_by(token, kind, jwk)


def key_of(token: str, keys: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The key that a JWT names, if it is among those given. Raises ValueError for what is no JWT."""
    return keys.get(str(_header(token).get("kid")))


def checked_by(token: str, kind: str, jwk: Mapping[str, Any]) -> dict[str, Any]:
    """The claims of a JWT that this key signed. Raises ValueError with what is wrong."""
    import jwt

    if _header(token).get("typ") != kind:
        raise ValueError(f"it is no `{kind}`")
    unchecked = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
    try:
        key = jwt.PyJWK({name: jwk[name] for name in ("kty", "crv", "x", "y")}, ALGORITHM)
        claims: dict[str, Any] = jwt.decode(token, key, algorithms=[ALGORITHM], options=unchecked)  # type: ignore[arg-type]
    except (jwt.PyJWTError, KeyError, TypeError, ValueError, RecursionError):
        raise ValueError("the signature does not fit") from None
    return claims


def _header(token: str) -> dict[str, Any]:
    import jwt

    try:
        return jwt.get_unverified_header(token)
    except (jwt.InvalidTokenError, RecursionError):
        raise ValueError("the signature does not fit") from None
