"""People, households, licences, and constants of every kind, at random."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from random import Random
from typing import Any

from engine.reading.declared_constants import Bracket, KeyType, Parameter, Scale, Table
from engine.reading.declared_settings import BUILT_IN_ENUMS, Entity, EnumDeclaration, OrderKey, Role, Settings, Steps
from engine.text.source import Source, Span
from engine.values.periods import PeriodKind, Unit
from engine.values.types import (
    BOOLEAN,
    DATE,
    DURATION,
    INTEGER,
    MONEY,
    NONE,
    RATE,
    Duration,
    EnumValue,
    Kind,
    ValueType,
    enum_type,
)
from engine.values.working_days import WorkingDays

SPAN = Span(Source("<made>", ""), 0, 0)
YEAR, MONTH = PeriodKind(Unit.YEAR), PeriodKind(Unit.MONTH)
AT = YEAR.containing(date(2024, 1, 1))
COLOUR = enum_type("colour")
COLOURS = ("red", "green", "blue")
TYPES = (MONEY, RATE, INTEGER, BOOLEAN, DATE, COLOUR)
ROLES = (Role("head", "heads", 1, 1), Role("partner", "partners", 0, 1), Role("child", "children"))
GROUPS = ("household", "family")
ENTITIES = ("person", *GROUPS, "licence")
START = date(2000, 1, 1)
STEPS = Steps("previous", (OrderKey("number"), OrderKey("")))
KIN_STEPS = Steps("kin", (OrderKey("number", True),), ("sort",))


def settings(random: Random) -> Settings:
    """A jurisdiction with people, two kinds of group, and records."""
    return Settings(
        name="made",
        covers_from=START,
        covers_to=date(2050, 12, 31),
        date_round_up=random.random() < 0.5,
        date_round_refused=random.random() < 0.3,
        leap_birthday_march=random.random() < 0.5,
        workdays={"federal": WorkingDays("federal", SPAN, holidays=(date(2023, 12, 25), date(2024, 1, 1)))},
        enums={
            **BUILT_IN_ENUMS,
            "colour": EnumDeclaration("colour", SPAN, members={colour: colour for colour in COLOURS}),
        },
        entities={
            "person": Entity("person", SPAN, plural="people"),
            "household": Entity("household", SPAN, plural="households", of="person", roles=ROLES),
            "family": Entity("family", SPAN, plural="families", of="person", roles=ROLES),
            "licence": Entity(
                "licence", SPAN, plural="licences", belongs_to="person", sequences={"previous": STEPS, "kin": KIN_STEPS}
            ),
        },
    )


def random_value(kind: ValueType, random: Random) -> Any:
    """A constant of a type, often at an edge."""
    match kind.kind:
        case Kind.MONEY:
            return Fraction(random.choice([0, 1, 100, 12_345, 1_000_000, 10**8, random.randrange(10**7)]), 100)
        case Kind.RATE:
            return random.choice(
                [Fraction(0), Fraction(1), Fraction(765, 10_000), Fraction(1, 3), Fraction(-1, 4), Fraction(5, 2)]
            )
        case Kind.INTEGER:
            return random.choice([0, 1, 2, 17, 65, random.randrange(100)])
        case Kind.BOOLEAN:
            return random.random() < 0.5
        case Kind.DATE:
            return date(
                random.choice([1960, 1999, 2000, 2023, 2024]), random.choice([1, 2, 12]), random.choice([1, 28])
            )
        case Kind.DURATION:
            return Duration(random.choice([0, 1, 12, 216, -5]), random.choice([0, 0, 1, 31, -7]))
        case Kind.ENUM:
            return EnumValue("colour", random.choice(COLOURS))
    raise AssertionError(kind)


def constants(random: Random) -> tuple[dict[str, Parameter], dict[str, Table], dict[str, Scale]]:
    """One parameter of each type, a table by colour and number, scales of both kinds with and without a key."""
    kinds = {**{type_.kind.value: type_ for type_ in TYPES}, "duration": DURATION}
    parameters = {
        f"p_{name}": Parameter(f"p_{name}", SPAN, type=kind, values=((START, random_value(kind, random)),))
        for name, kind in kinds.items()
    }
    columns = {"m": MONEY, "r": RATE, "b": BOOLEAN, "c": COLOUR}
    columns |= {f"maybe_{name}": replace(kind, or_none=True) for name, kind in columns.items()}
    rows: dict[Any, Any] = {
        (colour, number): {name: _cell(kind, random) for name, kind in columns.items()}
        for colour in COLOURS
        for number in range(1, 5)
    }
    keys = (KeyType("colour", enum="colour"), KeyType("n", low=1, high=4))
    tables = {"t": Table("t", SPAN, keys=keys, columns=columns, values=((START, rows),))}
    scales = {
        f"s_{kind}_{keyed}": _scale(random, kind, keyed == "keyed")
        for kind in ("marginal", "step")
        for keyed in ("keyed", "plain")
    }
    return parameters, tables, scales


def _scale(random: Random, kind: str, keyed: bool) -> Scale:
    def brackets() -> tuple[Bracket, ...]:
        count = random.randrange(1, 5)
        thresholds: list[Any] = sorted(random.sample(range(1, 3_000_000), count))
        listed = [
            None if kind == "step" else Fraction(0),
            *(Fraction(other_threshold, 100) for other_threshold in thresholds),
        ]
        rates = [Fraction(random.randrange(0, 5_000), 10_000) for _ in listed]
        return tuple(Bracket(threshold, rate) for threshold, rate in zip(listed, rates, strict=True))

    bands: dict[Any, Any] = {colour: brackets() for colour in COLOURS} if keyed else {None: brackets()}
    return Scale(
        f"s_{kind}_{'keyed' if keyed else 'plain'}",
        SPAN,
        kind=kind,
        key=KeyType("colour", enum="colour") if keyed else None,
        of=MONEY,
        gives=MONEY if kind == "marginal" else RATE,
        inclusive=kind == "step" and random.random() < 0.5,
        values=((START, bands),),
    )


def _cell(kind: ValueType, random: Random) -> Any:
    return NONE if kind.or_none and random.random() < 0.4 else random_value(kind, random)
