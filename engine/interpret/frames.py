"""Where an expression is evaluated, and what was found on the way to a figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType

from engine.interpret.outcomes import NOT_APPLICABLE, Choice, Fact, Interval, Outcome, Possible
from engine.ir import nodes as ir
from engine.ir.program import Definition
from engine.values.periods import Period


class Words:
    """An expression by what it says: two that say the same are equal, wherever they stand. Its hash is kept, since to
    find it is to go through all of the expression."""

    __slots__ = ("hash", "node")

    def __init__(self, node: ir.Expression) -> None:
        self.node, self.hash = node, hash(node)

    def __hash__(self) -> int:
        return self.hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Words) and self.hash == other.hash and self.node == other.node)


_WORDS: dict[int, Words] = {}  # by the identity of the expression, which is kept with them
MOST_WORDS = 20_000


def words_of(node: ir.Expression) -> Words:
    """What an expression says. Threads may ask: at worst it is found twice."""
    words = _WORDS.get(id(node))
    if words is None or words.node is not node:
        if len(_WORDS) >= MOST_WORDS:
            _WORDS.clear()
        words = _WORDS[id(node)] = Words(node)
    return words


class Narrowed(dict[Words, tuple[Interval | Choice, ...]]):
    """Within what values lie, by expression."""

    __slots__ = ()

    def of(self, node: ir.Expression) -> tuple[Interval | Choice, ...] | None:
        """Within what one lies, if anything is known."""
        return self.get(words_of(node)) if self else None


NOTHING = Narrowed({})


Ways = Mapping[tuple[str, str, date | Period], Sequence[Mapping[str, str | None]]]
NO_WAYS: Ways = MappingProxyType({})


@dataclass(slots=True, init=False)
class Step:
    """How one figure was found. `reads` and `constants` are in the order of evaluation. `open_groups`: in which ways
    people may be together where its formula asks for it and that is not known. `reads_more`: whether its formula asked
    another world, or for somebody's own periods."""

    fact: Fact
    definition: Definition
    source: str
    outcome: Outcome
    before_rounding: Outcome | None
    reads: list[Fact]
    constants: list[tuple[str, date, bool]]
    body: ir.Expression | None
    open_groups: Ways
    reads_more: bool

    def __init__(  # written out: there are thousands for each case
        self,
        fact: Fact,
        definition: Definition,
        source: str,
        outcome: Outcome = NOT_APPLICABLE,
        *,
        before_rounding: Outcome | None = None,
        reads: list[Fact] | None = None,
        constants: list[tuple[str, date, bool]] | None = None,
        body: ir.Expression | None = None,
        open_groups: Ways = NO_WAYS,
        reads_more: bool = False,
    ) -> None:
        self.fact = fact
        self.definition = definition
        self.source = source
        self.outcome = outcome
        self.before_rounding = before_rounding
        self.reads = [] if reads is None else reads
        self.constants = [] if constants is None else constants
        self.body = body
        self.open_groups = open_groups
        self.reads_more = reads_more

    @property
    def is_open(self) -> bool:
        """Whether it was computed with what is not determined."""
        return type(self.outcome) is Possible or type(self.before_rounding) is Possible

    @property
    def is_untraceable(self) -> bool:
        """Whether the outcome hangs on more than on what `reads` names, in that order."""
        return self.reads_more or bool(self.open_groups)


@dataclass(slots=True)
class Frame:
    """Where an expression is evaluated: the instance and period of the formula, its local names, how deep in calls, and
    within what values lie because the conditions around hold (`engine.interpret.narrowing`)."""

    instance: str
    period: Period
    step: Step
    names: Mapping[str, Callable[[], Outcome]]
    bound: Mapping[str, str]
    calls: int = 0
    narrowed: Narrowed = field(default_factory=lambda: NOTHING)

    def binding(self, name: str, instance: str) -> Frame:
        """The frame in which `name` is a member or record."""
        bound = {**self.bound, name: instance}
        return Frame(self.instance, self.period, self.step, self.names, bound, self.calls, self.narrowed)

    def naming(self, name: str, value: Callable[[], Outcome]) -> Frame:
        """The frame with one more local name."""
        names = {**self.names, name: value}
        return Frame(self.instance, self.period, self.step, names, self.bound, self.calls, self.narrowed)

    def without(self, node: ir.Expression) -> Frame:
        """The frame in which no condition says anything of one expression itself."""
        others = Narrowed(self.narrowed)
        others.pop(words_of(node), None)
        return self.within(others)

    def within(self, narrowed: Narrowed) -> Frame:
        """The frame in which values lie within other ranges."""
        return Frame(self.instance, self.period, self.step, self.names, self.bound, self.calls, narrowed)

    def at(self, period: Period) -> Frame:
        """The frame for a part of the period, of which what is known of values in the whole need not hold."""
        return Frame(self.instance, period, self.step, self.names, self.bound, self.calls)

    def elsewhere(self) -> Frame:
        """The frame in a world of other facts, with a step of its own; what is known here need not hold there."""
        return replace(self, step=Step(self.step.fact, self.step.definition, ""), narrowed=NOTHING)
