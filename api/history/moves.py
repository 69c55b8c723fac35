"""Moving subjects between the parts of a population (see `citizens.moving`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from api.failures import Failure, Misuse
from api.history.access import writing
from api.history.letters import Step, all_settled, settle
from citizens import Origin
from citizens.homes import Homes
from citizens.moving import check_runs, depart, together


@dataclass(frozen=True, slots=True)
class Moved:
    """Who moved, from which part to which. Nobody, if they were there."""

    subjects: tuple[str, ...]
    source: int
    target: int


def move(
    parts: Sequence[Path], subject: str, to: str, origin: Origin, *, reason: str, on_step: Step = lambda _: None
) -> Moved:
    """Move a subject, with all that belong to it, to the part numbered `to` or to where the subject `to` lives.

    Raises Failure or Misuse if there is no such move, a CitizensError if a part refuses it. `on_step` is told of each
    step before it is done: `depart`, `arrive`, `confirm`.
    """
    with all_settled(parts, on_step) as opened:
        homes = Homes(opened)
        source, target = _home(homes, subject), _target(homes, to, len(parts))
        if source == target:
            return Moved((), source, target)
        check_runs(opened[source], opened[target])
    on_step("depart")
    with writing(parts[source]) as log:
        subjects = together(log, subject)
        depart(log, target, subjects, origin, reason)
    settle(parts, on_step)
    return Moved(tuple(subjects), source, target)


def _home(homes: Homes, subject: str) -> int:
    home = homes.of(subject)
    if home is None:
        raise Failure(f"nothing is recorded of `{subject}` in any partition", "check its name")
    return home


def _target(homes: Homes, to: str, parts: int) -> int:
    if "/" in to:
        return _home(homes, to)
    if not to.isascii() or not to.isdecimal() or int(to) >= parts:
        raise Misuse(f"there is no partition `{to[:40]}` of {parts}", "name one, from 0 on, or who lives there")
    return int(to)
