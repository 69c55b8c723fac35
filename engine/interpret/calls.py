"""Local names and functions of the rules: each value is found where it is first needed, and once."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.interpret.frames import Frame
from engine.interpret.outcomes import Failure, Outcome
from engine.interpret.reads import Reads
from engine.ir import nodes as ir
from engine.ir.fold import formula_at

MAX_CALLS = 200


class Calls(Reads):
    """Figures whose formulas name values, and call functions."""

    def _let(self, node: ir.Let, frame: Frame) -> Outcome:
        return self.evaluate(node.body, self.binding(frame, node.name, node.value))

    def binding(self, frame: Frame, name: str, value: ir.Expression) -> Frame:
        """The frame with one more local name, whose value is found where it is first needed."""
        return frame.naming(name, self._once(value, frame))

    def _once(self, value: ir.Expression, frame: Frame) -> Callable[[], Outcome]:
        kept: list[Outcome] = []

        def outcome() -> Outcome:
            if not kept:
                kept.append(self.evaluate(value, frame))
            return kept[0]

        return outcome

    def _function(self, node: ir.FunctionCall, frame: Frame) -> Outcome:
        return self.called(node, frame, self._arguments(node, frame))

    def called(self, node: ir.FunctionCall, frame: Frame, names: Mapping[str, Callable[[], Outcome]]) -> Outcome:
        """What a function gives of its arguments."""
        body, inner = self._inside(node, frame, names)
        if body is None:
            return Failure(f"`{node.name}` has no formula on {frame.period.start}", node.span)
        if frame.calls >= MAX_CALLS:
            return Failure(f"functions call each other more than {MAX_CALLS} deep", node.span)
        self._calls += 1
        outcome = self.evaluate(body, inner)
        self._calls -= 1
        return outcome

    def inside(self, node: ir.FunctionCall, frame: Frame) -> tuple[ir.Expression | None, Frame]:
        """The body that a call runs, None if there is none yet, and the frame in which its arguments have values."""
        return self._inside(node, frame, self._arguments(node, frame))

    def _arguments(self, node: ir.FunctionCall, frame: Frame) -> Mapping[str, Callable[[], Outcome]]:
        arguments = zip(self.program.functions[node.name].arguments, node.arguments, strict=True)
        return {name: self._once(argument, frame) for (name, _), argument in arguments}

    def _inside(
        self, node: ir.FunctionCall, frame: Frame, names: Mapping[str, Callable[[], Outcome]]
    ) -> tuple[ir.Expression | None, Frame]:
        body = formula_at(self.program.functions[node.name].formulas, frame.period.start)
        calls = frame.calls + 1
        return body, Frame(frame.instance, frame.period, frame.step, names, frame.bound, calls)
