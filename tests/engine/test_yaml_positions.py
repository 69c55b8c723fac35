"""Every character of a scalar knows its place in the file, however YAML folds, indents or escapes it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from engine.syntax import yaml_reader
from engine.syntax.nodes import Mapping, Scalar, Sequence, Style
from engine.syntax.yaml_reader import read_nodes
from engine.text.diagnostics import Diagnostics
from engine.text.source import Source

WORDS = st.text(alphabet="ab1#'\"\\:-é\U0001f600 \t\n.,%&*!|>[]{}@`?", max_size=40)


def node_of(text: str) -> Mapping:
    problems = Diagnostics()
    node = read_nodes(Source("test.yaml", text), problems)
    assert not problems.items, [str(problem.message) for problem in problems]
    assert isinstance(node, Mapping)
    return node


def scalar_of(text: str, key: str = "a") -> Scalar:
    answer = node_of(text).get(key)
    assert isinstance(answer, Scalar)
    return answer


def places(text: str, key: str = "a") -> list[tuple[str, int, int]]:
    """Each character of a scalar with the line and column where it stands."""
    fragment = scalar_of(text, key).fragment
    return [
        (char, *fragment.source.position(offset)) for char, offset in zip(fragment.text, fragment.offsets, strict=False)
    ]


@pytest.mark.parametrize(
    ("text", "style", "expected"),
    [
        ("a: x y\n", Style.PLAIN, [("x", 1, 4), (" ", 1, 5), ("y", 1, 6)]),
        ("a: x\n  y\n", Style.PLAIN, [("x", 1, 4), (" ", 1, 5), ("y", 2, 3)]),
        ("a: x\n\n\n  y\n", Style.PLAIN, [("x", 1, 4), ("\n", 2, 1), ("\n", 3, 1), ("y", 4, 3)]),
        ("a: 'x''y'\n", Style.SINGLE, [("x", 1, 5), ("'", 1, 6), ("y", 1, 8)]),
        ('a: "x\\ty"\n', Style.DOUBLE, [("x", 1, 5), ("\t", 1, 6), ("y", 1, 8)]),
        ('a: "\\u00e9\\x41\\U0001f600z"\n', Style.DOUBLE, [("é", 1, 5), ("A", 1, 11), ("\U0001f600", 1, 15), ("z", 1, 25)]),  # noqa: E501
        ('a: "x\n   y"\n', Style.DOUBLE, [("x", 1, 5), (" ", 1, 6), ("y", 2, 4)]),
        ('a: "x \\\n   y"\n', Style.DOUBLE, [("x", 1, 5), (" ", 1, 6), ("y", 2, 4)]),
        ("a: |\n  x\n    y\n", Style.LITERAL,
         [("x", 2, 3), ("\n", 2, 4), (" ", 3, 3), (" ", 3, 4), ("y", 3, 5), ("\n", 3, 6)]),
        ("a: |-  # why\n  x\n\n  y\n", Style.LITERAL, [("x", 2, 3), ("\n", 2, 4), ("\n", 3, 1), ("y", 4, 3)]),
        ("a: |2-\n    x\n", Style.LITERAL, [(" ", 2, 3), (" ", 2, 4), ("x", 2, 5)]),
        ("a: >-\n  x\n  y\n\n  z\n", Style.FOLDED,
         [("x", 2, 3), (" ", 2, 4), ("y", 3, 3), ("\n", 3, 4), ("z", 5, 3)]),
        ("a: |-\r\n  x\r\n  y\r\n", Style.LITERAL, [("x", 2, 3), ("\n", 2, 5), ("y", 3, 3)]),
    ],
)  # fmt: skip
def test_each_character_has_its_place(text: str, style: Style, expected: list[tuple[str, int, int]]) -> None:
    assert places(text) == expected
    assert scalar_of(text).style is style


@pytest.mark.parametrize("loader", [yaml.SafeLoader, yaml_reader._LOADER])
@given(value=WORDS, style=st.sampled_from(["", "'", '"', "|", ">"]), width=st.sampled_from([10, 80]))
def test_what_is_written_at_a_place_is_the_character(loader: Any, value: str, style: str, width: int) -> None:
    text = yaml.dump({"a": value}, default_style=style, allow_unicode=True, width=width, explicit_start=False)
    if text.startswith(("?", '"a": !!', "'a': !!")):
        return
    problems = Diagnostics()
    before = yaml_reader._LOADER
    yaml_reader._LOADER = loader
    try:
        node = read_nodes(Source("test.yaml", text), problems, quoted_keys=True)
    finally:
        yaml_reader._LOADER = before
    scalar = node.get("a") if isinstance(node, Mapping) else None
    if not isinstance(scalar, Scalar) or "|" in text.split(":")[0] or ">" in text.split(":")[0]:
        return
    fragment = scalar.fragment
    assert fragment.text == value
    assert len(fragment.offsets) == len(value) + 1
    assert list(fragment.offsets) == sorted(fragment.offsets)
    for char, offset in zip(value, fragment.offsets, strict=False):
        if not char.isspace():
            assert text[offset] in (char, "\\"), (text, char, offset)


def test_spans_cover_what_was_written() -> None:
    text = "a: {b: [1, 'x'], c: d}\ne:\n  - f\n  - g: h\n# end\n"
    node = node_of(text)
    inner, lines = node.get("a"), node.get("e")
    assert isinstance(inner, Mapping)
    assert isinstance(lines, Sequence)
    assert inner.span.text == "{b: [1, 'x'], c: d}"
    assert inner.entries[0].value.span.text == "[1, 'x']"
    assert [item.span.text for item in lines] == ["f", "g: h"]
    assert lines.span.text == "- f\n  - g: h"
    assert [entry.key.span.text for entry in node] == ["a", "e"]


def test_nothing_after_a_colon_is_an_empty_scalar() -> None:
    empty = scalar_of("a:\nb: x\n")
    assert empty.is_empty
    assert not scalar_of("a: ''\n").is_empty
