"""What a simulation counts under a ruleset: whose incomes, which taxes and benefits, what line of poverty.

`views/NAME.yaml` says it for shipped rules; `--view FILE` for others. Every name in it is checked against the rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from api.cases.naming import find_definition
from api.failures import Misuse, suggestion
from api.simulate.settings_file import read_settings
from engine.ir.program import Program
from engine.records import record
from engine.values.types import Kind

_VIEWS = Path(__file__).with_name("views")


@record(frozen=True, slots=True)
class HouseholdBenefit:
    """What a benefit of a household is called, and the entities and facts that a population must state for it."""

    label: str
    needs: tuple[str, ...]


@record(frozen=True, slots=True)
class View:
    """Names of figures: `incomes` are facts of people, all else are figures of the unit.

    Net income is the incomes less `borne`. `taxes` and `benefits` make up the budget; by how much they change, net
    income changes. `shown` are told beside them and not summed. `poverty` names a table keyed by area, year and size.
    `claims` are benefits that one may not claim, and the figures that are less (-1) or more (1) by them then.
    `income_groups` are where groups by income before tax begin, in whole units of the currency. `household` is the
    entity of people who share a home, for populations that say who does. `household_benefits` are figures of that
    entity, each with its label and what a population must have for it to be counted: groups, and facts. `unit_said`
    tells a reader who is in a unit.
    """

    unit: str
    person: str
    weight: str
    age: str
    child_below: int
    couple: str
    incomes: tuple[str, ...]
    taxes: Mapping[str, str]
    benefits: Mapping[str, str] = field(default_factory=dict)
    shown: tuple[str, ...] = ()
    borne: tuple[str, ...] = ()
    earnings: str = ""
    uprate: str = ""
    poverty: Mapping[str, Any] = field(default_factory=dict)
    population: Mapping[str, Any] = field(default_factory=dict)
    distribution: Mapping[str, Any] = field(default_factory=dict)
    claims: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    income_groups: tuple[int, ...] = ()
    household: str = ""
    unit_said: str = ""
    household_benefits: Mapping[str, HouseholdBenefit] = field(default_factory=dict)

    @property
    def figures(self) -> tuple[str, ...]:
        """Every figure that is computed of a unit, each once."""
        return tuple(dict.fromkeys((*self.taxes, *self.benefits, *self.borne, *self.shown, *self.claims)))


_KEYS = tuple(View.__dataclass_fields__)
_NEEDED = ("unit", "person", "weight", "incomes", "taxes")


def has_view(program: Program) -> bool:
    """Whether a ruleset has a view of its own."""
    return (_VIEWS / f"{program.settings.name}.yaml").is_file()


def load_view(program: Program, path: Path | None = None) -> View:
    """The view of a ruleset: its own, or the one in `path`. Raises Misuse for one that does not fit the rules."""
    if path is not None and not path.is_file():
        raise Misuse(f"there is no view `{path}`", "name a YAML file with unit, person, weight, incomes and taxes")
    path = path or _VIEWS / f"{program.settings.name}.yaml"
    if not path.is_file():
        raise Misuse(
            f"nothing says what to count in a simulation of `{program.settings.name}`",
            "name a file that does: `--view FILE`, with unit, person, weight, incomes and taxes",
        )
    return read_view(program, path)


def read_view(program: Program, path: Path) -> View:
    """A view as a file says it, checked."""
    said = read_settings(path, "a YAML file with unit, person, weight, incomes and taxes")
    if not isinstance(said, dict):
        raise Misuse(f"`{path}` says nothing", "give it unit, person, weight, incomes and taxes")
    unknown = [key for key in said if key not in _KEYS]
    if unknown:
        raise Misuse(f"`{path}` has a key `{unknown[0]}` that means nothing", suggestion(str(unknown[0]), _KEYS))
    missing = [key for key in _NEEDED if not said.get(key)]
    if missing:
        raise Misuse(f"`{path}` does not say `{missing[0]}`", "it needs unit, person, weight, incomes and taxes")
    given: dict[str, Any] = {"age": "", "child_below": 18, "couple": "", **said}
    for key in ("incomes", "shown", "borne"):
        given[key] = tuple(said.get(key, ()))
    edges = said.get("income_groups", ())
    if (
        not isinstance(edges, list | tuple)
        or any(type(edge) is not int for edge in edges)
        or list(edges) != sorted(edge for edge in {*edges} if edge > 0)
    ):
        raise Misuse(f"`income_groups` in `{path}` is no rising list of amounts above 0", "write [10_000, 25_000]")
    given["income_groups"] = tuple(edges)
    given["household_benefits"] = _household_benefits(path, said.get("household_benefits", {}))
    view = View(**given)
    _check(program, view)
    return view


def _household_benefits(path: Path, said: Any) -> dict[str, HouseholdBenefit]:
    benefits = {}
    for name, parts in said.items() if isinstance(said, dict) else ():
        if not isinstance(parts, dict) or parts.keys() != {"label", "needs"} or not isinstance(parts["needs"], list):
            told = f"`household_benefits.{name}` in `{path}` does not say what it is called and what it needs"
            raise Misuse(told, "write {label: SNAP, needs: [snap_unit, takes_up_snap]}")
        benefits[name] = HouseholdBenefit(str(parts["label"]), tuple(parts["needs"]))
    return benefits


def _check(program: Program, view: View) -> None:
    for entity in filter(None, (view.unit, view.person, view.household)):
        if entity not in program.settings.entities:
            raise Misuse(f"there is no entity `{entity}`", suggestion(entity, program.settings.entities))
    for name in (*view.incomes, *filter(None, (view.earnings,))):
        _is_money(program, name, view.person)
    for name in (*view.figures, *view.claims):
        _is_money(program, name, view.unit)
    for name, benefit in view.household_benefits.items():
        _is_money(program, name, view.household)
        for need in benefit.needs:
            if need not in program.settings.entities:
                find_definition(program, need)


def _is_money(program: Program, name: str, entity: str) -> None:
    definition = find_definition(program, name)
    if definition.entity != entity or definition.type.kind is not Kind.MONEY:
        raise Misuse(f"`{name}` is not an amount of money of a {entity}", f"name an amount of a {entity}")
