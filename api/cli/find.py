"""`rulewright find RULES CONDITION`: everybody for whom a condition holds, in tables or in a log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from api.batch.made_records import require_made_records
from api.cases.json_values import words_of_json
from api.cases.naming import find_definition, find_definitions, read_period
from api.cli.output import complain, say, say_json, waiting
from api.failures import ExitCode, Misuse
from api.find.candidates import from_files, looked_at
from api.find.condition import with_condition
from api.find.find import Count, SearchResult, Wanted, counted_in, find
from api.find.together import find_in_parts
from api.history.access import login_name, read_known, writing
from api.history.letters import all_reading, steady_heads
from api.history.looks import record_looks, record_query
from api.history.parts import known_in, parts_of
from api.rules import programs
from api.schema import Json, as_data
from citizens import SqliteLog
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
    count_missing: bool
    why: str
    reforms: Sequence[Path]
    as_json: bool


def find_command(options: Options) -> int:
    """Print the counts, the sums and those found. Each look at a record in a log is recorded in it."""
    if options.missing not in ("none", "unknown"):
        raise Misuse(f"`{options.missing}` does not say what an empty cell means", "`--missing none` or `unknown`")
    if options.count_missing and options.missing != "unknown":
        raise Misuse("nothing is counted as missing where an empty cell means none", "say `--missing unknown`")
    with waiting("reading the rules"):
        period = read_period(programs.load_program(options.rules, options.reforms), options.at)
        program, condition = with_condition(options.rules, options.reforms, options.condition, options.of, period)
    wanted = _wanted(program, options, period)
    findings = _found(program, condition, period, wanted, options)
    if options.as_json:
        say_json(as_data(findings))
    else:
        _report(program, findings, wanted)
    for line in findings.unread:
        complain(line)
    return ExitCode.FAILED if findings.count.failed else ExitCode.DONE


def _wanted(program: Program, options: Options, at: Period) -> Wanted:
    return Wanted(
        tuple(find_definitions(program, options.show, at)),
        find_definition(program, options.by) if options.by else None,
        options.top,
        tuple(find_definitions(program, options.sums, at)),
        find_definition(program, options.group) if options.group else None,
        options.missing == "unknown",
        options.count_missing,
    )


def _found(program: Program, condition: Definition, period: Period, wanted: Wanted, options: Options) -> SearchResult:
    if options.inputs:
        with waiting("looking"):
            among = from_files(program, period, options.inputs)
            require_made_records(program, period, [condition, *wanted.figures], among.heads)
            return find(program, condition, options.condition, period, among=among, wanted=wanted)
    parts = parts_of(options.log)
    if len(parts) > 1:
        return _found_in_parts(program, condition, period, wanted, options=options, read=wanted.figures)
    with writing(options.log) as log:
        with waiting("looking"):
            asked = [(log, read_known(options.known))]
            findings, touched = find_in_parts(
                program, condition, options.condition, period, parts=asked, read=wanted.figures, wanted=wanted
            )
        _record(program, log, touched[0], period, findings=findings, options=options)
    return findings


def _found_in_parts(
    program: Program,
    condition: Definition,
    period: Period,
    wanted: Wanted,
    *,
    options: Options,
    read: Sequence[Definition],
) -> SearchResult:
    """The same in several partitions; who is told of is recorded where they are. A partition may be empty, not all."""
    parts = parts_of(options.log)
    known = known_in(options.log, options.known) if options.known is not None else steady_heads(parts)
    with all_reading(parts) as opened, waiting("looking"):
        asked = list(zip(opened, known, strict=True))
        whole, touched = find_in_parts(
            program, condition, options.condition, period, parts=asked, read=read, wanted=wanted
        )
    for part, names in zip(parts, touched, strict=True):
        with writing(part) as log:
            _record(program, log, names, period, findings=whole, options=options)
    return whole


def _record(
    program: Program,
    log: SqliteLog,
    names: Sequence[str],
    period: Period,
    *,
    findings: SearchResult,
    options: Options,
) -> None:
    """Record in a log what was asked, and whose records the answer tells of."""
    said = {"why": options.why or "find", "what": options.condition[:300]}
    record_query(log, login_name(), "rulewright find", {**said, **counted_in(findings)})
    record_looks(log, looked_at(program, log, names, period.end), login_name(), "rulewright find", said)


def _report(program: Program, findings: SearchResult, wanted: Wanted) -> None:
    def said(definition: Definition, value: Json) -> str:
        return words_of_json(value, definition.type, program.settings)

    say(_counted(findings.count, wanted, said))
    if findings.refused:
        say(f"  {findings.refused:,} facts do not fit the rules: their groups were left out")
    if findings.alone:
        say(f"  {findings.alone:,} people are in no group, and were not asked")
    for part in findings.groups:
        name = "no value" if part.group is None or wanted.group is None else said(wanted.group, part.group)
        say(f"  {name}: {_counted(part, wanted, said)}")
    _say_failing(findings)
    for fact, number in findings.hanging_on.items():
        say(f"  {number:,} not known for want of {fact} alone")
    if findings.rows:
        say()
    columns = tuple(dict.fromkeys((*((wanted.by,) if wanted.by else ()), *wanted.show)))
    width = max((len(row.of.id) for row in findings.rows), default=0)
    for row in findings.rows:
        values = [(column, row.figures.get(column.short_name)) for column in columns]
        figures = "  ".join(
            f"{shown_column.short_name} {'-' if value is None else said(shown_column, value)}"
            for shown_column, value in values
        )
        if row.answer == "yes":
            say(f"{row.of.id:<{width}}  {figures}".rstrip())
        else:
            ask = f": {row.ask.ask} ({row.ask.fact} of {row.ask.of.id})" if row.ask is not None else ""
            say(f"{row.of.id:<{width}}  not known{ask}")
    _say_tied(findings, wanted)


def _say_failing(findings: SearchResult) -> None:
    """Who failed, and why: it is told beside the answer, since it is to be mended."""
    for each in findings.failing:
        complain(f"{each.of.id} failed: {each.why}")
    left = findings.count.failed - len(findings.failing)
    if findings.failing and left:
        complain(f"and {left:,} more failed")


def _say_tied(findings: SearchResult, wanted: Wanted) -> None:
    if findings.tied and wanted.by is not None:
        say(f"{findings.tied:,} more with the same {wanted.by.short_name} as the last")


def _counted(count: Count, wanted: Wanted, said: Callable[[Definition, Json], str]) -> str:
    parts = [f"{count.yes:,} yes", f"{count.no:,} no"]
    parts += [f"{count.not_known:,} not known"] if count.not_known else []
    parts += [f"{count.failed:,} failed"] if count.failed else []
    parts += [f"{sum_.short_name} {said(sum_, count.sums[sum_.short_name])}" for sum_ in wanted.sums]
    return ", ".join(parts) + (f" ({count.not_added:,} without a value)" if count.not_added else "")
