"""What is said of a definition, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from api.rules.names import Place
from api.rules.stated_values import DatedValue
from api.schema import Citation, Json


@dataclass(frozen=True, slots=True)
class DatedFormula:
    """A formula in canonical form, and the day from which it holds (none: from always)."""

    formula: str
    from_: str = ""


@dataclass(frozen=True, slots=True)
class ExceptionSaid:
    """Where `when` holds, `then` stands in the place of the formula, or of the exceptions it is `over`."""

    name: str
    when: str
    then: str
    law: tuple[Citation, ...]
    over: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """A reason of a requirement: what it `needs`, or how its `parts` combine (`all`, `any_of`)."""

    name: str
    label: str
    law: tuple[Citation, ...]
    needs: str = ""
    fails: str = ""
    mode: str = ""
    parts: tuple[Condition, ...] = ()
    exceptions: tuple[ExceptionSaid, ...] = ()


@dataclass(frozen=True, slots=True)
class Described:
    """A definition, whole. Which fields there are depends on its kind.

    `entity`, `period`, `type`: of facts, figures and requirements. `uses` and `used_by` are names in the whole program.
    """

    name: str
    kind: str
    module: str
    label: str
    law: tuple[Citation, ...]
    where: Place
    uses: tuple[str, ...]
    used_by: tuple[str, ...]
    exported: bool = False
    entity: str = ""
    period: str = ""
    type: str = ""
    stock: bool = False
    range: str = ""
    ask: str = ""
    default: Json = None
    absent: Json = None
    default_text: str = ""
    absent_text: str = ""
    applies_if: str = ""
    otherwise: str = ""
    takes: Mapping[str, str] | None = None
    formulas: tuple[DatedFormula, ...] = ()
    exceptions: tuple[ExceptionSaid, ...] = ()
    rounded: str = ""
    needs: Condition | None = None
    values: tuple[DatedValue, ...] = ()
    known_until: str = ""
    uprated_by: str = ""
    set_by_reforms: tuple[str, ...] = ()
    read_off: tuple[str, ...] = ()
    plural: str = ""
    of: str = ""
    belongs_to: str = ""
    roles: tuple[str, ...] = ()
    members: Mapping[str, str] | None = None
    figures: tuple[str, ...] = ()
    permits: tuple[str, ...] = ()
