"""`rulewright batch`: a population from files to a file, in parts, on the native evaluator.

1. The population is read in parts of so many groups. Each goes through the door (`engine.column_tables`), is computed,
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
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from api.failures import Failure, Misuse
from api.population_files import Part, parts
from engine.column_tables import Admitted, Fault, admit, figure_array
from engine.ir.program import Definition, Program
from engine.native import evaluate
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
    faults: list[Fault] = field(default_factory=list)
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
    admitted = admit(job.program, job.period, part.tables, job.complete, part.first_rows)
    room = MAX_FAULTS - len(report.faults)
    report.faults += admitted.faults[:room]
    report.more_faults += max(0, len(admitted.faults) - room)
    whole = [fault for fault in admitted.faults if fault.row == 0]
    if whole:
        raise Failure(f"{whole[0].table}, column `{whole[0].column}`: {whole[0].message}")
    refused = admitted.refused[job.entity]
    result = evaluate(job.program, admitted.columns, [one.name for one in job.wanted], threads=job.threads)
    report.handed_over += result.handed_over
    report.refused += int(refused.sum())
    return _table(job, admitted, result.figures, refused, report)


def _table(job: Job, admitted: Admitted, figures: Mapping[str, Any], refused: Any, report: BatchReport) -> pa.Table:
    columns: dict[str, Any] = {"id": pa.array(admitted.columns.ids[job.entity].tolist(), pa.string())}
    problems: list[str | None] = ["refused: see the faults of its rows" if bad else None for bad in refused]
    for definition in job.wanted:
        found = figures[definition.name]
        known = ~refused
        if found.status is not None:
            known &= found.status == 0
            for row in np.flatnonzero((found.status > 1) & ~refused):
                told = found.messages.get(int(row), "cannot be determined from the facts that were given")
                problems[row] = problems[row] or f"{definition.short_name}: {told}"
        columns[definition.short_name] = figure_array(job.program, definition, found.entries, known)
    report.undetermined += sum(one is not None for one in problems) - int(refused.sum())
    columns["problem"] = pa.array(problems, pa.string())
    return pa.table(columns)


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
