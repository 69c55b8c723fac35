"""First assessments appended as columns: checked, sealed and chained without a Python object for each.

1. Everybody whose facts were used must still be who the columns say, and not be erased; nothing may have been delivered
   before. Otherwise the columns are not taken, and the drafts go their ordinary way, which finds what is wrong.
2. The events are put in order: each line's assessment, then its postings. Odd lines are encoded one by one, and take
   their places among the others.
3. Payloads are sealed, postings in their two parts, and all events chained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from citizens import codec
from citizens.assessments import FirstAssessments, Subjects
from citizens.book_entries import for_the_books
from citizens.events import Assessment, check_draft
from citizens.kinds import ASSESSMENT, POSTING, kind_of
from citizens.log import Receipt
from citizens.points import Ints
from citizens.sqlite.assessment_cells import are_plain, assessment_payloads, posting_payloads
from citizens.sqlite.chained import Chained, is_any_delivered
from citizens.sqlite.cipher import KEY_BYTES
from citizens.sqlite.crypto import MANY, Bytes, Rows, headers, links, macs, seal
from citizens.sqlite.reader import Reader, Tip
from citizens.stored_values import Names

MAX_PAYLOAD_BYTES = 1_000_000
_NOTHING = pa.scalar(b"", pa.large_binary())


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """The events of first assessments, and whose facts they used: pairs of a subject's number and an offset."""

    events: Chained
    uses: Ints

    def receipts(self) -> list[Receipt]:
        """Where each event stands."""
        offsets = range(self.events.first, self.events.tip.offset + 1)
        return [
            Receipt(offset, version, duplicate=False)
            for offset, version in zip(offsets, self.events.versions.tolist(), strict=True)
        ]


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """Events before they are sealed, in any order: of which line, which of its line, of which kind, under which id (an
    Arrow array), and the payload, a posting's in two parts."""

    lines: Ints
    places: Ints
    kinds: Ints
    event_ids: Any
    payloads: Sequence[Any]

    @classmethod
    def together(cls, pieces: Sequence[_Drawn]) -> _Drawn:
        """All of several."""
        lines, places, kinds = (
            np.concatenate(columns)
            for columns in zip(*((piece.lines, piece.places, piece.kinds) for piece in pieces), strict=True)
        )
        payloads = [pa.concat_arrays(column) for column in zip(*(piece.payloads for piece in pieces), strict=True)]
        return cls(lines, places, kinds, pa.concat_arrays([piece.event_ids for piece in pieces]), payloads)


@dataclass(frozen=True, slots=True, eq=False)
class _InOrder:
    """All events in order: `order` says as which of those drawn each was drawn, of two kinds one after the other."""

    lines: Ints
    places: Ints
    kinds: Ints
    event_ids: Any
    order: Ints

    @classmethod
    def of(cls, others: _Drawn, posted: _Drawn) -> _InOrder:
        """Each line's assessment and postings, line by line."""
        drawn = zip(
            (others.lines, others.places, others.kinds), (posted.lines, posted.places, posted.kinds), strict=True
        )
        lines, places, kinds = (np.concatenate(pair) for pair in drawn)
        order = np.lexsort((places, lines))
        event_ids = pa.concat_arrays([others.event_ids, posted.event_ids]).take(pa.array(order))
        return cls(lines[order], places[order], kinds[order], event_ids, order)

    def as_drawn(self, rows: Bytes) -> Bytes:
        """What is of each event in order (a line each), as the events were drawn."""
        drawn = np.empty_like(rows)
        drawn[self.order] = rows
        return drawn


def take(reader: Reader, of: FirstAssessments, tip: Tip, digest: bytes, names: Names) -> Taken | None:
    """The events of first assessments behind `tip`, under an origin with that digest; None if they must be planned one
    by one. `names` give the numbers of subjects that odd lines name."""
    keys = _keys_of(reader, of)
    if keys is None:
        return None
    odd, odd_uses = _odd(of, names)
    others, posted = (_Drawn.together(pieces) for pieces in ((_plain(of), odd[0]), (*_postings(of), odd[1])))
    if _longest(others, posted) > MAX_PAYLOAD_BYTES:
        return None
    events = _InOrder.of(others, posted)
    numbers = of.subjects.numbers[events.lines]
    deliveries = _deliveries(reader.keys.pepper, of.common.origin.source, numbers, events.event_ids)
    if is_any_delivered(reader.connection, deliveries):
        return None
    versions = _versions(reader, of.subjects)[events.lines] + 1 + events.places
    offsets = tip.offset + 1 + np.arange(len(numbers), dtype=np.int64)
    heads = headers(
        offsets, tip.recorded_at_us, events.kinds, numbers,
        versions=versions, deliveries=deliveries, origins=np.frombuffer(digest, np.uint8),
    )  # fmt: skip
    told = events.as_drawn(heads.reshape(len(numbers), -1))
    stored = _stored(reader.keys.books, keys.reshape(-1, KEY_BYTES), told, others, posted)
    stored = Rows.of_arrow(stored.take(pa.array(events.order)))
    chained = Chained(
        tip.offset + 1, tip.recorded_at_us, events.kinds, numbers,
        versions=versions, deliveries=deliveries, stored=stored, links=links(tip.link, heads, stored),
    )  # fmt: skip
    offset_of = np.zeros(len(of.subjects), np.int64)
    offset_of[events.lines[events.places == 0]] = offsets[events.places == 0]
    return Taken(chained, _uses(of, offset_of, odd_uses))


def _keys_of(reader: Reader, of: FirstAssessments) -> Bytes | None:
    """The keys of the assessed subjects; None unless all is as `take` needs it."""
    if len(of.subjects) < MANY or reader.is_migrated():
        return None
    keys: Bytes | None = None
    for used in reversed(of.used):
        subjects = used.subjects
        if not len(subjects):
            continue
        keys = reader.keys.keys_of(subjects.entity, subjects.numbers, subjects.ids) if are_plain(subjects.ids) else None
        if keys is None:
            return None
    return keys


def _plain(of: FirstAssessments) -> _Drawn:
    """The assessments of the lines that are not odd."""
    lines = np.flatnonzero(of.plain)
    pick = pa.array(of.plain)
    kinds = np.full(len(lines), ASSESSMENT, np.int64)
    return _Drawn(lines, np.zeros_like(lines), kinds, of.event_ids.filter(pick), [assessment_payloads(of).filter(pick)])


def _postings(of: FirstAssessments) -> list[_Drawn]:
    """The postings of the lines that are not odd: each line's in their order, numbered from 1."""
    drawn, counts = [], np.zeros(len(of.subjects), np.int64)
    for posting in of.postings:
        lines = np.flatnonzero(of.plain & (posting.amounts != 0))
        counts[lines] += 1
        places, causes = counts[lines], of.event_ids.take(pa.array(lines))
        event_ids = pc.binary_join_element_wise(pa.array(places).cast(pa.string()), causes, "#")
        payloads = posting_payloads(posting, of.common, lines, causes, event_ids)
        drawn.append(_Drawn(lines, places, np.full(len(lines), POSTING, np.int64), event_ids, payloads))
    return drawn


def _odd(of: FirstAssessments, names: Names) -> tuple[list[_Drawn], list[tuple[int, int]]]:
    """The drafts of odd lines, those that are no postings first; and whose facts they used: pairs of a number and a
    line. Raises InvalidEvent for a draft that no log takes."""
    others, posted, uses = list[tuple[Any, ...]](), list[tuple[Any, ...]](), list[tuple[int, int]]()
    for line, drafts in of.odd.items():
        for place, draft in enumerate(drafts):
            check_draft(draft)
            kind, payload = kind_of(draft.body), codec.encode(draft.body, draft.event_id, names)
            if isinstance(draft.body, Assessment):
                uses += [(number, line) for number in {names.number(use.subject) for use in draft.body.used}]
            told = (line, place, kind, draft.event_id)
            if kind == POSTING:
                posted.append((*told, *(part.decode() for part in for_the_books(payload))))
            else:
                others.append((*told, payload.decode()))
    return [_of_rows(others, 1), _of_rows(posted, 2)], uses


def _of_rows(rows: Sequence[tuple[Any, ...]], parts: int) -> _Drawn:
    columns = list(zip(*rows, strict=True)) if rows else [()] * (4 + parts)
    lines, places, kinds = (np.array(column, np.int64) for column in columns[:3])
    event_ids, *payloads = (pa.array(column, pa.string()) for column in columns[3:])
    return _Drawn(lines, places, kinds, event_ids, payloads)


def _longest(others: _Drawn, posted: _Drawn) -> int:
    """The bytes of the longest payload, or some more."""
    lengths = [pc.max(pc.binary_length(part)).as_py() or 0 for part in (*others.payloads, *posted.payloads)]
    return lengths[0] if len(lengths) == 1 else max(lengths[0], sum(lengths[1:]))


def _deliveries(pepper: bytes, source: str, numbers: Ints, event_ids: Any) -> Bytes:
    """What stands for each event (`SealedStore.delivery`, of what this program made itself)."""
    whose = Rows.even(numbers.astype(">u8").view(np.uint8), 8).to_arrow()
    source_text = pa.scalar(f"{source}\0".encode(), pa.large_binary())
    texts = pc.binary_join_element_wise(whose, source_text, event_ids.cast(pa.large_binary()), _NOTHING)
    return macs(pepper, Rows.of_arrow(texts), b"own")


def _versions(reader: Reader, subjects: Subjects) -> Ints:
    """How many events have been recorded for each subject."""
    known = reader.versions(subjects.numbers.tolist())
    return np.array([known[number] for number in subjects.numbers.tolist()], np.int64)


def _stored(books: bytes, keys: Bytes, heads: Bytes, others: _Drawn, posted: _Drawn) -> Any:
    """The payloads as `seal_payload` stores them, as an Arrow array, in the order in which the events were drawn, as
    are their `heads`. `keys` are of the lines."""
    first = len(others.lines)
    plain = _sealed(keys[others.lines].reshape(-1), heads[:first], others.payloads[0]).to_arrow()
    kept = _sealed(books, heads[first:], posted.payloads[0])
    texts = _sealed(keys[posted.lines].reshape(-1), heads[first:], posted.payloads[1]).to_arrow()
    lengths = Rows.even(np.diff(kept.ends).astype(">u4").view(np.uint8), 4).to_arrow()
    in_parts = pc.binary_join_element_wise(lengths, kept.to_arrow(), texts, _NOTHING)
    return pa.concat_arrays([plain, in_parts])


def _sealed(keys: Bytes | bytes, heads: Bytes, payloads: Any) -> Rows:
    return seal(keys, Rows.even(heads.reshape(-1), heads.shape[1]), Rows.of_arrow(payloads))


def _uses(of: FirstAssessments, offsets: Ints, odd: Sequence[tuple[int, int]]) -> Ints:
    """Pairs of a subject's number and the offset of the assessment that used its facts. `offsets` are of each line."""
    pairs = []
    for used in of.used:
        at = np.repeat(np.arange(len(offsets)), used.counts)
        pairs.append(np.stack([used.subjects.numbers, offsets[at]], axis=1)[of.plain[at]])
    numbers, lines = np.array(odd, np.int64).reshape(-1, 2).T
    return np.concatenate([*pairs, np.stack([numbers, offsets[lines]], axis=1)])
