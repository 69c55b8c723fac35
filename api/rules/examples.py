"""Running the worked examples that stand in the rules: which do not hold, and what none of them tries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from api.failures import Misuse
from api.rules import programs
from api.rules.names import Place, place_of
from api.rules.problems import ProblemSaid, problem_said
from engine.examples.run import Mismatch, run_examples
from engine.examples.untried import Untried, untried
from engine.ir.program import Program
from engine.reading.declarations import RuleModule, Ruleset
from engine.text.diagnostics import Diagnostic, Diagnostics, RulesInvalid


@dataclass(frozen=True, slots=True)
class MismatchSaid:
    """A figure that an example expected to be something else. `reason`: why it is an error or unknown."""

    module: str
    example: str
    figure: str
    expected: str
    found: str
    where: Place
    reason: str = ""


@dataclass(frozen=True, slots=True)
class UntriedSaid:
    """A figure or a reason that no example tries, and in which way."""

    name: str
    how: str


@dataclass(frozen=True, slots=True)
class ExamplesRan:
    """What running examples came to. `unread`: not all could be read. `untried` is there if it was asked for."""

    ok: bool
    examples: int
    expectations: int
    mismatches: tuple[MismatchSaid, ...]
    problems: tuple[ProblemSaid, ...]
    unread: bool = False
    untried: tuple[UntriedSaid, ...] | None = None


@dataclass(frozen=True, slots=True)
class Ran:
    """The result as data, and the problems and gaps with the lines of text that they stand on."""

    result: ExamplesRan
    problems: tuple[Diagnostic, ...]
    gaps: tuple[Untried, ...]


def run(rules: str, reforms: Sequence[Path] = (), only: str = "", coverage: bool = False) -> Ran:
    """Run the examples whose module or name holds `only`; with `coverage` also say what no example tries.

    Raises RulesInvalid for rules that do not check, Misuse if no example is chosen.
    """
    compiled = programs.check(rules, reforms, lint=False)
    if compiled.ruleset is None or compiled.program is None:
        raise RulesInvalid(compiled.problems)
    problems = Diagnostics()
    chosen = _narrowed(compiled.ruleset, only)
    if only and not any(module.examples for module in chosen.modules):
        raise Misuse(f"no example's module or name holds `{only}`", "name a part of either, or leave `--only` out")
    done = run_examples(chosen, compiled.program, problems)
    gaps = tuple(untried(compiled.program, done.seen)) if coverage else ()
    result = ExamplesRan(
        ok=not done.mismatches and not problems.errors and not gaps,
        examples=done.examples,
        expectations=done.expectations,
        mismatches=tuple(map(_mismatch, done.mismatches)),
        problems=tuple(map(problem_said, problems)),
        unread=bool(problems.errors),
        untried=tuple(UntriedSaid(gap.name, gap.how) for gap in gaps) if coverage else None,
    )
    return Ran(result, tuple(problems), gaps)


def mismatches(rules: str, program: Program | None = None) -> tuple[Mismatch, ...]:
    """What examples in rules expect and do not find, under their own program or another one. Raises RulesInvalid."""
    compiled = programs.check(rules, lint=False)
    if compiled.ruleset is None or compiled.program is None:
        raise RulesInvalid(compiled.problems)
    return tuple(run_examples(compiled.ruleset, program or compiled.program, Diagnostics()).mismatches)


def _narrowed(ruleset: Ruleset, only: str) -> Ruleset:
    def fitting(module: RuleModule) -> RuleModule:
        if only in module.name:
            return module
        return replace(module, examples=tuple(example for example in module.examples if only in example.name))

    return replace(ruleset, modules=tuple(fitting(module) for module in ruleset.modules))


def _mismatch(mismatch: Mismatch) -> MismatchSaid:
    where = place_of(mismatch.span)
    return MismatchSaid(
        mismatch.module, mismatch.example, mismatch.figure, mismatch.expected, mismatch.computed, where, mismatch.reason
    )
