"""Whose time is up: the subjects that a retention class no longer allows to be kept.

A subject has expired when every event of it is of a class that has a horizon, and was recorded by then. One is spared
for as long as somebody who is kept needs it:

1. Who is under hold, and whose owner is.
2. A group, or an owner, one of whose members or records is kept.
3. Whose facts an assessment used that stands in the history of somebody who is kept.
4. Whom the caller keeps, such as those whose account is open, and the members of a group kept so: the account of a
   group names nobody once its members are gone.

What is spared so may spare others: this is repeated until nothing changes. Holds and releases are no reason to keep.
Nor is a record whose every event is of an `accompanying` class, such as who looked at somebody's record: it goes with
its owner. If it did not, each look would lengthen the time for which somebody is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from citizens.events.checks import LASTING_ENTITIES
from citizens.sqlite.erasure import is_held
from citizens.sqlite.reader import Reader


def expired(
    reader: Reader, horizons: Mapping[str, int], accompanying: Collection[str] = (), kept: Collection[str] = ()
) -> list[int]:
    """The numbers of the expired, by retention class and the offset of its horizon, without those the caller keeps."""
    numbers = {number for number in _by_class(reader, horizons) if reader.keys.key(number) is not None}
    numbers -= {number for number in numbers if reader.keys.name(number).partition("/")[0] in LASTING_ENTITIES}
    numbers -= {number for number in numbers if is_held(reader, number)}
    numbers -= _with_members(reader, kept)
    goes_along = dict.fromkeys(set(accompanying) - set(horizons), reader.head())
    needs = _needs(reader, numbers, set(_by_class(reader, goes_along)) - reader.held())
    while spared := {number for number in numbers if not needs.get(number, set()) <= numbers}:
        numbers -= spared
    return sorted(numbers)


def _with_members(reader: Reader, subjects: Iterable[str]) -> set[int]:
    """The numbers of subjects and of all who ever belonged to one of them."""
    numbers = set(filter(None, map(reader.keys.find, subjects)))
    members = reader.connection.execute("SELECT target, subject FROM members")
    return numbers | {member for group, member in members if group in numbers}


def _by_class(reader: Reader, horizons: Mapping[str, int]) -> Iterable[int]:
    """Subjects of which no event is of another class, or later than its class's horizon."""
    run = reader.connection.execute
    origins = list(run("SELECT number, retention FROM origins"))
    limits = [(number, horizons.get(retention, 0)) for number, retention in origins]
    run("CREATE TEMP TABLE IF NOT EXISTS limits(origin INTEGER PRIMARY KEY, last INTEGER)")
    run("DELETE FROM temp.limits")
    reader.connection.executemany("INSERT INTO temp.limits VALUES(?, ?)", limits)
    select = (
        "SELECT subject FROM events JOIN temp.limits USING(origin) WHERE subject > 0 AND kind < 32 "
        "GROUP BY subject HAVING max(offset > last) = 0"
    )
    return [number for (number,) in run(select)]


def _needs(reader: Reader, numbers: set[int], accompanying: set[int]) -> dict[int, set[int]]:
    """By subject whom else it may only go with: its members and records, and whose assessments used its facts.

    Those `accompanying` somebody go with them in any case, and nobody needs them.
    """
    needs: dict[int, set[int]] = {}
    uses = "SELECT uses.subject, events.subject FROM uses JOIN events USING(offset)"
    for select in ("SELECT target, subject FROM members", uses):
        for needed, by in reader.connection.execute(select):
            if needed in numbers and needed != by and by not in accompanying and reader.keys.key(by) is not None:
                needs.setdefault(needed, set()).add(by)
    return needs
