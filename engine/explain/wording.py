"""Formulas in words: what a formula did with the values of one case, as an officer would say it.

1. A figure is named by its label with its amount: `Earned income (25,000 USD)`.
2. What did not matter is left out: terms that are zero, branches that were not taken, conditions that did not decide.
3. Every figure that is named is collected, so that an explanation can go on with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.explain.conditions import Conditions
from engine.explain.members import LISTED
from engine.explain.words import NOT_KNOWN, humanized, listed, outcome_words
from engine.interpret.interpreter import World
from engine.interpret.outcomes import Fact, NotApplicable
from engine.ir import nodes as ir
from engine.ir.fold import parts_of
from engine.text.citations import law_on
from engine.values.periods import Period, PeriodKind
from engine.values.types import Kind

_RUNS_TOLD = 6
_MODES = {"up": "up", "down": "down", "away": "away from zero", "toward_zero": "towards zero"}


@dataclass(slots=True)
class Wording(Conditions):
    """Words for one figure's formula. `mentioned` are the figures named, `constants` the dated constants used."""

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
            case ir.And() | ir.Or() | ir.Not() | ir.Compare() | ir.IsNone() | ir.Nobody() | ir.Same():
                return self.condition(node)
            case ir.Present():
                return self.say(node.value)
            case ir.AsIf():
                return self._as_if(node)
            case ir.Banded():
                return self._banded(node)
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

    def _arithmetic(self, node: ir.Arithmetic) -> str:
        if node.operator in "+-" and node.type.is_number:
            return self._sum(node)
        if node.operator == "mod":
            return f"the remainder of {self._part(node.left)} divided by {self._part(node.right)} ({self.amount(node)})"
        word = {"*": "times", "/": "divided by", "+": "plus", "-": "less"}[node.operator]
        return f"{self._part(node.left)} {word} {self._part(node.right)}"

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
            others = [part for part in node.values if not isinstance(part, ir.Literal)]
            if chosen != 0 and len(others) == 1:
                return self.say(others[0])
            if chosen == 0 and len(others) == 1:
                amount = self.known(others[0])
                words = self.say(others[0])
                return words if amount == 0 else f"nothing, since {words} is below zero"
        figures = [part for part in node.values if not isinstance(part, ir.Literal)]
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
        reason, named = self.condition(node), self.mentioned
        plain = named and all(self._only_defaults(fact) for fact in named)
        self.mentioned = before + [fact for fact in named if fact not in before and not plain]
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

    def _banded(self, node: ir.Banded) -> str:
        """A scale with computed thresholds: of what amount, and where its bands begin."""
        if node.name not in self.constants:
            self.constants.append(node.name)
        ends = [bracket.threshold for bracket in node.brackets if bracket.threshold is not None]
        for bracket in [part for band in node.brackets for part in (band.threshold, band.value) if part is not None]:
            self.say(bracket)  # so that what they read is told of
        begin = listed([self.amount(end) for end in ends])
        word = "on" if node.kind == "marginal" else "for"
        return f"{humanized(node.name)} ({self.amount(node)}, {word} {self.say(node.amount)}; bands begin at {begin})"

    def _as_if(self, node: ir.AsIf) -> str:
        """A figure in another world; the figures that are others there are told side by side."""
        world = self.interpreter.world(node, self.frame)
        definitions = self.interpreter.program.definitions
        name = definitions[node.value.name].label or humanized(node.value.name)
        if not isinstance(world, World):
            return f"{name} ({self.amount(node)})"
        world.evaluate(node.value, self.frame)
        replaced = world.replaced.facts
        told = [
            f"{self._name(parameter)} were {self._words(parameter, value)}"
            for parameter, value in world.replaced.parameters.items()
        ]
        told += [f"{self._label(fact)} were {self._words(fact.name, value)}" for fact, value in replaced.items()]
        for fact, step in list(world.steps.items())[:LISTED]:
            here = self.interpreter.find(fact)
            if fact not in replaced and here != step.outcome:
                before, there = self._words(fact.name, here), self._words(fact.name, step.outcome)
                self.because.append(f"{self._label(fact)}: {before}, as if {there}")
        return f"{name} ({self.amount(node)}) as if {listed(told) if told else 'nothing were other'}"


def _terms(node: ir.Expression, sign: int) -> list[tuple[int, ir.Expression]]:
    if isinstance(node, ir.Arithmetic) and node.operator in "+-" and node.type.is_number:
        right = sign if node.operator == "+" else -sign
        return [*_terms(node.left, sign), *_terms(node.right, right)]
    return [(sign, node)]
