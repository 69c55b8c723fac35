"""Paths such as `name`, `table[key, key].column` and `scale[key]`, read without the grammar of formulas, whose making
takes longer than all else that a reform of some amounts needs."""

from __future__ import annotations

import re
from fractions import Fraction

from engine.syntax import ast
from engine.syntax.words import RESERVED
from engine.text.source import Fragment

_WORD = r"[a-z][a-z0-9_]*"
_KEY = rf"{_WORD}|0|[1-9][0-9]*"
_PATH = re.compile(rf"(?P<name>{_WORD})(?P<keys>\[(?:{_KEY})(?:, ?(?:{_KEY}))*\])?(?:\.(?P<column>{_WORD}))?")
_PARTS = re.compile(_KEY)


def plain_path(fragment: Fragment) -> ast.Expression | None:
    """The tree that parsing gives of a path; None where it is not so plain that this is sure."""
    match = _PATH.fullmatch(fragment.text)
    if match is None or not RESERVED.isdisjoint(re.findall(_WORD, fragment.text)):
        return None
    tree: ast.Expression = ast.Name(fragment.span(0, match.end("name")), match["name"])
    if match["keys"]:
        keys = [_key(fragment, part) for part in _PARTS.finditer(fragment.text, match.start("keys"), match.end("keys"))]
        tree = ast.Index(fragment.span(0, match.end("keys")), tree, tuple(keys))
    if match["column"]:
        column = fragment.span(match.start("column"), match.end())
        tree = ast.Attribute(fragment.span(0, match.end()), tree, match["column"], column)
    return tree


def _key(fragment: Fragment, part: re.Match[str]) -> ast.Expression:
    span = fragment.span(part.start(), part.end())
    if part[0].isdigit():
        return ast.Number(span, Fraction(part[0]), whole=True)
    return ast.Name(span, part[0])
