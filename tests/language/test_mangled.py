"""Rule files with slips of any kind in them give problems, never an exception."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from engine.pipeline import compile_ruleset
from engine.reading.declarations import Ruleset
from engine.reading.documents import read_module, read_reform
from engine.reading.settings import read_settings
from engine.syntax.files import source_from_text
from engine.syntax.yaml_reader import read_nodes
from engine.text.diagnostics import Diagnostics, as_json, render
from tests.language.expectations import FOLDER, SETTINGS, settings

MODULES = [path.read_text(encoding="utf-8", errors="replace") for path in sorted(FOLDER.glob("*.yaml"))]
SHARED = SETTINGS.read_text(encoding="utf-8")
BITS = (
    "{ } [ ] : , - ' \" | > # *a &a !x ? 0 1e3 10% .single null ~ 2024-01-01 wages credit ( ) and otherwise @ last year"
    " values law type money boolean date filing_status true [] {} -1 .. above from rate value exceptions needs all"
    " any_of person tax_unit of members head"
).split()
_WORD = re.compile(r"[A-Za-z0-9_.%-]+")


@st.composite
def mangled(draw: st.DrawFn, texts: list[str]) -> str:
    """One of `texts` after a few slips: lines copied or moved in, words exchanged, bits typed in or left out."""
    text = draw(st.sampled_from(texts))
    for _ in range(draw(st.integers(1, 3))):
        lines = text.split("\n")
        words = list(_WORD.finditer(text))
        match draw(st.integers(0, 4)):
            case 0:
                lines[draw(st.integers(0, len(lines) - 1))] = draw(st.sampled_from(lines))
                text = "\n".join(lines)
            case 1:
                index = draw(st.integers(0, len(lines) - 1))
                lines[index] = " " * draw(st.integers(0, 8)) + lines[index].strip()
                text = "\n".join(lines)
            case 2 if words:
                word = draw(st.sampled_from(words))
                text = (
                    text[: word.start()]
                    + draw(st.sampled_from([*BITS, *(other_word[0] for other_word in words)]))
                    + text[word.end() :]
                )
            case 3:
                at = draw(st.integers(0, len(text)))
                text = text[:at] + text[at + draw(st.integers(1, 10)) :]
            case _:
                at = draw(st.integers(0, len(text)))
                text = text[:at] + draw(st.sampled_from(BITS)) + text[at:]
    return text


def check_words(problems: Diagnostics) -> None:
    """Every problem can be shown, says something and helps."""
    for problem in problems:
        assert render(problem)
        assert as_json(problem)["code"] == problem.code
        assert problem.message
        assert "\n" not in problem.message
        assert problem.help


@examples(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(text=mangled(MODULES))
def test_a_mangled_module_gives_problems(text: str) -> None:
    problems = Diagnostics()
    source = source_from_text(text, "mangled.yaml", problems)
    if source is None:
        return
    module = read_module(source, "mangled", settings(), problems)
    read_reform(source, "mangled", settings(), Diagnostics())
    if module is not None:
        compile_ruleset(Ruleset(settings(), (module,)), problems)
    check_words(problems)


@pytest.mark.parametrize(
    "name", ["E405_other_entity", "E507_may_not_apply", "E406_no_such_member", "E208_missing_member"]
)
@examples(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(text=mangled([SHARED]))
def test_a_mangled_ruleset_gives_problems(name: str, text: str) -> None:
    problems = Diagnostics()
    source = source_from_text(text, "ruleset.yaml", problems)
    node = read_nodes(source, problems) if source else None
    if node is None:
        assert problems.errors
        return
    shared = read_settings(node, "mangled", problems)
    law = source_from_text((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), "law.yaml", problems)
    module = read_module(law, "law", shared, problems) if law else None
    assert module is not None
    compile_ruleset(Ruleset(shared, (module,)), problems)
    check_words(problems)
