"""find over a log of random people equals asking each by their record: shipped permissions, with records, people of
whom nothing is known, and facts that nothing reads."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from api.find.candidates import from_log
from api.history.record import record_case
from api.rules.programs import load_program
from citizens import Belongs, Draft, Facts, Origin, Point, Value, open_log
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.ir.program import Definition, Program
from engine.native import KNOWN, evaluate
from engine.native.handover import value_of
from engine.values.periods import parse_period
from engine.values.types import Kind
from tests.more import seeds

DAY = parse_period("2024-05-10")
LONG_AGO = date(2010, 1, 1)
DAYS_AGO = (0, 1, 55, 56, 364, 365, 366, 730, 1095, 1096, 5844, 6209, 6575, 7671, 8766, 12_000, 25_567)
ORIGIN = Origin("test", "test", "test act", "test")
PEOPLE = 14


def drawn(draw: random.Random, program: Program, definition: Definition) -> Value:
    if definition.may_not_apply and draw.random() < 0.2:
        return "none"
    match definition.type.kind:
        case Kind.BOOLEAN:
            return draw.random() < 0.5
        case Kind.DATE:
            return DAY.start - timedelta(draw.choice(DAYS_AGO))
        case Kind.ENUM:
            return draw.choice(list(program.settings.enums[definition.type.enum].members))
        case Kind.INTEGER:
            low = int(definition.low or 0)
            return draw.randint(low, min(int(definition.high or 12), low + draw.choice([1, 12, 4_000])))
        case _:
            return Decimal(draw.choice(["0", "0.01", "0.05", "0.08"]))


def facts(draw: random.Random, program: Program, entity: str, share: float) -> Iterator[Point]:
    for definition in program.definitions.values():
        if definition.is_input and definition.entity == entity and draw.random() < share:
            yield Point(definition.short_name, LONG_AGO, drawn(draw, program, definition))


def people(draw: random.Random, program: Program) -> Iterator[Draft]:
    for number in range(PEOPLE):
        person = f"person/p{number}"
        known = tuple(facts(draw, program, "person", draw.choice([0, 0.2, 0.5, 0.9])))
        yield Draft(person, Facts(known or (Point("height", LONG_AGO, 170),)), ORIGIN, event_id=person)
        for entity in program.settings.entities.values():
            for place in range(draw.randint(0, 3) if entity.belongs_to else 0):
                record = f"{entity.name}/p{number}-{place}"
                owned = Point("person", LONG_AGO, Belongs(person, "owner"))
                rest = facts(draw, program, entity.name, draw.choice([0.6, 1, 1]))
                yield Draft(record, Facts((owned, *rest)), ORIGIN, event_id=record)


@pytest.mark.parametrize("seed", seeds(2))
@pytest.mark.parametrize("ruleset", ["gb", "us_ca", "us_passport", "de", "eu"])
def test_a_search_asks_everybody_what_their_record_says(tmp_path: Path, ruleset: str, seed: int) -> None:
    program = load_program(ruleset)
    asked = [program.find(name) for name in ("may_drive", "may_keep_licence", "may_get_license", "is_citizen",
             "may_be_given_passport", "is_british_citizen", "keeps_licence", "may_be_issued")]  # fmt: skip
    constants = Constants(program)
    with open_log(tmp_path / "log") as log:
        log.append(list(people(random.Random(seed), program)))
        for definition in filter(None, asked):
            among = from_log(program, DAY, log, [definition])
            assert among.columns.counts["person"] == PEOPLE
            figures = evaluate(program, among.columns, [definition.name], DAY).figures[definition.name]
            for row in range(PEOPLE):
                person = among.name("person", row)
                case = record_case(log, program, person, DAY, valid=DAY.end, known=None).case
                fact = Fact(definition.name, person.partition("/")[2], DAY)
                outcome = Interpreter(program, case, constants).find(fact)
                known = figures.status is None or figures.status[row] == KNOWN
                value = value_of(program, definition, int(figures.entries[row]))
                assert (Known(value) if known else None) == (outcome if isinstance(outcome, Known) else None), fact
