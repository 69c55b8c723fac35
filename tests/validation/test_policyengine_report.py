"""Which differences with PolicyEngine's tests of benefits a chapter explains, and which none does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.validation.policyengine_households import by_household
from tests.validation.policyengine_names import CountedOut, NoCounterpart, Test
from tests.validation.policyengine_report import Differing, Explanations, explanations, report

CHAPTERS = {"rounding": {"figures": ["snap"], "tests": {"usda/snap/own.yaml": [2, 3, 4]}}}


def test_a_chapter_explains_its_figures_of_its_tests_alone() -> None:
    explained = Explanations(CHAPTERS)
    snap, size = Differing("snap", "1", "2"), Differing("snap_unit_size", "1", "2")
    assert explained.chapter("usda/snap/own.yaml #2", [snap]) == "rounding"
    assert explained.chapter("usda/snap/own.yaml #1", [snap]) == ""
    assert explained.chapter("usda/snap/own.yaml #2", [snap, size]) == ""


def test_a_report_counts_each_test_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "gov" / "usda" / "snap"
    folder.mkdir(parents=True)
    (folder / "own.yaml").write_text("\n".join(f"- {{name: case {number}}}" for number in range(1, 7)))
    monkeypatch.setattr("tests.validation.policyengine_report.explanations", lambda: Explanations(CHAPTERS))

    def run(test: Test) -> list[Differing]:
        if test.number == 5:
            raise CountedOut("who enrols")
        if test.number == 6:
            raise NoCounterpart("moons")
        return [] if test.number == 4 else [Differing("snap", "1", "2")]

    counts = report(folder, run)
    assert (counts.tests, counts.counted_out, counts.runnable) == (6, 1, 4)
    assert (counts.agreeing, counts.explained, counts.unexplained) == (1, 2, 1)
    printed = capsys.readouterr().out
    assert "usda/snap/own.yaml #1  snap: 1 / 2" in printed
    assert "usda/snap/own.yaml #4  agrees now" in printed
    assert "1 of 4 without what a cited law decides otherwise" in printed
    assert "moons" in printed and "out: who enrols" in printed


def test_every_explained_test_is_explained_once() -> None:
    named = [
        f"{file} #{number}"
        for its in explanations().chapters.values()
        for file, numbers in its["tests"].items()
        for number in numbers
    ]
    assert len(named) == len(set(named)) > 100


def test_a_test_of_several_households_is_one_of_each() -> None:
    body = {
        "input": {
            "people": {"ann": {"age": 60}, "bob": {"age": 40}, "cle": {"age": 4}},
            "spm_units": {"a": {"members": ["ann"], "snap_assets": 5}, "b": {"members": ["bob", "cle"]}},
            "households": {"home": {"members": ["ann", "bob", "cle"], "state_code": "PA"}},
        },
        "output": {"snap": [1, 2], "is_snap_excluded_member": [False, False, True]},
    }
    first, second = by_household(Test("own", 1, body))
    assert list(first.body["input"]["people"]) == ["ann"]
    assert first.body["input"]["spm_units"] == {"a": {"members": ["ann"], "snap_assets": 5}}
    assert second.body["input"]["households"] == {"home": {"members": ["bob", "cle"], "state_code": "PA"}}
    assert first.body["output"] == {"snap": [1], "is_snap_excluded_member": [False]}
    assert second.body["output"] == {"snap": [2], "is_snap_excluded_member": [False, True]}
