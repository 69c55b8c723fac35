"""Why a figure is what it is, as data: the tree of what decided it, or only the reasons that were met and not met."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from api.cases.naming import nobody, period_for
from api.cases.stated_otherwise import contradicted
from api.failures import Misuse, suggestion
from api.schema import Citation, citations
from engine.explain.words import humanized
from engine.interpret.cases import Case, instances_of
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Failure, Known, NotApplicable
from engine.ir.program import Definition, Program, ReasonInfo
from engine.records import record
from engine.text.citations import law_on

if TYPE_CHECKING:
    from engine.explain.tree import Explanation


@record(frozen=True, slots=True)
class Explained:
    """A figure in the tree: what it came to, how, on what authority, and what it rests on (`children`).

    `source` is computed, given, default, absent or unknown. `seen`: it is explained further up. `cut`: what it rests on
    is left out, for it lies too deep; ask why of the figure itself.
    """

    figure: str
    of: str
    period: str
    label: str
    amount: str
    source: str
    law: tuple[Citation, ...]
    how: str = ""
    because: tuple[str, ...] = ()
    constants: tuple[str, ...] = ()
    before_rounding: str = ""
    status: str = ""
    fails: str = ""
    projected: bool = False
    seen: bool = False
    cut: bool = False
    children: tuple[Explained, ...] = ()


@record(frozen=True, slots=True)
class Why:
    """The explanations of one figure of everybody who was asked for, as data and as the engine's own trees; and groups
    that the case states otherwise than a figure makes them."""

    trees: tuple[Explanation, ...]
    explanations: tuple[Explained, ...]
    failed: bool
    stated_otherwise: tuple[str, ...] = ()


@record(frozen=True, slots=True)
class ReasonSaid:
    """A reason of a requirement: its path, what it is called, its law and, where it is not met, what to tell people:
    nothing where another reason of those of which one is enough is met."""

    path: str
    label: str
    law: tuple[Citation, ...]
    fails: str = ""


@record(frozen=True, slots=True)
class Reasons:
    """The reasons of the requirements that a figure rests on."""

    met: tuple[ReasonSaid, ...]
    not_met: tuple[ReasonSaid, ...]
    unknown: tuple[ReasonSaid, ...]


def why(program: Program, case: Case, definition: Definition, of: str = "") -> Why:
    """The explanation of a figure, of everybody who has it or of the one named `of`. Raises Misuse for nobody."""
    from engine.explain.tree import explain

    interpreter = Interpreter(program, case)
    facts = []
    for instance in _whose(program, case, definition, of):
        own = interpreter.period_of(definition, instance, case.at) if definition.period.is_personal else None
        facts.append(Fact(definition.name, instance, own or period_for(program, definition, case.at)))
    trees = tuple(explain(interpreter, fact) for fact in facts)
    failed = any(isinstance(interpreter.find(fact), Failure) for fact in facts)
    told = tuple(_explained(tree, 0, len(program.definitions)) for tree in trees)
    return Why(trees, told, failed, contradicted(interpreter))


def _whose(program: Program, case: Case, definition: Definition, of: str) -> list[str]:
    everybody = list(instances_of(case, definition))
    if not everybody:
        raise nobody(program, case, definition)
    if not of:
        return everybody
    if of not in everybody:
        known = ", ".join(f"`{instance}`" for instance in everybody[:10])
        raise Misuse(f"the case has no {definition.entity} `{of}`", suggestion(of, everybody, f"there is {known}"))
    return [of]


def explained(interpreter: Interpreter, fact: Fact, depth: int) -> Explained:
    """The tree of a figure in the interpreter's case, `depth` figures deep."""
    from engine.explain.tree import explain

    return _explained(explain(interpreter, fact), 0, depth)


def _explained(explanation: Explanation, at: int, depth: int) -> Explained:
    return Explained(
        explanation.fact.name.rpartition(":")[2],
        explanation.fact.instance,
        str(explanation.fact.period),
        explanation.label,
        explanation.amount,
        explanation.source,
        citations(explanation.law),
        explanation.how,
        explanation.because,
        explanation.constants,
        explanation.before_rounding,
        explanation.status,
        explanation.fails,
        explanation.projected,
        explanation.seen,
        explanation.cut or (at >= depth and bool(explanation.children)),
        tuple(_explained(child, at + 1, depth) for child in explanation.children) if at < depth else (),
    )


def reasons(interpreter: Interpreter, fact: Fact) -> Reasons:
    """The reasons of the nearest requirements on the way to a figure; of a requirement, its own."""
    by_status: dict[str, dict[str, ReasonSaid]] = {"met": {}, "not_met": {}, "unknown": {}}
    for whole in _requirements(interpreter, fact):
        info = interpreter.program.definitions[whole.name].requirement
        for reason, groups in _leaves(info) if info is not None else ():
            outcome = interpreter.find(Fact(reason.name, whole.instance, whole.period))
            if isinstance(outcome, NotApplicable):
                continue  # repealed
            status = ("met" if outcome.value else "not_met") if isinstance(outcome, Known) else "unknown"
            path = reason.name.rpartition(":")[2]
            label = reason.label or humanized(path.rpartition(".")[2])
            met = [interpreter.find(Fact(group.name, whole.instance, whole.period)) for group in groups]
            is_spared = any(isinstance(each, Known) and each.value is True for each in met)
            fails = reason.fails if status == "not_met" and not is_spared else ""
            law = law_on(reason.law, whole.period.start)
            by_status[status].setdefault(path, ReasonSaid(path, label, citations(law), fails))
    return Reasons(*(tuple(by_path.values()) for by_path in by_status.values()))


def _requirements(interpreter: Interpreter, fact: Fact) -> Iterator[Fact]:
    """The requirements that computing a figure read, each the first on its way."""
    interpreter.find(fact)
    seen, left = {fact}, [fact]
    while left:
        current = left.pop(0)
        step = interpreter.steps.get(current)
        if step is None:
            continue
        if step.definition.requirement is not None and step.definition.requirement.parts:
            yield current
            continue
        following: Sequence[Fact] = [read for read in dict.fromkeys(step.reads) if read not in seen]
        seen.update(following)
        left.extend(following)


def _leaves(
    info: ReasonInfo, groups: tuple[ReasonInfo, ...] = ()
) -> Iterator[tuple[ReasonInfo, tuple[ReasonInfo, ...]]]:
    """The reasons that have no parts, each with the groups around it of which one reason is enough."""
    if not info.parts:
        yield info, groups
    for part in info.parts:
        yield from _leaves(part, (*groups, info) if info.mode == "any_of" else groups)
