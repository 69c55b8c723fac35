"""How fast it is, measured on this machine in one run, beside what else there is.

The population is the shipped sample of real tax units, repeated; the outputs are twenty figures of federal income and
payroll tax. Each time is the best of several, since everything that disturbs a run makes it slower. Beside it stands
the time that this machine's memory needs to read the same inputs and write the same outputs. A peer is measured by its
own Python (`taxcalc` on the survey that the sample was drawn from), and compared as a ratio of units a second.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from api.failures import Failure
from citizens.sample import load_sample
from engine.cases import Case
from engine.columns import Columns
from engine.columns_io import from_arrow
from engine.explain import explain
from engine.interpreter import Interpreter
from engine.ir.program import Program
from engine.native import Options, evaluate
from engine.native.handover import case_of
from engine.outcomes import Fact
from engine.periods import Period, parse_period
from engine.pipeline import compile_rules

YEAR = "2024"
SAMPLE = 10_000
OUTPUTS = (
    "adjusted_gross_income", "gross_income", "above_the_line_deductions", "tax_unit_taxable_social_security",
    "standard_deduction", "itemized_deductions", "taxable_income", "qualified_business_income_deduction",
    "regular_tax_before_credits", "alternative_minimum_tax", "income_tax_before_credits", "net_investment_income_tax",
    "additional_medicare_tax", "eitc", "ctc", "refundable_ctc", "income_tax_non_refundable_credits",
    "income_tax_refundable_credits", "income_tax", "payroll_tax",
)  # fmt: skip
_TAXCALC = """
import json, time
start = time.perf_counter()
import taxcalc
policy = taxcalc.Policy()
calculator = taxcalc.Calculator(policy=policy, records=taxcalc.Records.cps_constructor(), verbose=False)
calculator.advance_to_year(2024)
calculator.calc_all()
cold = time.perf_counter() - start
times = []
for _ in range(5):
    start = time.perf_counter()
    calculator.calc_all()
    times.append(time.perf_counter() - start)
units = len(calculator.array("s006"))
print(json.dumps({"version": taxcalc.__version__, "units": units, "cold": cold, "warm": min(times)}))
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """One line: what was done, how long it took, and for how many tax units (0: not by the unit)."""

    group: str
    what: str
    seconds: float
    units: int = 0

    @property
    def rate(self) -> float:
        """Tax units a second."""
        return self.units / self.seconds if self.units else 0.0


def best(work: Callable[[], object], times: int = 5) -> float:
    """The shortest of several runs, in seconds."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def sample_tables(repeat: int) -> dict[str, pa.Table]:
    """The sample as the door takes it, `repeat` times over, each time under other ids."""
    sample = load_sample()
    units = sample.tax_units.drop_columns(["weight", "state_fips"])
    return {
        "person": pa.concat_tables([_renamed(sample.people, at) for at in range(repeat)]),
        "tax_unit": pa.concat_tables([_renamed(units, at) for at in range(repeat)]),
    }


def _renamed(table: pa.Table, copy: int) -> pa.Table:
    for name in ("person_id", "tax_unit_id"):
        if name in table.column_names:
            named = pc.binary_join_element_wise(pa.scalar(str(copy)), table[name], pa.scalar("-"))
            table = table.set_column(table.column_names.index(name), name, named)
    return table


def admitted(program: Program, tables: Mapping[str, pa.Table]) -> Columns:
    """The tables as columns. The sample and what is made here have no faults."""
    columns = from_arrow(program, parse_period(YEAR), tables).columns
    assert columns is not None
    return columns


def measure(rules: Path, repeat: int, peers: Mapping[str, str]) -> Iterator[Measured]:
    """All measurements, one after the other."""
    program = compile_rules(rules)
    yield Measured(
        "compiling",
        f"rules: {len(program.definitions):,} figures, from YAML to a checked program",
        best(lambda: compile_rules(rules), 3),
    )
    period = parse_period(YEAR)
    tables = sample_tables(repeat)
    units = len(tables["tax_unit"])
    start = time.perf_counter()
    columns = admitted(program, tables)
    yield Measured("population", "tables through the door into columns", time.perf_counter() - start, units)
    yield from _compiling(program, columns)
    yield from _population(program, columns, units)
    yield from _household(program, period)
    yield from _starting()
    yield from _generated()
    for name, python in peers.items():
        yield from _peer(name, python)


def _compiling(program: Program, columns: Columns) -> Iterator[Measured]:
    from engine.native import running

    few = Columns(columns.at, columns.counts, columns.columns, columns.groups, columns.owners, columns.ids)
    with tempfile.TemporaryDirectory() as folder:
        for what in ("machine code, nothing cached", "machine code, from the cache on disk"):
            running._kernels.clear()
            start = time.perf_counter()
            layout = running.layout_for(program, few, Options(cache=folder))
            cells = [running.cell_for(program, name, columns.at) for name in OUTPUTS]
            laid_out = time.perf_counter()
            running.compile_kernel(program, layout, cells, Options(cache=folder))
            yield Measured("compiling", f"{what}, {len(OUTPUTS)} outputs", time.perf_counter() - laid_out)
            if "nothing" in what:
                yield Measured(
                    "population", "columns laid out for the code", laid_out - start, columns.counts["tax_unit"]
                )


def _population(program: Program, columns: Columns, units: int) -> Iterator[Measured]:
    evaluate(program, columns, OUTPUTS)
    for threads in (1, 2):
        seconds = best(lambda n=threads: evaluate(program, columns, OUTPUTS, threads=n))  # type: ignore[misc]
        yield Measured("population", f"{len(OUTPUTS)} outputs, {threads} thread{'s' * (threads > 1)}", seconds, units)
    every = [name for name, one in program.definitions.items() if not one.is_input]
    evaluate(program, columns, every)
    seconds = best(lambda: evaluate(program, columns, every, threads=2), 3)
    yield Measured("population", f"every figure ({len(every)}), 2 threads", seconds, units)
    yield Measured(
        "population", "memory: reading the same inputs, writing the outputs, 2 threads", _memory(columns), units
    )


def _memory(columns: Columns) -> float:
    """Seconds to read all input columns and write the outputs, and nothing else."""
    inputs = [column.entries for column in columns.columns.values()]
    outputs = [np.empty(columns.counts["tax_unit"], dtype=np.int64) for _ in OUTPUTS]

    def halves(index: int) -> None:
        for array in inputs[index::2]:
            array.max()
        for array in outputs[index::2]:
            array.fill(index)

    with ThreadPoolExecutor(2) as pool:
        return best(lambda: list(pool.map(halves, range(2))))


def _household(program: Program, period: Period) -> Iterator[Measured]:
    tables = {name: table.slice(0, 3 if name == "person" else 1) for name, table in sample_tables(1).items()}
    first = tables["tax_unit"]["tax_unit_id"][0].as_py()
    tables["person"] = tables["person"].filter(pc.equal(tables["person"]["tax_unit_id"], first))
    columns = admitted(program, tables)
    evaluate(program, columns, OUTPUTS)
    yield Measured("household", "native, from columns", best(lambda: evaluate(program, columns, OUTPUTS), 200), 1)
    case = case_of(program, columns, {"tax_unit": [0], "person": list(range(columns.counts["person"]))})
    fact = Fact("income_tax", case.instances["tax_unit"][0], period)
    yield Measured(
        "household", "interpreter, with every step kept", best(lambda: Interpreter(program, case).find(fact), 5), 1
    )
    yield Measured("household", "interpreter and explanation", best(lambda: _explained(program, case, fact), 5), 1)


def _explained(program: Program, case: Case, fact: Fact) -> object:
    return explain(Interpreter(program, case), fact)


def _starting() -> Iterator[Measured]:
    def fresh(code: str) -> float:
        return best(lambda: subprocess.run([sys.executable, "-c", code], check=True), 3)

    nothing = fresh("pass")
    yield Measured(
        "starting",
        "importing engine, interpreter and native (less Python itself)",
        fresh("import engine.interpreter, engine.pipeline, engine.native") - nothing,
    )


def _generated(figures: int = 5_000) -> Iterator[Measured]:
    """A made ruleset of many figures, each of a few operations."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        write_generated(path, figures)
        start = time.perf_counter()
        program = compile_rules(path)
        yield Measured(
            "compiling", f"a made ruleset of {figures:,} figures, to a checked program", time.perf_counter() - start
        )
        size = 1_000
        table = pa.table({"id": [str(n) for n in range(size)], "income": list(range(size))})
        columns = admitted(program, {"person": table})
        for what in ("nothing cached", "from the cache on disk"):
            from engine.native import running

            running._kernels.clear()
            start = time.perf_counter()
            evaluate(program, columns, [f"v{figures - 1}"], options=Options(cache=path / "cache"))
            yield Measured("compiling", f"its machine code, {what}", time.perf_counter() - start)


def write_generated(folder: Path, figures: int) -> None:
    """A ruleset whose last figure needs all others."""
    settings = "about: Made\nlaw: none\ncurrency: USD\nentities: {person: {plural: people}}\n"
    (folder / "ruleset.yaml").write_text(settings, encoding="utf-8")
    lines = ["about: Made", "law: none", f"exports: [income, v{figures - 1}]", "inputs:"]
    lines += ["  income: {entity: person, period: year, type: money, label: Income, absent: 0}", "variables:"]
    head = "{label: V, entity: person, period: year, type: money, law: none, formula: "
    for at in range(figures):
        before = f"v{at - 1}" if at else "income"
        earlier = f"v{at * 2 // 3}" if at > 2 else "income"
        formula = f'"max(0 USD, min({before} + 7 USD, 100_000 USD) - 12.5% * min({earlier}, {at + 1} USD))"'
        lines.append(f"  v{at}: {head}{formula}}}")
    (folder / "made.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _peer(name: str, python: str) -> Iterator[Measured]:
    if name != "taxcalc":
        raise Failure(f"there is no comparison with `{name}`", "`--peer taxcalc=PYTHON` is what there is")
    done = subprocess.run([python, "-c", _TAXCALC], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failure(f"`{python}` could not run {name}: {done.stderr.strip().splitlines()[-1:]}", "install it there")
    found = json.loads(done.stdout.strip().splitlines()[-1])
    yield Measured("peer", f"taxcalc {found['version']}, calc_all, warm", found["warm"], found["units"])
    yield Measured(
        "peer", f"taxcalc {found['version']}, whole process, its JIT included", found["cold"], found["units"]
    )
