"""What became of the people of homes in which a figure makes the groups that are assessed.

1. While a run assesses the groups, it notes who is in each.
2. Whoever was in a group that could not be assessed, or lives where it is not known who is together, counts with those;
   others who were in a group were assessed. Whoever was in none was not: the figure leaves them out, or a group is
   stated for somebody in their home, and another assessment is of those.
3. A home counts as the people who live there on the last day: as one that could not be assessed if one of them could
   not be, as one in which nobody is in a group if none of them is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import numpy as np

from api.assess.binding import Rows
from api.assess.figures import Assessed
from api.assess.gathering import Population

ASSESSED, FAILED, ALONE, DUPLICATE, SILENT = range(5)


class Placed:
    """The groups that each person was in, by the person's name."""

    def __init__(self) -> None:
        self._groups: dict[str, set[str]] = {}

    def noting(self, each: Iterable[Assessed]) -> Iterator[Assessed]:
        """The same groups, each noted as it passes."""
        for assessed in each:
            for person in assessed.people:
                self._groups.setdefault(person, set()).add(assessed.group)
            yield assessed

    def of_people(self, population: Population, failed: Collection[str]) -> Rows:
        """What became of each person, by row, given the groups and homes that could not be assessed."""
        failing, people = set(failed), population.members[population.binding.person]
        states = np.full(len(people.table), ALONE, dtype=np.int64)
        for row, (name, home) in enumerate(zip(people.table.ids, people.of.tolist(), strict=True)):
            groups = self._groups.get(name, set())
            if groups & failing or (home >= 0 and population.group_name(home) in failing):
                states[row] = FAILED
            elif groups:
                states[row] = ASSESSED
        return states

    def of_homes(self, population: Population, people: Rows) -> Rows:
        """What became of each home, by row, given what became of the people."""
        homes = np.full(len(population.groups), ALONE, dtype=np.int64)
        for state in (ASSESSED, FAILED):  # the latter prevails
            of = population.members[population.binding.person].of[people == state]
            homes[of[of >= 0]] = state
        return homes


__all__ = ["ALONE", "ASSESSED", "DUPLICATE", "FAILED", "SILENT", "Placed"]
