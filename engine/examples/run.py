"""Worked examples: each case is run and every expectation compared, with the place where it stands.

An expectation is a value, `unknown`, `not_applicable` or `error`; for a requirement also `{holds: …, not_met: […]}`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from engine.examples.untried import Seen, leaves
from engine.explain.words import money_places, outcome_words
from engine.interpret.case_facts import stated_type
from engine.interpret.case_reader import read_case
from engine.interpret.cases import Case, instances_of
from engine.interpret.constants import Constants
from engine.interpret.frames import Step
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Failure, Known, NotApplicable, Outcome, Possible, stated
from engine.ir.program import Definition, Program, ReasonInfo
from engine.reading.context import Context
from engine.reading.declarations import Example, RuleModule, Ruleset
from engine.reading.scalars import read_value
from engine.syntax.nodes import Mapping, MappingEntry, Node, Scalar, Sequence
from engine.text.diagnostics import Diagnostics
from engine.text.source import Span
from engine.values.numbers import format_decimal
from engine.values.periods import Period
from engine.values.types import Kind

_NAMED_AT_MOST = 6
_WORDS = ("unknown", "not_applicable", "error")


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One figure that an example expects and the rules do not give. `reason`: why it is an error or unknown."""

    module: str
    example: str
    figure: str
    expected: str
    computed: str
    span: Span = field(compare=False, repr=False)
    reason: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class ExamplesRun:
    """How many examples and expectations were tried, and which did not hold.

    `seen`: what each figure that examples expect, and each reason of a requirement that they expect, was found to be.
    """

    examples: int
    expectations: int
    mismatches: tuple[Mismatch, ...]
    seen: Seen = field(default_factory=dict)


def run_examples(ruleset: Ruleset, program: Program, problems: Diagnostics) -> ExamplesRun:
    """Run every example. One that cannot be read adds problems E801, E802, E805 and counts as tried."""
    constants = Constants(program)
    examples = expectations = 0
    mismatches: list[Mismatch] = []
    seen: dict[str, set[str]] = {}
    for module in ruleset.modules:
        for example in module.examples:
            examples += 1
            runner = _Runner(module, example, program, constants, problems=problems, seen=seen)
            example_mismatches = list(runner.run())
            expectations += runner.expectations
            mismatches += example_mismatches
    return ExamplesRun(examples, expectations, tuple(mismatches), seen)


def check_examples(ruleset: Ruleset, program: Program, problems: Diagnostics) -> None:
    """What is wrong with the examples themselves (E801, E802, E805), without computing anything."""
    for module in ruleset.modules:
        for example in module.examples:
            list(_Runner(module, example, program, None, problems=problems, seen={}).run())


class _Runner:
    """Reads one example and, where there are `constants`, computes what it expects."""

    def __init__(
        self,
        module: RuleModule,
        example: Example,
        program: Program,
        constants: Constants | None,
        *,
        problems: Diagnostics,
        seen: dict[str, set[str]],
    ) -> None:
        self.module = module
        self.example = example
        self.program = program
        self.constants = constants
        self.problems = problems
        self.seen = seen
        self.expectations = 0

    def run(self) -> Iterator[Mismatch]:
        at = self.period()
        given = self.example.given
        assert isinstance(given, Mapping | Scalar | Sequence)
        case = read_case(self.program, given, self.problems, at) if at is not None else None
        if case is None or at is None or not isinstance(self.example.expect, Mapping):
            return
        interpreter = Interpreter(self.program, case, self.constants) if self.constants is not None else None
        for entry in self.example.expect:
            yield from self.entry(entry, interpreter, case, at)

    def period(self) -> Period | None:
        try:
            return self.program.settings.period(self.example.at)
        except ValueError as fault:
            self.problems.add("E802", str(fault), self.example.span, help="write `at: 2024`")
            return None

    def entry(self, entry: MappingEntry, interpreter: Interpreter | None, case: Case, at: Period) -> Iterator[Mismatch]:
        entities = self.program.settings.entities
        plural = next((entity for entity in entities.values() if entry.name in (entity.plural, entity.name)), None)
        if plural is None or not isinstance(entry.value, Mapping):
            yield from self.figure(entry, None, interpreter, case, at)
            return
        named = entry.value.entries if entry.name == plural.plural else (entry,)
        for instance in named:
            if instance.name not in case.instances.get(plural.name, ()) or not isinstance(instance.value, Mapping):
                known = case.instances.get(plural.name, ())
                near = Context(self.program.settings, self.problems).did_you_mean(instance.name, known)
                self.unknown(instance, f"there is no {plural.name} `{instance.name}` in the case", near)
                continue
            for figure in instance.value:
                yield from self.figure(figure, instance.name, interpreter, case, at)

    def unknown(self, entry: MappingEntry, message: str, help_text: str) -> None:
        self.problems.add("E801", message, entry.key.span, help=help_text)

    def figure(
        self, entry: MappingEntry, instance: str | None, interpreter: Interpreter | None, case: Case, at: Period
    ) -> Iterator[Mismatch]:
        definition = self.definition(entry.name)
        if definition is None:
            known = {declared.short_name for declared in self.program.definitions.values() if declared.exported}
            near = Context(self.program.settings, self.problems).did_you_mean(entry.name, known)
            self.unknown(entry, f"there is no figure `{entry.name}`", near)
            return
        holders = list(instances_of(case, definition)) if instance is None else [instance]
        if len(holders) != 1:
            plural = self.program.settings.entities[definition.entity].plural
            message, help_text = (
                f"the case has no {definition.entity} with a `{entry.name}`",
                f"give {plural} in the case",
            )
            if holders:
                message = f"`{entry.name}` is a figure of each of {len(holders)} {plural} in the case"
                help_text = f"say of whom: `{plural}: {{{holders[0]}: {{{entry.name}: …}}}}`"
            self.unknown(entry, message, help_text)
            return
        if interpreter is None:
            self.read(entry, definition)
            return
        period = interpreter.period_of(definition, holders[0], at)
        if period is None:
            message = f"`{entry.name}` is per {definition.period}, and there is not one that is or holds {at}"
            help_text = f"say for which {definition.period}: write another `at:`"
            self.problems.add("E802", message, entry.key.span, help=help_text)
            return
        self.expectations += 1
        yield from self.compare(entry, definition, Fact(definition.name, holders[0], period), interpreter)

    def read(self, entry: MappingEntry, definition: Definition) -> None:
        """Read what is expected, for the problems that it has."""
        if definition.requirement is None or not isinstance(entry.value, Mapping):
            self.expected(entry.value, definition)
            return
        for line in entry.value:
            if line.name == "holds":
                self.expected(line.value, definition)
            else:
                self.reasons(entry.name, line, definition.requirement)

    def definition(self, name: str) -> Definition | None:
        """A figure of the module itself, else an exported one."""
        own = self.program.definitions.get(f"{self.module.name}:{name}")
        return own or self.program.find(name)

    def compare(
        self, entry: MappingEntry, definition: Definition, fact: Fact, interpreter: Interpreter
    ) -> Iterator[Mismatch]:
        outcome = interpreter.find(fact)
        self.seen.setdefault(definition.name, set()).add(self.spoken(outcome, definition))
        if definition.requirement is not None and isinstance(entry.value, Mapping):
            yield from self.requirement(entry, definition.requirement, fact, interpreter)
            self.note_reasons(definition.requirement, fact, interpreter)
            return
        if definition.requirement is not None:
            self.note_reasons(definition.requirement, fact, interpreter)
        expected = self.expected(entry.value, definition)
        if expected is not None and expected != self.spoken(outcome, definition):
            actual = self.spoken(outcome, definition)
            yield self.mismatch(entry.name, expected, actual, entry.value.span, self.reason(outcome, definition))

    def note_reasons(self, info: ReasonInfo, fact: Fact, interpreter: Interpreter) -> None:
        """Note what the reasons that were looked at came to, and those of requirements that it rests on."""
        for reason in leaves(info):
            step = interpreter.steps.get(Fact(reason.name, fact.instance, fact.period))
            if step is not None:
                self.note_below(step, interpreter)

    def note_below(self, first: Step, interpreter: Interpreter) -> None:
        """Note a reason, and all reasons of other requirements that were read on its way."""
        seen, left = {first.fact}, [first]
        while left:
            step = left.pop()
            if step.definition.requirement is not None:
                self.seen.setdefault(step.definition.name, set()).add(spoken(step.outcome))
            reads = [read for read in step.reads if read not in seen and read in interpreter.steps]
            seen.update(reads)
            left += [interpreter.steps[read] for read in reads]

    def spoken(self, outcome: Outcome, definition: Definition) -> str:
        return spoken(outcome, definition, money_places(self.program.settings))

    def mismatch(self, figure: str, expected: str, actual: str, span: Span, reason: str) -> Mismatch:
        return Mismatch(self.module.name, self.example.name, figure, expected, actual, span, reason)

    def reason(self, outcome: Outcome, definition: Definition) -> str:
        """Why a figure has no value: what went wrong and where, or which facts nobody stated."""
        match outcome:
            case Failure(message=message, span=span, path=path):
                place = f", at {span}" if span is not None else ""
                on_the_way = [str(fact) for fact in path if fact.name != definition.name]
                return message + place + (f", on the way to {on_the_way[0]}" if on_the_way else "")
            case Possible(needs=needs, may_fail=fault):
                facts = sorted(map(str, needs))
                more = f" and {len(facts) - _NAMED_AT_MOST} more" if len(facts) > _NAMED_AT_MOST else ""
                stated = f"; not stated: {', '.join(facts[:_NAMED_AT_MOST])}{more}" if facts else ""
                risk = f"; it may fail: {fault}" if fault else ""
                return outcome_words(outcome, definition.type, self.program.settings) + stated + risk
        return ""

    def expected(self, node: Node, definition: Definition) -> str | None:
        if isinstance(node, Scalar) and node.text in _WORDS:
            return node.text
        diagnostics = Diagnostics()
        kind = stated_type(self.program, definition)
        value = read_value(Context(self.program.settings, diagnostics), node, kind, node.span)
        for problem in diagnostics:
            self.problems.add("E802", problem.message, problem.span, help=problem.help)
        return None if len(diagnostics) else self.spoken(stated(value), definition)

    def requirement(
        self, entry: MappingEntry, info: ReasonInfo, fact: Fact, interpreter: Interpreter
    ) -> Iterator[Mismatch]:
        assert isinstance(entry.value, Mapping)

        def answer(reason_info: ReasonInfo) -> str:
            return spoken(interpreter.find(Fact(reason_info.name, fact.instance, fact.period)))

        for line in entry.value:
            reason = ""
            if line.name == "holds":
                definition = self.program.definitions[fact.name]
                expected = self.expected(line.value, definition)
                actual = self.spoken(interpreter.find(fact), definition)
                reason = self.reason(interpreter.find(fact), definition)
            else:
                wanted = self.reasons(entry.name, line, info)
                if not wanted:
                    continue
                expected = " ".join(sorted(word.text for word in _words(line.value)))
                decisive = deciding(info, wanted, answer)
                actual = " ".join(sorted(reason_info.name.removeprefix(f"{info.name}.") for reason_info in decisive))
            if expected is not None and expected != actual:
                yield self.mismatch(f"{entry.name}.{line.name}", expected, actual, line.value.span, reason)

    def reasons(self, figure: str, line: MappingEntry, info: ReasonInfo) -> str:
        """What the reasons that a line names must be for it to hold; empty, with E801, if it says nothing of them."""
        known = {leaf.name.removeprefix(f"{info.name}.") for leaf in leaves(info)}
        for word in _words(line.value):
            if word.text not in known:
                help_text = Context(self.program.settings, self.problems).did_you_mean(word.text, known)
                self.problems.add("E801", f"`{figure}` has no reason `{word.text}`", word.span, help=help_text)
        wanted = {"not_met": "false", "met": "true", "unknown": "unknown"}.get(line.name, "")
        if not wanted:
            message = f"`{line.name}` is no outcome of a requirement"
            self.unknown(line, message, "write holds, met, not_met or unknown")
        return wanted


def _words(node: Node) -> list[Scalar]:
    items = node.items if isinstance(node, Sequence) else (node,)
    return [item for item in items if isinstance(item, Scalar)]


def deciding(info: ReasonInfo, wanted: str, answer: Callable[[ReasonInfo], str]) -> Iterator[ReasonInfo]:
    """The reasons without parts that answer as `wanted` and on which their requirement turns: of alternatives one of
    which is met, the others are not what was not met."""
    if wanted != "true" and answer(info) != wanted:
        return
    for part in info.parts:
        yield from deciding(part, wanted, answer)
    if not info.parts and answer(info) == wanted:
        yield info


def spoken(outcome: Outcome, definition: Definition | None = None, money_places: int = 0) -> str:
    """An outcome as an example writes it."""
    match outcome:
        case Known(value=bool() as truth):
            return "true" if truth else "false"
        case Known(value=value):
            money = definition is not None and definition.type.kind is Kind.MONEY
            if definition is not None and definition.type.is_number:
                return format_decimal(value, money_places if money else None)  # type: ignore[arg-type]
            return str(value)
        case Possible():
            return "unknown"
        case NotApplicable():
            return "not_applicable"
        case Failure():
            return "error"
