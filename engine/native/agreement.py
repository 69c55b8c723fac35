"""Comparing the native evaluator with the interpreter, figure by figure: for tests and `rulewright check`."""

from __future__ import annotations

from collections.abc import Sequence

from engine.columns import Columns
from engine.constants import Constants
from engine.interpreter import Interpreter
from engine.ir.program import Program
from engine.native.handover import case_of, entry_of, rows_of
from engine.native.layout import lay_out
from engine.native.options import Options
from engine.native.running import KNOWN, Result, status_of
from engine.outcomes import Fact, Known


def differences(program: Program, columns: Columns, result: Result, limit: int = 20, every: int = 1) -> list[str]:
    """Where a native result is not the interpreter's. `every` takes each n-th component only."""
    layout = lay_out(program, columns, Options())
    constants = Constants(program)
    found: list[str] = []
    count = max(int(component.max(initial=-1)) + 1 for component in layout.component.values())
    for component in range(0, count, every):
        case = case_of(program, columns, rows_of(layout, component))
        interpreter = Interpreter(program, case, constants)
        for name, figures in result.figures.items():
            definition = program.definitions[figures.cell.name]
            for instance in case.instances.get(definition.entity, ()):
                outcome = interpreter.find(Fact(figures.cell.name, instance, figures.cell.period))
                row = int(instance)
                status = int(figures.status[row]) if figures.status is not None else KNOWN
                if isinstance(outcome, Known):
                    entry = entry_of(program, definition, outcome.value)
                    same = (status == KNOWN and int(figures.entries[row]) == entry) or entry is None
                else:
                    same = status == status_of(outcome)
                if not same:
                    found.append(
                        f"{name} of row {row}: native {figures.entries[row]} ({status}), interpreter {outcome}"
                    )
                    if len(found) >= limit:
                        return found
    return found


def all_figures(program: Program) -> Sequence[str]:
    """Every figure that is computed."""
    return [name for name, one in program.definitions.items() if not one.is_input]
