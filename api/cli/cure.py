"""`rulewright cure RULES CASE CONDITION`: what cures a refusal, waiting, and where an amount begins, ends or jumps."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from api.cases.calculate import Asked, calculate
from api.cases.explain import ReasonSaid
from api.cases.files import load_case
from api.cases.json_values import words_of_json
from api.cases.naming import find_definition
from api.cases.unread import unread_facts
from api.cli.ask_report import law_words
from api.cli.output import complain, say, say_json, waiting
from api.cure.amounts import Amounts, Turn, amounts
from api.cure.cure import Added, Change, Cure, Cured, Plan, cure
from api.failures import ExitCode
from api.find.condition import with_condition
from api.rules import programs
from api.schema import Json, as_data
from engine.interpret.cases import Case
from engine.ir.program import Definition, Program
from engine.values.numbers import with_commas
from engine.values.periods import Unit
from engine.values.types import Kind


def cure_command(
    rules: str,
    path: str,
    condition: str,
    at: str | None,
    *,
    of: str,
    every: bool,
    thorough: bool,
    reforms: Sequence[Path],
    as_json: bool,
) -> int:
    """Print the cures of a requirement, or of a condition in the rule language; of an amount, where it turns."""
    with waiting("reading the rules"):
        program = programs.load_program(rules, reforms)
        case = load_case(program, path, at)
        wanted = program.find(condition)
        if wanted is None or wanted.type.kind not in (Kind.BOOLEAN, Kind.MONEY):
            program, wanted = with_condition(rules, reforms, condition, "", case.at)
    names = [reform.stem for reform in reforms]
    for line in unread_facts(program, case, [wanted]):
        complain(line)
    if wanted.type.kind is Kind.MONEY:
        with waiting("looking where it turns"):
            turned = amounts(program, case, wanted, names)
        say_json(as_data(turned)) if as_json else _amounts(turned)
        return ExitCode.DONE
    with waiting("looking for what would change it"):
        cured = cure(program, case, wanted, of, every=every, thorough=thorough, reforms=names)
    say_json(as_data(cured)) if as_json else _report(program, case, wanted, cured, condition)
    return ExitCode.DONE


def _report(program: Program, case: Case, condition: Definition, cured: Cured, written: str) -> None:
    if cured.holds:
        say(f"`{written}` holds for {cured.of.id}")
        return
    refusals = _refusals(program, case, condition, cured.of.id)
    say(f"`{written}` does not hold for {cured.of.id} {_on(case)}{':' if refusals else ''}")
    for refusal in refusals:
        say(f"  - {refusal.fails}{law_words(refusal.law)}")
    ways: dict[str, list[Cure | Plan]] = {f"Enough {_on(case)}": list(cured.cures)}
    for plan in cured.plans:
        ways.setdefault(f"Enough from {plan.from_}", []).append(plan)
    number = 0
    for heading, enough in ways.items():
        if enough:
            say(f"{heading}{', any one of these' if len(enough) > 1 else ''}:")
        for way in enough:
            number += 1
            _say_way(program, number, way)
    if cured.waiting:
        say(f"Waiting alone is enough from {cured.waiting}, with nothing else changed")
    if not cured.cures and not cured.plans:
        say(f"No {'other ' if cured.waiting else ''}change of up to {cured.size} facts together is enough")
    if cured.looked_until:
        say(f"Changes on later days were looked for up to {cured.looked_until}; `--thorough` goes on")
    elif not cured.settled:
        say("Not every set of facts could be decided; `--thorough` looks for longer")


def _refusals(program: Program, case: Case, condition: Definition, instance: str) -> Sequence[ReasonSaid]:
    """What tells people why a requirement is not met; nothing of another condition."""
    if condition.requirement is None:
        return ()
    results = calculate(program, case, [condition], Asked("reasons")).results
    own = next((result.reasons for result in results if result.of.id == instance), None)
    return [reason for reason in own.not_met if reason.fails] if own is not None else []


def _on(case: Case) -> str:
    """`on 2024-06-15`, `in 2024`."""
    return f"{'on' if case.at.kind.unit is Unit.DAY else 'in'} {case.at}"


def _say_way(program: Program, number: int, way: Cure | Plan) -> None:
    """Facts and records that are enough together: what to do, if the rules say so, then what must then be stated."""
    parts: list[tuple[Change | Added, str, str]] = [
        (change, f"{change.label or change.fact} ({change.fact} of {change.of.id})", _change(program, change))
        for change in way.changes
    ]
    parts += [
        (added, f"another {added.record.replace('_', ' ')} of {added.of.id}", _stated(program, added))
        for added in way.added
    ]
    for at, (part, what, value) in enumerate(parts):
        say(f"  {f'{number}.' if at == 0 else '  and'} {what}: {value}{_who(part)}")


def _change(program: Program, change: Change) -> str:
    return f"{_said(program, change.fact, change.from_)} -> {_said(program, change.fact, change.to)}"


def _stated(program: Program, added: Added) -> str:
    return ", ".join(f"{stated.fact} {_said(program, stated.fact, stated.to)}" for stated in added.facts)


def _who(change: Change | Added) -> str:
    told = [text for text in (f"by the {change.by.replace('_', ' ')}" if change.by else "", change.how) if text]
    return f"\n       {': '.join(told)}" if told else ""


def _said(program: Program, fact: str, value: Json) -> str:
    definition = find_definition(program, fact)
    return words_of_json(value, definition.type, program.settings)


def _amounts(turned: Amounts) -> None:
    if not turned.by:
        say(f"`{turned.figure}` neither begins, ends nor jumps as the stated amounts move")
    currency = turned.basis.currency
    for by in turned.by:
        label = by.label[:1].lower() + by.label[1:] or by.fact
        say(f"{turned.figure}, as {label} of {by.of.id} moves (now {with_commas(str(by.now))} {currency})")
        for turn in by.turns:
            above = turn.kind == "begins" and turn.before == turn.at
            where = f"{turn.kind} {'above' if above else 'at'} {with_commas(str(turn.at))} {currency}"
            say(f"  {where}{_jump(turn, currency)}")


def _jump(turn: Turn, currency: str) -> str:
    if turn.jump is None:
        return ""
    by = Fraction(str(turn.jump))
    return f", {'rising' if by > 0 else 'falling'} by {with_commas(str(turn.jump).lstrip('-'))} {currency} at once"
