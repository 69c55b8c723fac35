"""Signed anchors: what they say, who can check them, and that nothing else passes for one."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from citizens import Anchor, AnchorMismatch, CitizensError, Refused, Signer, Verifier, read_note

ANCHOR = Anchor("ab" * 16, 1204, "cd" * 32, "0f" * 16, 77, "11" * 32)
NOW = datetime(2026, 11, 29, 19, 30, tzinfo=UTC)


def test_a_signed_anchor_is_read_again_and_checked_with_the_public_line_alone() -> None:
    signer = Signer.parse(Signer.new("archive").to_text())
    note = read_note(signer.sign(ANCHOR, NOW))
    assert (note.anchor, note.signed_at) == (ANCHOR, NOW)
    assert note.signed_by(Verifier.parse(str(signer.verifier)))
    assert not note.signed_by(Signer.new("archive").verifier)
    assert not note.signed_by(replace(signer.verifier, name="other"))


def test_it_is_a_signed_note_as_others_check_it() -> None:
    """Computed by hand from C2SP's signed-note: the key's id, and Ed25519 over the text with its last newline."""
    signer = Signer.new("archive")
    text, _, signature = signer.sign(ANCHOR, NOW).partition("\n\n— archive ")
    raw = base64.b64decode(signature)
    key = base64.b64decode(str(signer.verifier).split("+", 2)[2])
    assert raw[:4] == hashlib.sha256(b"archive\n" + key).digest()[:4]
    Ed25519PublicKey.from_public_bytes(key[1:]).verify(raw[4:], (text + "\n").encode())
    origin, size, link, *_ = text.split("\n")
    assert (origin, size, base64.b64decode(link).hex()) == (f"rulewright.log/{ANCHOR.log_id}", "1204", ANCHOR.chain)


@given(st.data())
def test_no_changed_character_keeps_the_signature(data: st.DataObject) -> None:
    signer = Signer("archive", bytes(range(32)))
    text = signer.sign(ANCHOR, NOW)
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda letter: letter != text[at]))
    try:
        note = read_note(text[:at] + other + text[at + 1 :])
    except CitizensError:
        return
    assert note.anchor == ANCHOR or not note.signed_by(signer.verifier)


def test_a_witness_signs_beside_the_first() -> None:
    first, second = Signer.new("archive"), Signer.new("witness")
    text = first.sign(ANCHOR, NOW) + second.sign(ANCHOR, NOW).partition("\n\n")[2]
    assert read_note(text).signed_by(first.verifier) and read_note(text).signed_by(second.verifier)


@pytest.mark.parametrize(
    "text", ["", "x", "rulewright.log/ab\n1\nAA==\n", "rulewright.log/ab\nx\nAA==\n\n— a b\n", "{}"]
)
def test_what_is_no_anchor_is_refused(text: str) -> None:
    with pytest.raises(AnchorMismatch):
        read_note(text)


@pytest.mark.parametrize("text", ["", "a+b", "a+00000000+AAAA", "PRIVATE+KEY+a+b+c"])
def test_what_is_no_key_is_refused_and_not_quoted(text: str) -> None:
    for parse in (Verifier.parse, Signer.parse):
        with pytest.raises(Refused) as caught:
            parse(text)
        assert not text or text not in str(caught.value)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\nb"])
def test_a_signers_name_is_one_word(name: str) -> None:
    with pytest.raises(Refused):
        Signer.new(name)
