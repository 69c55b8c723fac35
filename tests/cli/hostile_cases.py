"""Cases of hostile shapes: other spellings of one family, which owe what it owes, and what every reader must refuse."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.cli.hostile_land import (
    REFUSED,
    Attempt,
    as_data,
    family,
    owed,
)


def shuffled(data: Any, draw: random.Random) -> Any:
    """The same with the keys of every mapping in another order."""
    if not isinstance(data, dict):
        return data
    keys = list(data)
    draw.shuffle(keys)
    return {key: shuffled(data[key], draw) for key in keys}


def written(value: Any, draw: random.Random) -> str:
    """A scalar as YAML may have it; money in one of its spellings."""
    if value is True or value is False:
        return str(value).lower()
    text = str(value)
    if "." in text and text.replace(".", "").isdigit():
        whole, rest = text.split(".")
        spellings = [text, f"'{text}'", f'"{text}"', f"{int(whole):_}.{rest}", f"  {text}  "]
        return draw.choice([*spellings, whole] if rest == "00" else spellings)
    return text


def as_yaml(data: Any, draw: random.Random, flow: bool = False) -> str:
    if isinstance(data, dict):
        if flow or not data:
            return "{" + ", ".join(f"{key}: {as_yaml(value, draw, True)}" for key, value in data.items()) + "}"
        lines = []
        for key, value in data.items():
            inner = as_yaml(value, draw, draw.random() < 0.3)
            block = isinstance(value, dict) and value and not inner.startswith("{")
            lines.append(
                f"{key}:\n" + "\n".join("  " + line for line in inner.split("\n")) if block else f"{key}: {inner}"
            )
        return "\n".join(lines)
    if isinstance(data, list):
        return "[" + ", ".join(map(str, data)) + "]"
    return written(data, draw)


def timed(people: dict[str, Any], draw: random.Random) -> None:
    """Facts of 2024 said with their time, in forms that mean the same; and facts of other years beside them."""
    for person in people.values():
        for key in list(person):
            if key == "savings":
                person[key] = draw.choice((person[key], {"from 2024-12-31": person[key]}, {"2024-12-31": person[key]}))
            elif draw.random() < 0.4:
                person[key] = draw.choice(({2024: person[key]}, {2023: person[key], 2024: person[key]}))


def case_file(folder: Path, text: str, name: str = "case.yaml") -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def calc(folder: Path, case: str, *more: str) -> list[str]:
    return ["calc", str(folder / "land"), case, "--want", "tax", "--json", *more]


def another_spelling(folder: Path, draw: random.Random) -> Attempt:
    people = family(draw)
    data = as_data(people)
    if draw.random() < 0.5:
        timed(data["people"], draw)
    data = shuffled(data, draw)
    if draw.random() < 0.3:
        return Attempt(calc(folder, "-"), owed(people), json.dumps(data))
    text = as_yaml(data, draw).replace("\n", draw.choice(("\n", "\n", "\r\n", "\n\n")))
    start = draw.choice(("", "", "# a case\n", "---\n", "\ufeff"))
    return Attempt(
        calc(folder, case_file(folder, start + text)), owed(people) if start in ("", "# a case\n") else (owed(people),)
    )


def open_case(folder: Path, draw: random.Random) -> Attempt:
    """Of who is not known whole nothing definite is said: a range that holds the truth, or more is asked."""
    people = family(draw)
    return Attempt(calc(folder, case_file(folder, as_yaml(as_data(people, complete=False), draw))), None)


def broken(folder: Path, draw: random.Random) -> Attempt:
    people = family(draw)
    people.setdefault("bo", {"age": 30})
    data = as_data(people)
    persons, units = data["people"], data["tax_units"]
    slips = data.setdefault("payslips", {})
    faults: list[Callable[[], Any]] = [
        lambda: units.update(flat={"head": "ann"}),
        lambda: units["home"].update(head="nobody"),
        lambda: units["home"].update(head=["ann", "bo"]),
        lambda: units["home"].pop("head"),
        lambda: units["home"].update(dependents=["bo", "bo"]),
        lambda: units["home"].update(spouse="bo"),
        lambda: persons["ann"].update(wage=5),
        lambda: persons["ann"].update(wages=-1),
        lambda: persons["ann"].update(wages="1_000_000.01"),
        lambda: persons["ann"].update(wages="30.000,00"),
        lambda: persons["ann"].update(wages="12.345"),
        lambda: persons["ann"].update(wages="1e3"),
        lambda: persons["ann"].update(wages="NaN"),
        lambda: persons["ann"].update(wages={"2024": 5, "2024..2025": 6}),
        lambda: persons["ann"].update(wages={"from 2024": 5}),
        lambda: persons["ann"].update(wages={"2024-13": 5}),
        lambda: persons["ann"].update(wages={"2024-02": 5}),
        lambda: persons["ann"].update(age=40.5),
        lambda: persons["ann"].update(age=131),
        lambda: persons["ann"].update(bought="maybe"),
        lambda: persons["ann"].update(bought=1),
        lambda: persons["ann"].update(kind="odd"),
        lambda: persons["ann"].update(born="2023-02-29"),
        lambda: persons["ann"].update(born="1600-01-01"),
        lambda: persons["ann"].update(born="29/02/2024"),
        lambda: slips.update(x={"pay": 5}),
        lambda: slips.update(x={"person": "nobody", "pay": 5}),
        lambda: (slips.update(x={"person": "ann", "pay": 5}), persons["ann"].update(wages=5)),
        lambda: data.update(at="2024-02-30"),
        lambda: data.update(at="1999"),
        lambda: data.update(complete="yes"),
        lambda: data.update(persons={"eve": {}}),
        lambda: data.update(open=["nothing"]),
        lambda: data.update(people=[]),
        lambda: persons.update(eve="40"),
        lambda: (
            persons.update({"ann ": {"age": 3}, "ann": persons["ann"]}) or units["home"].update(dependents=["ann  x"])
        ),
    ]
    draw.choice(faults)()
    case = case_file(folder, json.dumps(data), "case.json")
    return Attempt(calc(folder, case), REFUSED)
