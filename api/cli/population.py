"""`rulewright population`: what a population holds; weights that add up to totals known from elsewhere."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from api.cli.options import ColumnMapFile, DataYear, PopulationFiles, ViewFile, WeightColumn
from api.failures import Misuse, suggestion
from engine.values.numbers import with_commas

if TYPE_CHECKING:
    from api.simulate.describing import PopulationDescribed


class _Commands(TyperGroup):
    """The commands of a population. Whoever leaves the command out is told how to write what they may mean."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            names = " or ".join(f"`{name}`" for name in self.commands)
            remedy = f"say what to do with the population, {names}: `rulewright population describe {args[0]}`"
            told = f"`{args[0]}` is no command of `rulewright population`"
            raise Misuse(told, suggestion(args[0], self.commands, remedy))
        return super().resolve_command(ctx, args)


population_app = typer.Typer(help="The population that simulations run on.", cls=_Commands, no_args_is_help=True)


@population_app.command()
def describe(
    rules: Annotated[str, typer.Argument(metavar="[RULES]", help="Shipped rules, or a folder.")] = "us",
    population: PopulationFiles = None,
    at: Annotated[
        str, typer.Option("--at", metavar="YEAR", help="Carry it to this year; the data's own if not given.")
    ] = "",
    data_year: DataYear = None,
    columns: ColumnMapFile = None,
    view: ViewFile = None,
    weight: WeightColumn = "",
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Say what a population holds: rows, weights, each fact's total, what is not in it and what was done to it."""
    from api.cli.output import say_json, waiting
    from api.schema import as_data
    from api.simulate.describing import describe_population

    with waiting("reading the population"):
        population_described = describe_population(
            rules, population or [], at, weight, data_year=data_year, columns=columns, view_file=view
        )
    if as_json:
        say_json(as_data(population_described))
        return
    _say_described(population_described)


def _say_described(described: PopulationDescribed) -> None:
    from api.cli.output import say

    say(described.about)
    rows = ", ".join(f"{count:,} of {entity}" for entity, count in described.rows.items())
    say(f"{described.year}: {rows}; they stand for {with_commas(described.weight)} units")
    largest = f"the largest weight is {described.largest_weight_share}%"
    say(f"as precise as {described.effective_units:,} units of equal weight (Kish); {largest}")
    if (homes := described.households) is not None:
        say(f"{homes.n:,} households stand for {homes.weight}, of {homes.mean_size} people on average:")
        shares = (f"{share or 'not shown'}{'%' * bool(share)} {of}" for of, share in homes.share_by_size.items())
        say("  " + ", ".join(shares))
    say()
    say(f"{'fact':48} {'of':10} {'not zero in the sample':>24}  {'total of the nation':>24}")
    for fact in described.facts:
        n = "fewer than 10" if fact.not_zero is None else f"{fact.not_zero:,}"
        total = with_commas(str(round(Fraction(fact.total)))) if fact.total else ""
        say(f"{fact.fact:48} {fact.entity:10} {n:>24}  {total:>24}".rstrip())
    if described.incomes_without:
        say()
        say("incomes that this population does not have: " + ", ".join(described.incomes_without))
    _say_benefits(described)
    for note in described.notes:
        say(note)


def _say_benefits(described: PopulationDescribed) -> None:
    """Which benefits of households a simulation counts on this population, and what each of the others lacks."""
    from api.cli.output import say

    if described.benefits:
        say()
        counted = [benefit.label for benefit in described.benefits if not benefit.missing]
        say("benefits of households that this population determines: " + (", ".join(counted) or "none"))
    for benefit in described.benefits:
        if benefit.missing:
            say(f"  {benefit.label}: not without " + ", ".join(f"`{name}`" for name in benefit.missing))


@population_app.command()
def calibrate(
    targets: Annotated[Path, typer.Argument(metavar="TARGETS", help="YAML: what the weights are to add up to.")],
    output: Annotated[Path, typer.Option("--output", metavar="FILE", help="The units with their new weights, CSV.")],
    rules: Annotated[str, typer.Option("--rules", metavar="RULES", help="Shipped rules, or a folder.")] = "us",
    population: PopulationFiles = None,
    at: Annotated[
        str, typer.Option("--at", metavar="YEAR", help="Carry it to this year first; the data's own if not given.")
    ] = "",
    data_year: DataYear = None,
    columns: ColumnMapFile = None,
    view: ViewFile = None,
    weight: WeightColumn = "",
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Change weights as little as can be so that they add up to given totals (entropy balancing)."""
    from api.cli.output import say, say_json, waiting
    from api.schema import as_data
    from api.simulate.calibrating import calibrate as calibrate_weights
    from api.simulate.writing import appearing, check_place

    check_place(output)
    with waiting("calibrating"):
        report, table = calibrate_weights(
            rules, targets, population or [], at, weight=weight, data_year=data_year, columns=columns, view_file=view
        )
    with appearing(output) as place:
        write_units(table, place)
    if as_json:
        say_json(as_data(report))
        return
    say(f"{report.year}, {report.population}")
    for target in report.targets:
        moved = " -> ".join(map(with_commas, (target.before, target.after)))
        say(f"  {target.target}: {moved}, to be {with_commas(target.to)}" + f" [{target.source}]" * bool(target.source))
    ratios = f"{report.least_ratio} to {report.greatest_ratio}, in the middle {report.middle_ratio}"
    say(f"weights were multiplied by {ratios}; {report.steps} steps of Newton's method")
    say(
        f"as precise as {report.effective_units_after:,} units of equal weight; "
        f"before, as {report.effective_units_before:,}"
    )
    for note in report.notes:
        say(note)
    say(f"wrote {output}")


def write_units(table: Any, place: Path) -> None:
    """Write a table of units as CSV, or as Parquet if the name says so."""
    import pyarrow.csv
    import pyarrow.parquet

    if place.suffix == ".parquet":
        pyarrow.parquet.write_table(table, place)
    else:
        pyarrow.csv.write_csv(table, place)
