"""What is measured of this engine."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from api.bench import bounds
from api.bench.made import write_made
from api.bench.measured_population import OUTPUTS, YEAR, Tables, admitted, sample_tables, write_files
from api.bench.measuring import Bound, Measured, best, once, process, surroundings
from api.rules.programs import find_rules
from engine.explain.tree import explain
from engine.interpret.cases import Case
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact
from engine.ir import nodes as ir
from engine.ir.program import Program
from engine.ir.walk import walk
from engine.native import Options, evaluate, forget, marginal_rates, prepare
from engine.native.agreement import all_figures
from engine.native.handover import case_of
from engine.native.plan.plan import cell_for
from engine.pipeline import compile_rules
from engine.population.columns import Columns, column_of
from engine.reading.documents import module_files
from engine.syntax.files import SETTINGS_FILE
from engine.text.diagnostics import Diagnostics
from engine.values.periods import parse_period

TWO_THREADS = f"{len(OUTPUTS)} outputs, 2 threads"
ELECTED = f"{len(OUTPUTS)} outputs, 1 thread, the election to itemize given, not sought"
MEMORY = "memory alone, the same bytes, 2 threads"
_OUT = "out.parquet"
COLD = "whole process: files to a file, code from the cache"
FIRST = "whole process: files to a file, nothing cached"
CHANGED = "the same, nothing cached, a file of the rules changed"


def compiling(rules: Path, program: Program, columns: Columns, runs: int) -> Iterator[Measured]:
    """From text to machine code; and again, from what is kept on disk."""
    figures = f"{len(program.definitions):,} facts and figures"
    with tempfile.TemporaryDirectory() as folder:
        unread = copy_with_change(rules, SETTINGS_FILE, Path(folder))
        yield Measured("compile", f"{figures}, YAML to checked program", best(lambda: compile_rules(unread), runs))
        module = module_files(rules, Diagnostics())[0].relative_to(rules)
        changed = copy_with_change(rules, str(module), Path(folder))
        what = "the same, all files but one read at the installation"
        yield Measured("compile", what, best(lambda: compile_rules(changed), runs))
        for what in ("nothing cached", "from the cache"):
            forget()
            prepare(program, columns, (), options=Options(cache=""))  # lays the population out, which is not compiling
            seconds = once(lambda: prepare(program, columns, OUTPUTS, options=Options(cache=folder)))
            yield Measured("compile", f"machine code for {len(OUTPUTS)} outputs, {what}", seconds)


def copy_with_change(rules: Path, name: str, folder: Path) -> Path:
    """A copy of rules in which one file is changed: in its settings, and no module counts as read before."""
    copy = folder / name.replace("/", "-") / rules.resolve().name
    shutil.copytree(rules, copy)
    with (copy / name).open("a", encoding="utf-8") as file:
        file.write("\n# changed\n")
    return copy


def made(figures: int) -> Iterator[Measured]:
    """The same of a made ruleset."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_made(folder, figures)
        start = once(lambda: compile_rules(folder))
        yield Measured("compile", f"made ruleset of {figures:,} figures, YAML to checked program", start)
        program = compile_rules(folder)
        columns = admitted(program, {"person": pa.table({"income": pa.array(range(1_000))})})
        for what in ("nothing cached", "from the cache"):
            forget()
            options = Options(cache=folder / "cache")
            prepare(program, columns, (), options=options)
            seconds = once(lambda o=options: prepare(program, columns, [f"v{figures - 1}"], options=o))  # type: ignore[misc]
            yield Measured("compile", f"its machine code, {what}", seconds)


def population(program: Program, tables: Tables, runs: int) -> Iterator[Measured]:
    """Everybody at once, in one process that has compiled already."""
    columns, units = admitted(program, tables), len(tables["tax_unit"])
    few = min(runs, 4)

    def line(what: str, seconds: float, bound: Bound) -> Measured:
        return Measured("population", what, seconds, units, bound=bound)

    in_tables, in_columns = sum(table.nbytes for table in tables.values()), _bytes_of(columns)
    door = bounds.memory(in_tables, in_columns, few)
    yield line("tables through the door", best(lambda: admitted(program, tables), few), door)
    prepare(program, columns, OUTPUTS)
    laying_out = best(lambda: prepare(program, replace(columns), ()), few)
    yield line("laying out", laying_out, bounds.memory(in_columns, in_columns, few))
    traffic = prepare(program, columns, OUTPUTS).traffic()
    evaluate(program, columns, OUTPUTS)
    alone = bounds.memory(*traffic, runs)
    yield from _outputs(program, columns, runs, line, {1: bounds.memory(*traffic, runs, threads=1), 2: alone})
    yield Measured("population", MEMORY, alone.seconds, units, bound=alone)
    twice = bounds.memory(2 * traffic[0], 2 * traffic[1], few)
    yield line(f"{len(OUTPUTS)} marginal rates on wages, 2 threads", _marginal(program, columns, few), twice)
    every = _behind_assessments(program, columns)
    all_of_them = prepare(program, columns, every).traffic()
    evaluate(program, columns, every)
    seconds = best(lambda: evaluate(program, columns, every, threads=2), min(runs, 5))
    what = f"every figure behind the assessment ({len(every)}), 2 threads"
    yield line(what, seconds, bounds.memory(*all_of_them, few))


def _outputs(
    program: Program,
    columns: Columns,
    runs: int,
    line: Callable[[str, float, Bound], Measured],
    memory: Mapping[int, Bound],
) -> Iterator[Measured]:
    for threads, what in ((1, f"{len(OUTPUTS)} outputs, 1 thread"), (2, TWO_THREADS)):
        seconds = best(lambda n=threads: evaluate(program, columns, OUTPUTS, threads=n), runs)  # type: ignore[misc]
        yield line(what, seconds, memory[threads])
    elected = _elected(program, columns)
    evaluate(program, elected, OUTPUTS)
    yield line(ELECTED, best(lambda: evaluate(program, elected, OUTPUTS, threads=1), runs), memory[1])


def _bytes_of(columns: Columns) -> int:
    held = [array for column in columns.columns.values() for array in (column.entries, column.missing)]
    return sum(array.nbytes for array in held if array is not None)


def _elected(program: Program, columns: Columns) -> Columns:
    """The same people, all of whom say which deduction they take: then no other tax is computed to find the lower."""
    cell = cell_for(program, "tax_unit_itemizes", columns.at)
    itemizing = evaluate(program, columns, [cell.name]).figures[cell.name].entries
    return replace(columns, columns={**columns.columns, cell: column_of(itemizing)})


def _behind_assessments(program: Program, columns: Columns) -> list[str]:
    """What is assessed of the population and all that follows into it. Benefits ask for facts that a survey of incomes
    does not have: computing them for it would measure how fast one can say that something is not known."""
    there = [assessment for assessment in program.settings.assessments.values() if assessment.of in columns.counts]
    pending = [name for assessment_rules in there for name in assessment_rules.figures]
    behind: set[str] = set()
    while pending:
        name = pending.pop()
        if name in behind:
            continue
        behind.add(name)
        nodes = (node for dated in program.definitions[name].formulas for node in walk(dated.body))
        pending += [node.name for node in nodes if isinstance(node, ir.VariableRead)]
    return [name for name in all_figures(program, columns) if name in behind]


def _marginal(program: Program, columns: Columns, runs: int) -> float:
    heads = columns.groups["tax_unit"].role == 0
    return best(
        lambda: marginal_rates(program, columns, OUTPUTS, "employment_income", rows=heads, step=10_000, threads=2), runs
    )


def household(program: Program, runs: int) -> Iterator[Measured]:
    """A couple with two children of the sample."""
    tables = sample_tables(1)
    whose = tables["person"]["tax_unit_id"]
    counts = pc.value_counts(whose).to_pylist()
    chosen = next(count["values"] for count in counts if count["counts"] == 4)
    chosen_tables = {name: table.filter(pc.equal(table["tax_unit_id"], chosen)) for name, table in tables.items()}
    columns = admitted(program, chosen_tables)
    evaluate(program, columns, OUTPUTS)
    seconds = best(lambda: evaluate(program, replace(columns), OUTPUTS), runs)
    yield Measured("household", "native, laid out each time", seconds, 1)
    yield Measured("household", "native, from Arrow tables", best(lambda: _whole(program, chosen_tables), runs), 1)
    case = case_of(program, columns, {"tax_unit": [0], "person": list(range(columns.counts["person"]))})
    facts = [Fact(name, "0", parse_period(YEAR)) for name in OUTPUTS]
    seconds = best(lambda: _interpreted(program, case, facts), min(runs, 5))
    yield Measured("household", f"interpreter, {len(OUTPUTS)} outputs with every step kept", seconds, 1)
    seconds = best(lambda: explain(Interpreter(program, case), facts[-2]), min(runs, 5))
    yield Measured("household", "interpreter, income tax explained", seconds, 1)


def _interpreted(program: Program, case: Case, facts: list[Fact]) -> object:
    interpreter = Interpreter(program, case)
    return [interpreter.find(fact) for fact in facts]


def _whole(program: Program, tables: Tables) -> object:
    return evaluate(program, admitted(program, tables), OUTPUTS)


def starting(folder: Path, runs: int) -> Iterator[Measured]:
    """What a process needs before it can do anything."""
    variables = surroundings(folder / "python")

    def fresh(code: str) -> float:
        return min(process([sys.executable, "-c", code], variables).seconds for _ in range(runs + 1))

    nothing = fresh("pass")
    imported = fresh("import engine.interpret.interpreter, engine.pipeline, engine.native")
    yield Measured("start", "importing the engine, less Python itself", imported - nothing)
    yield Measured(
        "start", "rulewright --help", fresh("import sys; sys.argv[1:] = ['--help']; import api.cli.__main__")
    )


def processes(rules: str, tables: Tables, folder: Path, repeat: int, runs: int) -> Iterator[Measured]:
    """`rulewright batch` from a command line to a written file; with `repeat`, also of the population so many times
    over, which is read and written in parts.
    """
    units = len(tables["tax_unit"])
    variables = {**surroundings(folder / "python"), "RULEWRIGHT_CACHE": str(folder / "cache")}
    once_over, many = folder / "once", folder / "many"
    once_over.mkdir()
    inputs = list(write_files(tables, once_over))
    command = _command(rules, inputs, once_over)
    process([sys.executable, "-c", "import api.cli.batch, engine.pipeline, rich"], variables)
    first = process(command, variables)
    decoding = bounds.parquet(map(Path, inputs), once_over / _OUT, runs)
    yield first.measured("process", FIRST, units, decoding)
    yield min(process(command, variables) for _ in range(runs)).measured("process", COLD, units, decoding)
    yield _with_changed_rules(find_rules(rules), inputs, folder, units)
    if repeat > 1:
        many.mkdir()
        command = _command(rules, list(write_files(tables, many, repeat)), many)
        used = process(command, variables)
        bound = Bound("decode", decoding.seconds * repeat)
        yield used.measured("process", f"the same, the population {repeat} times over", units * repeat, bound)


def _with_changed_rules(rules: Path, inputs: list[str], folder: Path, units: int) -> Measured:
    name = module_files(rules, Diagnostics())[0].relative_to(rules)
    copy = copy_with_change(rules, str(name), folder)
    variables = {**surroundings(folder / "python"), "RULEWRIGHT_CACHE": str(folder / "cache-of-changed")}
    return process(_command(str(copy), inputs, folder / "once"), variables).measured("process", CHANGED, units)


def _command(rules: str, inputs: list[str], folder: Path) -> list[str]:
    options = [part for path in inputs for part in ("--input", path)]
    output = ["--output", str(folder / _OUT), "--want", ",".join(OUTPUTS), "--at", YEAR, "--threads", "2"]
    return [sys.executable, "-m", "api.cli", "batch", rules, *options, *output]
