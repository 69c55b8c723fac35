"""What a front end tells its user when it cannot do as asked: a sentence, a remedy, and an exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from enum import IntEnum
from typing import TypeVar

from engine.text.lookalikes import with_lookalikes


class ExitCode(IntEnum):
    """What the command's exit says."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    RULES_INVALID = 3
    EXAMPLES_FAILED = 4
    DIFFERENCES_FOUND = 5


class Failure(Exception):
    """Something could not be done. `message` is lower case without a full stop; `help` says what to do instead."""

    def __init__(self, message: str, help: str = "", code: ExitCode = ExitCode.FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        self.code = code


class Misuse(Failure):
    """The command was asked for something that does not exist or cannot be understood."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message, help, ExitCode.USAGE)


class Several(Failure):
    """Several things that cannot be done, told at once: `failures`, in the order in which they were found."""

    def __init__(self, failures: Sequence[Failure]) -> None:
        super().__init__("; ".join(failure.message for failure in failures), code=failures[0].code)
        self.failures = tuple(failures)


T = TypeVar("T")


class Collected:
    """Failures of steps that do not need each other, so that all of them are told at once.

    `of` runs a step, `tell` raises what was found.
    """

    def __init__(self) -> None:
        self.failures: list[Failure] = []

    def of(self, step: Callable[[], T]) -> T | None:
        """What a step gives; None if it fails."""
        try:
            return step()
        except Several as several:
            self.failures += several.failures
        except Failure as failure:
            self.failures.append(failure)
        return None

    def tell(self) -> None:
        """Raise what was found, if anything was."""
        if len(self.failures) == 1:
            raise self.failures[0]
        if self.failures:
            raise Several(self.failures)


def count(number: int, noun: str) -> str:
    """`1 error`, `3 errors`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def suggestion(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """`did you mean …?` with the nearest known names, or `otherwise` where none is near."""
    near = get_close_matches(name, list(known), n=3, cutoff=0.6)
    if not near:
        return otherwise
    return with_lookalikes("did you mean " + " or ".join(f"`{candidate}`" for candidate in near) + "?", name)
