"""Rows of facts, opened and taken apart many at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from citizens.errors import LogDamaged
from citizens.points import Block, Gatherer, Ints
from citizens.sqlite.crypto import DIGEST_BYTES, Rows, headers, unseal
from citizens.sqlite.key_table import KeyTable
from citizens.sqlite.reader import NOT_AS_WRITTEN
from citizens.sqlite.splitting import Split, split
from citizens.stored_values import parse_shape

Row = tuple[Any, ...]
"""offset, recorded_at_us, kind, subject, version, origin, delivery, payload."""
Digests = Mapping[int, bytes]
_Key = tuple[int, str, str]
"""Day, attribute and kind of a change point."""


def take_columns(rows: Sequence[Row], keys: KeyTable, digests: Digests, gatherer: Gatherer) -> bool:
    """Take in rows with facts, whose subjects all have keys. False, and nothing done, if any is not as it should be."""
    try:
        *numbers, deliveries, payloads = zip(*rows, strict=True)
        offsets, recorded, kinds, subjects, versions, origins = (np.array(column, np.int64) for column in numbers)
        if set(map(len, deliveries)) != {DIGEST_BYTES}:
            return False
        heads = headers(
            offsets, recorded, kinds, subjects, versions=versions,
            deliveries=Rows.of(deliveries).data, origins=_of_origins(origins, digests),
        )  # fmt: skip
        plains, well = unseal(keys.keys_of(subjects), Rows.even(heads, len(heads) // len(rows)), Rows.of(payloads))
        parts = split(plains) if well == len(rows) else None
        blocks = _blocks(parts, gatherer.words) if parts is not None else None
    except (KeyError, LogDamaged, OverflowError, *NOT_AS_WRITTEN):
        return False
    if blocks is None:
        return False
    gatherer.take_blocks((offsets, subjects, origins, kinds), blocks)
    return True


def _of_origins(origins: Ints, digests: Digests) -> Any:
    """The digest of each row's origin, end to end."""
    numbers, which = np.unique(origins, return_inverse=True)
    table = np.frombuffer(b"".join(digests[number] for number in numbers.tolist()), np.uint8)
    return table.reshape(len(numbers), -1)[which].reshape(-1)


def _blocks(parts: Split, words: dict[str, int]) -> list[Block] | None:
    """The change points as blocks, one for each day, attribute and kind. None if shapes and values do not fit."""
    distinct, which = _coded(parts.heads)
    keys: dict[_Key, int] = {}
    shapes = [[keys.setdefault(key, len(keys)) for key in _keys(head)] for head in distinct]
    sizes = np.array([len(shape) for shape in shapes], np.int64)
    counts = np.diff(parts.firsts)
    if (counts != sizes[which]).any():
        return None
    flat = np.array([code for shape in shapes for code in shape], np.int64)
    starts = np.cumsum(sizes) - sizes
    of = flat[np.repeat(starts[which] - parts.firsts[:-1], counts) + np.arange(len(parts.values))]
    names = list(keys)
    if not _texts_fit(parts, of, names):
        return None
    values = _with_words(parts, words)
    events = np.repeat(parts.events, counts)
    order = np.argsort(of.astype(np.uint16) if len(keys) < 1 << 16 else of, kind="stable")
    ends = np.cumsum(np.bincount(of, minlength=len(keys)))
    slices = (order[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True))
    return [
        Block(day, ((name, kind),), events[rows], (values[rows],))
        for (day, name, kind), rows in zip(names, slices, strict=True)
    ]


def _keys(head: bytes) -> list[_Key]:
    """What the values behind a day and a shape are of."""
    day, _, shape = head.decode().partition(",")
    return [(int(day), name, kind) for name, kind in parse_shape(json.loads(shape))]


def _texts_fit(parts: Split, of: Ints, names: Sequence[_Key]) -> bool:
    """Whether there are texts where the shapes say so, and nowhere else."""
    is_text = np.zeros(len(of), dtype=np.bool_)
    is_text[parts.text_places] = True
    wanted = np.array([kind == "s" for _, _, kind in names], dtype=np.bool_)
    return bool((wanted[of] == is_text).all())


def _with_words(parts: Split, words: dict[str, int]) -> Ints:
    """The values, texts as numbers into `words`, to which new ones are added."""
    distinct, which = _coded(parts.texts)
    letters = [json.loads(b'"%b"' % text) if b"\\" in text else text.decode() for text in distinct]
    codes = np.array([words.setdefault(word, len(words)) for word in letters], np.int64)
    values = parts.values
    values[parts.text_places] = codes[which]
    return values


def _coded(rows: Rows) -> tuple[list[bytes], Ints]:
    """The different rows, and which of them each is."""
    buffers: list[Any] = [None, pa.py_buffer(rows.ends.data), pa.py_buffer(rows.data.data)]
    coded: Any = pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(rows), buffers).dictionary_encode()
    return coded.dictionary.to_pylist(), coded.indices.to_numpy()
