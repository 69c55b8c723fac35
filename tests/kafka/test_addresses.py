"""What an address of a log on Kafka says, and what is refused; what stands in records. No broker is needed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from citizens import LogDamaged, Origin, OtherFormat, Refused
from citizens.chain import Gap, header, link, origin_digest
from citizens.kafka import records
from citizens.kafka.address import read_address
from citizens.sqlite.reader import StoredEvent

ORIGIN = Origin("régistre", "clerk", "tax code 1", "tax")


def test_an_address_says_where_and_what(tmp_path: Path) -> None:
    (tmp_path / "tls").write_text("# ours\nsecurity.protocol = SASL_SSL\n\nsasl.password=a=b\n")
    text = f"kafka://a:1,b:2/tax.2024?partitions=16&partition=3&store={tmp_path}&config={tmp_path / 'tls'}"
    address = read_address(text)
    assert (address.brokers, address.name, address.partitions, address.here) == ("a:1,b:2", "tax.2024", 16, 3)
    assert address.client()["sasl.password"] == "a=b"
    assert address.folder == tmp_path / "partition-0003"
    assert address.topic("audit") == "tax.2024.audit"
    assert read_address(Path("kafka://a:1/x")).brokers == "a:1"  # a path drops a slash
    assert str(read_address("kafka://a:1/x")) == "kafka://a:1/x"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("kafka://a:1", "not an address"),
        ("kafka://a:1/x?partition=0&partitons=2", "partitons"),
        ("kafka://a:1/x?partitions=two", "not a number"),
        ("kafka://a:1/x?partitions=0", "1 to 4,096"),
        ("kafka://a:1/x?partitions=4&partition=4", "no partition 4"),
        ("kafka://a:1/x?config=/nowhere/x", "cannot be read"),
    ],
)
def test_what_is_no_address_is_refused(text: str, word: str) -> None:
    with pytest.raises(Refused, match=word) as caught:
        read_address(text)
    assert caught.value.remedy


def test_one_of_several_partitions_must_be_named() -> None:
    with pytest.raises(Refused, match="concerns one") as caught:
        _ = read_address("kafka://a:1/x?partitions=4").here
    assert "partition=0" in caught.value.remedy


@pytest.mark.parametrize("line", ["acks=0", "transactional.id=x", "isolation.level=read_uncommitted", "nonsense"])
def test_settings_that_the_promises_rest_on_are_refused(line: str, tmp_path: Path) -> None:
    (tmp_path / "config").write_text(f"security.protocol=SSL\n{line}\n")
    with pytest.raises(Refused, match="line 2"):
        read_address(f"kafka://a:1/x?config={tmp_path / 'config'}")


def test_records_hold_what_was_put_in_and_nothing_else_is_taken_for_one() -> None:
    before, payload = b"\1" * 32, b"ciphertext"
    head = header(7, 5, 1, 9, version=2, delivery=b"d" * 16, origin=origin_digest(ORIGIN))
    row = StoredEvent(7, 5, 1, 9, 2, 4, b"d" * 16, payload, link(before, head, payload))
    (value,) = records.framed(3, [(records.EVENT, records.event_audit(row, ORIGIN))])
    audit = records.read_audit(value)
    assert (audit.kind, audit.frame, audit.index, audit.count, len(value)) == (records.EVENT, 3, 0, 1, 164)
    linked = records.read_linked(audit.content)
    assert linked.row == row._replace(origin=0, payload=b"")
    assert linked.payload_digest == hashlib.sha256(payload).digest()
    assert linked.follows(before) and not linked.follows(b"\2" * 32)
    assert records.read_event_value(records.event_value(ORIGIN, payload)) == (ORIGIN, payload)
    for wrong in (None, b"", b"short"):
        with pytest.raises(LogDamaged):
            records.read_audit(wrong)
    with pytest.raises(OtherFormat):
        records.read_audit(b"\2" + value[1:])
    with pytest.raises(LogDamaged):
        records.read_event_value(b"\1\0\5not JSON")


def test_runs_and_gaps_come_back_in_pieces() -> None:
    runs = [(number, number + 1) for number in range(0, 300_000, 3)]
    pieces = list(records.dropped_audit(runs))
    assert len(pieces) > 1 and max(map(len, pieces)) <= records.MOST_BYTES
    assert [run for piece in pieces for run in records.read_runs(piece)] == runs
    gap = Gap(5, 100_004, b"a" * 32, b"b" * 32, 1, 2)
    deliveries = [number.to_bytes(16, "big") for number in range(100_000)]
    read_gaps = [records.read_gap(piece) for piece in records.gap_audit(gap, deliveries)]
    assert len(read_gaps) == 2 and {item for item, _ in read_gaps} == {gap}
    assert [pair for _, part in read_gaps for pair in part] == [
        (delivery, 5 + at) for at, delivery in enumerate(deliveries)
    ]
