"""A fact as a question on a page: its control, what an answer looks like, and the answer as a case says it.

A field is called `f.WHOSE.FACT`. `?` is "I don't know", which is an answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from api.web.households import bare
from engine.explain.words import value_words
from engine.interpret.outcomes import Fact
from engine.ir.program import Definition, Program
from engine.reading.declared_settings import Settings
from engine.values.dates import EARLIEST_FACT, LATEST_FACT
from engine.values.types import NONE as NO_VALUE
from engine.values.types import Kind

UNKNOWN = "?"
NONE = "none"
MOST_CHARACTERS = 40
_NUMBER = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,4})?%?", re.ASCII)
_WHOLE = re.compile(r"-?[0-9]{1,9}", re.ASCII)
_CONTROLS = {
    Kind.BOOLEAN: "choice",
    Kind.ENUM: "member",
    Kind.DATE: "date",
    Kind.MONEY: "money",
    Kind.INTEGER: "whole",
    Kind.RATE: "rate",
}


@dataclass(frozen=True, slots=True)
class FactField:
    """A fact of somebody or something, to be asked on a page."""

    fact: Fact
    definition: Definition
    settings: Settings

    @property
    def name(self) -> str:
        """The field of the form."""
        return field_name(self.fact.instance, self.definition.short_name)

    @property
    def kind(self) -> str:
        """The control: choice, member, date, money, whole or rate."""
        return _CONTROLS.get(self.definition.type.kind, "text")

    @property
    def question(self) -> str:
        """What is asked: the rules' own words, or what the fact is called."""
        return self.definition.ask or self.definition.label

    @property
    def may_be_none(self) -> bool:
        """Whether there may be no such thing."""
        return self.definition.type.or_none

    @property
    def members(self) -> Mapping[str, str]:
        """The answers that there are, each with its label."""
        kind = self.definition.type
        return self.settings.enums[kind.enum].members if kind.kind is Kind.ENUM else {}

    def fault(self, text: str) -> str:
        """What is wrong with an answer; empty if nothing is."""
        if text == UNKNOWN or (text == NONE and self.may_be_none):
            return ""
        match self.kind:
            case "choice":
                return "" if text in ("yes", "no") else "Choose an answer"
            case "member":
                return "" if text in self.members else "Choose an answer"
            case "date":
                return "" if _is_day(text) else "Enter a day, such as 2006-06-14"
            case "whole":
                right, example = _WHOLE.fullmatch(bare(text)), "Enter a whole number, such as 3"
            case _:
                right, example = _NUMBER.fullmatch(bare(text)), "Enter an amount, such as 1,500"
        return self._within(bare(text)) if right else example

    def _within(self, text: str) -> str:
        value = Fraction(text.rstrip("%")) / (100 if text.endswith("%") else 1)
        low, high = self.definition.low, self.definition.high
        if low is not None and value < low:
            return f"Enter {low} or more"
        return f"Enter {high} or less" if high is not None and value > high else ""

    def value(self, text: str) -> str | bool:
        """An answer as a case says it."""
        if text == UNKNOWN:
            return "unknown"
        if self.kind == "choice":
            return text == "yes"
        return text if self.kind in ("member", "date") else bare(text)

    def told(self, text: str) -> str:
        """An answer in words."""
        match text:
            case "?":
                return "I don’t know"  # noqa: RUF001
            case "none":
                return "None"
        if self.kind == "date":
            day = date.fromisoformat(text)
            return f"{day.day} {day:%B %Y}"
        if self.kind in ("money", "whole"):
            return value_words(Fraction(bare(text)), self.definition.type, self.settings)
        return self.members.get(text, text.capitalize() if self.kind == "choice" else text)

    @property
    def is_usually_not(self) -> bool:
        """Whether a complete case takes it for no, none or nought: what is called so is then not there."""
        value = self.definition.absent
        return value is False or value is NO_VALUE or value == 0

    @property
    def called(self) -> str:
        """What it is called where it is not asked."""
        return self.definition.label.removesuffix(", or none")

    @property
    def absent(self) -> str:
        """What a complete case takes it for, in words."""
        value = self.definition.absent
        return "" if value is None else value_words(value, self.definition.type, self.settings)


def field_name(whose: str, fact: str) -> str:
    """The form's name of a fact."""
    return f"f.{whose}.{fact}"


def fields_for(program: Program, facts: Sequence[Fact]) -> list[FactField]:
    """The facts as fields."""
    return [FactField(fact, program.definitions[fact.name], program.settings) for fact in facts]


def _is_day(text: str) -> bool:
    try:
        return len(text) == 10 and EARLIEST_FACT <= date.fromisoformat(text) <= LATEST_FACT
    except ValueError:
        return False
