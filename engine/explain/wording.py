"""Formulas and values in words: what a formula did with the values of one case, as an officer would say it.

1. A figure is named by its label with its amount: `Earned income (25,000 USD)`.
2. What did not matter is left out: terms that are zero, branches that were not taken, conditions that did not decide.
3. Every figure that is named is collected, so that an explanation can go on with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from engine.explain.words import (
    NOT_KNOWN,
    constant_label,
    humanized,
    listed,
    outcome_words,
    whose_words,
)
from engine.interpret import choosing
from engine.interpret.frames import Frame
from engine.interpret.interpreter import Interpreter, World
from engine.interpret.outcomes import Fact, Known, NotApplicable, Outcome
from engine.ir import nodes as ir
from engine.ir.fold import parts_of
from engine.reading.declarations import Settings
from engine.text.citations import law_on
from engine.values.periods import Period, PeriodKind
from engine.values.types import Kind, Value

_COMPARISON = {
    "=": ("is", "is not"),
    "!=": ("is not", "is"),
    "<": ("is below", "is not below"),
    "<=": ("is at most", "is above"),
    ">": ("is above", "is not above"),
    ">=": ("is at least", "is below"),
}
_LISTED = 12  # of those chosen, so many are named
_WRITTEN_OUT, _CALLS_WRITTEN_OUT = 400, 3  # characters of a function's body in words, and calls within calls
_RUNS_TOLD = 6
_MODES = {"up": "up", "down": "down", "away": "away from zero", "toward_zero": "towards zero"}


@dataclass(frozen=True, slots=True)
class Local:
    """What a local name stands for: an expression, the frame that it is evaluated in, and the names known there."""

    value: ir.Expression
    frame: Frame
    locals: Mapping[str, Local]


@dataclass(slots=True)
class Wording:
    """Words for one figure's formula. `mentioned` are the figures named, `constants` the dated constants used."""

    interpreter: Interpreter
    frame: Frame
    mentioned: list[Fact] = field(default_factory=list)
    constants: list[str] = field(default_factory=list)
    because: list[str] = field(default_factory=list)
    locals: Mapping[str, Local] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        """The ruleset's settings."""
        return self.interpreter.program.settings

    def outcome(self, node: ir.Expression) -> Outcome:
        """What a part of the formula gives in this case."""
        return self.interpreter.evaluate(node, self.frame)

    def known(self, node: ir.Expression) -> Value | None:
        """Its value, if it is determined."""
        outcome = self.outcome(node)
        return outcome.value if isinstance(outcome, Known) else None

    def amount(self, node: ir.Expression) -> str:
        """Its outcome in words."""
        return outcome_words(self.outcome(node), node.type, self.settings)

    # --- values

    def say(self, node: ir.Expression) -> str:
        """An expression in words, with the amounts of what it names."""
        match node:
            case ir.VariableRead():
                return self._figure(node)
            case ir.ParameterRead() | ir.TableRead() | ir.ScaleRead():
                return self._constant(node)
            case ir.Arithmetic():
                return self._arithmetic(node)
            case ir.Extreme():
                return self._extreme(node)
            case ir.If():
                return self._choice(node)
            case ir.Exceptions():
                return self._exceptions(node)
            case ir.Let():
                return self._within(node)
            case ir.And() | ir.Or() | ir.Not() | ir.Compare() | ir.IsNone() | ir.Nobody():
                return self.condition(node)
            case ir.Present():
                return self.say(node.value)
            case ir.AsIf():
                return self._as_if(node)
            case ir.Chosen():
                return self._chosen(node)
            case ir.Ranked():
                return f"{humanized(node.operator)} {self.amount(node)}{self._among(node)}"
            case ir.Aggregate():
                return self.condition(node) if node.operator in ("any", "all") else self._aggregate(node)
            case ir.Local():
                return self._local(node, self.say)
        return self._plain(node)

    def _plain(self, node: ir.Expression) -> str:
        match node:
            case ir.Otherwise():
                applies = not isinstance(self.outcome(node.value), NotApplicable)
                return self.say(node.value if applies else node.fallback)
            case ir.Round():
                step = self.amount(node.step)
                how = _MODES.get(node.mode.value)
                to = f"{how} to a multiple of {step}" if how else f"to the nearest {step}"
                return f"{self._part(node.value)} rounded {to}"
            case ir.Negate():
                return f"minus {self.say(node.value)}"
            case ir.Absolute():
                return f"{self.say(node.value)} without its sign"
            case ir.FunctionCall():
                return self._function(node, self.say)
            case ir.Spread():
                share = "a twelfth" if str(node.kind) == "month" else f"a {node.kind}'s part"
                return f"{share} of {self.say(node.value)}"
            case ir.DateFunction(name="attains" | "age_on" | "weekday" | "add_working_days"):
                return self._date_function(node)
            case ir.DateFunction() if len(node.arguments) == 2:
                first, second = (self.say(argument) for argument in node.arguments)
                counted = humanized(node.name).removesuffix(" between")
                return f"the {counted} from {first} to {second} ({self.amount(node)})"
            case ir.OverParts():
                return self._over_parts(node)
            case ir.OverTime():
                definition = self.interpreter.program.definitions[node.name]
                return f"{definition.label or humanized(node.name)} over time ({self.amount(node)})"
        return self.amount(node)

    def _over_parts(self, node: ir.OverParts) -> str:
        """What was taken over periods, equal neighbours together: `over days (122): yes, 2024-01-01 to 2024-05-01`."""
        whose = (self.frame.step.definition.entity, self.frame.instance)
        kind = self.interpreter.kind_of(node.kind, whose)
        if not isinstance(kind, PeriodKind):
            return f"over {node.kind.plural} ({self.amount(node)})"
        try:
            periods = parts_of(replace(node, kind=kind), self.frame.period)
        except OverflowError:
            periods = ()
        runs: list[tuple[str, Period, Period, int]] = []
        for period in periods:
            said = outcome_words(
                self.interpreter.evaluate(node.body, replace(self.frame, period=period)), node.body.type, self.settings
            )
            if runs and runs[-1][0] == said:
                runs[-1] = (said, runs[-1][1], period, runs[-1][3] + 1)
            else:
                runs.append((said, period, period, 1))
        told = [
            f"{said}, {first.start}" + (f" to {last.end}, {count} {node.kind.plural}" if count > 1 else "")
            for said, first, last, count in runs[:_RUNS_TOLD]
        ]
        more = "; …" if len(runs) > _RUNS_TOLD else ""
        return f"over {node.kind.plural} ({self.amount(node)}): {'; '.join(told)}{more}"

    def _date_function(self, node: ir.DateFunction) -> str:
        parts = [self.say(argument) for argument in node.arguments]
        match node.name:
            case "attains":
                return f"the day on which {parts[1]} after {parts[0]} are attained ({self.amount(node)})"
            case "add_working_days":
                return f"the working day {parts[1]} after {parts[0]} ({self.amount(node)})"
            case "age_on":
                return f"the age on {parts[1]} of somebody born {parts[0]} ({self.amount(node)})"
        return f"the day of the week of {parts[0]} ({self.amount(node)})"

    def _figure(self, node: ir.VariableRead) -> str:
        fact = self.interpreter.fact_read(node, self.frame)
        definition = self.interpreter.program.definitions[node.name]
        name = definition.label or humanized(node.name)
        if fact is None:
            return f"{name} ({self.amount(node)})"
        if fact not in self.mentioned:
            self.mentioned.append(fact)
        whose = f" of {fact.instance}" if fact.instance != self.frame.instance else ""
        if self.interpreter.steps[fact].source == "unknown":
            return f"{name}{whose} ({NOT_KNOWN})"
        return f"{name}{whose} ({self.amount(node)}{self._unstated(fact, ', ')})"

    def _constant(self, node: ir.ParameterRead | ir.TableRead | ir.ScaleRead) -> str:
        if node.name not in self.constants:
            self.constants.append(node.name)
        match node:
            case ir.ParameterRead():
                return f"{self._name(node.name)} ({self.amount(node)})"
            case ir.TableRead():
                for key in node.keys:
                    self.say(key)
                column = f"{humanized(node.column)} of " if node.column else ""
                return f"{column}{self._name(node.name)} ({self.amount(node)})"
            case ir.ScaleRead():
                if node.key is not None:
                    self.say(node.key)
                word = "on" if self.interpreter.program.scales[node.name].kind == "marginal" else "for"
                return f"{self._name(node.name)} ({self.amount(node)}, {word} {self.say(node.argument)})"

    def _name(self, name: str) -> str:
        """What a dated constant is called: its label, or its name in words."""
        return constant_label(self.interpreter.program, name)

    def _arithmetic(self, node: ir.Arithmetic) -> str:
        if node.operator in "+-" and node.type.is_number:
            return self._sum(node)
        if node.operator == "mod":
            return f"the remainder of {self._part(node.left)} divided by {self._part(node.right)} ({self.amount(node)})"
        word = {"*": "times", "/": "divided by", "+": "plus", "-": "less"}[node.operator]
        return f"{self._part(node.left)} {word} {self._part(node.right)}"

    def _part(self, node: ir.Expression) -> str:
        words = self.say(node)
        return f"({words})" if _is_compound(words) else words

    def _sum(self, node: ir.Arithmetic) -> str:
        """A sum without its zeros."""
        terms = [(sign, term) for sign, term in _terms(node, 1) if self.known(term) != 0]
        if not terms:
            return "nothing"
        if len(terms) == 1 and terms[0][0] > 0:
            return self.say(terms[0][1])
        plus = [self._part(term) for sign, term in terms if sign > 0]
        minus = [self._part(term) for sign, term in terms if sign < 0]
        said = " plus ".join(plus) if plus else "nothing"
        return said + "".join(f" less {term}" for term in minus)

    def _extreme(self, node: ir.Extreme) -> str:
        """The least or greatest: a bound of zero that does not bind is not mentioned."""
        values = [self.known(value) for value in node.values]
        chosen = self.known(node)
        if node.operator == "max" and 0 in values and chosen is not None:
            others = [one for one, value in zip(node.values, values, strict=True) if not isinstance(one, ir.Literal)]
            if chosen != 0 and len(others) == 1:
                return self.say(others[0])
            if chosen == 0 and len(others) == 1:
                amount = self.known(others[0])
                words = self.say(others[0])
                return words if amount == 0 else f"nothing, since {words} is below zero"
        figures = [one for one in node.values if not isinstance(one, ir.Literal)]
        if node.type.kind is Kind.INTEGER and len(figures) == 1 and chosen is not None:
            return self.say(figures[0]) if self.known(figures[0]) == chosen else self.amount(node)  # a bound of a table
        word = {"min": ("the lesser of", "the least of"), "max": ("the greater of", "the greatest of")}[node.operator]
        parts = list(dict.fromkeys(self._part(value) for value in node.values))
        if len(parts) == 1:
            return parts[0]
        return f"{word[len(parts) > 2]} {listed(parts)}"

    def _choice(self, node: ir.If) -> str:
        truth = self.known(node.condition)
        if truth is None:
            return f"what depends on whether {self.condition(node.condition)}"
        reason = self._reason(node.condition)
        if reason and reason not in self.because and not (node.applicability and truth):
            self.because.append(reason)
        return self.say(node.then if truth else node.otherwise)

    def _reason(self, node: ir.Expression) -> str:
        """A condition in words; nothing where only what the law takes by default decided it."""
        before, self.mentioned = self.mentioned, []
        reason, found = self.condition(node), self.mentioned
        plain = found and all(self._only_defaults(fact) for fact in found)
        self.mentioned = before + [fact for fact in found if fact not in before and not plain]
        return "" if plain else reason

    def _only_defaults(self, fact: Fact) -> bool:
        """Whether a figure rests on nothing but what the law takes by default."""
        step = self.interpreter.steps[fact]
        return step.source == "default" or (step.body is not None and all(map(self._only_defaults, step.reads)))

    def _exceptions(self, node: ir.Exceptions) -> str:
        for case in node.cases:
            if self.known(case.when) is True and not any(
                case.name in other.over and self.known(other.when) is True for other in node.cases
            ):
                law = law_on(case.law, self.frame.period.start)
                self.because.append(f"the exception `{case.name}` applies ({law}): {self.condition(case.when)}")
                return self.say(case.then)
        return self.say(node.general)

    def _within(self, node: ir.Let) -> str:
        return self._bound(node, self.say)

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
            if len(said) <= _WRITTEN_OUT or said in [word(one) for one in node.arguments]:
                return said
            del self.mentioned[kept[0] :], self.constants[kept[1] :], self.because[kept[2] :]
        parts = [self.say(one) for one in node.arguments if not isinstance(self.known(one), bool)]
        rests = f", from {listed(parts)}" if parts else ""
        return f"{function.label or humanized(node.name)} ({self.amount(node)}{rests})"

    def _aggregate(self, node: ir.Aggregate) -> str:
        """Who counts, and with what: a list of the members that matter."""
        members = self.interpreter.linked(node.link, self.frame)
        if members is None:
            return self.amount(node)
        parts: list[str] = []
        for member in members:
            outer = self.frame
            self.frame = replace(outer, bound={**outer.bound, node.name: member})
            counted = node.where is None or self.known(node.where) is not False
            if counted and node.body is not None and self.known(node.body) not in (0, False):
                parts.append(self.say(node.body))
            elif counted and node.body is None:
                if node.where is not None:
                    self.condition(node.where)
                parts.append(member)
            self.frame = outer
        if node.operator == "count":
            return f"{self.amount(node)}" + (f" ({listed(parts)})" if parts else "")
        if not parts:
            return "nothing" if node.operator == "sum" else self.amount(node)
        return " plus ".join(parts) if node.operator == "sum" else listed(parts)

    def _as_if(self, node: ir.AsIf) -> str:
        """A figure in another world; the figures that are others there are told side by side."""
        world = self.interpreter.world(node, self.frame)
        definitions = self.interpreter.program.definitions
        name = definitions[node.value.name].label or humanized(node.value.name)
        if not isinstance(world, World):
            return f"{name} ({self.amount(node)})"
        world.evaluate(node.value, self.frame)
        replaced = world.replaced.facts
        told = [f"{self._name(one)} were {self._words(one, value)}" for one, value in world.replaced.parameters.items()]
        told += [f"{self._label(fact)} were {self._words(fact.name, value)}" for fact, value in replaced.items()]
        for fact, step in list(world.steps.items())[:_LISTED]:
            here = self.interpreter.find(fact)
            if fact not in replaced and here != step.outcome:
                before, there = self._words(fact.name, here), self._words(fact.name, step.outcome)
                self.because.append(f"{self._label(fact)}: {before}, as if {there}")
        return f"{name} ({self.amount(node)}) as if {listed(told) if told else 'nothing were other'}"

    def _label(self, fact: Fact) -> str:
        definition = self.interpreter.program.definitions[fact.name]
        whose = f" of {fact.instance}" if fact.instance != self.frame.instance else ""
        return f"{definition.label or humanized(fact.name)}{whose}"

    def _words(self, name: str, outcome: Outcome) -> str:
        program = self.interpreter.program
        declared = program.definitions.get(name) or program.parameters[name]
        assert declared.type is not None
        return outcome_words(outcome, declared.type, self.settings)

    def _chosen(self, node: ir.Chosen) -> str:
        """What was chosen, and how many were not."""
        found = choosing.selected(self.interpreter, node, self.frame)
        if found is None:
            return self.amount(node)
        taken, left = found
        outer, parts = self.frame, list[str]()
        for one in taken[:_LISTED]:
            self.frame = replace(outer, bound={**outer.bound, node.name: one})
            parts.append(self.say(node.body))
        self.frame = outer
        if len(taken) > _LISTED:
            parts.append(f"{len(taken) - _LISTED} more")
        said = listed(parts) if parts else "nothing"
        others = f", and not {left} {self._called(node.link)}{'' if left == 1 else 's'} more" if left else ""
        if node.operator == "only":
            return f"{said}, the {node.pick} of {left + 1}" if left else said
        if node.operator == "sum":
            return (" plus ".join(parts) if parts else "nothing") + others
        return f"{self.amount(node)} ({said}{others})"

    def _among(self, node: ir.Ranked) -> str:
        """Among how many a rank is."""
        members = self.interpreter.linked(node.link, self.frame)
        return "" if members is None else f" among {len(members)}"

    # --- conditions

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

    def _of_members(self, node: ir.Aggregate, truth: Value | None) -> str:
        """The member who decided, or where nobody did, what holds of each who counts."""
        members = self.interpreter.linked(node.link, self.frame)
        if members is None or node.body is None:
            return self.amount(node)
        deciding = node.operator == "any"
        outer, parts = self.frame, list[str]()
        for member in members:
            self.frame = replace(outer, bound={**outer.bound, node.name: member})
            counted = node.where is None or self.known(node.where) is not False
            if counted and (truth is not deciding or self.known(node.body) is deciding):
                parts.append(self.condition(node.body))
        self.frame = outer
        if truth is deciding:
            return parts[0]
        return listed(list(dict.fromkeys(parts))) if parts else "there is nobody of whom this is asked"

    def _comparison(self, node: ir.Compare, truth: Value | None) -> str:
        if truth is not None and _asks_whether_there_is_one(node):
            return self._presence(node.left)  # type: ignore[arg-type]
        if truth is None:
            return f"{self.say(node.left)} {_COMPARISON[node.operator][0]} {self.say(node.right)}"
        return f"{self.say(node.left)} {_COMPARISON[node.operator][0 if truth else 1]} {self.say(node.right)}"

    def _presence(self, count: ir.Aggregate) -> str:
        """Who there is of those that are counted, or that there is nobody."""
        who = self._called(count.link)
        found = self.known(count)
        if found == 0:
            return f"there is no {who}" + (" of whom this holds" if count.where is not None else "")
        said = self.say(count)
        return f"there is a {who}: {said.partition(' (')[2][:-1] or said}" if found == 1 else f"{who}: {said}"

    def _called(self, link: ir.Link) -> str:
        """Members by their roles, records by what they are."""
        if not isinstance(link, ir.Members):
            return humanized(link.entity)
        everybody = {role.name for role in self.settings.entities[link.group.entity].roles}
        return "member" if set(link.roles) == everybody else listed([humanized(role) for role in link.roles], "or")

    def _is_none(self, node: ir.IsNone, truth: Value | None) -> str:
        word = {True: "is", False: "is not"}.get(bool(truth), "") if truth is not None else "may be"
        return f"{self._part(node.value)} {word} none"

    def _nobody(self, node: ir.Nobody) -> str:
        """That there is nobody, or who there is."""
        found = self.interpreter.somebody(node.subject, self.frame)
        subject = node.subject
        what = humanized(subject.role if isinstance(subject, ir.HolderOf) else subject.entity)
        return f"{what}: {found}" if found is not None else f"there is no {what}"

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

    def _unstated(self, fact: Fact | None, before: str, after: str = "") -> str:
        """That nobody stated a fact, and what stands in for it."""
        source = self.interpreter.steps[fact].source if fact is not None and fact in self.interpreter.steps else ""
        told = {"absent": "not listed", "default": "by default"}.get(source, "")
        return f"{before}{told}{after}" if told else ""

    def _several(self, node: ir.And | ir.Or, truth: Value | None) -> str:
        deciding = isinstance(node, ir.Or)
        if truth is None:
            return listed([self.condition(one) for one in node.values if self.known(one) is None], "and")
        if truth is deciding:
            return self.condition(next(one for one in node.values if self.known(one) is deciding))
        told = self._none_of(node.values) or self._none_of(
            [one.value for one in node.values if isinstance(one, ir.Not)]
        )
        return told or listed(list(dict.fromkeys(self.condition(one) for one in node.values)))

    def _none_of(self, values: Sequence[ir.Expression]) -> str:
        """`x is neither a nor b`, where one thing was compared with several and is none of them."""
        compared = [one for one in values if isinstance(one, ir.Compare) and one.operator in ("=", "!=")]
        if len(compared) < 2 or len(compared) < len(values) or len({(one.left, one.operator) for one in compared}) > 1:
            return ""
        if any(self.known(one) is not (one.operator == "!=") for one in compared):
            return ""
        others = [self.say(one.right) for one in compared]
        word = "is neither" if len(others) == 2 else "is none of"
        return f"{self.say(compared[0].left)} {word} {listed(others, 'nor' if len(others) == 2 else 'and')}"


def _asks_whether_there_is_one(node: ir.Compare) -> bool:
    """`count(…) > 0` and its kin."""
    counted = isinstance(node.left, ir.Aggregate) and node.left.operator == "count"
    none = isinstance(node.right, ir.Literal) and node.right.value == 0
    return counted and none and node.operator in (">", "=", "!=")


def _terms(node: ir.Expression, sign: int) -> list[tuple[int, ir.Expression]]:
    if isinstance(node, ir.Arithmetic) and node.operator in "+-" and node.type.is_number:
        right = sign if node.operator == "+" else -sign
        return [*_terms(node.left, sign), *_terms(node.right, right)]
    return [(sign, node)]


def _is_compound(words: str) -> bool:
    """Whether words join several amounts outside parentheses, so that parentheses must hold them together."""
    depth, flat = 0, []
    for char in words:
        depth += (char == "(") - (char == ")")
        flat.append(" " if depth or char == ")" else char)
    outside = "".join(flat)
    if outside.startswith(("the lesser of", "the least of", "the greater of", "the greatest of")):
        return True
    return any(f" {word} " in outside for word in ("plus", "less", "times", "divided by"))
