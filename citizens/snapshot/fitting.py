"""Values that do not fit what is wanted: each is left out and named, and judged by itself alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np

from citizens.snapshot.columns import ColumnKind
from citizens.snapshot.standing import Standing, is_link, picked, scale_of
from citizens.snapshot.wanted import Misfit, Wanted

KIND_NAMES: dict[str, ColumnKind] = {"b": "boolean", "i": "integer", "d": "decimal", "t": "date", "s": "text"}


class Naming(Protocol):
    """Which subject a number stands for."""

    def name(self, number: int) -> str:
        """The subject with that number, or `<entity>/erased-<number>`."""

    def load(self, numbers: Iterable[int]) -> None:
        """Have the names of many numbers ready, which are then asked for one by one."""

    def all_names(self) -> Iterable[tuple[int, str, str | None]]:
        """(number, entity, id) of every subject in order of number; no id for the erased."""


WORD = "w"  # the kind of what says the word that may stand in the place of a value


def fitting(each: Standing, wanted: Wanted, names: Naming, words: Sequence[str], misfits: list[Misfit]) -> Standing:
    """What holds of an attribute without values that do not fit, which are noted. Each is judged by itself alone."""
    if wanted.word in words and "s" not in wanted.kinds:
        each = _with_word(each, words.index(wanted.word))
    told: dict[int, str] = {}
    kinds = np.array([kind[0] not in wanted.kinds + "n" + WORD for kind in each.kinds], dtype=np.bool_)
    for row in np.flatnonzero(kinds[each.kind_of]).tolist():
        told[row] = KIND_NAMES.get(each.kinds[each.kind_of[row]][0]) or _entity(names, each.values[row])
    if wanted.group:
        told |= _led_astray(each, wanted.group, names)
    if wanted.places is not None:
        each = _on_places(each, wanted.places, told)
    for row in sorted(told):
        subject, offset = names.name(int(each.subjects[row])), int(each.offsets[row])
        misfits.append(Misfit(subject, each.name, told[row], offset))
    if not told:
        return each
    keep = np.ones(len(each.subjects), dtype=np.bool_)
    keep[list(told)] = False
    return picked(each, keep)


def _with_word(each: Standing, code: int) -> Standing:
    """What holds, with a kind of its own for what says a word."""
    texts = np.array([kind == "s" for kind in each.kinds], dtype=np.bool_)[each.kind_of]
    kind_of = np.where(texts & (each.values == code), len(each.kinds), each.kind_of)
    return Standing(each.name, each.subjects, (*each.kinds, WORD), kind_of, each.values, each.offsets)


def _entity(names: Naming, number: int) -> str:
    return names.name(int(number)).partition("/")[0]


def _led_astray(each: Standing, group: str, names: Naming) -> dict[int, str]:
    """The rows whose relation leads to a group of another entity, and to which. Ended relations lead nowhere."""
    rows = np.flatnonzero(is_link(each))
    groups = np.unique(each.values[rows]).tolist()
    names.load(groups)
    entities = {number: _entity(names, number) for number in groups}
    if all(entity == group for entity in entities.values()):
        return {}
    leads_to = {row: entities[int(each.values[row])] for row in rows.tolist()}
    return {row: entity for row, entity in leads_to.items() if entity != group}


def _on_places(each: Standing, places: int, told: dict[int, str]) -> Standing:
    """The numbers with at most so many decimals. Those that have more, or too many digits with them, are told."""
    values, kind_of, kinds = each.values.copy(), each.kind_of.copy(), list(each.kinds)
    for code, kind in enumerate(each.kinds):
        if kind[0] not in "di":
            continue
        rows, more = np.flatnonzero(each.kind_of == code), scale_of(kind) - places
        if more > 0:
            whole = values[rows] % 10**more == 0
            told |= dict.fromkeys(rows[~whole].tolist(), f"a number with over {places} decimals")
            if f"d{places}" not in kinds:
                kinds.append(f"d{places}")
            values[rows], kind_of[rows] = values[rows] // 10**more, kinds.index(f"d{places}")
        else:
            large = np.abs(values[rows]) >= 10 ** (18 + more)
            told |= dict.fromkeys(rows[large].tolist(), f"a number of over 18 digits with its {places} decimals")
    return Standing(each.name, each.subjects, tuple(kinds), kind_of, values, each.offsets)
