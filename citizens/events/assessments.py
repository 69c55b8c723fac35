"""What the law makes of facts: assessments, the differences between them, and the facts that they used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from citizens.errors import InvalidEvent
from citizens.events.checks import MAX_TEXT, check_name, check_shape, check_subject, check_text, check_word
from citizens.events.facts import MAX_UNITS, Point, Scalar, check_value, units_and_scale


@dataclass(frozen=True, slots=True)
class Use:
    """An assessment read these attributes of `subject`."""

    subject: str
    attributes: tuple[str, ...]

    def __post_init__(self) -> None:
        check_subject(self.subject)
        for attribute in self.attributes:
            check_name(attribute, "an attribute")


@dataclass(frozen=True, slots=True)
class Row:
    """Figures in stored form, for whole populations: the same `shape` for many rows, and one value for each part.

    A shape is `name:kind` for each figure, parted by spaces: `agi:d2 tax:d2 children:i filed:b`. Kind `d2` is a whole
    number of hundredths, `i` a whole number, `b` true or false, `t` days since 1970-01-01, `s` text, `n` not known
    (None). It is read back as pairs of names and values.
    """

    shape: str
    values: tuple[int | str | None, ...]

    def __post_init__(self) -> None:
        if check_shape(self.shape) != len(self.values):
            raise InvalidEvent(f"a row has {len(self.values)} values for {check_shape(self.shape)} figures")
        if _are_numbers(self.shape) and set(map(type, self.values)) == {int}:
            if min(self.values) > -MAX_UNITS and max(self.values) < MAX_UNITS:  # type: ignore[type-var,operator]
                return
        for part, value in zip(self.shape.split(" "), self.values, strict=True):
            if not _fits(part.rpartition(":")[2][0], value):
                raise InvalidEvent(
                    f"figure `{part}` has a value of another kind", "values are in stored form, never float"
                )


@lru_cache(maxsize=1_000)
def _are_numbers(shape: str) -> bool:
    """Whether all figures of a shape are whole numbers as stored."""
    return all(part.rpartition(":")[2][0] in "dit" for part in shape.split(" "))


def _fits(letter: str, value: int | str | None) -> bool:
    if letter in "dit":
        return type(value) is int and -MAX_UNITS < value < MAX_UNITS
    expected = {"b": bool, "s": str, "n": type(None)}
    return type(value) is expected[letter] and (letter != "s" or 0 < len(str(value)) <= MAX_TEXT)


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the law makes of the facts: `figures` by name, for `period` ("2024"), facts as valid on `valid_on`.

    `program` is the compiled program's fingerprint, `read_to` the offset up to which facts were read, `used` which
    facts were. `replaces` is the offset of the assessment that this one takes the place of.
    """

    period: str
    valid_on: date
    program: str
    read_to: int
    figures: tuple[tuple[str, Scalar | None], ...] | Row
    used: tuple[Use, ...]
    replaces: int | None = None

    def __post_init__(self) -> None:
        check_word(self.period, "an assessment's period")
        check_word(self.program, "a program's fingerprint")
        if isinstance(self.figures, Row):
            return
        for name, value in self.figures:
            check_value(Point(name, self.valid_on, value))
            check_name(name, "a figure")

    @property
    def fault(self) -> str:
        """Why nothing could be assessed; empty if it was.

        Such an assessment has the figure `fault`, a text that names nobody, and `fault_use`: whose facts among `used`
        are at fault. So the text keeps no name when somebody is erased.
        """
        if isinstance(self.figures, Row) or not self.figures or self.figures[0][0] != FAULT:
            return ""
        told = dict(self.figures)
        place = told.get(FAULT_USE)
        named = f"{self.used[place].subject}: " if isinstance(place, int) and place < len(self.used) else ""
        return f"{named}{told[FAULT]}"


@dataclass(frozen=True, slots=True)
class Adjustment:
    """The difference between two assessments: new less old, figure by figure.

    `assessment` is the event id of the new one (appended in the same transaction), `replaces` the offset of the old.
    """

    period: str
    assessment: str
    replaces: int
    differences: tuple[tuple[str, Decimal], ...]
    reason: str

    def __post_init__(self) -> None:
        check_text(self.period, "an adjustment's period")
        check_text(self.reason, "an adjustment's reason")
        for name, amount in self.differences:
            units_and_scale(amount, "a difference")
            check_name(name, "a figure")


FAULT, FAULT_USE = "fault", "fault_use"
