"""The page of codes in `engine/README.md`, made from `engine/text/codes.py` and the bad files.

For each code: its meaning, the line of the first bad file that shows it with a mark under the very character, and what
to write instead. `python -m tests.language.codes_page` writes the page anew.
"""

from __future__ import annotations

import re
from pathlib import Path

from engine.text.codes import CODES
from tests.language.expectations import Expected, bad_cases, lines_of, remedy_of

PAGE = Path(__file__).parents[2] / "engine" / "README.md"
BEGIN, END = "<!-- codes: begin -->", "<!-- codes: end -->"
GROUPS = {
    "E1": "Reading YAML",
    "E2": "What a file may hold",
    "E3": "The syntax of formulas",
    "E4": "Names",
    "E5": "Types and units",
    "E6": "Time",
    "E7": "The whole program",
    "E8": "Examples, cases and reforms",
    "W9": "Warnings, which do not stop the rules from running",
}
# What no file of reasonable size can show.
_TOLD = {
    "E109": ("A file of more than 1,000,000 bytes.", "split it into several modules"),
    "E706": ("Rules that declare more than 200,000 names.", "split the jurisdiction"),
}
_WIDTH = 96
_COMMENT = re.compile(r" *# (?:error|warning) [EW]\d{3} (?:at|in) .*$")


def page_of_codes() -> str:
    """The part of the page between its marks."""
    parts: list[str] = []
    last = ""
    for code, meaning in CODES.items():
        if code[:2] != last:
            last = code[:2]
            parts.append(f"## {GROUPS[last]}\n")
        parts.append(f"### {code}: {meaning}\n\n{_shown(code)}\n")
    return "\n".join(parts)


def _shown(code: str) -> str:
    if code in _TOLD:
        told, remedy = _TOLD[code]
        return f"{told}\n\nInstead: {remedy}."
    case = next(other_case for other_case in bad_cases() if other_case.code == code)
    statement = next(expected for expected in case.expected() if expected.code == code)
    remedy = next(filter(None, map(remedy_of, case.files)))
    return f"{_example(case.files, statement)}\n\nInstead: {remedy}."


def _example(files: list[Path], statement: Expected) -> str:
    if not statement.line:
        return f"    {statement.file}\n    ^ {statement.words}"
    file = next(file for file in files if file.name == statement.file)
    line = _printable(_COMMENT.sub("", lines_of(file)[statement.line - 1]))
    indent = len(line) - len(line.lstrip())
    line, column = line[indent:].rstrip(), statement.column - 1 - indent
    if column > _WIDTH * 3 // 4:
        cut = column - _WIDTH // 2
        line, column = "… " + line[cut:], column - cut + 2
    line = line if len(line) <= _WIDTH else line[:_WIDTH] + " …"
    return f"    {line}\n    {' ' * column}^ {statement.words}"


def _printable(line: str) -> str:
    return "".join(char if char.isprintable() else "\N{SYMBOL FOR SUBSTITUTE FORM TWO}" for char in line)


def with_codes(page: str) -> str:
    """The whole page, its codes made anew."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{page_of_codes()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(with_codes(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
