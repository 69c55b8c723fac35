"""Named cuts: one number of each partition, together a moment of the whole population that can be named for ever.

Each partition counts its own events, so "as known at K" is a vector for a population. A cut gives a vector a name, in
the control topic, which is never compacted:

1. Read every partition to its committed end, again if somebody moved between two of them meanwhile
   (`citizens.cuts`). What was acknowledged before the cut was asked for is inside.
2. Write name and vector as one record. The first record of a name counts, so two who cut at once agree on one.

So nobody is in a cut twice, and nobody is missing. It does not promise that the partitions' ends are of the same
instant.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from citizens.errors import LogUnavailable, Refused
from citizens.kafka.address import Address
from citizens.kafka.topics import CONTROL, write_control
from citizens.kafka.transport import Reading

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cut:
    """A name, and the last offset of each partition that is inside, in order of partitions."""

    name: str
    offsets: tuple[int, ...]


def cuts_of(address: Address) -> Mapping[str, Cut]:
    """All cuts that were ever made, by name, in order."""
    reading = Reading(address.of(0))
    made: dict[str, Cut] = {}
    try:
        for batch in reading.to_end(address.topic(CONTROL), 0, 0):
            for message in batch:
                cut = _read(message.value(), address.partitions)
                if cut is not None:
                    made.setdefault(cut.name, cut)
    finally:
        reading.close()
    return made


def _read(value: bytes | None, partitions: int) -> Cut | None:
    try:
        fields = json.loads(value or b"")
        offsets = tuple(int(offset) for offset in fields["offsets"])
        return Cut(str(fields["cut"]), offsets) if len(offsets) == partitions else None
    except (ValueError, KeyError, TypeError):
        return None


def make_cut(address: Address, name: str, offsets: Sequence[int]) -> Cut:
    """Give these offsets a name, for ever. Raises Refused if the name is taken or is none, LogUnavailable if it was not
    written down."""
    if not _NAME.fullmatch(name):
        raise Refused(f"`{name[:60]}` is not a name of a cut", "small letters, digits, `.`, `_` and `-`: `year-2024`")
    if name in cuts_of(address):
        raise Refused(f"there is a cut `{name}` already, and a cut never changes", "choose another name")
    write_control(address, {"cut": name, "offsets": list(offsets)})
    made = cuts_of(address).get(name)
    if made is None:
        raise LogUnavailable(f"the cut `{name}` was written and is not there", "check the cluster, and repeat")
    return made
