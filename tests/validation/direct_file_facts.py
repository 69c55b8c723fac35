"""A return of the IRS's Direct File in compact form: its facts, and the amounts on the lines of its Form 1040."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any

from tests.validation.make_direct_file import read_folder

DATA = Path(__file__).parent / "data" / "direct_file.json.gz"
Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Return:
    """A return: its facts as Direct File has them, and the amounts on the lines of its Form 1040."""

    name: str
    facts: Mapping[str, Mapping[str, Facts]]
    lines: Mapping[str, Fraction]

    @property
    def own(self) -> Facts:
        """The facts of the return itself."""
        return self.facts[""]

    def records(self, kind: str, filer: str | None = None) -> list[Facts]:
        """The records of a kind, or those of one filer; one that names nobody is the first filer's."""
        values = self.facts.get(kind, {}).values()
        return [record for record in values if filer is None or record.get("filer", self.first) == filer]

    @property
    def first(self) -> str:
        """The first filer."""
        return next(key for key, facts in self.facts["filers"].items() if facts.get("isPrimaryFiler"))

    def total(self, kind: str, filer: str, *names: str) -> Fraction:
        """The sum of boxes over a filer's documents of a kind."""
        return sum((money(record, name) for record in self.records(kind, filer) for name in names), Fraction())

    def whole(self, kind: str, filer: str, name: str) -> Fraction:
        """The sum of a box that the electronic return carries in whole dollars for each document."""
        return sum((whole(money(record, name)) for record in self.records(kind, filer)), Fraction())


def money(facts: Facts, name: str) -> Fraction:
    """An amount, nothing if it is not there."""
    return Fraction(facts.get(name, 0))


def whole(amount: Fraction) -> Fraction:
    """Whole dollars, half a dollar upwards."""
    return Fraction(floor(amount + Fraction(1, 2)))


def returns(path: Path = DATA, every: int = 1) -> list[Return]:
    """Every n-th return of our compact file, or of a folder such as `make_direct_file` reads."""
    folder = read_folder(path) if path.is_dir() else json.loads(gzip.decompress(path.read_bytes()))
    chosen = list(folder.items())[::every]
    return [
        Return(name, choice["facts"], {line: Fraction(text) for line, text in choice["lines"].items()})
        for name, choice in chosen
    ]
