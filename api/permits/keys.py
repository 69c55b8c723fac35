"""The key that signs permits: an elliptic curve key (P-256), private in one file, public as a JWK in another.

The public part is named by its thumbprint (RFC 7638), which a token's header repeats.
"""

from __future__ import annotations

import hashlib
import json
import os
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.failures import Failure, Misuse

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

ALGORITHM = "ES256"
ISSUER = "issuer"
"""Beside a public key: for whom alone it signs, where that is known."""


def base64url(content: bytes) -> str:
    """Base64 as tokens write it: without padding."""
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def make_key(private: Path, public: Path) -> dict[str, Any]:
    """Write a new key in two files that are not there yet; the public part. Raises Failure."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    for path in (private, public):
        if path.exists():
            raise Failure(f"`{path}` is there already", "name a new file: a key that is overwritten is lost")
    key = ec.generate_private_key(ec.SECP256R1())
    told = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    handle = os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(told)
    jwk = public_jwk(key)
    public.write_text(json.dumps(jwk, indent=2) + "\n", encoding="utf-8")
    return jwk


def public_jwk(key: EllipticCurvePrivateKey) -> dict[str, Any]:
    """The public part of a key, as a JWK with its thumbprint."""
    numbers = key.public_key().public_numbers()
    plain = {"crv": "P-256", "kty": "EC", "x": _number(numbers.x), "y": _number(numbers.y)}
    thumbprint = hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()).digest()
    return {**plain, "alg": ALGORITHM, "use": "sig", "kid": base64url(thumbprint)}


def _number(number: int) -> str:
    return base64url(number.to_bytes(32, "big"))


def read_private(path: Path) -> EllipticCurvePrivateKey:
    """The key in a file that `make_key` wrote. Raises Misuse."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    remedy = "`rulewright permit key FILE` makes one"
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except OSError as fault:
        raise Misuse(f"the key `{path}` cannot be read: {(fault.strerror or 'unknown').lower()}", remedy) from None
    except (ValueError, TypeError):
        raise Misuse(f"`{path}` holds no private key", remedy) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Misuse(f"`{path}` holds a key of another kind", remedy)
    return key


def read_public(path: Path) -> dict[str, Any]:
    """The public keys in a file (see `public_keys`). Raises Misuse."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as fault:
        raise Misuse(f"the key `{path}` cannot be read: {(fault.strerror or 'unknown').lower()}") from None
    except UnicodeDecodeError:
        text = ""
    return public_keys(text, f"`{path}`")


def public_keys(text: str, name: str) -> dict[str, Any]:
    """The public keys in a text, by their thumbprints: a JWK, a set of them, or an issuer's metadata, whose keys sign
    for that issuer alone (`ISSUER` beside each). `name` is what a message calls the text. Raises Misuse."""
    try:
        said = json.loads(text)
        listed = said["jwks"] if ISSUER in said else said
        whose = {ISSUER: str(said[ISSUER])} if ISSUER in said else {}
        public = {str(key["kid"]): {**key, **whose} for key in listed.get("keys", [listed])}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Misuse(f"{name} holds no public key", "name the file that `rulewright permit key` wrote") from None
    if any("d" in key for key in public.values()):
        raise Misuse(f"{name} holds a private key, which no verifier may have", "name the file of its public part")
    return public


def read_all_public(paths: Iterable[Path]) -> dict[str, Any]:
    """The public keys in several files, by their thumbprints. Raises Misuse for one that is given of two issuers."""
    keys: dict[str, Any] = {}
    for path in paths:
        for name, key in read_public(path).items():
            before = keys.get(name, {}).get(ISSUER)
            if before is not None and before != key.get(ISSUER, before):
                raise Misuse(f"a key of `{path}` is also one of `{before}`", "give each issuer's metadata as fetched")
            keys[name] = {**keys.get(name, {}), **key}
    return keys
