"""`rulewright batch`: a population from files to a file, in parts, on the native evaluator.

1. The population is read in parts of so many groups. Each goes through the door (`engine.columns_io`), is computed,
   and written beside the output: to a new name, synced, renamed.
2. A manifest says what the parts were made from: rules, period, figures, inputs. A run that finds parts of the same
   manifest takes them up; parts of another are thrown away. So a run that was killed goes on where it stopped.
3. At the end the parts are joined into the output, which appears whole or not at all, and are removed.
4. A group that was refused at the door, or cannot be computed, is in the output with empty figures and the reason in
   the column `problem`; each fault is told with its file, row and column.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from shutil import rmtree
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from api.failures import Failure, Misuse
from api.population_files import Part, parts
from engine.column_arrays import figure_array
from engine.columns import Columns
from engine.columns_io import BadCell, from_arrow
from engine.ir.program import Definition, Program
from engine.native import evaluate
from engine.native.running import NOT_APPLICABLE, Figures
from engine.periods import Period

PART_ROWS = 100_000
MAX_FAULTS = 1_000
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be computed, from what, to where. `complete`: an empty cell means none, as on a signed return."""

    program: Program
    period: Period
    inputs: Mapping[str, Path]
    output: Path
    wanted: tuple[Definition, ...]
    complete: bool = True
    threads: int = 2
    part_rows: int = PART_ROWS

    @property
    def entity(self) -> str:
        """The entity whose rows the output has."""
        return self.wanted[0].entity


@dataclass(slots=True)
class BatchReport:
    """What a run did. `handed_over` counts groups that the interpreter computed; `resumed` those of an earlier run."""

    groups: int = 0
    refused: int = 0
    undetermined: int = 0
    handed_over: int = 0
    resumed: int = 0
    faults: list[BadCell] = field(default_factory=list)
    more_faults: int = 0


def check_wanted(wanted: Sequence[Definition]) -> None:
    """Raise Misuse unless all figures are of one entity."""
    entities = {one.entity for one in wanted}
    if len(entities) != 1:
        names = ", ".join(sorted(entities)) or "none"
        raise Misuse(f"the figures wanted are of several entities: {names}", "want figures of one entity at a time")


def run_batch(job: Job, on_progress: Progress = lambda _: None) -> BatchReport:
    """Compute the job. Raises Failure for what stops it whole; faults in rows are in the report."""
    check_wanted(job.wanted)
    folder = job.output.with_name(job.output.name + ".parts")
    done = _prepare(folder, _manifest(job))
    report = BatchReport()
    written: list[Path] = []
    for number, part in enumerate(parts(job.program, job.inputs, _group(job), job.part_rows)):
        path = folder / f"part-{number:06d}.parquet"
        count = len(part.tables[_group(job)])
        if path.name in done:
            report.resumed += count
        else:
            _write(_compute(job, part, report), path)
        report.groups += count
        written.append(path)
        on_progress(report.groups)
    if not written:
        raise Failure("the files hold no rows", "give at least one row for each file")
    _join(written, job.output)
    rmtree(folder)
    return report


def _group(job: Job) -> str:
    """The group that sets the pace: the output's entity, or the group of the people in it."""
    entities = job.program.settings.entities
    if entities[job.entity].of:
        return job.entity
    owner = entities[job.entity].belongs_to or job.entity
    groups = [name for name, one in entities.items() if one.of == owner and name in job.inputs]
    return groups[0] if groups else job.entity


def _compute(job: Job, part: Part, report: BatchReport) -> pa.Table:
    """A part's output: ids, the wanted figures, and what was wrong."""
    files = {entity: str(path) for entity, path in job.inputs.items()}
    admitted = from_arrow(job.program, job.period, part.tables, complete=job.complete, leave_out=True, files=files)
    _note(job, part, admitted.problems, report)
    assert admitted.columns is not None
    result = evaluate(job.program, admitted.columns, [one.name for one in job.wanted], threads=job.threads)
    report.handed_over += result.handed_over
    return _table(job, part.tables[job.entity], admitted.columns, result.figures, report)


def _note(job: Job, part: Part, problems: Sequence[BadCell], report: BatchReport) -> None:
    """Keep the faults, their rows counted in the whole file. Raises Failure for a fault of a table as a whole."""
    first_rows = {str(path): part.first_rows[entity] for entity, path in job.inputs.items()}
    for problem in problems:
        if problem.row == 0:
            raise Failure(str(problem), "correct the table, or name its columns as the rules name figures")
    moved = [replace(one, row=one.row + first_rows.get(one.table, 0)) for one in problems]
    room = MAX_FAULTS - len(report.faults)
    report.faults += moved[:room]
    report.more_faults += max(0, len(moved) - room)


def _table(
    job: Job, given: pa.Table, columns: Columns, figures: Mapping[str, Figures], report: BatchReport
) -> pa.Table:
    """The rows as they were given; those that were refused have no figures."""
    name = next((one for one in (f"{job.entity}_id", "id") if one in given.column_names), "")
    ids = given[name].cast(pa.string()) if name else pa.array([str(row) for row in range(len(given))])
    kept = columns.counts[job.entity]
    refused = len(given) - kept
    places = _places(ids, columns, job.entity) if refused else np.arange(kept)
    problems: list[str | None] = [None] * len(given)
    if refused:
        for row in np.setdiff1d(np.arange(len(given)), places):
            problems[row] = "refused: see the faults of its rows"
    made: dict[str, Any] = {f"{job.entity}_id": ids}
    for definition in job.wanted:
        found = figures[definition.name]
        known = np.zeros(len(given), dtype=np.bool_)
        known[places] = found.status == 0 if found.status is not None else True
        entries = np.zeros(len(given), dtype=np.int64)
        entries[places] = found.entries
        _unknown(definition, found, places, problems)
        made[definition.short_name] = figure_array(job.program, definition, entries, known)
    report.refused += refused
    report.undetermined += sum(one is not None for one in problems) - refused
    return pa.table({**made, "problem": pa.array(problems, pa.string())})


def _places(ids: Any, columns: Columns, entity: str) -> Any:
    """For each row that was kept, its row as given."""
    first: dict[str, int] = {}
    for row, text in enumerate(ids.to_pylist()):
        first.setdefault(text, row)
    return np.array([first[str(one)] for one in columns.ids[entity]], dtype=np.int64)


def _unknown(definition: Definition, found: Figures, places: Any, problems: list[str | None]) -> None:
    if found.status is None:
        return
    for row in np.flatnonzero(found.status > NOT_APPLICABLE):
        told = found.messages.get(int(row), "cannot be determined from the facts that were given")
        at = int(places[row])
        problems[at] = problems[at] or f"{definition.short_name}: {told}"


# --- files


def _manifest(job: Job) -> str:
    """What decides the output, as JSON. Inputs are told apart by name, size and time of change."""
    inputs = {
        entity: [str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns]
        for entity, path in sorted(job.inputs.items())
    }
    wanted = [definition.name for definition in job.wanted]
    facts = [job.program.fingerprint, str(job.period), wanted, job.complete, job.part_rows, inputs]
    return json.dumps({"format": 1, "sha256": hashlib.sha256(json.dumps(facts).encode()).hexdigest()})


def _prepare(folder: Path, manifest: str) -> set[str]:
    """The names of whole parts from an earlier run of the same job; whatever else is there is removed."""
    kept = folder / "manifest.json"
    if folder.exists() and (not kept.is_file() or kept.read_text(encoding="utf-8") != manifest):
        rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if not kept.exists():
        _replace(kept, lambda path: path.write_text(manifest, encoding="utf-8"))
    for stray in folder.glob("*.new"):
        stray.unlink()
    return {path.name for path in folder.glob("part-*.parquet")}


def _write(table: pa.Table, path: Path) -> None:
    _replace(path, lambda new: pq.write_table(table, new))


def _join(written: Sequence[Path], output: Path) -> None:
    def write(path: Path) -> None:
        tables: Iterator[pa.Table] = (pq.read_table(one) for one in written)
        first = next(tables)
        with pq.ParquetWriter(path, first.schema) as writer:
            writer.write_table(first)
            for table in tables:
                writer.write_table(table.cast(first.schema))

    if output.suffix == ".csv":
        raise Failure("the output is Parquet", "name it `….parquet`")
    _replace(output, write)


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file so that it is there whole or not at all, also after a loss of power."""
    new = path.with_name(path.name + ".new")
    write(new)
    for target in (new, path.parent):
        handle = os.open(target, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        if target == new:
            os.replace(new, path)
