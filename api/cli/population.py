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
        population_described = describe_population(rules, population or [], at, weight, data_year)
    if as_json:
        say_json(as_data(population_described))
        return
    say(population_described.about)
    rows = ", ".join(f"{count:,} of {entity}" for entity, count in population_described.rows.items())
    say(f"{population_described.year}: {rows}; they stand for {population_described.weight} units")
    largest = f"the largest weight is {population_described.largest_weight_share}%"
    say(f"as precise as {population_described.effective_units:,} units of equal weight (Kish); {largest}")
    say()
    for fact in population_described.facts:
        n = "fewer than 10" if fact.not_zero is None else f"{fact.not_zero:,}"
        say(f"{fact.fact:48} {fact.entity:10} not zero: {n:>14}  {fact.total:>24}".rstrip())
    if population_described.incomes_without:
        say()
        say("incomes that this population does not have: " + ", ".join(population_described.incomes_without))
    for note in population_described.notes:
        say(note)
