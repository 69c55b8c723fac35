"""The annual run of 280,000 tax units, from the log to assessments and postings in it.

Run by hand: python -m tests.benchmarks.annual_run [how many times the sample; 28 make 280,000 tax units, then 5 more]

The population is the shipped sample (10,000 real tax units), repeated under other ids, and five made-up units: 280,005
as in the Current Population Survey file that calculators share. The import is not part of what is timed.
"""

from __future__ import annotations

import resource
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from api.annual import AnnualReport, run_annual
from api.assessments import terms_of
from api.log_import import sample_tables
from api.rulesets import load_program
from citizens import Membership, Origin, Source, import_tables, open_log
from engine.periods import parse_period
from tests.benchmarks.log_disk import folder_to_measure_in, fsyncs_per_second, report

DAY, SAMPLE, EXTRA = date(2024, 1, 1), 10_000, 5


def population(repeat: int) -> list[Source]:
    """The sample `repeat` times, each time under other ids, and five units more."""
    tables = sample_tables()
    units = tables["tax_unit"].drop_columns(["weight", "state_fips"])
    people = tables["person"]
    copies = [(units, people)] * repeat
    few = units.slice(0, EXTRA)
    copies.append((few, people.filter(pc.is_in(people["tax_unit_id"], value_set=few["tax_unit_id"].combine_chunks()))))
    member = Membership("tax_unit", "tax_unit", "tax_unit_id", role_column="role")
    renamed = [(_renamed(of, at), _renamed(those, at)) for at, (of, those) in enumerate(copies)]
    return [
        Source(pa.concat_tables([of for of, _ in renamed]), "tax_unit", "tax_unit_id", DAY),
        Source(pa.concat_tables([those for _, those in renamed]), "person", "person_id", DAY, memberships=(member,)),
    ]


def _renamed(table: Any, copy: int) -> Any:
    for name in ("person_id", "tax_unit_id"):
        if name in table.column_names:
            named = pc.binary_join_element_wise(pa.scalar(str(copy)), table[name], pa.scalar("-"))
            table = table.set_column(table.column_names.index(name), name, named)
    return table


def measured(folder: Path, repeat: int) -> tuple[AnnualReport, float, float, int]:
    """The report, the seconds from log to assessments, those of the processor, and how many events they are."""
    with open_log(folder) as log:
        import_tables(log, population(repeat), Origin("survey", "bench", "none", "tax"), "sample")
    program = load_program("us")
    terms = terms_of(program, parse_period("2024"), "bench")
    with open_log(folder) as log:
        before = log.head()
        start, worked = time.perf_counter(), time.process_time()
        done = run_annual(log, terms)
        return done, time.perf_counter() - start, time.process_time() - worked, log.head() - before


def main() -> None:
    """Measure and print."""
    repeat = int(sys.argv[1]) if len(sys.argv) > 1 else 28
    with folder_to_measure_in() as folder:
        disk = fsyncs_per_second(Path(folder))
        found, seconds, worked, events = measured(Path(folder) / "log", repeat)
        cpu = resource.getrusage(resource.RUSAGE_SELF)
        print(
            f"{found.groups:,} tax units in {seconds:.1f} s ({worked:.1f} s of processor), {len(found.failed)} failed"
        )
        report("annual run, tax units", found.groups / seconds, disk)
        report("annual run, events appended", events / seconds, disk)
        print(f"most memory: {cpu.ru_maxrss / 1e6:.2f} GB, import and Python included")


if __name__ == "__main__":
    main()
