"""What a front end tells its user when it cannot do as asked: a sentence, a remedy, and an exit code."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from enum import IntEnum

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


def suggestion(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """`did you mean …?` with the nearest known names, or `otherwise` where none is near."""
    near = get_close_matches(name, list(known), n=3, cutoff=0.6)
    if not near:
        return otherwise
    return with_lookalikes("did you mean " + " or ".join(f"`{one}`" for one in near) + "?", name)
