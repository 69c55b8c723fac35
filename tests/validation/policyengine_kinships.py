"""Who is whose parent, husband or wife in a test of PolicyEngine's, and on whose return, as its ids say it.

1. `parent_1_id` and `parent_2_id` name people by their `person_id`, who live along if two have it; a number that
   nobody has is somebody elsewhere. Without any ids the two who are marked as parents are those of a child on the
   return of one of them, or of a couple.
2. Two people of a marital unit are married, unless one is named as the other's parent or both have the same one. If the
   marriage is shown (a joint return, or the mark of spouses who live together), the husband or wife of the one parent
   who lives along is a step-parent (42 CFR 435.603(b)).
3. Who is claimed on a return that the test names by its id is a dependent on it.
4. Whoever is married, lives along and is on a return of his or her own files separately (26 USC 7703).
5. A dependent whose ids name nobody on the return, who has none while a filer is named as another's parent, or who is
   the husband or wife of a child, is no child of the filers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.interpret.outcomes import Fact
from engine.values.types import EnumValue

if TYPE_CHECKING:
    from tests.validation.policyengine_situation import Situation

KINSHIP, WITH, ADULT = "kinship", "with", 18
PARENT_MARKS = {"is_parent", "own_children_in_household"}


@dataclass(slots=True)
class Links:
    """The ids of people and returns, and what is said by them."""

    ids: dict[int, list[str]] = field(default_factory=dict)
    parents: dict[str, list[int]] = field(default_factory=dict)
    returns: dict[int, str] = field(default_factory=dict)
    claims: dict[str, int] = field(default_factory=dict)
    living_along: set[str] = field(default_factory=set)
    childless: set[str] = field(default_factory=set)
    children: dict[str, int] = field(default_factory=dict)

    def say(self, name: str, raw: Any, whose: str, whom: list[str]) -> bool:
        """Whether a name says something by ids, and what it says of somebody or of a return."""
        match name:
            case "person_id":
                self.ids.setdefault(raw, []).extend(whom)
            case "parent_1_id" | "parent_2_id":
                for person in whom:
                    self.parents.setdefault(person, []).append(raw)
            case "tax_unit_id":
                self.returns[raw] = whose
            case "medicaid_claiming_tax_unit_id":
                self.claims |= dict.fromkeys(whom, raw)
            case "cohabitating_spouses":
                self.living_along.update(whom if raw else ())
            case "is_parent" if not raw:
                self.childless.update(whom)
            case "own_children_in_household":
                self.children |= dict.fromkeys(whom, raw)
                return False
            case _:
                return False
        return True

    def claimed_on(self, person: str) -> str | None:
        """The return on which somebody is claimed, if it is among those of the test."""
        return self.returns.get(self.claims[person]) if person in self.claims else None


def relate(situation: Situation) -> list[tuple[str, str, str]]:
    """Who is (`is_spouse_of`, `is_parent_of`) whose; who files apart from husband or wife does so separately."""
    wedded_pairs = list(couples(situation))
    for couple in wedded_pairs:
        _file_apart(situation, couple)
    parents = {child: _parents(situation, child, wedded_pairs) for child in situation.people}
    for person in situation.people:
        if _is_no_child_of_filers(situation, person, parents, wedded_pairs):
            situation.state("relationship_to_filer", person, EnumValue("relationship", "other_relative"))
    links = [("is_spouse_of", *couple) for couple in wedded_pairs]
    links += [("is_parent_of", parent, child) for child, its in parents.items() for parent in its]
    return list(dict.fromkeys(links))


def couples(situation: Situation) -> Iterator[tuple[str, str]]:
    for unit in situation.groups.get("marital_units", {}).values():
        members = [person for person in unit if len(unit) == 2 or situation.ages.get(person, ADULT) >= ADULT]
        if len(members) == 2 and not _are_of_one_family(situation, *members):
            yield members[0], members[1]


def _are_of_one_family(situation: Situation, one: str, other: str) -> bool:
    if one in named_parents(situation, other) or other in named_parents(situation, one):
        return True
    links = situation.links
    shared = set(links.parents.get(one, ())) & set(links.parents.get(other, ()))
    return bool(shared) and one not in links.living_along


def named_parents(situation: Situation, child: str) -> list[str]:
    """The people of the test whom ids name as somebody's parents: who lives along, where several have the id."""
    named = []
    for raw in situation.links.parents.get(child, ()):
        bearers = situation.links.ids.get(raw, [])
        along = [person for person in bearers if live_together(situation, person, child)]
        named += (along or bearers)[:1]
    return named


def _parents(situation: Situation, child: str, wedded_pairs: list[tuple[str, str]]) -> list[str]:
    linked = bool(situation.links.parents)
    named = named_parents(situation, child) if linked else _marked_parents(situation, child, wedded_pairs)
    along = [parent for parent in named if live_together(situation, parent, child)]
    if len(along) != 1:
        return named
    wedded = [other for couple in wedded_pairs if along[0] in couple for other in couple if other != along[0]]
    shown = [other for other in wedded if _is_shown(situation, along[0], other)]
    return [*named, *(other for other in shown if live_together(situation, other, child))]


def _marked_parents(situation: Situation, child: str, wedded_pairs: list[tuple[str, str]]) -> list[str]:
    """The two who are marked as parents, if one of them claims the child or they are a couple."""
    marked = [person for person in situation.people if any((person, mark) in situation.marks for mark in PARENT_MARKS)]
    if len(marked) != 2 or child in marked:
        return []
    unit = situation.unit_of("tax_unit", child)
    claims = any(situation.unit_of("tax_unit", person) == unit for person in marked)
    return marked if claims or tuple(marked) in wedded_pairs else []


def _is_no_child_of_filers(
    situation: Situation, person: str, parents: dict[str, list[str]], wedded_pairs: list[tuple[str, str]]
) -> bool:
    unit = situation.unit_of("tax_unit", person)
    inside = [its for its in situation.people if situation.unit_of("tax_unit", its) == unit]
    if situation.links.parents.get(person):
        return not set(parents[person]) & set(inside)
    if named_by_others(situation, person, inside):
        return True
    wedded = [other for couple in wedded_pairs if person in couple for other in couple if other != person]
    return any(set(parents[other]) & set(inside) for other in wedded)


def live_together(situation: Situation, one: str, other: str) -> bool:
    return situation.unit_of("dwelling", one) == situation.unit_of("dwelling", other)


def _is_shown(situation: Situation, one: str, other: str) -> bool:
    unit = situation.unit_of("tax_unit", one)
    return situation.links.living_along.issuperset((one, other)) or unit == situation.unit_of("tax_unit", other)


def _file_apart(situation: Situation, couple: tuple[str, str]) -> None:
    units = [situation.unit_of("tax_unit", person) for person in couple]
    if units[0] == units[1] or not live_together(situation, *couple):
        return
    for person, unit in zip(couple, units, strict=True):
        if situation.links.claimed_on(person) is None and situation.roles.get(person) != "dependent":
            situation.state("filing_status", unit, EnumValue("filing_status", "separate"))


def named_by_others(situation: Situation, person: str, inside: list[str]) -> bool:
    """Whether ids name one of these people as the parent of all the children that he or she has, and this is none."""
    if situation.links.parents.get(person):
        return False
    named = Counter(parent for other in situation.people for parent in named_parents(situation, other))
    return any(named[its] and named[its] >= situation.links.children.get(its, 0) for its in inside)


def records(situation: Situation) -> dict[str, dict[tuple[str, ...], str | tuple[str, ...]]]:
    """The kinships as a case has them: their owners and those with whom they are, and their facts among the given."""
    owner_of: dict[tuple[str, ...], str | tuple[str, ...]] = {}
    further: dict[tuple[str, ...], str | tuple[str, ...]] = {}
    of: dict[tuple[str, ...], str | tuple[str, ...]] = {}
    to: dict[tuple[str, ...], str | tuple[str, ...]] = {}
    for number, (what, person, other) in enumerate(relate(situation), 1):
        name = f"kinship {number}"
        owner_of[KINSHIP, name], further[KINSHIP, WITH, name] = person, other
        of[KINSHIP, person] = (*of.get((KINSHIP, person), ()), name)
        to[KINSHIP, WITH, other] = (*to.get((KINSHIP, WITH, other), ()), name)
        definition = situation.program.find(what)
        assert definition is not None
        situation.given[Fact(definition.name, name, definition.period.containing(situation.at.start))] = True
    return {"owner_of": owner_of, "further_owner": further, "records": of, "further_records": to}
