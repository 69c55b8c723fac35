"""Letters that look like others. A name with one is told which letter it is, since no eye sees the difference."""

from __future__ import annotations

import re
import unicodedata

_QUOTED = re.compile(r"`([^`]*)`")
MOST_NAMED = 3


def with_lookalikes(help: str, *said: str) -> str:
    """A suggestion, and the names of the letters by which what was `said` differs from it though it may look alike."""
    if not help.startswith("did you mean"):
        return help
    meant = set("".join(_QUOTED.findall(help)))
    odd = [char for char in dict.fromkeys("".join(said)) if not char.isascii() and char.isalnum() and char not in meant]
    if not odd:
        return help
    named = [f"`{char}` is {unicodedata.name(char, f'U+{ord(char):04X}').lower()}" for char in odd[:MOST_NAMED]]
    return f"{help} ({', '.join(named)})"


def quoted(message: str) -> list[str]:
    """The names in a message."""
    return _QUOTED.findall(message)
