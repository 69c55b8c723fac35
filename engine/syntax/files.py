"""Files into sources: bytes are read up to a limit and must be UTF-8 text.

1. Read at most one byte more than is allowed; a longer file is E109.
2. Decode; what is not UTF-8 is E102 at the character where it stops being so.
3. Refuse characters that no rule file needs and that deceive a reader or a program (E102): NUL and other control
   characters, byte order marks, line breaks that editors do not count as lines, and marks that reverse the writing.
"""

from __future__ import annotations

import re
import stat
from pathlib import Path

from engine.text.diagnostics import Diagnostics
from engine.text.source import Source, Span

SETTINGS_FILE = "ruleset.yaml"  # what every folder of rules holds
SCREENS_FILE = "screens.yaml"  # beside it: lists of facts that an interview asks as one question
REFORMS_FOLDER = "reforms"  # whose files are overlays, not modules
OVERLAYS_FOLDER = "overlays"  # whose files lay this law over the one that it is based on
MAX_BYTES = 1_000_000
_REFUSED = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
    r"|\r(?!\n)"
)
_INDENTING = re.compile(r"^ *[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]", re.MULTILINE)  # to YAML they are letters
_MOST_CHARACTERS_NAMED = 20


def load_source(path: Path, problems: Diagnostics, name: str = "") -> Source | None:
    """The text of a file, or None with E102, E109 or E111 added. `name` is what problems call it: the path if empty."""
    shown = name or str(path)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            problems.add("E111", "this is not a file", None, help="name a file that holds YAML", file=shown)
            return None
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as fault:
        reason = (getattr(fault, "strerror", None) or "the path is malformed").lower()
        problems.add("E111", f"the file cannot be read: {reason}", None, help="check path and permissions", file=shown)
        return None
    return source_from_bytes(content, shown, problems)


def source_from_bytes(content: bytes, name: str, problems: Diagnostics) -> Source | None:
    """The text in `content`, or None with E102 or E109 added."""
    if len(content) > MAX_BYTES:
        _too_large(name, problems)
        return None
    try:
        return source_from_text(content.decode("utf-8"), name, problems)
    except UnicodeDecodeError as fault:
        source = Source(name, content.decode("utf-8", errors="replace"))
        start = len(content[: fault.start].decode("utf-8"))
        problems.add("E102", _undecodable(content), Span(source, start, start + 1), help="save the file as UTF-8")
        return None


def source_from_text(text: str, name: str, problems: Diagnostics) -> Source | None:
    """A source of `text`, or None with E102 or E109 added."""
    if len(text) > MAX_BYTES or len(text.encode("utf-8", errors="replace")) > MAX_BYTES:
        _too_large(name, problems)
        return None
    refused = _refused(text)
    if not refused:
        return Source(name, text)
    source = Source(name, text.encode("utf-8", errors="replace").decode("utf-8"))
    for match in refused[:_MOST_CHARACTERS_NAMED]:
        at = match.end() - 1
        message, help_text = _refusal(text[at], at)
        span = Span(source, at, at + 1)
        problems.add("E102", message, span, help=help_text)
    return None


def deceiving(text: str) -> str:
    """The first character of a text that may not stand in a file, however it was written; empty if there is none."""
    match = _REFUSED.search(text)
    return match.group() if match is not None else ""


def _refused(text: str) -> list[re.Match[str]]:
    """The characters that may not stand in a file; of carriage returns, which end every line, the first."""
    matches = sorted([*_REFUSED.finditer(text), *_INDENTING.finditer(text)], key=lambda match: match.end())
    returns = [match for match in matches if match.group() == "\r"]
    return [match for match in matches if match.group() != "\r" or match is returns[0]]


def _too_large(name: str, problems: Diagnostics) -> None:
    message = f"the file is larger than {MAX_BYTES:,} bytes"
    problems.add("E109", message, None, help="split it into several files", file=name)


def _undecodable(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or content[1:2] == b"\0":
        return "the file is not UTF-8 text; it looks like UTF-16"
    return "the file is not UTF-8 text from here on"


def _refusal(char: str, offset: int) -> tuple[str, str]:
    """What is wrong with a character, and what to do."""
    if char == "\ufeff" and offset == 0:
        return "the file begins with a byte order mark", "save it as UTF-8 without a byte order mark"
    if _INDENTING.fullmatch(char):
        return f"the space U+{ord(char):04X} indents a line", "indent with ordinary spaces"
    if char == "\r":
        return "a line ends with a carriage return alone", "end all lines with a line feed"
    return f"the character U+{ord(char):04X} is not allowed in a rule file", "remove it"
