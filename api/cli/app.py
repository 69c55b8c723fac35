"""The commands' names and options. What a command does stands in its own module, imported when it is called.

Every way in which a command can fail for a reason outside the program ends here: as a sentence on stderr and an exit
code, never as a traceback.
"""

from __future__ import annotations

import errno
import os
import sys
from copy import copy
from pathlib import Path
from typing import Annotated

import typer

from api.cli.analysts import diff, seek, simulate_reforms
from api.cli.asked import ask, cure, find, sweep
from api.cli.log.app import LogOption, ledger, log_app
from api.cli.options import AsJson, At, Case, Ray, Reforms, Rules, RulesOption
from api.cli.permit import NAME, STATUS_AT, IssuerName, StatusAt, permit_app
from api.cli.population import population_app
from api.cli.streams import prepare, printable
from api.cli.translate import translate
from api.failures import ExitCode, Failure

EXIT_CODES = "Exit codes: 0 done, 1 failed, 2 usage, 3 rules invalid, 4 examples failed, 5 differences found."

app = typer.Typer(
    name="rulewright",
    help="Law as data: check it, compute with it, and see why each figure is what it is.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"rulewright {version('rulewright')}")
        except PackageNotFoundError:
            print("rulewright, not installed")
        raise typer.Exit


@app.callback()
def top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Law as data: check it, compute with it, and see why each figure is what it is."""


Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", metavar="KIND", help="Only these: figure, fact, parameter, enum, reason …; several times."),
]


@app.command()
def new(
    jurisdiction: Annotated[str, typer.Argument(metavar="FOLDER", help="Where to; its last part names the rules.")],
    currency: Annotated[str, typer.Option("--currency", metavar="CODE", help="The currency of its amounts.")] = "EUR",
    year: Annotated[
        int | None, typer.Option("--year", min=1900, max=2200, help="The first year it answers for; now if not given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a small working ruleset with examples, to build on."""
    from api.cli.new import new_command

    raise typer.Exit(new_command(jurisdiction, currency, year, as_json))


@app.command()
def check(
    rules: Rules,
    reform: Reforms = None,
    differential: Annotated[
        bool, typer.Option("--differential", help="Also compare machine code with the interpreter on random people.")
    ] = False,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="How many populations to compare.")] = 7,
    people: Annotated[int, typer.Option("--people", min=1, help="How many people are in each.")] = 100,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The seed of their randomness.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Find everything that is wrong with rules, with positions and remedies."""
    from api.cli.check import check_command
    from api.rules.check import Differential

    wanted = Differential(rounds, people, seed) if differential else None
    raise typer.Exit(check_command(rules, reform or [], as_json, wanted))


@app.command("test")
def run_examples(
    rules: Rules,
    only: Annotated[str, typer.Option("--only", metavar="TEXT", help="Only examples whose name or file has it.")] = "",
    coverage: Annotated[bool, typer.Option("--coverage", help="Also say what none of them tries.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Run them again whenever a rule file has changed.")] = False,
    reform: Reforms = None,
    as_json: AsJson = False,
) -> None:
    """Run the worked examples that stand in the rules."""
    from api.cli.test import test_command, watch_command

    if watch and as_json:
        raise Failure("`--watch` goes on and `--json` is one answer", "leave one of the two out")
    if watch:
        watch_command(rules, reform or [], only, coverage)
    raise typer.Exit(test_command(rules, reform or [], only, as_json, coverage))


@app.command()
def calc(
    rules: Rules,
    case: Case,
    at: At = None,
    want: Annotated[str, typer.Option("--want", metavar="A,B", help="Figures to compute, by name.")] = "",
    reform: Reforms = None,
    as_json: AsJson = False,
) -> None:
    """Compute figures of one case. Where facts are missing: the range, and what to ask next."""
    from api.cli.calc import calc_command

    raise typer.Exit(calc_command(rules, case, at, want, reform or [], as_json))


@app.command()
def why(
    rules: Rules,
    case: Case,
    variable: Annotated[str, typer.Argument(metavar="VARIABLE", help="The figure to explain.")],
    at: At = None,
    of: Annotated[str, typer.Option("--of", metavar="NAME", help="Whose, where the case has several.")] = "",
    reform: Reforms = None,
    as_json: AsJson = False,
) -> None:
    """Explain a figure: what decided it, step by step, with the law."""
    from api.cli.why import why_command

    raise typer.Exit(why_command(rules, case, variable, at, of, reform or [], as_json))


@app.command()
def fmt(
    paths: Annotated[list[str], typer.Argument(metavar="PATHS", help="Rule files, or folders of rules.")],
    check_only: Annotated[
        bool, typer.Option("--check", help="Only say what would change; exit with 1 if anything.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put the formulas of rule files in order, and leave everything else as it is."""
    from api.cli.fmt import fmt_command

    raise typer.Exit(fmt_command(paths, check_only, as_json))


@app.command()
def graph(
    variable: Annotated[str, typer.Argument(metavar="VARIABLE", help="The figure to begin with.")],
    rules: RulesOption = "us",
    dot: Annotated[bool, typer.Option("--dot", help="DOT for Graphviz, instead of Mermaid.")] = False,
    users: Annotated[bool, typer.Option("--users", help="Who uses it, instead of what it uses.")] = False,
    depth: Annotated[int, typer.Option("--depth", min=1, max=99, help="How many steps to follow.")] = 99,
    as_json: AsJson = False,
) -> None:
    """Draw what a figure is made of, as Mermaid or DOT text."""
    from api.cli.graph import graph_command

    raise typer.Exit(graph_command(rules, variable, dot, users, depth, as_json))


@app.command()
def show(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Any name in the rules; `enum:filing_status` for that kind.")
    ],
    rules: RulesOption = "us",
    reform: Reforms = None,
    as_json: AsJson = False,
) -> None:
    """Show a definition: its law, its values over time, what it uses and who uses it."""
    from api.cli.show import show_command

    raise typer.Exit(show_command(rules, name, reform or [], as_json))


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(metavar="WORDS", help="Words of the name, label, law or module.")],
    rules: RulesOption = "us",
    kind: Kinds = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many to show.")] = 40,
    as_json: AsJson = False,
) -> None:
    """Find facts, figures, constants, requirements, reasons, entities and enums by word, label or law."""
    from api.cli.search import search_command

    raise typer.Exit(search_command(words, rules, kind or [], limit, as_json))


@app.command("list")
def list_names(
    rules: Annotated[str, typer.Argument(metavar="[RULES]", help="Whose names; without it, which are shipped.")] = "",
    kind: Kinds = None,
    module: Annotated[str, typer.Option("--module", metavar="NAME", help="One module, or a folder of them.")] = "",
    as_json: AsJson = False,
) -> None:
    """List everything that has a name in the rules, file by file; without RULES, which rules are shipped."""
    from api.cli.search import list_command

    raise typer.Exit(list_command(rules, kind or [], module, as_json))


@app.command()
def lsp() -> None:
    """Serve an editor: problems as you type, hover, definitions, references, completion, rename, examples to run."""
    from api.cli.lsp import lsp_command

    raise typer.Exit(lsp_command())


@app.command()
def taxsim(
    source: Annotated[
        str, typer.Argument(metavar="[FILE]", help="Tax units as CSV, TSV, Parquet or Arrow; stdin if not given.")
    ] = "-",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write to this .csv, .tsv, .parquet or .arrow file instead of stdout."),
    ] = None,
    rules: RulesOption = "us",
    step: Annotated[str, typer.Option("--mtr-step", help="How many dollars marginal rates add to the income.")] = "100",
    reform: Reforms = None,
    as_json: AsJson = False,
) -> None:
    """Compute tax units in TAXSIM-35's columns: `rulewright taxsim < in.csv > out.csv`."""
    from api.cli.taxsim import taxsim_command

    raise typer.Exit(taxsim_command(source, rules, step, reform or [], as_json, output))


@app.command()
def batch(
    rules: Rules,
    inputs: Annotated[
        list[str],
        typer.Option("--input", metavar="FILE", help="`tax_units.parquet`, or `ENTITY=FILE`; Parquet, CSV, `-` stdin."),
    ],
    output: Annotated[str, typer.Option("--output", metavar="FILE", help="The Parquet file to write; `-` CSV stdout.")],
    want: Annotated[str, typer.Option("--want", metavar="A,B", help="Figures to compute, of one entity.")],
    at: Annotated[str, typer.Option("--at", metavar="PERIOD", help="2024, 2024-03 or 2024-03-05.")],
    missing: Annotated[
        str, typer.Option("--missing", help="What an empty cell means: `none`, as on a signed return, or `unknown`.")
    ] = "none",
    marginal: Annotated[
        str,
        typer.Option("--marginal", metavar="FACT", help="Also give the change of figures for each unit more of it."),
    ] = "",
    role: Annotated[
        str, typer.Option("--marginal-of", metavar="ROLE", help="Who has more of it; the first role if not given.")
    ] = "",
    step: Annotated[
        str, typer.Option("--marginal-step", metavar="AMOUNT", help="How much more; below 100 rounding shows.")
    ] = "100",
    keep: Annotated[
        str, typer.Option("--keep", metavar="A,B", help="Columns that are not facts, copied unread to the output.")
    ] = "",
    threads: Annotated[int, typer.Option("--threads", min=0, help="0: as many as there are cores.")] = 0,
    part_rows: Annotated[
        int, typer.Option("--part-rows", min=1, help="Groups that are in memory at a time.")
    ] = 100_000,
    ray: Ray = "",
    reform: Reforms = None,
    as_json: AsJson = False,
) -> None:
    """Compute a population, from files to a Parquet file. It continues what a killed run left."""
    from api.cli.batch import Options, batch_command

    options = Options(
        rules, reform or [], at, inputs, output, want, missing, threads, part_rows, marginal, role, step, keep, ray,
        as_json,
    )  # fmt: skip
    raise typer.Exit(batch_command(options))


@app.command()
def bench(
    rules: RulesOption = "us",
    repeat: Annotated[int, typer.Option("--repeat", min=1, help="How many times the sample of 10,000 is taken.")] = 28,
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
    runs: Annotated[int, typer.Option("--runs", min=1, help="Measure this often, and keep the best.")] = 15,
    peer: Annotated[
        list[str] | None,
        typer.Option(
            "--peer",
            metavar="NAME=PROGRAM",
            help="taxcalc=PYTHON, openfisca=PYTHON, taxsim=PROGRAM, taxsim-py=PROGRAM; with --api "
            "policyengine=PYTHON, openfisca=PYTHON.",
        ),
    ] = None,
    compare: Annotated[
        Path | None, typer.Option("--compare", metavar="JSON", help="Also say what moved since this earlier run.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure how fast it is on this machine, beside peers that are installed."""
    if api:
        from api.cli.bench_api import api_command

        raise typer.Exit(api_command(as_json, peer or [], requests))
    if history:
        from api.cli.bench_history import history_command

        raise typer.Exit(history_command(repeat, as_json))
    from api.bench import Plan
    from api.cli.bench import bench_command

    raise typer.Exit(bench_command(Plan(rules, repeat, large, made, runs), peer or [], as_json, compare))


@app.command()
def serve(
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="A configuration, for production.")
    ] = None,
    rules: Annotated[
        list[str] | None, typer.Option("--rules", metavar="RULES", help="Shipped rules, or a folder; several times.")
    ] = None,
    log: LogOption = None,
    host: Annotated[str | None, typer.Option("--host", metavar="ADDRESS", help="127.0.0.1 if not given.")] = None,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65_535, help="8000 if not given.")] = None,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Processes; one if there is a log.")] = None,
) -> None:
    """Serve the API. Without a configuration: on this machine only, for trying it out."""
    from api.cli.serve import serve_command

    raise typer.Exit(serve_command(config, rules or [], log, host, port, workers))


@app.command()
def demo(
    units: Annotated[int, typer.Option("--units", min=1, max=10_000, help="How many units of the sample.")] = 2_000,
    as_json: AsJson = False,
) -> None:
    """Compute the 2024 tax of 2,000 real tax units, and explain one household's credit."""
    from api.cli.demo import demo_command

    raise typer.Exit(demo_command(units, as_json))


app.add_typer(log_app, name="log")
app.add_typer(population_app, name="population")
app.add_typer(permit_app, name="permit")
app.command(name="simulate")(simulate_reforms)
app.command()(diff)
app.command()(seek)
app.command()(translate)
app.command()(ledger)
app.command()(sweep)
app.command()(find)
app.command()(cure)
app.command()(ask)


@app.command()
def annual(
    rules: Rules,
    year: Annotated[str, typer.Option("--year", metavar="YEAR", help="The year to assess: 2024.")],
    log: LogOption = None,
    as_known: Annotated[
        str | None,
        typer.Option("--as-known", metavar="K", help="As known on a day, at a moment or at #17; now if not given."),
    ] = None,
    other_rules: Annotated[
        bool, typer.Option("--other-rules", help="Finish a run that started with other rules, for who is left.")
    ] = False,
    threads: Annotated[int, typer.Option("--threads", min=1, help="For computing.")] = 2,
    ray: Ray = "",
    as_json: AsJson = False,
) -> None:
    """Assess everybody in a log for a year, and post the ledger. Run it again to continue where it was cut off."""
    from api.cli.annual import annual_command

    raise typer.Exit(annual_command(rules, year, log, as_known, other_rules, threads, ray, as_json))


@app.command()
def follow(
    log: LogOption = None,
    rules: RulesOption = "us",
    once: Annotated[bool, typer.Option("--once", help="Follow to the log's end, and stop.")] = False,
    every: Annotated[float, typer.Option("--every", min=0.05, help="Seconds between looks at the log.")] = 2.0,
    retry: Annotated[
        bool, typer.Option("--retry", help="Also retry what could not be assessed, after a correction of the rules.")
    ] = False,
    permits: Annotated[
        Path | None, typer.Option("--permits", metavar="FOLDER", help="Also take back permits of this register.")
    ] = None,
    permit_key: Annotated[Path | None, typer.Option("--permit-key", metavar="FILE", help="Their private key.")] = None,
    issuer: IssuerName = NAME,
    status_at: StatusAt = STATUS_AT,
    as_json: AsJson = False,
) -> None:
    """Correct what was assessed as late and corrected facts arrive: new assessments, adjustments, postings."""
    from api.cli.follow import follow_command
    from api.cli.permit import revising

    also = revising(permits, permit_key, issuer, status_at, log, as_json) if permits is not None else None
    raise typer.Exit(follow_command(rules, log, once, every, retry, as_json, also))


_REMEDIES = {
    errno.ENOSPC: "make room on the disk, and repeat",
    errno.EDQUOT: "make room within your quota, and repeat",
    errno.EACCES: "check the rights, or name another place",
    errno.EPERM: "check the rights, or name another place",
    errno.EROFS: "name a place that can be written to",
}


_LEFT = "PacifyFlushWrapper"
_COMPLETING = "_RULEWRIGHT_COMPLETE"


def run() -> int:
    """Run the command; every foreseeable fault becomes a sentence and an exit code."""
    if not prepare():
        return _failed(Failure("stdout is closed", "send the result to a file, a pipe, or `/dev/null`"))
    try:
        _narrowed(sys.argv[1:])(prog_name="rulewright")
    except SystemExit as stop:
        if type(sys.stdout).__name__ == _LEFT:  # so typer marks that the reader left, with an exit code of 1
            return ExitCode.DONE
        return _flushed(stop.code if isinstance(stop.code, int) else ExitCode.FAILED if stop.code else 0)
    except BrokenPipeError:
        return _reader_left()
    except KeyboardInterrupt:
        return 130
    except Failure as failure:
        return _failed(failure)
    except OSError as fault:
        what = fault.strerror or str(fault)
        message = f"{what}: `{fault.filename}`" if fault.filename else what.lower()
        return _failed(Failure(message, _REMEDIES.get(fault.errno or 0, "")))
    except Exception as fault:
        return _foreseen(fault)
    return _flushed(ExitCode.DONE)


def _narrowed(arguments: list[str]) -> typer.Typer:
    """The command that is called, without the others: preparing the options of them all takes longer than most work."""
    if _COMPLETING in os.environ or not arguments:
        return app
    named = [command for command in app.registered_commands if _name(command) == arguments[0]]
    groups = [group for group in app.registered_groups if group.name == arguments[0]]
    if not named and not groups:
        return app
    narrowed = copy(app)
    narrowed.registered_commands, narrowed.registered_groups = named, groups
    return narrowed


def _name(command: typer.models.CommandInfo) -> str:
    return command.name or (command.callback.__name__.replace("_", "-") if command.callback is not None else "")


def _failed(failure: Failure) -> int:
    problems = getattr(failure, "problems", ())
    if problems:
        from api.cli.output import show_problems

        show_problems(problems)
        return failure.code
    told = f"error: {failure.message}" + (f"\n  = help: {failure.help}" if failure.help else "")
    print(printable(told), file=sys.stderr)
    return failure.code


def _foreseen(fault: Exception) -> int:
    """Faults of rules and of logs; any other is a bug and is raised."""
    from citizens.errors import CitizensError
    from engine.text.diagnostics import RulesInvalid
    from engine.text.own_faults import rule_of

    if isinstance(fault, CitizensError):
        from api.history.access import failure_of

        return _failed(failure_of(fault))
    if not isinstance(fault, RulesInvalid):
        rule = rule_of(fault)
        if rule:
            told = f"error: `rulewright` itself failed while compiling {rule}: {type(fault).__name__}: {fault}"
            remedy = "report it with that rule and the lines below; written in another way the rule may pass"
            print(printable(f"{told}\n  = help: {remedy}"), file=sys.stderr, flush=True)
        raise fault
    from api.cli.output import show_problems

    show_problems(fault.problems)
    return ExitCode.RULES_INVALID


def _flushed(code: int) -> int:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return _reader_left()
    return code


def _reader_left() -> int:
    """Who read our output stopped, as `head` does: no fault. Python shall not complain when it closes stdout."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return ExitCode.DONE
