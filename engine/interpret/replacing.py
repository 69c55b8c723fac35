"""What `as if` puts in the place of facts and parameters: found in the world of the formula that asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from engine.interpret import domain, navigation, worlds
from engine.interpret.evaluating import Evaluating, Unsure
from engine.interpret.frames import Frame
from engine.interpret.outcomes import Fact, Failure, Known, NotApplicable, Outcome, Possible
from engine.interpret.worlds import Replaced
from engine.ir import nodes as ir
from engine.values.periods import Period

PeriodOf = Callable[[ir.Time], Period | Outcome]


def replaced(interpreter: Evaluating, node: ir.AsIf, frame: Frame, period_of: PeriodOf) -> Replaced | Outcome:
    """All that a world replaces; what the world gives where that cannot be found, or it is not known of whom."""
    replacing = _Replacing(interpreter, node, period_of)
    for change in node.changes:
        frames = replacing.each(change, frame)
        if isinstance(frames, Known | Possible | NotApplicable | Failure):
            return frames
        for inner in frames:
            outcome = replacing.note(change, inner)
            if outcome is not None:
                return outcome
    return Replaced(replacing.facts, replacing.parameters, frame.period)


@dataclass(slots=True)
class _Replacing:
    """What was replaced so far."""

    interpreter: Evaluating
    node: ir.AsIf
    period_of: PeriodOf
    facts: dict[Fact, Outcome] = field(default_factory=dict)
    parameters: dict[str, Outcome] = field(default_factory=dict)

    def each(self, change: ir.Replacement, frame: Frame) -> Sequence[Frame] | Outcome:
        """The frame of each of whom something is replaced."""
        if change.link is None:
            return (frame,)
        members = navigation.linked(self.interpreter, change.link, frame, None)
        if isinstance(members, Unsure):
            return navigation.several(self.interpreter, change.link, frame, self.node)  # type: ignore[return-value]
        if isinstance(members, NotApplicable | Failure):
            return ()
        return [frame.binding(change.bound, member) for member in members]

    def note(self, change: ir.Replacement, frame: Frame) -> Outcome | None:
        """Note what stands for a fact of somebody, or for a parameter; gives what went wrong."""
        interpreter = self.interpreter
        counted = domain.TRUE if change.where is None else interpreter.evaluate(change.where, frame)
        if counted == domain.FALSE:
            return None
        value = interpreter.evaluate(change.value, frame)
        if change.subject is None:
            self.parameters[change.name] = value
            return None
        instance = navigation.someone(interpreter, change.subject, frame, self.node)
        period = self.period_of(change.time)
        if isinstance(instance, Failure | Possible):
            return instance
        if not isinstance(instance, str) or not isinstance(period, Period):
            return None  # there is nobody of whom it could be replaced
        fact = Fact(change.name, instance, period)
        outcome = worlds.stored(value, interpreter.program.definitions[change.name])
        if counted != domain.TRUE:
            outcome = worlds.perhaps(counted, outcome, interpreter.find(fact))
        self.facts[fact] = outcome
        return None
