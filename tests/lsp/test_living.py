"""Rules under an author's hands: whatever is typed, nothing breaks, and what was right is right again afterwards."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.lsp.finding import Index
from api.lsp.living import Living, compiled, moved
from engine.pipeline import check_rules
from engine.text.diagnostics import Diagnostic
from engine.text.source import Source, Span
from tests.cli.command import MODULE, write_rules
from tests.lsp.test_session import OTHER

PIECES = ["\n", " ", "  ", "'", '"', "{", "}", "[", "]", ":", "#", "|", "-", ".", ",", "(", "let ", " in ", "wages",
          "&a ", "\t", "\r\n", "\N{COW FACE}", "\0", "\ufeff", "formula: ", "exports: ", "0", "2024-13-45"]  # fmt: skip


@pytest.fixture
def living(tmp_path: Path) -> Living:
    folder = write_rules(tmp_path / "land")
    (folder / "rest.yaml").write_text(OTHER, encoding="utf-8")
    found_living = Living(folder)
    found_living.load({})
    return found_living


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_typed_is_answered_and_taken_back(living: Living, seed: int) -> None:
    chance, path = random.Random(seed), living.folder / "tax.yaml"
    text = MODULE
    for _ in range(25):
        text = text if chance.random() < 0.6 else MODULE
        start = chance.randrange(len(text))
        end = min(len(text), start + chance.choice((0, 0, 1, 5, 40)))
        text = text[:start] + chance.choice(PIECES) + text[end:]
        for changed in living.edit(path, text):
            living.problems(changed)
        index = Index(living)
        offset = chance.randrange(len(text) + 1)
        index.at(path, offset)
        index.offers(path, text[:offset].rpartition("\n")[2])
    state = living.state()
    assert state is not None
    living.settle(state, compiled(state))
    living.edit(path, MODULE)
    state = living.state()
    assert state is not None
    assert living.settle(state, compiled(state))
    assert [living.problems(file) for file in living.files] == [[] for _ in living.files]


def test_the_whole_program_has_the_problems_that_check_has(living: Living) -> None:
    path = living.folder / "tax.yaml"
    text = MODULE.replace("head.wages - allowance", "hed.wages - allowance")
    path.write_text(text, encoding="utf-8")
    living.edit(path, text)
    state = living.state()
    assert state is not None
    living.settle(state, compiled(state))
    shown = {(problem.code, problem.message) for file in living.files for problem in living.problems(file)}
    expected = check_rules(living.folder).problems
    assert shown == {(diagnostic.code, diagnostic.message) for diagnostic in expected}
    assert shown


def test_a_compilation_of_what_has_changed_since_is_not_taken_over(living: Living) -> None:
    state = living.state()
    assert state is not None
    living.edit(living.folder / "tax.yaml", MODULE + "\n")
    assert not living.settle(state, compiled(state))


@given(st.text("ab\n", max_size=12), st.text("ab\n", max_size=4), st.data())
def test_problems_move_with_their_text(text: str, new: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    before, after = Source("a", text), Source("a", text[:start] + new + text[end:])
    problems = [Diagnostic("W901", "x", Span(before, at, at + 1)) for at in range(len(text))]
    for diagnostic in moved(problems, before, after):
        assert diagnostic.span is not None
        assert diagnostic.span.source is after
        assert diagnostic.span.text in ("a", "b", "\n")
    untouched = list(moved(problems, before, before))
    assert [diagnostic.span for diagnostic in untouched] == [problem.span for problem in problems]
