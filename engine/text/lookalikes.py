"""Letters that look like others, and characters that hide: a word with one is told which, since no eye sees it."""

from __future__ import annotations

import re
import unicodedata

_QUOTED = re.compile(r"`([^`]*)`")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U(000[0-9a-fA-F]{5})|(0))")
_HIDDEN = ("Cc", "Cf", "Zs", "Zl", "Zp")
_MOST_OF_A_WORD = 200
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


def with_hidden(help: str, text: str) -> str:
    """A remedy, and the names of the characters in a word that no eye sees, as they are or as an escape writes them."""
    if len(text) > _MOST_OF_A_WORD:
        return help
    chars = [*text, *(chr(int(next(filter(None, escape.groups())), 16)) for escape in _ESCAPE.finditer(text))]
    hidden = [char for char in dict.fromkeys(chars) if _is_hidden(char)]
    if not hidden:
        return help
    named = [f"U+{ord(char):04X} {unicodedata.name(char, 'a control character').lower()}" for char in hidden]
    told = f"(it holds {', '.join(named[:MOST_NAMED])}, which cannot be seen: remove it)"
    return help if told in help else f"{help} {told}".strip()


def _is_hidden(char: str) -> bool:
    return unicodedata.category(char) in _HIDDEN and char not in " \t\r\n"


def quoted(message: str) -> list[str]:
    """The names in a message."""
    return _QUOTED.findall(message)
