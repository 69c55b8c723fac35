"""Payloads taken apart by machine code are what the JSON parser makes of them; what is written otherwise is left."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import apsw
import numpy as np
import pytest

from citizens import LogDamaged, codec
from citizens.points import Gatherer, Groups, Heads, Scan, put
from citizens.sqlite import scan as scanning
from citizens.sqlite.crypto import Rows
from citizens.sqlite.scan import scan
from citizens.sqlite.splitting import split
from tests.citizens.histories import DAY, fresh, wages

WORDS = ("", "head", 'say "so"', "back\\slash", "\\", '"', "a,b", "]]", "[[1", "Ωμ", "null")
KINDS = "nbidstx"


def payload(drawn: random.Random) -> bytes:
    groups = [group(drawn) for _ in range(drawn.choice([0, 1, 1, 1, 2, 5]))]
    fields = [groups, *(["a reason, of ]]] them"] if drawn.random() < 0.3 else [])]
    return codec.encode_fields(drawn.choice(WORDS), fields)


def group(drawn: random.Random) -> list[Any]:
    kinds = [drawn.choice(KINDS) for _ in range(drawn.randrange(1, 6))]
    shape = " ".join(f"a{place}:{kind}" for place, kind in enumerate(kinds))
    return [drawn.randrange(-20_000, 30_000), shape, [value(drawn, kind) for kind in kinds]]


def value(drawn: random.Random, kind: str) -> Any:
    simple = {"n": None, "b": drawn.random() < 0.5, "s": drawn.choice(WORDS), "x": 0}
    return simple[kind] if kind in simple else drawn.choice([0, -1, 10**18 - 1, 1 - 10**18, drawn.randrange(10**6)])


@pytest.mark.parametrize("seed", range(40))
def test_parts_are_those_of_the_parser(seed: int) -> None:
    drawn = random.Random(seed)
    payloads = [payload(drawn) for _ in range(60)]
    parts = split(Rows.of(payloads))
    assert parts is not None
    texts = [json.loads(b'"%b"' % text) for text in parts.texts]
    values: list[Any] = parts.values.tolist()
    for place in parts.text_places.tolist():
        values[place] = texts[values[place]]
    ends = parts.firsts.tolist()
    made = [
        (event, json.loads(b"[%b]" % head), values[start:end])
        for event, head, start, end in zip(parts.events.tolist(), parts.heads, ends, ends[1:], strict=False)
    ]
    expected = [
        (event, [day, shape], [stored or 0 if not isinstance(stored, str) else stored for stored in of])
        for event, text in enumerate(payloads)
        for day, shape, of in json.loads(text)[1]
    ]
    assert made == expected


@pytest.mark.parametrize("seed", range(20))
def test_what_is_cut_off_or_changed_is_never_read_as_something_else(seed: int) -> None:
    """Never a crash; what is taken apart after all is what the parser reads there."""
    drawn = random.Random(seed)
    for _ in range(200):
        text = bytearray(payload(drawn))
        if drawn.random() < 0.5:
            del text[drawn.randrange(len(text)) :]
        else:
            text[drawn.randrange(len(text))] = drawn.choice(b'[]",\\0-nt.')
        parts = split(Rows.of([bytes(text), payload(drawn)]))
        assert parts is None or len(parts.firsts) == len(parts.events) + 1


def row_by_row(payloads: list[bytes]) -> Scan:
    heads, groups, gatherer = Heads(), Groups(), Gatherer()
    for offset, text in enumerate(payloads, 1):
        put(groups, heads.add(offset, offset, 1, 1), json.loads(text)[1])
    gatherer.take(heads, groups)
    return gatherer.scan()


def points_of(scanned: Scan) -> list[tuple[Any, ...]]:
    return sorted(
        (int(event), block.day, name, kind, scanned.words[number] if kind == "s" else int(number))
        for block in scanned.blocks
        for (name, kind), column in zip(block.shape, block.values, strict=True)
        for event, number in zip(block.events, column, strict=True)
    )


@pytest.mark.parametrize("seed", range(10))
def test_blocks_hold_what_rows_one_by_one_hold(seed: int) -> None:
    from citizens.sqlite.scan_columns import _blocks

    drawn = random.Random(seed)
    payloads = [payload(drawn) for _ in range(60)]
    gatherer, parts = Gatherer(), split(Rows.of(payloads))
    assert parts is not None
    blocks = _blocks(parts, gatherer.words)
    assert blocks is not None
    offsets = np.arange(1, len(payloads) + 1, dtype=np.int64)
    gatherer.take_blocks((offsets, offsets, offsets, offsets), blocks)
    assert points_of(gatherer.scan()) == points_of(row_by_row(payloads))


@pytest.mark.parametrize("statement", [
    "UPDATE events SET payload = zeroblob(20) WHERE offset = 7",
    "UPDATE events SET payload = CAST(substr(payload, 1, length(payload) - 1) || x'00' AS BLOB) WHERE offset = 7",
    "UPDATE events SET version = 9 WHERE offset = 7",
    "UPDATE events SET delivery = x'00' WHERE offset = 7",
    "UPDATE events SET origin = 99 WHERE offset = 7",
])  # fmt: skip
@pytest.mark.parametrize("stretch", [3, 50_000])
def test_a_changed_row_is_named_among_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statement: str, stretch: int
) -> None:
    monkeypatch.setattr(scanning, "STRETCH", stretch)
    monkeypatch.setattr(scanning, "MANY", 1)
    with fresh(tmp_path / "log") as log:
        log.append([wages(f"person/{number}", "1", f"{number}") for number in range(10)])
        path = log.layout.events_path()
        assert len(log.snapshot(DAY).tables["person"]) == 10
    connection = apsw.Connection(str(path))
    connection.execute(statement)
    connection.close()
    from citizens.sqlite.connections import SHIPPED, connect
    from citizens.sqlite.keys import KeyStore
    from citizens.sqlite.reader import Reader

    keys = KeyStore(tmp_path / "log" / "keys.db", SHIPPED, write=False)
    reader = Reader(connect(path, SHIPPED, write=False), keys)
    try:
        with pytest.raises(LogDamaged) as raised:
            scan(reader, 0, 10)
        assert raised.value.offset == 7 or "origin" in raised.value.message
    finally:
        reader.close()
