"""`rulewright log import`: tables of people, groups and records, or the shipped sample, into a log."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from time import monotonic

from api.cli.log.output import counting
from api.cli.output import complain, count, say, say_json, waiting
from api.failures import ExitCode, Misuse
from api.history.access import is_log, log_folder, login_name, read_day, require_log, sharing, writing
from api.history.letters import all_reading, all_settled
from api.history.parts import make_parts, parts_of, sources_by_part
from api.history.tables import (
    SAMPLE_ALSO,
    SAMPLE_DAY,
    Admission,
    admit,
    import_name,
    read_files,
    record,
    sample_tables,
    strangers,
)
from api.rules import programs
from citizens import History, Imported, Origin
from engine.population.faults import BadCell

SHOWN_FAULTS = 50
SHOWN_OWNERS = 10
SAMPLE_BASIS = "sample data, public domain"


@dataclass(frozen=True, slots=True)
class Question:
    """What the user asks for; fields as the options are named."""

    files: tuple[str, ...]
    log: Path | None
    sample: bool
    valid_from: str | None
    rules: str
    also: str
    skip_bad: bool
    source: str
    actor: str
    legal_basis: str
    retention: str
    create: bool


def import_command(question: Question, as_json: bool) -> int:
    """Check the tables, then record them."""
    folder, day, origin = log_folder(question.log), _day(question), _origin(question)
    create = question.create or question.sample
    if not create:
        require_log(folder)
    start = monotonic()
    admission = _admitted(question, day)
    if not any(len(source.table) for source in admission.sources) or (admission.faults and not question.skip_bad):
        _tell_faults(admission, as_json)
        return ExitCode.FAILED
    new, parts = not is_log(folder), parts_of(folder)
    if len(parts) > 1:
        imported, unknown = _recorded_in_parts(parts, admission, origin, day, create)
    else:
        imported, unknown = _recorded(folder, admission, origin, day, new)
    if new:
        complain(f"made a new log: {folder}")
    if unknown:
        _tell_strangers(unknown)
    _report(admission, imported, unknown, folder, seconds=monotonic() - start, as_json=as_json)
    return ExitCode.DONE


def _recorded(folder: Path, admission: Admission, origin: Origin, day: date, new: bool) -> tuple[Imported, list[str]]:
    """What was recorded in a log, and the owners of whom nothing is."""
    opening: AbstractContextManager[History] = writing(folder, create=True) if new else sharing(folder)
    with opening as log, counting("recording") as on_progress:
        return record(log, admission, origin, day, on_progress), strangers(log, admission)


def _recorded_in_parts(
    parts: Sequence[Path], admission: Admission, origin: Origin, day: date, create: bool
) -> tuple[Imported, list[str]]:
    """The same, each row in the part that its subject lives in."""
    if create:
        make_parts(parts)
    with all_settled(parts) as opened, waiting("sharing out the rows"):
        split = sources_by_part(admission.sources, opened, origin, import_name(day))
        new = [not log.head() for log in opened]
    recorded = duplicates = 0
    for part, sources, empty in zip(parts, split, new, strict=True):
        imported, _ = _recorded(part, replace(admission, sources=sources, owners=()), origin, day, empty)
        recorded, duplicates = recorded + imported.recorded, duplicates + imported.duplicates
    with all_reading(parts) as opened:
        unknown = [owner for owner in admission.owners if not any(log.version(owner) for log in opened)]
    return Imported(recorded, duplicates), unknown


def _day(question: Question) -> date:
    if question.sample and question.files:
        raise Misuse("`--sample` is the whole import", "give either files or `--sample`")
    if not question.sample and not question.files:
        raise Misuse("nothing is to be imported", "name files such as `people.parquet tax_units.csv`, or `--sample`")
    if question.valid_from is not None:
        return read_day(question.valid_from, "--valid-from")
    if not question.sample:
        raise Misuse("the day from which the facts hold is missing", "add `--valid-from 2024-01-01`")
    return SAMPLE_DAY


def _origin(question: Question) -> Origin:
    basis = question.legal_basis or (SAMPLE_BASIS if question.sample else "")
    if not basis:
        raise Misuse("the authority for recording the facts is missing", "add `--legal-basis 'Tax Act s. 12'`")
    source = question.source or ("sample" if question.sample else "import")
    return Origin(source, question.actor or login_name(), basis, question.retention)


def _admitted(question: Question, day: date) -> Admission:
    with waiting("reading the rules"):
        program = programs.load_program(question.rules)
    with waiting("reading and checking the tables"):
        if question.sample:
            return admit(program, day, sample_tables(), SAMPLE_ALSO, skip_bad=question.skip_bad, files={})
        tables, files = read_files(program, question.files)
        also = [name.strip() for name in question.also.split(",") if name.strip()]
        return admit(program, day, tables, also, skip_bad=question.skip_bad, files=files)


def _tell_faults(admission: Admission, as_json: bool) -> None:
    faults = admission.faults
    if as_json:
        say_json({"recorded": 0, "faults": [_fault_json(fault) for fault in faults]})
        return
    _list_faults(faults)
    complain(f"{count(len(faults), 'fault')}; nothing was recorded")
    if all(fault.row for fault in faults):
        complain("  = help: correct the files, or leave these rows out with `--skip-bad`")


def _list_faults(faults: Sequence[BadCell]) -> None:
    for fault in faults[:SHOWN_FAULTS]:
        complain(f"error: {fault}")
    if len(faults) > SHOWN_FAULTS:
        complain(f"… and {len(faults) - SHOWN_FAULTS:,} more")


def _fault_json(fault: BadCell) -> dict[str, object]:
    return {"file": fault.table, "row": fault.row, "column": fault.column, "message": fault.message}


def _tell_strangers(owners: Sequence[str]) -> None:
    """Records whose owner is not there wait for whoever it is; nobody is assessed with them until then."""
    named = ", ".join(owners[:SHOWN_OWNERS]) + (", …" if len(owners) > SHOWN_OWNERS else "")
    whose = "the owner" if len(owners) == 1 else f"{len(owners):,} owners"
    complain(f"nothing is recorded yet of {whose} of these records: {named}")
    complain("  = help: record them too, or correct the ids and import again")


def _report(
    admission: Admission, imported: Imported, unknown: Sequence[str], folder: Path, *, seconds: float, as_json: bool
) -> None:
    if as_json:
        faults = [_fault_json(fault) for fault in admission.faults]
        counts = {"recorded": imported.recorded, "duplicates": imported.duplicates}
        say_json({"log": str(folder), **counts, "skipped": dict(admission.skipped), "faults": faults,
                  "owners_not_recorded": list(unknown)})  # fmt: skip
        return
    _list_faults(admission.faults)
    rows = sum(len(source.table) for source in admission.sources)
    of_each = ", ".join(f"{len(source.table):,} of {source.entity}" for source in admission.sources)
    say(f"recorded {count(imported.recorded, 'event')} from {count(rows, 'row')} ({of_each}) in {seconds:.1f} s")
    if imported.duplicates:
        say(f"{imported.duplicates:,} had been recorded before")
    silent = rows - imported.recorded - imported.duplicates
    if silent:
        say(f"nothing is stated in {count(silent, 'row')}: no event")
    for name, rows_left_out in admission.skipped.items():
        say(f"left out {count(rows_left_out, 'row')} of {name}: those at fault, and what belongs to them")
