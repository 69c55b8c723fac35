"""What `cure` answers to refusals of the shipped rules: how many are settled, and what they cost.

    python -m tests.benchmarks.refusals [--rules gb us …] [--each 1] [--thorough] [--answers FILE]

For each requirement of each ruleset the first worked examples in which it is refused, so many of `each`. Prints those
that are not settled, with the last day that was looked at, and the processor's time. `--answers` writes every answer as
JSON, so that two versions can be compared. Not a test.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from api.cure.cure import Cured, cure
from api.failures import Failure, Misuse
from api.rules import programs
from api.schema import as_data
from engine.interpret.case_reader import read_case
from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.ir.program import Definition, Program
from engine.syntax.nodes import Mapping
from engine.text.diagnostics import Diagnostics

RULESETS = ("gb", "eu", "de", "us_ca", "us_passport", "certification", "us")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A requirement that is not met in a worked example."""

    rules: str
    program: Program
    case: Case
    condition: Definition
    instance: str
    example: str

    def __str__(self) -> str:
        return f"{self.rules} {self.condition.short_name} of {self.instance} at {self.case.at} ({self.example})"


def refusals(rules: str, each: int) -> Iterator[Refusal]:
    """Refused requirements of one ruleset, so many examples of each, in the order of the examples."""
    compiled = programs.check(rules, lint=False)
    ruleset, program = compiled.ruleset, compiled.program
    assert ruleset is not None and program is not None
    wanted = [part for part in program.definitions.values() if part.requirement and "." not in part.short_name]
    constants, seen = Constants(program), Counter[str]()
    for module in ruleset.modules:
        for example in module.examples:
            assert isinstance(example.given, Mapping)
            case = read_case(program, example.given, Diagnostics(), program.settings.period(example.at))
            left = [condition for condition in wanted if seen[condition.name] < each]
            if case is None or not left:
                continue
            interpreter = Interpreter(program, case, constants)
            for condition in left:
                instance = _refused(interpreter, condition)
                if instance is not None:
                    seen[condition.name] += 1
                    yield Refusal(rules, program, replace(case, complete=True), condition, instance, example.name)


def _refused(interpreter: Interpreter, condition: Definition) -> str | None:
    """Of whom a requirement is surely not met in a case, first; None where it is of nobody."""
    case = interpreter.case
    for instance in case.instances.get(condition.entity, ()):
        period = interpreter.period_of(condition, instance, case.at)
        outcome = interpreter.find(Fact(condition.name, instance, period)) if period is not None else None
        if isinstance(outcome, Known) and outcome.value is False:
            return instance
    return None


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what is not settled, and a line for all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", nargs="+", default=RULESETS)
    parser.add_argument("--each", type=int, default=1)
    parser.add_argument("--thorough", action="store_true")
    parser.add_argument("--answers", type=Path)
    options = parser.parse_args(arguments)
    answers, seconds, settled = dict[str, object](), list[float](), 0
    for refusal in (refusal for rules in options.rules for refusal in refusals(rules, options.each)):
        start = time.process_time()
        try:
            answer: Cured | str = cure(
                refusal.program, refusal.case, refusal.condition, refusal.instance, thorough=options.thorough
            )
        except (Failure, Misuse) as fault:
            answer = str(fault)
        seconds.append(time.process_time() - start)
        answers[str(refusal)] = answer if isinstance(answer, str) else as_data(answer)
        if isinstance(answer, str) or not answer.settled:
            until = answer if isinstance(answer, str) else answer.looked_until or "today not settled"
            print(f"{seconds[-1]:6.2f} s  {refusal}: {until}", flush=True)
            continue
        settled += 1
    if options.answers:
        options.answers.write_text(json.dumps(answers, indent=1), encoding="utf-8")
    most, whole = max(seconds, default=0), sum(seconds)
    print(f"{settled} of {len(seconds)} settled; at most {most:.2f} s of the processor, {whole:.1f} in all")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
