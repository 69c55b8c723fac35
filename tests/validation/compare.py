"""What comparisons share: a figure of a case, ours and theirs, and how many agree."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

TOLERANCE = Fraction(1)


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of a case on which we and the source are further apart than `TOLERANCE`."""

    case: str
    year: int
    figure: str
    ours: Fraction
    theirs: Fraction
    explained: str = ""

    @property
    def gap(self) -> Fraction:
        """Ours less theirs."""
        return self.ours - self.theirs


Explain = Callable[[Difference], str]


@dataclass(slots=True)
class Tally:
    """One figure of one source in one year: how many cases there are, could be run, and agree."""

    source: str
    figure: str
    year: int
    cases: int = 0
    runnable: int = 0
    agreeing: int = 0
    differences: list[Difference] = field(default_factory=list)

    def add(
        self, case: str, ours: Fraction | None, theirs: Fraction, explain: Explain = lambda _difference: ""
    ) -> None:
        """Count a case; `ours` is None where it could not be run. `explain` names the class of a difference."""
        self.cases += 1
        if ours is None:
            return
        self.runnable += 1
        if abs(ours - theirs) <= TOLERANCE:
            self.agreeing += 1
        else:
            difference = Difference(case, self.year, self.figure, ours, theirs)
            self.differences.append(replace(difference, explained=explain(difference)))

    @property
    def share(self) -> Fraction:
        """The share of all cases that agree."""
        return Fraction(self.agreeing, self.cases) if self.cases else Fraction(1)

    @property
    def unexplained(self) -> list[Difference]:
        """The differences that belong to no class of DIFFERENCES.md."""
        return [difference for difference in self.differences if not difference.explained]


def print_table(tallies: Sequence[Tally]) -> None:
    """One line for each tally."""
    head = ("source", "year", "figure", "cases", "runnable", "agreeing", "differing", "unexplained", "share")
    lines: list[tuple[str, ...]] = [head]
    for tally in tallies:
        share = f"{float(tally.share) * 100:.2f}%"
        counts = (tally.cases, tally.runnable, tally.agreeing, len(tally.differences), len(tally.unexplained))
        lines.append((tally.source, str(tally.year), tally.figure, *map(str, counts), share))
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        cells = enumerate(zip(line, widths, strict=True))
        print(
            "  ".join(cell.ljust(width) if column in (0, 2) else cell.rjust(width) for column, (cell, width) in cells)
        )


def write_differences(path: Path, tallies: Iterable[Tally], facts: dict[tuple[str, str, int], dict[str, str]]) -> None:
    """The differing rows for study: the source, the case, ours and theirs, and the facts of it that are not 0."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["source", "case", "year", "figure", "ours", "theirs", "gap", "class", "facts"])
        for tally in tallies:
            for difference in tally.differences:
                known = facts.get((tally.source, difference.case, difference.year), {})
                shown = " ".join(f"{name}={value}" for name, value in known.items() if value not in ("", "0", "0.0"))
                numbers = [f"{float(value):.2f}" for value in (difference.ours, difference.theirs, difference.gap)]
                writer.writerow(
                    [
                        tally.source,
                        difference.case,
                        difference.year,
                        difference.figure,
                        *numbers,
                        difference.explained,
                        shown,
                    ]
                )
