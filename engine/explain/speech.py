"""What all words for a formula share: the frame of its evaluation, what was mentioned, and local names."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from engine.explain.words import constant_label, humanized, listed, outcome_words
from engine.interpret.frames import Frame
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known, Outcome
from engine.ir import nodes as ir
from engine.reading.declared_settings import Settings
from engine.records import record
from engine.values.types import Value

_WRITTEN_OUT, _CALLS_WRITTEN_OUT = 400, 3  # characters of a function's body in words, and calls within calls
_CHOOSING = ("the lesser of", "the least of", "the greater of", "the greatest of")
_PARENTHESES = re.compile(r"([()])")
_JOINING = (*_CHOOSING, " plus ", " less ", " times ", " divided by ")


@record(frozen=True, slots=True)
class Local:
    """What a local name stands for: an expression, the frame that it is evaluated in, and the names known there."""

    value: ir.Expression
    frame: Frame
    locals: Mapping[str, Local]


@dataclass(slots=True)
class Speech(ABC):
    """Words for one figure's formula. `mentioned` are the figures named, `constants` the dated constants used."""

    interpreter: Interpreter
    frame: Frame
    mentioned: list[Fact] = field(default_factory=list)
    constants: list[str] = field(default_factory=list)
    because: list[str] = field(default_factory=list)
    locals: Mapping[str, Local] = field(default_factory=dict)
    _outcomes: dict[tuple[int, int], tuple[ir.Expression, Frame, Outcome]] = field(default_factory=dict)

    @abstractmethod
    def say(self, node: ir.Expression) -> str:
        """An expression in words, with the amounts of what it names."""

    @abstractmethod
    def condition(self, node: ir.Expression) -> str:
        """A condition as it turned out: only what decided it."""

    @property
    def settings(self) -> Settings:
        """The ruleset's settings."""
        return self.interpreter.program.settings

    def outcome(self, node: ir.Expression) -> Outcome:
        """What a part of the formula gives in this case. It is kept: words ask for the same part again and again."""
        place = (id(node), id(self.frame))
        kept = self._outcomes.get(place)
        if kept is None:
            kept = self._outcomes[place] = node, self.frame, self.interpreter.evaluate(node, self.frame)
        return kept[2]

    def known(self, node: ir.Expression) -> Value | None:
        """Its value, if it is determined."""
        outcome = self.outcome(node)
        return outcome.value if isinstance(outcome, Known) else None

    def amount(self, node: ir.Expression) -> str:
        """Its outcome in words."""
        return outcome_words(self.outcome(node), node.type, self.settings)

    def _name(self, name: str) -> str:
        """What a dated constant is called: its label, or its name in words."""
        return constant_label(self.interpreter.program, name)

    def _label(self, fact: Fact) -> str:
        definition = self.interpreter.program.definitions[fact.name]
        whose = f" of {fact.instance}" if fact.instance != self.frame.instance else ""
        return f"{definition.label or humanized(fact.name)}{whose}"

    def _words(self, name: str, outcome: Outcome) -> str:
        program = self.interpreter.program
        declared = program.definitions.get(name) or program.parameters[name]
        assert declared.type is not None
        return outcome_words(outcome, declared.type, self.settings)

    def _part(self, node: ir.Expression) -> str:
        words = self.say(node)
        return f"({words})" if _is_compound(words) else words

    def _bound(self, node: ir.Let, word: Callable[[ir.Expression], str]) -> str:
        """The body of a `let` in words, its name standing for its value."""
        outer, known = self.frame, self.locals
        self.frame = self.interpreter.binding(outer, node.name, node.value)
        self.locals = {**known, node.name: Local(node.value, outer, known)}
        said = word(node.body)
        self.frame, self.locals = outer, known
        return said

    def _local(self, node: ir.Local, word: Callable[[ir.Expression], str]) -> str:
        """A local name, or an argument, is said as what it stands for."""
        if node.name not in self.locals:
            return self.amount(node)
        meant, here, known = self.locals[node.name], self.frame, self.locals
        self.frame, self.locals = meant.frame, meant.locals
        said = word(meant.value)
        self.frame, self.locals = here, known
        return said

    def _function(self, node: ir.FunctionCall, word: Callable[[ir.Expression], str]) -> str:
        """What a function did with its arguments: where that is short, as if it stood in the formula; else its name."""
        kept = len(self.mentioned), len(self.constants), len(self.because)
        outer, known = self.frame, self.locals
        body, inner = self.interpreter.inside(node, outer)
        function = self.interpreter.program.functions[node.name]
        if body is not None and not function.label and outer.calls < _CALLS_WRITTEN_OUT:
            names = (name for name, _ in function.arguments)
            self.locals = {name: Local(value, outer, known) for name, value in zip(names, node.arguments, strict=True)}
            self.frame = inner
            said = word(body)
            self.frame, self.locals = outer, known
            if len(said) <= _WRITTEN_OUT or said in [word(argument) for argument in node.arguments]:
                return said
            del self.mentioned[kept[0] :], self.constants[kept[1] :], self.because[kept[2] :]
        parts = [self.say(value) for value in node.arguments if not isinstance(self.known(value), bool)]
        rests = f", from {listed(parts)}" if parts else ""
        return f"{function.label or humanized(node.name)} ({self.amount(node)}{rests})"

    def _unstated(self, fact: Fact | None, before: str, after: str = "") -> str:
        """That nobody stated a fact, and what stands in for it."""
        source = self.interpreter.steps[fact].source if fact is not None and fact in self.interpreter.steps else ""
        told = {"absent": "not listed", "default": "by default"}.get(source, "")
        return f"{before}{told}{after}" if told else ""


def _is_compound(words: str) -> bool:
    """Whether words join several amounts outside parentheses, so that parentheses must hold them together."""
    if not any(joining.strip() in words for joining in _JOINING):
        return False
    outside = _outside(words) if "(" in words or ")" in words else words
    return outside.startswith(_CHOOSING) or any(joining in outside for joining in _JOINING[len(_CHOOSING) :])


def _outside(words: str) -> str:
    """Words with a space for each character in parentheses, and for these."""
    depth, flat = 0, []
    for part in _PARENTHESES.split(words):
        depth += (part == "(") - (part == ")")
        flat.append(" " * len(part) if depth or part == ")" else part)
    return "".join(flat)
