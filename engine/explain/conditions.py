"""Conditions in words: what decided each, and nothing that did not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.explain.members import Members
from engine.explain.words import humanized, listed, whose_words
from engine.ir import nodes as ir
from engine.values.types import Value

_COMPARISON = {
    "=": ("is", "is not"),
    "!=": ("is not", "is"),
    "<": ("is below", "is not below"),
    "<=": ("is at most", "is above"),
    ">": ("is above", "is not above"),
    ">=": ("is at least", "is below"),
}


@dataclass(slots=True)
class Conditions(Members):
    """What formulas say of whether something holds."""

    def condition(self, node: ir.Expression) -> str:
        """A condition as it turned out: only what decided it."""
        truth = self.known(node)
        match node:
            case ir.Compare():
                return self._comparison(node, truth)
            case ir.Not():
                return self._negated(node, truth)
            case ir.And() | ir.Or():
                return self._several(node, truth)
            case ir.VariableRead():
                return self._yes_or_no(node, truth)
            case ir.Present():
                return self.condition(node.value)
            case ir.IsNone():
                return self.say(node.value) if isinstance(node.value, ir.VariableRead) else self._is_none(node, truth)
            case ir.Nobody():
                return self._nobody(node)
            case ir.Same():
                return self._same(node, truth)
            case ir.Holds():
                roles = listed([humanized(role) for role in node.roles], "or")
                return f"{'holds' if truth else 'does not hold'} the role {roles}"
            case ir.Let():
                return self._bound(node, self.condition)
            case ir.Local() if node.name in self.locals:
                return self._local(node, self.condition)
            case ir.FunctionCall():
                return self._function(node, self.condition)
            case ir.Aggregate() if node.operator in ("any", "all"):
                return self._of_members(node, truth)
        return self.amount(node) if truth is None else ("this always holds" if truth else "this never holds")

    def _comparison(self, node: ir.Compare, truth: Value | None) -> str:
        if truth is not None and _asks_whether_there_is_one(node):
            return self._presence(node.left)  # type: ignore[arg-type]
        if truth is None:
            return f"{self.say(node.left)} {_COMPARISON[node.operator][0]} {self.say(node.right)}"
        return f"{self.say(node.left)} {_COMPARISON[node.operator][0 if truth else 1]} {self.say(node.right)}"

    def _is_none(self, node: ir.IsNone, truth: Value | None) -> str:
        word = {True: "is", False: "is not"}.get(bool(truth), "") if truth is not None else "may be"
        return f"{self._part(node.value)} {word} none"

    def _negated(self, node: ir.Not, truth: Value | None) -> str:
        return self.condition(node.value)

    def _yes_or_no(self, node: ir.VariableRead, truth: Value | None) -> str:
        fact = self.interpreter.fact_read(node, self.frame)
        if fact is not None and fact not in self.mentioned:
            self.mentioned.append(fact)
        definition = self.interpreter.program.definitions[node.name]
        whose = whose_words(fact.instance, True) if fact is not None and fact.instance != self.frame.instance else ""
        answer = "not known" if truth is None else "yes" if truth else "no"
        return f"{definition.label or humanized(node.name)}{whose}: {answer}{self._unstated(fact, ' (', ')')}"

    def _several(self, node: ir.And | ir.Or, truth: Value | None) -> str:
        deciding = isinstance(node, ir.Or)
        if truth is None:
            return listed([self.condition(part) for part in node.values if self.known(part) is None], "and")
        if truth is deciding:
            return self.condition(next(part for part in node.values if self.known(part) is deciding))
        told = self._none_of(node.values) or self._none_of(
            [part.value for part in node.values if isinstance(part, ir.Not)]
        )
        return told or listed(list(dict.fromkeys(self.condition(part) for part in node.values)))

    def _none_of(self, values: Sequence[ir.Expression]) -> str:
        """`x is neither a nor b`, where a thing was compared with several and is none of them."""
        compared = [part for part in values if isinstance(part, ir.Compare) and part.operator in ("=", "!=")]
        if (
            len(compared) < 2
            or len(compared) < len(values)
            or len({(part.left, part.operator) for part in compared}) > 1
        ):
            return ""
        if any(self.known(part) is not (part.operator == "!=") for part in compared):
            return ""
        others = [self.say(part.right) for part in compared]
        word = "is neither" if len(others) == 2 else "is none of"
        return f"{self.say(compared[0].left)} {word} {listed(others, 'nor' if len(others) == 2 else 'and')}"


def _asks_whether_there_is_one(node: ir.Compare) -> bool:
    """`count(…) > 0` and its kin."""
    counted = isinstance(node.left, ir.Aggregate) and node.left.operator == "count"
    none = isinstance(node.right, ir.Literal) and node.right.value == 0
    return counted and none and node.operator in (">", "=", "!=")
