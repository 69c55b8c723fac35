"""Anchors as signed notes: text that anybody can check who has the signer's public key, and no key of the log.

A note is a checkpoint as transparency logs write them (C2SP tlog-checkpoint and signed-note, Ed25519), so their tools
and witnesses read it. An example, with what each line is:

    rulewright.log/5b0c…               which log
    1204                               how many offsets it has
    47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=     the link of the last event, in base64
    keys 9f2c…                         the key store's identity
    numbers 77                         the highest subject's number
    seal 1b44…                         what only who has the key store can make
    time 2026-11-29T19:30:00Z          when it was signed

    — town-archive 3vQ2hM…             the signer's name; the key's id and the signature, in base64

The private key is a line `PRIVATE+KEY+<name>+<id>+<base64>`, the public one `<name>+<id>+<base64>`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from citizens.errors import AnchorMismatch, Refused
from citizens.sqlite.layout import Anchor

ORIGIN = "rulewright.log/"
_PRIVATE = "PRIVATE+KEY+"
_ED25519 = b"\x01"
_DASH = "— "
_TIME = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key, under the name that its signatures carry."""

    name: str
    key: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes by which a signature names its key."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{_text(_ED25519 + self.key)}"

    @staticmethod
    def parse(text: str) -> Verifier:
        """The key of a line `<name>+<id>+<base64>`. Raises Refused."""
        name, key = _parts(text.strip(), "a public key is `<name>+<id>+<base64>`")
        verifier = Verifier(name, key)
        if text.strip().split("+")[1] != verifier.key_id.hex():
            raise Refused("the public key does not match its id", "copy the whole line again")
        return verifier

    def accepts(self, body: str, signature: bytes) -> bool:
        """Whether this key signed the text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, body.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key, under the name that its signatures carry."""

    name: str
    seed: bytes

    @property
    def verifier(self) -> Verifier:
        """The public key."""
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key()
        return Verifier(self.name, public.public_bytes_raw())

    def to_text(self) -> str:
        """The private key as a line, to be kept where its owner alone can read it."""
        return f"{_PRIVATE}{self.name}+{self.verifier.key_id.hex()}+{_text(_ED25519 + self.seed)}"

    @staticmethod
    def new(name: str) -> Signer:
        """A key made now. Raises Refused unless the name is one word without `+`."""
        if not name or not name.isprintable() or any(letter.isspace() or letter == "+" for letter in name):
            raise Refused("a signer's name is one word without `+`", "write `town-archive`, or a host's name")
        return Signer(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @staticmethod
    def parse(text: str) -> Signer:
        """The key of a line that `to_text` wrote. Raises Refused, never quoting it."""
        remedy = "`rulewright log anchor-key FILE` makes one"
        line = text.strip()
        if not line.startswith(_PRIVATE):
            raise Refused("this is not a private key that signs anchors", remedy)
        name, seed = _parts(line.removeprefix(_PRIVATE), "this is not a private key that signs anchors")
        return Signer(name, seed)

    def sign(self, anchor: Anchor, now: datetime) -> str:
        """The anchor as a note signed now."""
        body = _body(anchor, now)
        signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(body.encode())
        return f"{body}\n{_DASH}{self.name} {_text(self.verifier.key_id + signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A signed anchor as it was read; whoever reads it says whose signature counts."""

    anchor: Anchor
    signed_at: datetime | None
    body: str
    signatures: tuple[tuple[str, bytes, bytes], ...]

    def signed_by(self, verifier: Verifier) -> bool:
        """Whether one of the signatures is of that key."""
        return any(
            (name, key_id) == (verifier.name, verifier.key_id) and verifier.accepts(self.body, signature)
            for name, key_id, signature in self.signatures
        )


def read_note(text: str) -> Note:
    """The note that `Signer.sign` wrote, or the anchor that is one line of JSON. Raises AnchorMismatch."""
    if text.lstrip().startswith("{"):
        return Note(Anchor.from_json(text), None, "", ())
    body, blank, signed = text.partition("\n\n")
    lines = body.split("\n")
    try:
        if not blank or not lines[0].startswith(ORIGIN):
            raise ValueError
        more = dict(line.split(" ", 1) for line in lines[3:])
        link = base64.b64decode(lines[2], validate=True).hex()
        numbers, seal = int(more.get("numbers", "0")), more.get("seal", "")
        log_id = lines[0].removeprefix(ORIGIN)
        anchor = Anchor(log_id, int(lines[1]), link, more.get("keys", ""), numbers, seal)
        at = datetime.strptime(more["time"], _TIME).replace(tzinfo=UTC) if "time" in more else None
        signatures = tuple(_signature(line) for line in signed.splitlines() if line)
    except (ValueError, IndexError, binascii.Error):
        raise AnchorMismatch("the anchor is unreadable", "give the file as it was written") from None
    return Note(anchor, at, body + "\n", signatures)


def _body(anchor: Anchor, now: datetime) -> str:
    lines = [f"{ORIGIN}{anchor.log_id}", str(anchor.offset), _text(bytes.fromhex(anchor.chain))]
    lines += [f"keys {anchor.keys}", f"numbers {anchor.numbers}", f"seal {anchor.seal}"]
    return "\n".join([*lines, f"time {now.astimezone(UTC).strftime(_TIME)}"]) + "\n"


def _signature(line: str) -> tuple[str, bytes, bytes]:
    if not line.startswith(_DASH):
        raise ValueError
    name, encoded = line.removeprefix(_DASH).split(" ")
    raw = base64.b64decode(encoded, validate=True)
    return name, raw[:4], raw[4:]


def _parts(text: str, what: str) -> tuple[str, bytes]:
    """Name and 32 bytes of a key's line."""
    try:
        name, _, encoded = text.split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error):
        raise Refused(what, "give the whole line") from None
    if len(raw) != 33 or raw[:1] != _ED25519 or not name:
        raise Refused(what, "give the whole line")
    return name, raw[1:]


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
