"""`rulewright batch`: a population from files to a file, in parts, on the native evaluator.

1. The population is read in parts of so many groups, one part ahead. Each goes through the door
   (`engine.population.door`), is computed, kept beside the output (`api.batch.parts`), and encoded into the output
   while the next is computed.
2. A run that finds parts of the same job (rules, period, figures, inputs) takes them up. So a run that was killed goes
   on where it stopped, and reports what was wrong in the parts that it did not compute itself. The first few parts are
   computed again sooner than kept, and are kept only where the interpreter computed many of their groups.
3. A group that was refused at the door, or cannot be computed, is in the output with empty figures and the reason in
   the column `problem`; each fault is told with its file, row and column.
4. With `marginal`, each figure is computed a second time with more of one fact; rates are columns beside the figures.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from api.batch.ahead import ahead
from api.batch.aside import Checked, check_aside, unread_groups
from api.batch.files import columns_of
from api.batch.identities import Seen
from api.batch.made import table_of_made
from api.batch.made_facts import stray_rows
from api.batch.made_records import require_made_records
from api.batch.marginal import Marginal, raised_rows, rates, touched_rows
from api.batch.parts import Output, Parts
from api.batch.streams import Part, parts
from api.batch.table import Rows, figure_column, ids_of, rate_column, table_of
from api.batch.unread import unread_columns
from api.failures import Failure, Misuse
from api.scale.spread import Spread, here
from engine.ir.program import Definition, Program
from engine.native import KNOWN, Marginals, Result, evaluate, marginal_rates
from engine.population.columns import Columns
from engine.population.door import Admitted, from_arrow
from engine.population.faults import BadCell, Refused
from engine.population.links import is_named_by_others
from engine.population.made_rows import are_of_made
from engine.records import record
from engine.values.periods import Period
from engine.values.types import Kind

Table = Any
PART_ROWS = 100_000
FIRST_PARTS = 4
MAX_FAULTS = 1_000
MAX_WHOLE = 20
SLOW_SHARE = 0.05  # of groups that go to the interpreter: from there on the report says for which figures
Progress = Callable[[int], None]


@record(frozen=True, slots=True)
class Job:
    """What is to be computed, from what, to where. `complete`: an empty cell means none, as on a signed return.

    `keep` are columns that pass into the output, of its entity; those that are not facts are not read.
    """

    program: Program
    period: Period
    inputs: Mapping[str, Path]
    output: Path
    wanted: tuple[Definition, ...]
    complete: bool = True
    threads: int = 2
    part_rows: int = PART_ROWS
    marginal: Marginal | None = None
    keep: tuple[str, ...] = ()

    @property
    def entity(self) -> str:
        """The entity whose rows the output has."""
        return self.wanted[0].entity


@dataclass(slots=True)
class BatchReport:
    """What a run did. `handed_over` counts groups that the interpreter computed, `causes` for how many of them a figure
    was what code could not give; `resumed` counts those of an earlier run; `raised`, who had more of a fact; `unread`
    tells of columns that nothing reads."""

    groups: int = 0
    refused: int = 0
    undetermined: int = 0
    handed_over: int = 0
    causes: dict[str, int] = field(default_factory=dict)
    resumed: int = 0
    raised: int = 0
    faults: list[BadCell] = field(default_factory=list)
    more_faults: int = 0
    unread: list[str] = field(default_factory=list)

    def add(self, other: BatchReport) -> None:
        """Add what a part was found to be."""
        for name in ("groups", "refused", "undetermined", "handed_over", "resumed", "raised"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.handed(other.causes)
        room = MAX_FAULTS - len(self.faults)
        self.faults += other.faults[:room]
        self.more_faults += other.more_faults + max(0, len(other.faults) - room)
        self.unread += [told for told in other.unread if told not in self.unread]

    def handed(self, causes: Mapping[str, int]) -> None:
        """Add why groups were handed over."""
        for name, count in causes.items():
            self.causes[name] = self.causes.get(name, 0) + count

    @property
    def is_slow(self) -> bool:
        """Whether so many groups went to the interpreter that they set the pace."""
        return self.handed_over > SLOW_SHARE * self.groups


def check_wanted(wanted: Sequence[Definition]) -> None:
    """Raise Misuse unless all figures are of one entity."""
    entities = {definition.entity for definition in wanted}
    if len(entities) != 1:
        names = ", ".join(sorted(entities)) or "none"
        raise Misuse(f"the figures named belong to several entities: {names}", "want figures of one entity at a time")


def run_batch(job: Job, on_progress: Progress = lambda _: None, spread: Spread = here) -> BatchReport:
    """Compute the job. Raises Failure for what stops it whole; faults in rows are in the report.

    `spread` says where the parts are computed. Whoever does, they are kept and put together here, in order.
    """
    check_wanted(job.wanted)
    require_made_records(job.program, job.period, job.wanted, job.inputs)
    if makes_groups(job) and (job.keep or job.marginal is not None):
        told = f"figures make the {job.program.settings.entities[job.entity].plural}, and no file has a row of one"
        raise Misuse(told, "leave `--keep` and `--marginal` out, or want a figure of people")
    manifest = _manifest(job)
    job, total, aside = _without_unread(job)
    with Parts(job.output, manifest) as kept, Output(job.output, kept.folder) as output:
        for number, (table, text) in enumerate(spread(_part, job, _tasks(job, kept, aside))):
            report = _report_from(text)
            if table is None:
                earlier = kept.read(number)
                assert earlier is not None, "the task said that an earlier run had computed it"
                table = earlier[0]
            elif number >= FIRST_PARTS or report.is_slow:
                kept.keep(number, table, text)
            output.add(table)
            total.add(report)
            on_progress(total.groups)
        if not total.groups:
            raise Failure("the files hold no rows", "give at least one row for each file")
    return total


@record(frozen=True, slots=True)
class _Task:
    """A part to compute, with rows whose ids an earlier part had; or the report of one that an earlier run computed."""

    part: Part | None
    again: Sequence[Refused]
    report: bytes = b""


def _without_unread(job: Job) -> tuple[Job, BatchReport, Checked]:
    """The job without the files that no wanted figure reads, what was wrong with these, and who is refused for it."""
    report = BatchReport()
    names = unread_groups(job.program, job.period, job.wanted, job.inputs, group_of(job))
    if not names:
        return job, report, Checked((), ())
    aside = check_aside(job.program, job.period, job.inputs, names)
    _note(job, Part({}, dict.fromkeys(job.inputs, 0)), aside.problems, report)
    heads = {name: columns_of(job.inputs[name]) for name in names}
    report.unread += unread_columns(job.program, job.period, job.wanted, heads)
    beside = {head for columns in heads.values() for head in columns}
    left = {name: path for name, path in job.inputs.items() if name not in names}
    there = {head for path in left.values() for head in columns_of(path)}
    keep = tuple(name for name in job.keep if name not in beside or name in there)
    return replace(job, inputs=left, keep=keep), report, aside


def _tasks(job: Job, kept: Parts, aside: Checked) -> Iterator[_Task]:
    entities = job.program.settings.entities
    shared = {entity for entity in job.inputs if is_named_by_others(entities, entity, job.inputs)}
    seen = {entity: Seen(entity, path, entity in shared) for entity, path in job.inputs.items()}
    for number, part in enumerate(ahead(parts(job.program, job.inputs, group_of(job), job.part_rows))):
        again = [fault for entity, table in part.tables.items() for fault in seen[entity].again(table)]
        again += [
            refused
            for entity, table in part.tables.items()
            for refused in aside.within(entity, part.first_rows[entity], len(table))
        ]
        earlier = kept.read(number)
        if earlier is None:
            yield _Task(part, again)
        else:
            report = replace(_report_from(earlier[1]), resumed=len(part.tables[group_of(job)]))
            yield _Task(None, again, json.dumps(asdict(report)).encode())


def group_of(job: Job) -> str:
    """The entity that sets the pace: whose the output's rows are in the end, or the group that these are in."""
    entities = job.program.settings.entities
    owner = job.entity
    while entities[owner].belongs_to:
        owner = entities[owner].belongs_to
    if makes_groups(job) and owner == job.entity:
        owner = entities[owner].within
    groups = [name for name, entity in entities.items() if entity.of == owner and name in job.inputs]
    return groups[0] if groups else owner


def makes_groups(job: Job) -> bool:
    """Whether the output's rows are groups that a figure makes: no file says who is in them."""
    declared, inputs = job.program.settings.entities[job.entity], job.inputs
    if not declared.by or not {job.entity, declared.of} <= set(inputs):
        return bool(declared.by)
    return are_of_made(declared, {name: columns_of(path) for name, path in inputs.items()})


# --- a part


def _part(job: Job, task: _Task) -> tuple[Table | None, bytes]:
    """A part's output with its report; no output for one that an earlier run computed."""
    if task.part is None:
        return None, task.report
    report = BatchReport(len(task.part.tables[group_of(job)]))
    table = _compute(job, task.part, report, task.again)
    return table, json.dumps(asdict(report)).encode()


def _report_from(text: bytes) -> BatchReport:
    stated = json.loads(text)
    return BatchReport(**{**stated, "faults": [BadCell(**fault) for fault in stated["faults"]]})


def _compute(job: Job, part: Part, report: BatchReport, again: Sequence[Refused]) -> Table:
    """A part's output: ids, the wanted figures, and what was wrong. `again` are rows whose ids an earlier part had."""
    files = {entity: str(path) for entity, path in job.inputs.items()}
    facts = {entity: _without(table, _no_facts(job, entity)) for entity, table in part.tables.items()}
    admitted = _admitted(job, facts, files, again)
    _note(job, part, admitted.problems, report)
    heads = {entity: table.column_names for entity, table in facts.items()}
    report.unread += unread_columns(job.program, job.period, job.wanted, heads)
    assert admitted.columns is not None
    names = [definition.name for definition in job.wanted]
    if job.marginal is None:
        result, marginals = evaluate(job.program, admitted.columns, names, threads=job.threads), None
    else:
        marginals = _with_more(job, job.marginal, admitted.columns, names)
        result = marginals.before
        report.raised = int(marginals.raised.sum())
        report.handed_over += marginals.after.handed_over
        report.handed(marginals.after.causes)
    report.handed_over += result.handed_over
    report.handed(result.causes)
    return _table(job, part, admitted, result, marginals=marginals, report=report)


def _admitted(job: Job, tables: Mapping[str, Table], files: Mapping[str, str], again: Sequence[Refused]) -> Admitted:
    """The part without the rows at fault; without those too that state facts of groups that no figure makes."""

    def let_in(refused: Sequence[Refused]) -> Admitted:
        return from_arrow(
            job.program, job.period, tables, complete=job.complete, leave_out=True, files=files, refused=refused
        )

    admitted = let_in(again)
    lost = [] if admitted.columns is None else stray_rows(job.program, admitted.columns, tables)
    return let_in([*again, *lost]) if lost else admitted


def _no_facts(job: Job, entity: str) -> list[str]:
    """The columns that are only passed on. A fact that is to be kept counts all the same."""
    figures = {definition.short_name for definition in job.program.definitions.values() if definition.entity == entity}
    return [name for name in job.keep if name.partition("@")[0] not in figures]


def _without(table: Table, names: Sequence[str]) -> Table:
    return table.drop_columns([name for name in names if name in table.column_names])


def _with_more(job: Job, marginal: Marginal, columns: Columns, names: Sequence[str]) -> Marginals:
    rows = raised_rows(job.program, columns, group_of(job), marginal)
    fact = marginal.fact.name
    return marginal_rates(job.program, columns, names, fact, rows=rows, step=marginal.step, threads=job.threads)


def _note(job: Job, part: Part, problems: Sequence[BadCell], report: BatchReport) -> None:
    """Keep the faults, their rows counted in the whole file. Raises Failure for a fault of a table as a whole."""
    first_rows = {str(path): part.first_rows[entity] for entity, path in job.inputs.items()}
    whole = [str(problem) for problem in problems if problem.row == 0]
    if whole:
        help = "name columns as the rules name figures; `--keep` copies a column that is not a fact"
        raise Failure("\n  ".join(whole[:MAX_WHOLE]), help)
    moved = [replace(fault, row=fault.row + first_rows.get(fault.table, 0)) for fault in problems]
    room = MAX_FAULTS - len(report.faults)
    report.faults += moved[:room]
    report.more_faults += max(0, len(moved) - room)


def _table(
    job: Job, part: Part, admitted: Admitted, result: Result, *, marginals: Marginals | None, report: BatchReport
) -> Table:
    """The rows as they were given; those that were refused have no figures."""
    if makes_groups(job):
        report.refused += 0 if admitted.rows is None else int((~admitted.rows[group_of(job)]).sum())
        made_table, undetermined = table_of_made(job.program, job.entity, job.wanted, part, admitted, result=result)
        report.undetermined += undetermined
        return made_table
    given = part.tables[job.entity]
    there = {name for table in part.tables.values() for name in table.column_names}
    unknown = [name for name in job.keep if name not in there]
    if unknown:
        named = ", ".join(f"`{name}`" for name in unknown)
        raise Failure(f"no table has a column {named} to keep", "name columns of the files")
    rows = Rows(len(given), admitted.rows[job.entity] if admitted.rows is not None else None)
    report.refused += len(rows.problems)
    made = {f"{job.entity}_id": ids_of(job.entity, given, part.first_rows[job.entity])}
    made |= {name: given[name] for name in job.keep if name in given.column_names}
    for definition in job.wanted:
        made[definition.short_name] = figure_column(job.program, definition, result.figures[definition.name], rows)
    if marginals is not None and job.marginal is not None:
        made |= _rates(job, job.marginal, admitted, marginals, rows)
    report.undetermined += len(rows.problems) - report.refused
    return table_of(made, rows)


def _rates(job: Job, marginal: Marginal, admitted: Admitted, marginals: Marginals, rows: Rows) -> dict[str, Any]:
    """A column of rates for each figure that is money."""
    assert admitted.columns is not None
    touched = touched_rows(admitted.columns, group_of(job), job.entity, marginal, marginals.raised)
    made: dict[str, Any] = {}
    for definition in job.wanted:
        if definition.type.kind is Kind.MONEY:
            entries, large = rates(job.program, definition, definition.name, marginals, marginal)
            known = touched & ~large
            for result in (marginals.before, marginals.after):
                status = result.figures[definition.name].status
                known = known if status is None else known & (status == KNOWN)
            made[f"{definition.short_name}_marginal"] = rate_column(entries, known, rows)
    return made


def _manifest(job: Job) -> str:
    """What decides the output, as JSON. Inputs are told apart by name, size and time of change."""
    inputs = {
        entity: [str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns]
        for entity, path in sorted(job.inputs.items())
    }
    wanted = [definition.name for definition in job.wanted]
    marginal = job.marginal and [job.marginal.fact.name, job.marginal.role, job.marginal.step]
    facts = [job.program.fingerprint, str(job.period), wanted, job.complete, job.part_rows, inputs, marginal, job.keep]
    return json.dumps({"format": 2, "sha256": hashlib.sha256(json.dumps(facts).encode()).hexdigest()})
