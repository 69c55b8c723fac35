"""How many of PolicyEngine's tests of a folder agree, and which chapter of DIFFERENCES.md explains each of the others.

1. A test is counted out, not runnable, agreeing, explained or unexplained.
2. `policyengine_explained.yaml` names, for each chapter, its tests and the figures that may differ in them. A test that
   differs in any other figure is not explained by it.
3. An explanation of a test that agrees is out of date, and is said to be.
4. A chapter is `by_law` if a law that it cites decides its tests otherwise, and not what is a fact or in no table here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.validation.policyengine_names import CountedOut, NoCounterpart, Test, tests_in

EXPLAINED = Path(__file__).resolve().parent / "policyengine_explained.yaml"
SHOWN = 60


@dataclass(frozen=True, slots=True)
class Differing:
    """A figure of a test in which ours and theirs are not alike."""

    figure: str
    ours: str
    theirs: str

    def __str__(self) -> str:
        return f"{self.figure}: {self.ours} / {self.theirs}"


@dataclass(slots=True)
class Counts:
    """Of the tests of a folder: how many there are, in scope, runnable, agreeing, explained and not."""

    tests: int = 0
    counted_out: int = 0
    runnable: int = 0
    agreeing: int = 0
    explained: int = 0
    by_law: int = 0

    @property
    def unexplained(self) -> int:
        """Differences that no chapter explains."""
        return self.runnable - self.agreeing - self.explained

    def __str__(self) -> str:
        return (
            f"{self.tests:,} tests, {self.tests - self.counted_out:,} in scope, {self.runnable:,} runnable, "
            f"{self.agreeing:,} agreeing, {self.explained:,} explained, {self.unexplained:,} unexplained; "
            f"{self.agreeing:,} of {self.runnable - self.by_law:,} without what a cited law decides otherwise"
        )


class Explanations:
    """Which chapter explains which test, and in which figures."""

    def __init__(self, chapters: Mapping[str, Any]) -> None:
        self.chapters = chapters
        self._chapter_of = {
            f"{file} #{number}": name
            for name, its in chapters.items()
            for file, numbers in its["tests"].items()
            for number in numbers
        }

    def chapter(self, key: str, differing: Iterable[Differing]) -> str:
        """The chapter that explains all these differences of a test; empty if none does."""
        name = self._chapter_of.get(key, "")
        return name if name and all(its.figure in self.chapters[name]["figures"] for its in differing) else ""

    def is_by_law(self, chapter: str) -> bool:
        """Whether a law that a chapter cites decides its tests otherwise."""
        return bool(self.chapters[chapter].get("by_law"))

    def names(self, key: str) -> bool:
        """Whether some chapter names the test."""
        return key in self._chapter_of


def explanations() -> Explanations:
    """The chapters as they stand in the file."""
    return Explanations(yaml.safe_load(EXPLAINED.read_text(encoding="utf-8")))


def below_gov(folder: Path) -> str:
    """A folder of theirs as explanations name it."""
    resolved = folder.resolve()
    return resolved.relative_to(next(parent for parent in resolved.parents if parent.name == "gov")).as_posix()


def report(folder: Path, run: Callable[[Test], list[Differing]]) -> Counts:
    """Print the unexplained differences of a folder, what is counted out, what the others lack, and how many agree."""
    explained, within, counts = explanations(), below_gov(folder), Counts()
    lacking: Counter[str] = Counter()
    for test in tests_in(folder):
        counts.tests += 1
        try:
            differing = run(test)
        except CountedOut as reason:
            counts.counted_out += 1
            lacking[f"out: {reason}"] += 1
            continue
        except NoCounterpart as lack:
            lacking[str(lack)] += 1
            continue
        counts.runnable += 1
        _judge(f"{within}/{test.key}", differing, explained, counts)
    for name, count in lacking.most_common(SHOWN):
        print(f"{count:6}  {name}")
    print(f"{within}: {counts}", flush=True)
    return counts


def _judge(key: str, differing: list[Differing], explained: Explanations, counts: Counts) -> None:
    if not differing:
        counts.agreeing += 1
        if explained.names(key):
            print(f"{key}  agrees now: its explanation is out of date")
    elif chapter := explained.chapter(key, differing):
        counts.explained += 1
        counts.by_law += explained.is_by_law(chapter)
    else:
        print(f"{key}  {'; '.join(map(str, differing))}")
