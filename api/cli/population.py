"""`rulewright population describe`: what a population holds."""

from __future__ import annotations

from typing import Annotated

import typer

population_app = typer.Typer(help="The population that simulations run on.", no_args_is_help=True)


@population_app.command()
def describe(
    rules: Annotated[str, typer.Argument(metavar="[RULES]", help="Shipped rules, or a folder.")] = "us",
    population: Annotated[
        list[str] | None,
        typer.Option("--population", metavar="FILE", help="A file for each entity; `cps` is the shipped sample."),
    ] = None,
    at: Annotated[
        str, typer.Option("--at", metavar="YEAR", help="Carry it to this year; the data's own if not given.")
    ] = "",
    data_year: Annotated[
        int | None, typer.Option("--data-year", help="The year of the files' money, if it is not the year asked for.")
    ] = None,
    weight: Annotated[str, typer.Option("--weight", metavar="COLUMN", help="How many units each stands for.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Say what a population holds: rows, weights, each fact's total, what is not in it and what was done to it."""
    from api.cli.output import say, say_json, waiting
    from api.schema import as_data
    from api.simulate.describing import describe_population

    with waiting("reading the population"):
        found = describe_population(rules, population or [], at, weight, data_year)
    if as_json:
        say_json(as_data(found))
        return
    say(found.about)
    rows = ", ".join(f"{count:,} of {entity}" for entity, count in found.rows.items())
    say(f"{found.year}: {rows}; they stand for {found.weight} units")
    largest = f"the largest weight is {found.largest_weight_share}%"
    say(f"as precise as {found.effective_units:,} units of equal weight (Kish); {largest}")
    say()
    for one in found.facts:
        n = "fewer than 10" if one.not_zero is None else f"{one.not_zero:,}"
        say(f"{one.fact:48} {one.entity:10} not zero: {n:>14}  {one.total:>24}".rstrip())
    if found.incomes_without:
        say()
        say("incomes that this population does not have: " + ", ".join(found.incomes_without))
    for note in found.notes:
        say(note)
