"""`rulewright find RULES CONDITION`: everybody for whom a condition holds, in tables or in a log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from api.cases.naming import find_definition, find_definitions, read_period
from api.cli.output import say, say_json, waiting
from api.failures import ExitCode, Misuse
from api.find.condition import with_condition
from api.find.find import Count, Found, Wanted, find
from api.find.population import from_files, from_log
from api.history.access import login_name, read_known, writing
from api.history.looks import record_looks
from api.rules import programs
from api.schema import as_data
from engine.ir.program import Definition, Program
from engine.values.periods import Period


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says."""

    rules: str
    condition: str
    at: str
    inputs: Sequence[str]
    log: Path | None
    known: str | None
    of: str
    show: str
    by: str
    top: int
    sums: str
    group: str
    missing: str
    why: str
    reforms: Sequence[Path]
    as_json: bool


def find_command(options: Options) -> int:
    """Print the counts, the sums and those found. Each look at a record in a log is recorded in it."""
    if options.missing not in ("none", "unknown"):
        raise Misuse(f"`{options.missing}` does not say what an empty cell means", "`--missing none` or `unknown`")
    with waiting("reading the rules"):
        period = read_period(programs.load_program(options.rules, options.reforms), options.at)
        program, condition = with_condition(options.rules, options.reforms, options.condition, options.of, period)
    wanted = _wanted(program, options)
    found = _found(program, condition, period, wanted, options)
    if options.as_json:
        say_json(as_data(found))
    else:
        _report(found, wanted)
    return ExitCode.FAILED if found.count.failed else ExitCode.DONE


def _wanted(program: Program, options: Options) -> Wanted:
    return Wanted(
        tuple(find_definitions(program, options.show)),
        find_definition(program, options.by) if options.by else None,
        options.top,
        tuple(find_definitions(program, options.sums)),
        find_definition(program, options.group) if options.group else None,
        options.missing == "unknown",
    )


def _found(program: Program, condition: Definition, period: Period, wanted: Wanted, options: Options) -> Found:
    if options.inputs:
        with waiting("looking"):
            among = from_files(program, period, options.inputs)
            return find(program, condition, options.condition, period, among, wanted)
    named = [one for one in (*wanted.show, wanted.by, *wanted.sums, wanted.group) if one is not None]
    with writing(options.log) as log:
        with waiting("looking"):
            among = from_log(program, period, log, [condition, *named], read_known(options.known))
            found = find(program, condition, options.condition, period, among, wanted)
        said = {"why": options.why or "find", "what": options.condition[:300]}
        record_looks(log, [one.of.id for one in found.rows], login_name(), "rulewright find", said)
    return found


def _report(found: Found, wanted: Wanted) -> None:
    say(f"{_counted(found.count)}")
    if found.refused:
        say(f"  {found.refused:,} facts do not fit the rules: their groups were left out")
    if found.alone:
        say(f"  {found.alone:,} people are in no group, and were not asked")
    for part in found.groups:
        say(f"  {'none' if part.group is None else part.group}: {_counted(part)}")
    if found.rows:
        say()
    columns = [one.short_name for one in (*((wanted.by,) if wanted.by else ()), *wanted.show)]
    width = max((len(one.of.id) for one in found.rows), default=0)
    for one in found.rows:
        figures = "  ".join(f"{name} {'-' if one.figures.get(name) is None else one.figures[name]}" for name in columns)
        if one.answer == "yes":
            say(f"{one.of.id:<{width}}  {figures}".rstrip())
        else:
            ask = f": {one.ask.ask} ({one.ask.fact} of {one.ask.of.id})" if one.ask is not None else ""
            say(f"{one.of.id:<{width}}  not known{ask}")


def _counted(one: Count) -> str:
    parts = [f"{one.yes:,} yes", f"{one.no:,} no"]
    parts += [f"{one.not_known:,} not known"] if one.not_known else []
    parts += [f"{one.failed:,} failed"] if one.failed else []
    parts += [f"{name} {value}" for name, value in one.sums.items()]
    return ", ".join(parts) + (f" ({one.not_added:,} without a value)" if one.not_added else "")
