"""Why a figure is what it is: a tree for a person, of what decided it and nothing else.

1. A figure that was computed is explained by its formula in words (`wording`), and then by the figures that were named.
2. What was given, what the law supplies, and what a complete case leaves out are ends of the tree, and are told apart.
3. A requirement is explained by its reasons: met, not met or unknown, on what authority, and what would be said.
4. A figure that was explained before is not explained again, nor is one that is as it is of somebody else before:
   then only the facts that differ are shown.
5. A fact that nobody stated, and that the words above it tell, has no line of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from textwrap import wrap

from engine.explain.wording import Wording
from engine.explain.words import NOT_KNOWN, constant_label, humanized, outcome_words, whose_words
from engine.interpret.frames import Step
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known, NotApplicable, Outcome
from engine.ir import nodes as ir
from engine.ir.program import Definition, FunctionDefinition, ReasonInfo
from engine.records import record
from engine.text.citations import law_on

MAX_DEPTH = 12


@record(frozen=True, slots=True)
class Explanation:
    """One figure: what it is called, what it came to, how, on what authority, and what it rests on.

    `source`: computed, given, default, absent or unknown. `seen`: it was explained before, further up. `cut`: what it
    rests on is left out, for it lies too deep. `unstated`: of a reason, that only facts decided it which nobody stated.
    """

    fact: Fact
    label: str
    amount: str
    how: str
    because: tuple[str, ...]
    law: str
    constants: tuple[str, ...]
    source: str
    before_rounding: str = ""
    status: str = ""
    fails: str = ""
    projected: bool = False
    seen: bool = False
    cut: bool = False
    unstated: bool = False
    children: tuple[Explanation, ...] = ()


def explain(interpreter: Interpreter, fact: Fact) -> Explanation:
    """The explanation of a figure in the interpreter's case."""
    interpreter.find(fact)
    return _Explainer(interpreter).explain(fact, 0)


class _Explainer:
    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self.settings = interpreter.program.settings
        self.seen: set[Fact] = set()
        self.cited: set[str] = set()

    def explain(self, fact: Fact, depth: int) -> Explanation:
        outcome = self.interpreter.find(fact)
        step = self.interpreter.steps[fact]
        definition = step.definition
        if fact in self.seen or step.body is None or depth >= MAX_DEPTH:
            ended = self._end(fact, definition, step, outcome)
            return replace(ended, cut=step.body is not None and not ended.seen)
        self.seen.add(fact)
        if definition.requirement is not None and definition.requirement.parts:
            return self._requirement(fact, definition, definition.requirement, depth)
        words = Wording(self.interpreter, self.interpreter.frame(fact))
        how = words.say(step.body)
        children = self._rests_on(words, depth)
        return Explanation(
            fact,
            definition.label or humanized(fact.name),
            outcome_words(outcome, definition.type, self.settings),
            how,
            tuple(words.because),
            law_on(definition.law, fact.period.start),
            tuple(self._laws(words)),
            step.source,
            before_rounding=self._before(step, definition),
            projected=self._projected(fact, step),
            children=children,
        )

    def _rests_on(self, words: Wording, depth: int) -> tuple[Explanation, ...]:
        """What the words mention, each explained; of people of whom the same holds, the first."""
        children: list[Explanation] = []
        for fact in words.mentioned:
            self.interpreter.find(fact)
            if self.interpreter.steps[fact].source in ("absent", "default"):
                continue  # the words say so
            explanation = self.explain(fact, depth + 1)
            model = next((child for child in children if alike(child, explanation)), None)
            children.append(explanation if model is None else _as_for(model, explanation))
        return tuple(children)

    def _all_unstated(self, words: Wording) -> bool:
        """Whether words mention facts that nobody stated, and nothing else."""
        sources = {self.interpreter.steps[fact].source for fact in words.mentioned}
        return bool(sources) and sources <= {"absent", "default"}

    def _end(self, fact: Fact, definition: Definition, step: Step, outcome: Outcome) -> Explanation:
        amount = outcome_words(outcome, definition.type, self.settings)
        if step.source == "unknown":
            amount = NOT_KNOWN  # and not the range of everything that it may be
        label = definition.label or humanized(fact.name)
        seen = fact in self.seen and step.body is not None
        projected = step.body is not None and self._projected(fact, step)
        law = law_on(definition.law, fact.period.start)
        return Explanation(fact, label, amount, "", (), law, (), step.source, projected=projected, seen=seen)

    def _projected(self, fact: Fact, step: Step) -> bool:
        """Whether a figure is of a time for which the law is only projected, or reads a constant that is."""
        later = self.settings.is_projection(fact.period.start)
        return later or any(projected for _, _, projected in step.constants)

    def _before(self, step: Step, definition: Definition) -> str:
        """The value before rounding, where rounding changed it."""
        raw = step.before_rounding
        if not isinstance(raw, Known) or raw == step.outcome:
            return ""
        return outcome_words(raw, definition.type, self.settings)

    def _laws(self, words: Wording) -> Iterator[str]:
        """The dated constants that were used, each with the date from which it holds and its law."""
        program = self.interpreter.program
        for name in words.constants:
            if name in program.functions:
                yield from self._law_of_scale(program.functions[name], words.frame.period.start)
                continue
            stated = self.interpreter.constants.at(name, words.frame.period.start)
            since = f", from {stated.since}" if stated is not None else ""
            projected = ", projected" if stated is not None and stated.projected else ""
            if name in self.cited:
                continue
            self.cited.add(name)
            stated_law = self.interpreter.constants.named(name).law
            law = " ".join(law_on(stated_law, stated.since if stated else words.frame.period.start).split())
            yield f"{constant_label(program, name)}{since}{projected}: {law}"

    def _law_of_scale(self, scale: FunctionDefinition, day: date) -> Iterator[str]:
        """What a scale with computed thresholds cites, and the day from which its bands hold."""
        if scale.name in self.cited:
            return
        self.cited.add(scale.name)
        starts = [dated.start for dated in scale.formulas if dated.start is not None and dated.start <= day]
        since = max(starts, default=None)
        law = " ".join(law_on(scale.law, since or day).split())
        yield f"{scale.label or humanized(scale.name)}{f', from {since}' if since else ''}: {law}"

    # --- requirements

    def _requirement(self, fact: Fact, definition: Definition, info: ReasonInfo, depth: int) -> Explanation:
        outcome = self.interpreter.find(fact)
        children = tuple(self._reason(part, fact, depth + 1) for part in self._in_force(info, fact))
        return Explanation(
            fact,
            definition.label or humanized(fact.name),
            outcome_words(outcome, definition.type, self.settings),
            "all of these must be met" if info.mode == "all" else "one of these must be met",
            (),
            law_on(definition.law, fact.period.start),
            (),
            "computed",
            status=_status(outcome),
            fails=info.fails if _status(outcome) == "not met" else "",
            children=children,
        )

    def _in_force(self, info: ReasonInfo, whole: Fact) -> list[ReasonInfo]:
        """The parts of a reason that are not repealed."""
        facts = [(part, Fact(part.name, whole.instance, whole.period)) for part in info.parts]
        return [part for part, fact in facts if not isinstance(self.interpreter.find(fact), NotApplicable)]

    def _reason(self, info: ReasonInfo, whole: Fact, depth: int) -> Explanation:
        """A reason. What was met is not followed further, and of alternatives only what was met is shown."""
        fact = Fact(info.name, whole.instance, whole.period)
        outcome = self.interpreter.find(fact)
        status, step = _status(outcome), self.interpreter.steps[fact]
        words = Wording(self.interpreter, self.interpreter.frame(fact))
        how, children = "", tuple[Explanation, ...]()
        if info.parts:
            how = "all of these must be met" if info.mode == "all" else "one of these must be met"
            children = tuple(self._reason(part, whole, depth + 1) for part in self._in_force(info, whole))
            if status == "met" and info.mode == "any_of":
                children = tuple(child for child in children if child.status == "met")[:1]
        elif step.body is not None:
            how = words.condition(step.body) if not isinstance(step.body, ir.Exceptions) else words.say(step.body)
            if status != "met":
                children = self._rests_on(words, depth)
        label = info.label or humanized(info.name.rpartition(".")[2])
        amount = outcome_words(outcome, step.definition.type, self.settings)
        fails = info.fails if status == "not met" else ""
        law = law_on(info.law, fact.period.start)
        return Explanation(
            fact, label, amount, how, tuple(words.because), law, tuple(self._laws(words)), step.source,
            status=status, fails=fails, unstated=self._all_unstated(words), children=children,
        )  # fmt: skip


def alike(first: Explanation, second: Explanation) -> bool:
    """Whether two people's figure came about in the same way, from facts that may differ."""
    if first.fact.name != second.fact.name or first.fact.period != second.fact.period or not second.children:
        return False
    return _same_way(first, second)


def _same_way(first: Explanation, second: Explanation) -> bool:
    if (first.label, first.source, first.status) != (second.label, second.source, second.status):
        return False
    if first.fact.instance == second.fact.instance:
        return first.fact == second.fact  # a figure that both rest on
    if first.source == "given":
        return True
    told = (
        (first.amount, first.fails),
        _plain(first.how, first),
        tuple(_plain(reason, first) for reason in first.because),
    )
    other = (
        (second.amount, second.fails),
        _plain(second.how, second),
        tuple(_plain(reason, second) for reason in second.because),
    )
    if told != other or len(first.children) != len(second.children):
        return False
    return all(_same_way(child, two) for child, two in zip(first.children, second.children, strict=True))


def _plain(words: str, explanation: Explanation) -> str:
    """Words without their numbers and without whose they are."""
    return re.sub(
        r"[0-9][0-9,.]*",
        "#",
        words.replace(f" of {explanation.fact.instance}", "").replace(f" ({explanation.fact.instance})", ""),
    )


def _as_for(model: Explanation, explanation: Explanation) -> Explanation:
    """A figure that came about as another person's did: its facts, where they differ."""
    facts = tuple(dict.fromkeys(new for old, new in _ends(model, explanation) if old.amount != new.amount))
    return replace(explanation, how=f"as for {model.fact.instance}", because=(), constants=(), children=facts)


def _ends(first: Explanation, second: Explanation) -> Iterator[tuple[Explanation, Explanation]]:
    if first.fact == second.fact:
        return  # a figure that both rest on, which is explained where it stands first
    if not second.children and second.source == "given":
        yield first, second
    for pair in zip(first.children, second.children, strict=True):
        yield from _ends(*pair)


def _status(outcome: Outcome) -> str:
    if isinstance(outcome, Known):
        return "met" if outcome.value else "not met"
    return "unknown"


# --- on paper

_SOURCES = {
    "given": "given", "default": "by default, as the law says", "absent": "not listed in a complete case",
    "unknown": "not known",
}  # fmt: skip


def render(explanation: Explanation, width: int = 110) -> list[str]:
    """The tree as lines of text, at most about `width` characters wide."""
    lines: list[str] = []
    for prefix, below, text in _lines(explanation, "", "", explanation.fact.instance, set()):
        room = max(40, width - len(prefix))
        first, *others = wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]
        lines += [prefix + first, *(f"{below}  {other}" for other in others)]
    return lines


def _lines(node: Explanation, first: str, rest: str, about: str, stated: set[Fact]) -> Iterator[tuple[str, str, str]]:
    """Each line of text with what stands before it, and before its continuation. `stated`: given facts told before."""
    unstated = [child for child in node.children if child.unstated and child.status == "met"] if first else []
    told = unstated if len(unstated) > 1 else []
    shown = [child for child in node.children if child not in told and not _told_before(child, stated)]
    stated.update(child.fact for child in shown if child.source == "given")
    inner = rest + ("\u2502  " if shown or told else "   ")
    mark = {"met": "[met] ", "not met": "[not met] ", "unknown": "[unknown] "}.get(node.status, "")
    source = f" ({_SOURCES[node.source]})" if _SOURCES.get(node.source, node.amount) != node.amount else ""
    note = " (see above)" if node.seen else " (projected)" if node.projected else source
    note += f" \u2026 (it rests on more: ask why of `{node.fact.name.rpartition(':')[2]}`)" if node.cut else ""
    whose = "" if node.fact.instance == about else whose_words(node.fact.instance, node.amount in ("yes", "no"))
    head = f"{mark}{node.label}{whose}" if node.status else f"{node.label}{whose}: {node.amount}"
    yield first, inner, f"{head}{note}" + (f" [{' '.join(node.law.split())}]" if node.law and not node.seen else "")
    for text in _details(node):
        yield inner, inner, text
    for index, child in enumerate(shown):
        last = index + 1 == len(shown) and not told
        branch, below = ("\u2514\u2500 ", "   ") if last else ("\u251c\u2500 ", "\u2502  ")
        yield from _lines(child, rest + branch, rest + below, node.fact.instance, stated)
    if told:
        also = "; ".join(child.label for child in told)
        yield rest + "\u2514\u2500 ", rest + "   ", f"[met] since nothing else is listed: {also}"


def _told_before(child: Explanation, stated: set[Fact]) -> bool:
    """Whether the words that mention it say all that is new: it stands further up."""
    return child.seen or (child.source == "given" and child.fact in stated)


def _details(explanation: Explanation) -> Iterator[str]:
    if explanation.fails:
        yield explanation.fails
    if explanation.how and explanation.how != explanation.amount:
        yield explanation.how if explanation.status else f"= {explanation.how}"
    if explanation.before_rounding:
        yield f"before rounding: {explanation.before_rounding}"
    for reason in explanation.because:
        yield f"because {reason}"
    yield from explanation.constants
