"""Payloads under a subject's key: AES-256-GCM, sealed to their header."""

from __future__ import annotations

import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from citizens.errors import LogDamaged

KEY_BYTES = 32
NONCE_BYTES = 12


def fingerprint(key: bytes) -> str:
    """Names a key without giving it away."""
    return hashlib.sha256(b"rulewright key\0" + key).hexdigest()[:32]


def encrypt(key: bytes, payload: bytes, about: bytes) -> bytes:
    """Nonce and AES-GCM ciphertext. `about` is authenticated with it and must be given again to decrypt.

    The nonce is random and not the offset: after a restore an offset is written again under the same key.
    """
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, payload, about)


def decrypt(key: bytes, stored: bytes, about: bytes) -> bytes:
    """The payload that `encrypt` was given. Raises LogDamaged if anything was changed."""
    try:
        return AESGCM(key).decrypt(stored[:NONCE_BYTES], stored[NONCE_BYTES:], about)
    except (InvalidTag, ValueError):  # the latter where what is stored is too short to be sealed
        raise LogDamaged(
            "a payload does not decrypt under its subject's key", "verify the log and restore it"
        ) from None
