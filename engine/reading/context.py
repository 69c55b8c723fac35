"""What every reader of declarations knows: the settings, where problems go, and which law stands above."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from engine.reading.declared_settings import Settings
from engine.records import record
from engine.syntax.nodes import Scalar, shown
from engine.syntax.words import RESERVED
from engine.text.diagnostics import Diagnostics, Note
from engine.text.source import Span, visible

MAX_NAME = 100
_SUGGEST_UP_TO = 200
_NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


@record(frozen=True, slots=True)
class Context:
    """`inherited_law` stands for a definition that cites none: a module's for its functions, a reform's for all."""

    settings: Settings
    problems: Diagnostics
    inherited_law: str = ""

    def report(self, code: str, message: str, span: Span, help: str, notes: Iterable[Note] = ()) -> None:
        """Add a problem."""
        self.problems.add(code, message, span, help=help, notes=notes)

    def nearest(self, word: str, known: Iterable[str]) -> str:
        """The one of `known` that was probably meant, or nothing.

        Among hundreds of problems nobody reads suggestions, and finding them is what takes time: then nothing.
        """
        if len(self.problems) >= _SUGGEST_UP_TO:
            return ""
        return next(iter(get_close_matches(word[:MAX_NAME], sorted(set(known)), n=1)), "")

    def did_you_mean(self, word: str, known: Iterable[str], otherwise: str = "") -> str:
        """A question with the nearest of `known`, or `otherwise`, or the list of them."""
        names = sorted(set(known))
        near = self.nearest(word, names)
        if near:
            return f"did you mean `{near}`?"
        if otherwise or not names:
            return otherwise or "there is none to choose from"
        return "one of " + ", ".join(f"`{name}`" for name in names[:20]) + (" …" if len(names) > 20 else "")

    def name(self, scalar: Scalar, what: str, in_formulas: bool = True) -> str:
        """The text of a name; E205 if it is not written as names are, or means something else `in_formulas`."""
        text = scalar.text
        if in_formulas and text in RESERVED:
            message = f"`{text}` is a word of the language and cannot name {what}"
            self.report("E205", message, scalar.span, help="choose another name")
        elif not _NAME.fullmatch(text) or len(text) > MAX_NAME:
            message = f"`{shown(text)}` cannot name {what}"
            self.report("E205", message, scalar.span, help=_snake_case_help(text))
        return text


def _snake_case_help(text: str) -> str:
    """The name that was probably meant, in lower_snake_case."""
    if len(text) > MAX_NAME:
        return f"a name has at most {MAX_NAME} characters"
    foreign = next((char for char in text if not char.isascii()), "")
    if foreign:
        return f"it holds `{visible(foreign)}` (U+{ord(foreign):04X}); names are written with a to z, 0 to 9 and `_`"
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
    better = re.sub(r"[^a-z0-9]+", "_", parted.lower()).strip("_")
    if _NAME.fullmatch(better) and better not in RESERVED:
        return f"write `{better}`"
    return "write a letter, then letters, digits and `_`, all lower case"
