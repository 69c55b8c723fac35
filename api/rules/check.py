"""Checking rules: every problem at once, how much was checked, and on request whether the two evaluators agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from api.rules import programs
from api.rules.problems import ProblemSaid, counted, problem_said
from engine.ir.program import Program
from engine.pipeline import Compiled
from engine.text.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True)
class Differential:
    """How many populations to compare, of how many people each, and where their randomness begins."""

    rounds: int
    people: int
    seed: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many values machine code and interpreter were compared on, and the first differences."""

    compared: int
    differing: int
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is in the rules."""

    modules: int
    facts: int
    figures: int
    constants: int


@dataclass(frozen=True, slots=True)
class Checked:
    """What checking found. `size` and `fingerprint` are there if the rules can run. `not_proved`: in how many
    conditions it is not proved that no exceptions clash and no branch is dead, as they are too large to search."""

    ok: bool
    ruleset: str
    errors: int
    warnings: int
    problems: tuple[ProblemSaid, ...]
    fingerprint: str = ""
    size: Size | None = None
    differential: Comparison | None = None
    not_proved: int = 0


@dataclass(frozen=True, slots=True)
class Check:
    """The result as data, and the problems with the lines of text that they stand on."""

    checked: Checked
    problems: tuple[Diagnostic, ...]


def check(rules: str, reforms: Sequence[Path] = (), compare: Callable[[Program], Comparison] | None = None) -> Check:
    """Check the rules that a name means; where they can run, also `compare` the evaluators."""
    compiled = programs.check(rules, reforms)
    compared = compare(compiled.program) if compare is not None and compiled.program is not None else None
    return Check(_checked(compiled, compared), compiled.problems)


def _checked(compiled: Compiled, compared: Comparison | None) -> Checked:
    errors, warnings = counted(compiled.problems)
    return Checked(
        ok=compiled.program is not None,
        ruleset=compiled.ruleset.settings.name if compiled.ruleset is not None else "",
        errors=errors,
        warnings=warnings,
        problems=tuple(map(problem_said, compiled.problems)),
        fingerprint=compiled.program.fingerprint if compiled.program is not None else "",
        size=_size(compiled),
        differential=compared,
        not_proved=compiled.given_up,
    )


def _size(compiled: Compiled) -> Size | None:
    program, ruleset = compiled.program, compiled.ruleset
    if program is None or ruleset is None:
        return None
    facts = sum(definition.is_input for definition in program.definitions.values())
    constants = len(program.parameters) + len(program.tables) + len(program.scales)
    return Size(len(ruleset.modules), facts, len(program.definitions) - facts, constants)
