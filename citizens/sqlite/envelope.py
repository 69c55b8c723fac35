"""The key store's own key, wrapped under a key-encryption key that lies elsewhere.

The key-encryption key is 32 bytes, written as 64 hexadecimal digits or as base64. Where it comes from, its source says:

    file:/run/secrets/kek     a file that its owner alone may read
    env:KEK                   a variable of the environment
    command:kms-unwrap …      what a command prints, so that a KMS or an HSM can hold it

Only the store's key is wrapped under it, so changing it rewrites 60 bytes: no subject's key and no event. A key store
that is not wrapped holds its key in the clear.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import shlex
import subprocess
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from citizens.errors import LogDamaged, Refused
from citizens.sqlite.durable import require_private

KEK_BYTES, NONCE_BYTES = 32, 12
PATIENCE_SECONDS = 60
_ABOUT = b"rulewright store key"
_HEX = re.compile(r"[0-9a-fA-F]{64}")


def wrap(store_key: bytes, kek: bytes | None) -> bytes:
    """The store's key as it is kept: wrapped, or without a key-encryption key as it is."""
    if kek is None:
        return store_key
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(kek).encrypt(nonce, store_key, _ABOUT)


def unwrap(stored: bytes, kek: bytes | None) -> bytes:
    """The store's key. Raises Refused if it is wrapped and `kek` is none, or not the one."""
    if len(stored) == KEK_BYTES:
        return stored
    if len(stored) != NONCE_BYTES + KEK_BYTES + 16:
        raise LogDamaged("the key store's own key is damaged", "restore the key store")
    if kek is None:
        raise Refused("the key store is wrapped under a key-encryption key", "set RULEWRIGHT_KEK to where it is")
    try:
        return AESGCM(kek).decrypt(stored[:NONCE_BYTES], stored[NONCE_BYTES:], _ABOUT)
    except InvalidTag:
        raise Refused(
            "this is not the key-encryption key that the key store is wrapped under", "give that one"
        ) from None


def read_kek(source: str) -> bytes:
    """The key-encryption key that a source names. Raises Refused, never quoting what was read."""
    return _bytes_of(read_secret(source, "the key-encryption key"), source.partition(":")[0])


def read_secret(source: str, what: str) -> str:
    """The text of a secret, which `what` names, from where a source says. Raises Refused, never quoting it."""
    kind, colon, rest = source.partition(":")
    match kind if colon and rest else "":
        case "file":
            require_private(Path(rest), create=False)
            try:
                text = Path(rest).read_text()
            except (OSError, UnicodeDecodeError):
                raise Refused(f"{what} `{rest}` cannot be read", "check the path and its rights") from None
        case "env":
            text = os.environ.get(rest, "")
            if not text:
                raise Refused(f"{what} is to be in the variable `{rest}`, which is not set", "set it, or name another")
        case "command":
            text = _printed(rest, what)
        case _:
            raise Refused(f"it is not clear where {what} is", "write `file:PATH`, `env:NAME` or `command:…`")
    return text.strip()


def _printed(command: str, what: str) -> str:
    try:
        done = subprocess.run(
            shlex.split(command), capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        raise Refused(f"the command for {what} cannot be run", "check it by itself") from None
    if done.returncode:
        raise Refused(f"the command for {what} ended with {done.returncode}", "run it by itself")
    return done.stdout


def _bytes_of(text: str, kind: str) -> bytes:
    try:
        key = bytes.fromhex(text) if _HEX.fullmatch(text) else base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEK_BYTES:
        raise Refused(f"the key-encryption key of the {kind} is not 32 bytes", "write 64 hexadecimal digits, or base64")
    return key
