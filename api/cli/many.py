"""The options of the commands over many people at once: `taxsim`, `batch`, `bench`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import AsJson, Ray, Reforms, Rules, RulesOption
from api.failures import Misuse

commands = typer.Typer()


@commands.command()
def taxsim(
    source: Annotated[
        str, typer.Argument(metavar="[FILE]", help="Tax units as CSV, TSV, Parquet or Arrow; stdin if not given.")
    ] = "-",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write to this .csv, .tsv, .parquet or .arrow file instead of stdout."),
    ] = None,
    rules: RulesOption = "us",
    step: Annotated[
        str, typer.Option("--mtr-step", help="Dollars that marginal rates add; below 100, rounding to cents shows.")
    ] = "100",
    reform: Reforms = None,
    as_json: AsJson = False,
) -> None:
    """Compute taxes from TAXSIM-35's columns: `rulewright taxsim < in.csv > out.csv`."""
    from api.cli.process import prepare_for_columns

    prepare_for_columns()
    from api.cli.taxsim import taxsim_command

    raise typer.Exit(taxsim_command(source, rules, step, reform or [], as_json=as_json, output=output))


@commands.command()
def batch(
    rules: Rules,
    inputs: Annotated[
        list[str],
        typer.Option("--input", metavar="FILE", help="`tax_units.parquet`, or `ENTITY=FILE`; Parquet, CSV, `-` stdin."),
    ],
    output: Annotated[str, typer.Option("--output", metavar="FILE", help="The Parquet file to write; `-` CSV stdout.")],
    want: Annotated[
        str, typer.Option("--want", metavar="A,B", help="Figures to compute, or a set of them, of one entity.")
    ],
    at: Annotated[str, typer.Option("--at", metavar="PERIOD", help="2024, 2024-03 or 2024-03-05.")],
    missing: Annotated[
        str, typer.Option("--missing", help="What an empty cell means: `none`, as on a signed return, or `unknown`.")
    ] = "none",
    marginal: Annotated[
        str,
        typer.Option(
            "--marginal", metavar="FACT", help="Also compute how much figures change for one unit more of this fact."
        ),
    ] = "",
    role: Annotated[
        str, typer.Option("--marginal-of", metavar="ROLE", help="Who has more of it. Default: the first role.")
    ] = "",
    step: Annotated[
        str, typer.Option("--marginal-step", metavar="AMOUNT", help="How much more. Below 100, rounding shows.")
    ] = "100",
    keep: Annotated[
        str, typer.Option("--keep", metavar="A,B", help="Columns that are not facts, copied unread to the output.")
    ] = "",
    threads: Annotated[int, typer.Option("--threads", min=0, help="0 means one per core.")] = 0,
    part_rows: Annotated[int, typer.Option("--part-rows", min=1, help="Groups to hold in memory at a time.")] = 100_000,
    ray: Ray = "",
    reform: Reforms = None,
    as_json: AsJson = False,
) -> None:
    """Compute figures for a population, from files to a Parquet file. Run it again to resume where it was killed."""
    from api.cli.process import prepare_for_columns

    prepare_for_columns()
    from api.cli.batch import Options, batch_command

    options = Options(
        rules, reform or [], at, inputs, output, want, missing, threads, part_rows, marginal, role, step, keep, ray,
        as_json,
    )  # fmt: skip
    raise typer.Exit(batch_command(options))


@commands.command()
def bench(
    rules: RulesOption = "us",
    repeat: Annotated[int, typer.Option("--repeat", min=1, help="Copies of the sample of 10,000 to measure.")] = 28,
    large: Annotated[
        int,
        typer.Option("--large", min=1, help="Also measure so many copies of it, from files to a file."),
    ] = 1,
    made: Annotated[
        int, typer.Option("--made", min=0, help="Figures of a generated ruleset; 0: no such ruleset.")
    ] = 5_000,
    history: Annotated[
        bool, typer.Option("--history", help="Measure the log and the annual run instead, beside the disk's speed.")
    ] = False,
    api: Annotated[bool, typer.Option("--api", help="Measure the service over HTTP instead.")] = False,
    requests: Annotated[
        int, typer.Option("--requests", min=0, help="With --api: watch the server's memory over so many more requests.")
    ] = 0,
    runs: Annotated[int, typer.Option("--runs", min=1, help="Measure this many times, and keep the best.")] = 15,
    peer: Annotated[
        list[str] | None,
        typer.Option(
            "--peer",
            metavar="NAME=PROGRAM",
            help="taxcalc=PYTHON, openfisca=PYTHON, policyengine=PYTHON, taxsim=PROGRAM, taxsim-py=PROGRAM; with "
            "--api policyengine=PYTHON, openfisca=PYTHON.",
        ),
    ] = None,
    compare: Annotated[
        Path | None, typer.Option("--compare", metavar="JSON", help="Also say what moved since this earlier run.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure speed on this machine, beside other calculators that are installed."""
    if api:
        from api.cli.bench_api import api_command

        if compare is not None:
            raise Misuse("the service is not compared with an earlier run", "leave `--compare` or `--api` away")
        raise typer.Exit(api_command(as_json, peer or [], requests))
    if history:
        from api.cli.bench_history import history_command

        raise typer.Exit(history_command(repeat, as_json, compare))
    from api.bench import Plan
    from api.cli.bench import bench_command

    raise typer.Exit(bench_command(Plan(rules, repeat, large, made, runs), peer or [], as_json, compare))
