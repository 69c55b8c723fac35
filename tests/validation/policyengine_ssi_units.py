"""Which people of a test of PolicyEngine's are one SSI unit: husband and wife who live together, and their children
under 18 who live along, are in no medical facility and head no household (20 CFR 416.1160, 416.1801, 416.1856).

A child's parents are those whom ids name; without ids, who heads the return, and husband or wife of that one, but who
is said to be no parent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.validation.policyengine_kinships import couples, live_together, named_by_others, named_parents

if TYPE_CHECKING:
    from tests.validation.policyengine_situation import Situation

ADULT = 18
APART = ("is_household_head", "ssi_lives_in_medical_treatment_facility")


def ssi_unit_of(situation: Situation, person: str) -> str:
    """The SSI unit of a person, called by one of its adults."""
    along = (couple for couple in couples(situation) if live_together(situation, *couple))
    couple = next((its for its in along if person in its), None)
    if couple is not None:
        return couple[0]
    parents = _parents_along(situation, person) if _is_child(situation, person) else []
    return ssi_unit_of(situation, parents[0]) if parents else person


def _is_child(situation: Situation, person: str) -> bool:
    apart = any((person, mark) in situation.marks for mark in APART)
    return not apart and situation.ages.get(person, ADULT) < ADULT


def _parents_along(situation: Situation, child: str) -> list[str]:
    along = [its for its in _parents(situation, child) if live_together(situation, its, child)]
    return [its for its in along if its != child and its not in situation.links.childless]


def _parents(situation: Situation, child: str) -> list[str]:
    if situation.links.parents.get(child):
        return named_parents(situation, child)
    unit = situation.unit_of("tax_unit", child)
    inside = [its for its in situation.people if situation.unit_of("tax_unit", its) == unit]
    roles = situation.roles_in("tax_unit", inside)
    filers = [*roles["head"], *roles["spouse"]]
    wedded = [its for couple in couples(situation) if set(couple) & set(filers) for its in couple]
    return [] if named_by_others(situation, child, inside) else list(dict.fromkeys([*filers, *wedded]))
