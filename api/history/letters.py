"""Who is on the way between the parts of a population, and bringing them to where they move.

A process may have died between the two halves of a move (see `citizens.moving`). So every command that writes in
several parts, or assesses who is in them, first takes in whoever is on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from api.failures import Failure
from api.history.access import reading, writing
from citizens import History, SqliteLog
from citizens.cuts import Moves, ends_of
from citizens.moving import Letter, arrive, confirm, on_the_way, targets_of

Step = Callable[[str], None]
_TRIES = 10


@contextmanager
def all_reading(parts: Sequence[Path]) -> Iterator[list[SqliteLog]]:
    """All parts, open for reading."""
    with ExitStack() as stack:
        yield [stack.enter_context(reading(part)) for part in parts]


def settle(parts: Sequence[Path], on_step: Step = lambda _: None) -> list[Letter]:
    """Take everybody in who is on the way; the moves that were finished."""
    if len(parts) == 1:
        return []
    with all_reading(parts) as opened:
        letters = list(letters_of(opened))
    _bring(parts, letters, on_step)
    return letters


@contextmanager
def all_settled(parts: Sequence[Path], on_step: Step = lambda _: None) -> Iterator[list[SqliteLog]]:
    """All parts, open for reading, once everybody is in who was on the way. They are opened once if nobody was."""
    with all_reading(parts) as opened:
        letters = list(letters_of(opened))
        if not letters:
            yield opened
            return
    _bring(parts, letters, on_step)
    with all_reading(parts) as opened:
        yield opened


def _bring(parts: Sequence[Path], letters: Sequence[Letter], on_step: Step) -> None:
    for letter in letters:
        on_step("arrive")
        with reading(parts[letter.source]) as source, writing(parts[letter.target]) as target:
            arrive(source, target, letter)
        on_step("confirm")
        with writing(parts[letter.source]) as source:
            confirm(source, letter)


def steady_heads(parts: Sequence[Path]) -> list[int]:
    """The ends of all parts, by which everybody is in one of them; all that was acknowledged before this was asked is
    inside. Raises Failure if people move all the time."""
    for _ in range(_TRIES):
        with all_settled(parts) as opened:
            heads = [log.head() for log in opened]
            cut = ends_of(Moves(opened))
            if all(end >= head for end, head in zip(cut, heads, strict=True)):
                return cut
    raise Failure("people are moving between the partitions all the time", "try again when it is quieter")


def letters_of(opened: Sequence[History]) -> Iterator[Letter]:
    """Who is on the way between any two of these logs."""
    for here, log in enumerate(opened):
        for target in targets_of(log):
            letter = on_the_way(log, here, target)
            if letter is not None:
                yield letter
