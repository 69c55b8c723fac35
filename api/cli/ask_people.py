"""Who there is, asked where no case is given: who holds the roles of a group, and how old everybody is."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from api.cases.naming import read_period
from api.cli.output import complain
from api.failures import Failure, Misuse
from engine.interpret.case_reader import case_from_data
from engine.interpret.cases import Case
from engine.ir.program import Definition, Program
from engine.reading.declared_settings import Entity
from engine.text.diagnostics import Diagnostics

MOST = 20


def ask_people(program: Program, wanted: Sequence[Definition], at: str | None) -> Case:
    """The case of those who are named in answer. Raises Misuse where the rules have no group of people to ask about."""
    entities = program.settings.entities
    group = next((entities[definition.entity] for definition in wanted if entities[definition.entity].of), None)
    if group is None:
        raise Misuse(
            "no case is given, and the figures are of no group of people", "name a file that says who there is"
        )
    period = str(read_period(program, at)) if at else str(program.settings.covers_to.year)
    holders, everybody = _holders(group)
    facts = [
        definition
        for definition in program.definitions.values()
        if definition.changing.can == "by_time" and definition.is_input
    ]
    people: dict[str, dict[str, Any]] = {name: {} for name in everybody}
    for fact in facts:
        if fact.entity == group.of:
            for name in people:
                people[name][fact.short_name] = _whole(f"{name}: {fact.ask or fact.label}", int(fact.high or MOST))
    asked = [role.name for role in group.roles]
    data = {"at": period, "complete": asked, entities[group.of].plural: people, group.plural: {"home": holders}}
    problems = Diagnostics()
    case = case_from_data(program, data, problems)
    if case is None or problems.errors:
        raise Failure("; ".join(problem.message for problem in problems), "name a file that says who there is")
    return case


def _holders(group: Entity) -> tuple[dict[str, Any], list[str]]:
    """Who holds each role, and everybody."""
    holders: dict[str, Any] = {}
    everybody: list[str] = []
    for role in group.roles:
        if role.single and role.minimum:
            holders[role.name] = role.name
            everybody.append(role.name)
        elif role.single:
            if _whole(f"Is there a {role.name.replace('_', ' ')}? (1 for yes, 0 for no)", 1):
                holders[role.name] = role.name
                everybody.append(role.name)
        else:
            number = _whole(f"How many {role.plural.replace('_', ' ')} are there?", MOST)
            names = [f"{role.name}_{at}" for at in range(1, number + 1)]
            holders[role.plural] = names
            everybody += names
    return holders, everybody


def _whole(question: str, most: int) -> int:
    """A whole number from 0 to the most. Raises Failure if the answers end."""
    complain(question)
    for line in sys.stdin:
        text = line.strip()
        if text.isdigit() and int(text) <= most:
            return int(text)
        if text:
            complain(f"`{text}` is not a whole number from 0 to {most}")
    raise Failure("the answers ended before it was said who there is", "answer, or name a file with a case")
