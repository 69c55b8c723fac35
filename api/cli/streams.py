"""The process's own streams, made safe to use before any command runs.

1. A stream that was closed by who started us is `None` in Python: stdin then reads as empty; output that has nowhere to
   go is a failure, told where somebody can still read it.
2. What the terminal's encoding cannot show is shown by its nearest plain characters, or by its number; never a crash.
3. Colours and moves of the cursor go to terminals only, and not where NO_COLOR or TERM=dumb asks for plain text.
"""

from __future__ import annotations

import codecs
import io
import os
import re
import sys
from typing import TextIO

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_PLAIN = {
    "│": "|", "├": "+", "└": "+", "─": "-", "…": "...", "§": "s.", "→": "->", "≤": "<=", "≥": ">=",
    "\N{EN DASH}": "-", "\N{EM DASH}": "-", "\N{LEFT SINGLE QUOTATION MARK}": "'",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'", "\N{LEFT DOUBLE QUOTATION MARK}": '"',
    "\N{RIGHT DOUBLE QUOTATION MARK}": '"', "\N{NO-BREAK SPACE}": " ", "\ufffd": "?",
}  # fmt: skip
_HANDLER = "rulewright-plain"


def printable(text: str) -> str:
    """The text without control characters, which a file's cells and ids may hold and a terminal would obey."""
    return _CONTROL.sub("\ufffd", text)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal on which the cursor can be moved."""
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def shows_colours(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal that shows colours, and nobody asked for none (https://no-color.org)."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR")


def can_show_anything(stream: TextIO | None) -> bool:
    """Whether a stream's encoding holds every character."""
    return stream is None or codecs.lookup(stream.encoding or "ascii").name.startswith("utf")


def prepare() -> bool:
    """Make the streams safe to use; whether there is a stdout to write to."""
    codecs.register_error(_HANDLER, _nearest)
    had_output = sys.stdout is not None
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - it lives as long as we do
        elif isinstance(stream, io.TextIOWrapper) and not can_show_anything(stream):
            stream.reconfigure(errors=_HANDLER)
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    return had_output


def _nearest(fault: UnicodeError) -> tuple[str, int]:
    """Plain characters for those that an encoding lacks."""
    if not isinstance(fault, UnicodeEncodeError):
        raise fault
    missing = fault.object[fault.start : fault.end]
    return "".join(_PLAIN.get(char, f"\\u{ord(char):04x}") for char in missing), fault.end
