"""The options of the commands that analysts use: `simulate`, `diff`, `seek`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import (
    AsJson,
    ColumnMapFile,
    DataYear,
    EarnerRoles,
    PopulationFiles,
    Ray,
    Reforms,
    Rules,
    UprateIndex,
    ViewFile,
    WeightColumn,
)

commands = typer.Typer()


@commands.command("simulate")
def simulate_reforms(
    context: typer.Context,
    rules: Annotated[str, typer.Argument(metavar="[RULES]", help="Shipped rules, or a folder.")] = "us",
    reform: Annotated[
        list[str] | None,
        typer.Option("--reform", metavar="FILE", help="A reform to simulate; several times; `A+B` lays B over A."),
    ] = None,
    at: Annotated[
        list[str] | None, typer.Option("--at", metavar="YEAR", help="A year, or `2026..2035`; several times.")
    ] = None,
    population: PopulationFiles = None,
    data_year: DataYear = None,
    columns: ColumnMapFile = None,
    weight: WeightColumn = "",
    uprate: UprateIndex = "",
    view: ViewFile = None,
    threshold: Annotated[int, typer.Option("--threshold", min=1, help="The smallest gain or loss that counts.")] = 1,
    samples: Annotated[int, typer.Option("--bootstrap", min=2, max=10_000, help="Samples for standard errors.")] = 100,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The random seed.")] = 20_260_101,
    report: Annotated[Path | None, typer.Option("--report", metavar="HTML", help="Write a report, one file.")] = None,
    tables: Annotated[Path | None, typer.Option("--tables", metavar="FOLDER", help="Write CSV and Parquet.")] = None,
    manifest: Annotated[Path | None, typer.Option("--manifest", metavar="FILE", help="Save what was asked.")] = None,
    again: Annotated[
        Path | None,
        typer.Option("--again", metavar="MANIFEST", help="Reproduce an earlier report exactly, or refuse."),
    ] = None,
    distribution: Annotated[
        bool,
        typer.Option(
            "--distribution",
            help="Also Tax-Calculator's distribution and difference tables, in `--report`, `--tables` or `--json`.",
        ),
    ] = False,
    earner: EarnerRoles = None,
    elasticity: Annotated[
        str, typer.Option("--elasticity", metavar="NUMBER", help="Also let earnings respond this much: 0.25.")
    ] = "",
    take_up: Annotated[
        list[str] | None,
        typer.Option("--take-up", metavar="BENEFIT=80%", help="How many claim, or `takes_up_snap=80%`."),
    ] = None,
    replicates: Annotated[
        str, typer.Option("--replicates", metavar="PATTERN", help="Replicate weights for standard errors: `repwgt*`.")
    ] = "",
    replicate_factor: Annotated[
        str,
        typer.Option(
            "--replicate-factor", metavar="NUMBER", help="Of the replicates; 4 over their number if not given."
        ),
    ] = "",
    threads: Annotated[int, typer.Option("--threads", min=1, help="Threads to compute with.")] = 2,
    ray: Ray = "",
    as_json: AsJson = False,
) -> None:
    """Show what reforms would do: budget, winners and losers, inequality, poverty, marginal rates, with margins."""
    _begin(population or ())
    from api.cli.simulate import Places, simulate_command, split_reforms
    from api.simulate.request import Request

    places = Places(report, tables, manifest)
    if again is not None:
        _require_nothing_beside(context)
        raise typer.Exit(simulate_command(again, places, threads, ray, as_json))
    request = Request(
        rules, split_reforms(reform or []), tuple(at or ()), tuple(population or ()), data_year, weight, uprate, view,
        threshold, samples, seed, distribution=distribution, columns=columns,
        elasticity=elasticity, take_up=tuple(take_up or ()), replicates=replicates, replicate_factor=replicate_factor,
        earners=tuple(earner or ()),
    )  # fmt: skip
    raise typer.Exit(simulate_command(request, places, threads, ray, as_json))


_BESIDE_AGAIN = {"again", "report", "tables", "manifest", "threads", "ray", "as_json"}


def _require_nothing_beside(context: typer.Context) -> None:
    """Raise Misuse if something is asked that the manifest says."""
    from api.failures import Misuse

    for parameter in context.command.params:
        name = str(parameter.name)
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE" and name not in _BESIDE_AGAIN:
            named = "RULES" if name == "rules" else f"`{parameter.opts[0]}`"
            raise Misuse(
                f"{named} and `--again` cannot both be given: the manifest says what is asked",
                "leave it out, or simulate again without `--again`",
            )


def _begin(population: Sequence[str]) -> None:
    """Set the process up, and have the population read while the rest is imported."""
    from api.cli.process import prepare_for_columns

    prepare_for_columns()  # before numpy is imported
    from api.batch.begun import begin_to_read

    begin_to_read(population)


@commands.command()
def diff(
    rules: Rules,
    other: Annotated[
        str,
        typer.Argument(metavar="OTHER", help="A reform of them, another folder, or a revision of git: `us@HEAD~10`."),
    ],
    at: Annotated[str, typer.Option("--at", metavar="YEAR", help="Also measure it on the shipped sample.")] = "",
    examples: Annotated[bool, typer.Option(help="Also list the worked examples whose results change.")] = True,
    as_json: AsJson = False,
) -> None:
    """Compare two versions of the law: what differs, which figures can change, for whom and by how much."""
    from api.cli.diff import diff_command

    raise typer.Exit(diff_command(rules, other, at, examples, as_json))


@commands.command()
def seek(
    rules: Rules,
    path: Annotated[str, typer.Argument(metavar="CONSTANT", help="`ctc_amount`, `table[key].column`.")],
    low: Annotated[str, typer.Option("--from", metavar="VALUE", help="The lowest value: 2_200, or 10%.")],
    high: Annotated[str, typer.Option("--to", metavar="VALUE", help="The highest value.")],
    at: Annotated[str, typer.Option("--at", metavar="YEAR", help="For which year.")],
    step: Annotated[str, typer.Option("--step", metavar="VALUE", help="The step from one value to the next.")] = "1",
    cost: Annotated[
        str, typer.Option("--cost", metavar="AMOUNT", help="Find the value that costs this; without it, list them all.")
    ] = "",
    reform: Reforms = None,
    population: PopulationFiles = None,
    data_year: DataYear = None,
    columns: ColumnMapFile = None,
    weight: WeightColumn = "",
    uprate: UprateIndex = "",
    view: ViewFile = None,
    as_json: AsJson = False,
) -> None:
    """Find the value of a constant that costs a given amount, or what several values cost, over a population."""
    from api.cli.seek import seek_command
    from api.simulate.search import Asked, read_range

    values = read_range(path, low, high, step)
    asked = Asked(tuple(population or ()), data_year, columns, weight, uprate, view)
    raise typer.Exit(seek_command(rules, values, at, cost, reforms=reform or [], asked=asked, as_json=as_json))
