"""A posting's payload in two parts: what the books keep for ever, and the texts that go with the subject's key."""

from __future__ import annotations

from decimal import Decimal
from functools import reduce

from citizens.events import EXACT, Account
from citizens.payload_json import decode_json, encode_json

ERASED_CAUSE = "erased"
"""The cause of a posting whose subject was erased."""


def for_the_books(payload: bytes) -> tuple[bytes, bytes]:
    """A posting's payload in two: what stays in the books for ever, and the texts that go with the subject's key."""
    event_id, movement, period, currency, entries, cause, *others = decode_json(payload)
    kept = [movement, period, currency, entries, *others]
    return encode_json(kept).encode(), encode_json([event_id, cause]).encode()


def owed_by(books: bytes, period: str, currency: str) -> Decimal:
    """By how much what stays of a posting (`for_the_books`) changes what its subject owes for a period."""
    if not books:
        return Decimal(0)
    _, of, currency_of, entries, *_ = decode_json(books)
    if (of, currency_of) != (period, currency):
        return Decimal(0)
    of_subject = [(units, scale) for account, units, scale in entries if account == Account.SUBJECT.value]
    return reduce(EXACT.add, (EXACT.scaleb(Decimal(units), -scale) for units, scale in of_subject), Decimal(0))


def from_the_books(books: bytes, texts: bytes | None) -> bytes:
    """The payload that `for_the_books` was given; without its texts they stand for an erased subject's."""
    event_id, cause = decode_json(texts) if texts is not None else ("", ERASED_CAUSE)
    movement, period, currency, entries, *others = decode_json(books)
    return encode_json([event_id, movement, period, currency, entries, cause, *others]).encode()
