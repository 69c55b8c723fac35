"""`rulewright fmt PATHS`: formulas of rule files in canonical form, everything else byte for byte as it is.

1. Read each file's YAML for its scalars, and its declarations for where formulas stand in them.
2. Print each formula from its tree. One that stands on several lines keeps several lines where its form has them.
3. Put the print in place of the scalar: a block keeps its indentation, a quoted text its quotes; a plain text that
   could no longer stand unquoted, or no longer fits its line, becomes a block.
4. A formula that holds a comment is left as it is, for the tree does not know where a comment belongs.
5. Read the new text back: every formula must be the tree it was, or the file is left alone (that would be a bug).
"""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import get_args

from api.cli.output import complain, count, problem_json, say, say_json, show_problems
from api.failures import ExitCode, Misuse
from engine.reading.declarations import Example, RuleModule, Settings
from engine.reading.documents import SETTINGS_FILE, module_files, read_module
from engine.reading.settings import read_settings
from engine.syntax import ast
from engine.syntax.files import load_source
from engine.syntax.nodes import Mapping, Node, Scalar, Sequence, Style
from engine.syntax.printer import print_formula
from engine.syntax.yaml_reader import read_nodes
from engine.text.diagnostics import Diagnostics
from engine.text.source import Source

LINE = 120
_EXPRESSIONS = get_args(ast.Expression)
_UNSAFE_PLAIN = re.compile(r":(\s|$)|\s#|^[\s\-?:,\[\]{}#&*!|>'\"%@`]|\s$")
_UNSAFE_IN_FLOW = re.compile(r"[,\[\]{}]")


@dataclass(frozen=True, slots=True)
class Edit:
    """Characters of a file from `start` up to `end`, and what shall stand there."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class _Place:
    """A scalar: whether it stands in brackets, and the column (from 0) of the key that holds it."""

    scalar: Scalar
    in_flow: bool
    key_column: int


def fmt_command(paths: list[str], check_only: bool, as_json: bool) -> int:
    """Rewrite the files that are not in order, or with `check_only` name them."""
    problems = Diagnostics()
    changed: list[str] = []
    files = [found for path in paths for found in _rule_files(Path(path), problems)]
    for path in files:
        if path.name == SETTINGS_FILE:
            continue
        source = load_source(path, problems)
        text = formatted(source, _settings_near(path), problems) if source is not None else None
        if source is not None and text is not None and text != source.text:
            changed.append(str(path))
            if not check_only:
                _write(path, text)
    if as_json:
        say_json({"changed": changed, "problems": [problem_json(problem) for problem in problems]})
    else:
        _report(changed, len(files), check_only, problems)
    if problems.errors:
        return ExitCode.RULES_INVALID
    return ExitCode.FAILED if check_only and changed else ExitCode.DONE


def _report(changed: list[str], files: int, check_only: bool, problems: Diagnostics) -> None:
    if len(problems):
        show_problems(tuple(problems))
    for name in changed:
        say(name)
    verb = "would change" if check_only else "changed"
    faulty = {problem.span.source.name if problem.span else problem.file for problem in problems.errors}
    unread = f", {len(faulty):,} not read" if faulty else ""
    complain(f"{count(len(changed), 'file')} {verb}, {files - len(changed) - len(faulty):,} in order{unread}")


def _rule_files(path: Path, problems: Diagnostics) -> list[Path]:
    if path.is_dir():
        return module_files(path, problems)
    if not path.exists():
        raise Misuse(f"there is no file or folder `{path}`", "name rule files, or a folder of rules")
    return [path]


def _settings_near(path: Path) -> Settings:
    """The settings of the ruleset that a file belongs to; those of no jurisdiction if there is none."""
    for folder in path.resolve().parents:
        if (folder / SETTINGS_FILE).is_file():
            quiet = Diagnostics()
            source = load_source(folder / SETTINGS_FILE, quiet)
            node = read_nodes(source, quiet) if source is not None else None
            return read_settings(node, folder.name, quiet) if node is not None else Settings(folder.name)
    return Settings(path.parent.name)


def _write(path: Path, text: str) -> None:
    """Beside, then renamed: a formatter that is interrupted leaves the file whole."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(text.encode())
    beside.chmod(path.stat().st_mode & 0o7777)
    os.replace(beside, path)


def formatted(source: Source, settings: Settings, problems: Diagnostics) -> str | None:
    """The text of a file with its formulas in order; None, with problems, if it cannot be read."""
    found = Diagnostics()
    module = read_module(source, source.name, settings, found)
    tree = read_nodes(source, Diagnostics())
    syntax = [problem for problem in found if problem.code.startswith(("E1", "E3"))]
    if module is None or tree is None or syntax:
        problems.items += syntax or list(found)
        return None
    text = source.text
    for edit in sorted(_edits(module, tree), key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    again = read_module(Source(source.name, text), source.name, settings, Diagnostics())
    before, after = (list(_formulas(one)) if one is not None else [] for one in (module, again))
    return text if before == after else source.text


def _edits(module: RuleModule, tree: Node) -> Iterator[Edit]:
    places = {place.scalar.span.start: place for place in _scalars(tree, False, 0)}
    starts = sorted(places)
    for formula in _formulas(module):
        at = _last_at_most(starts, formula.span.start)
        if at is None or formula.span.end > places[at].scalar.span.end:
            continue
        edit = _edit(places[at], formula)
        if edit is not None:
            yield edit


def _last_at_most(starts: list[int], position: int) -> int | None:
    index = bisect_right(starts, position)
    return starts[index - 1] if index else None


def _scalars(node: Node, in_flow: bool, key_column: int) -> Iterator[_Place]:
    match node:
        case Scalar():
            yield _Place(node, in_flow, key_column)
        case Mapping():
            inside = in_flow or node.span.text.startswith("{")
            for entry in node:
                yield from _scalars(entry.value, inside, entry.key.span.column - 1)
        case Sequence():
            for item in node:
                yield from _scalars(item, in_flow or node.span.text.startswith("["), key_column)


def _formulas(value: object) -> Iterator[ast.Expression]:
    """The outermost formulas in declarations, in the order of their fields."""
    if isinstance(value, _EXPRESSIONS):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _formulas(item)
    elif is_dataclass(value) and not isinstance(value, Example | Source):
        for field in fields(value):
            yield from _formulas(getattr(value, field.name))


def _edit(place: _Place, formula: ast.Expression) -> Edit | None:
    scalar = place.scalar
    if "#" in scalar.text:
        return None
    several_lines = "\n" in scalar.span.text.strip() and (scalar.is_block and "\n" in scalar.text.strip())
    printed = print_formula(formula, width=0) if several_lines else print_formula(formula)
    if printed == scalar.text.rstrip("\n"):
        return None
    match scalar.style:
        case Style.LITERAL | Style.FOLDED:
            return _block_edit(scalar, printed)
        case Style.SINGLE:
            return Edit(scalar.span.start, scalar.span.end, _joined(printed).replace("'", "''").join("''"))
        case Style.DOUBLE:
            return Edit(scalar.span.start, scalar.span.end, _joined(printed).join('""'))
    return _plain_edit(place, printed)


def _joined(printed: str) -> str:
    return " ".join(line.strip() for line in printed.splitlines())


def _plain_edit(place: _Place, printed: str) -> Edit:
    span = place.scalar.span
    one_line = _joined(printed)
    fits = span.column - 1 + len(one_line) <= LINE
    unsafe = _UNSAFE_PLAIN.search(one_line) or (place.in_flow and _UNSAFE_IN_FLOW.search(one_line))
    if place.in_flow:
        return Edit(span.start, span.end, one_line.join('""') if unsafe else one_line)
    if fits and not unsafe:
        return Edit(span.start, span.end, one_line)
    indent = " " * (place.key_column + 2)
    return Edit(span.start, span.end, "|\n" + "\n".join(indent + line for line in printed.splitlines()))


def _block_edit(scalar: Scalar, printed: str) -> Edit:
    """The lines below the block's header, with the indentation of the first."""
    text = scalar.span.text
    head, _, body = text.partition("\n")
    lines = [line for line in body.split("\n") if line.strip()]
    indent = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
    tail = body[len(body.rstrip()) :]
    start = scalar.span.start + len(head) + 1
    new = "\n".join(indent + line for line in printed.splitlines())
    return Edit(start, scalar.span.end, new + tail)
