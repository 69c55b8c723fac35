"""`rulewright cure RULES CASE CONDITION`: what cures a refusal, waiting, and where an amount begins, ends or jumps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from api.cases.files import load_case
from api.cases.json_values import words_of_json
from api.cases.naming import find_definition
from api.cases.unread import unread_facts
from api.cli.output import complain, say, say_json, waiting
from api.cure.amounts import Amounts, amounts
from api.cure.cure import Added, Change, Cure, Cured, Plan, cure
from api.failures import ExitCode
from api.find.condition import with_condition
from api.rules import programs
from api.schema import Json, as_data
from engine.ir.program import Program
from engine.values.numbers import with_commas
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
    say_json(as_data(cured)) if as_json else _report(program, cured, condition)
    return ExitCode.DONE


def _report(program: Program, cured: Cured, condition: str) -> None:
    if cured.holds:
        say(f"`{condition}` holds for {cured.of.id}")
        return
    say(f"`{condition}` does not hold for {cured.of.id} at {cured.basis.at}")
    for remedy in cured.cures:
        say(f"  it would with {_changes(program, remedy)}")
    for plan in cured.plans:
        say(f"  from {plan.from_} it would with {_changes(program, plan)}")
    if cured.waiting:
        say(f"  waiting is enough: from {cured.waiting}, with nothing else changed")
    if not cured.cures and not cured.plans:
        more = "else " if cured.waiting else ""
        say(f"  no change {more}of up to {cured.size} facts together makes it hold")
    if cured.looked_until:
        say(f"  later days were looked at up to {cured.looked_until}; `--thorough` goes on")
    elif not cured.settled:
        say("  not every set of facts could be decided; `--thorough` looks for longer")


def _changes(program: Program, enough: Cure | Plan) -> str:
    told = [
        f"{change.label or change.fact} ({change.fact} of {change.of.id}): "
        f"{_said(program, change.fact, change.from_)} -> {_said(program, change.fact, change.to)}{_who(change)}"
        for change in enough.changes
    ]
    for added in enough.added:
        facts = ", ".join(f"{stated.fact} {_said(program, stated.fact, stated.to)}" for stated in added.facts)
        told.append(f"another {added.record} of {added.of.id}: {facts}{_who(added)}")
    return "; and ".join(told)


def _who(change: Change | Added) -> str:
    told = [text for text in (f"by the {change.by.replace('_', ' ')}" if change.by else "", change.how) if text]
    return f" [{': '.join(told)}]" if told else ""


def _said(program: Program, fact: str, value: Json) -> str:
    definition = find_definition(program, fact)
    return words_of_json(value, definition.type, program.settings)


def _amounts(turned: Amounts) -> None:
    if not turned.by:
        say(f"`{turned.figure}` neither begins, ends nor jumps as the stated amounts move")
    for by in turned.by:
        say(f"{turned.figure}, by {by.label.lower() or by.fact} of {by.of.id} (now {with_commas(str(by.now))})")
        for turn in by.turns:
            jump = f", by {with_commas(str(turn.jump))}" if turn.jump is not None else ""
            above = turn.kind == "begins" and turn.before == turn.at
            say(f"  {turn.kind} {'above' if above else 'at'} {with_commas(str(turn.at))}{jump}")
