"""`rulewright simulate RULES --reform FILE --at 2026`: what reforms would do to a weighted population."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from api.cli.money_scale import Scale, scale_of
from api.cli.output import complain, say, say_json
from api.cli.streams import is_terminal
from api.failures import ExitCode, Misuse
from api.scale.spread import spread_over
from api.schema import as_data
from api.simulate.answers import HouseholdsAnswer, ReformAnswer, Simulation, YearAnswer
from api.simulate.rates import high_rates
from api.simulate.request import Request
from api.simulate.run import again, simulate
from api.simulate.window import year_words
from api.simulate.writing import appearing_together, check_place
from engine.values.numbers import format_decimal, with_commas

MOST_TOLD_WHOLE = 4  # reforms times years of which everything is printed


@dataclass(frozen=True, slots=True)
class Places:
    """Where the answer goes beside stdout: a report (HTML), tables (a new folder of CSV and Parquet), a manifest."""

    report: Path | None
    tables: Path | None
    manifest: Path | None


def simulate_command(request: Request | Path, places: Places, threads: int, ray: str, as_json: bool) -> int:
    """Simulate what is asked for, or again what a manifest says."""
    _require_place_for_distribution(request, places, as_json)
    for path, folder in ((places.report, False), (places.tables, True), (places.manifest, False)):
        if path is not None:
            check_place(path, folder)
    said: dict[str, Any] = {}
    try:
        with spread_over(ray) as spread:
            if isinstance(request, Path):
                said = _manifest(request)
                simulation = again(said, threads, _progress, spread, folder=request.parent)
            else:
                simulation = simulate(replace(request, threads=threads), _progress, spread, complain)
    finally:
        _wipe()
    other = _other_bytes(_write(simulation, places), said.get("written"))
    for year in simulation.years:
        for reform in year.reforms:
            if reform.changes_nothing:
                complain(f"`{reform.reform}` changes no figure of anybody in this population in {year.year}")
    if as_json:
        say_json(as_data(simulation))
    else:
        _tell(simulation, places)
    for name in other:
        complain(f"{name}: other bytes than when the manifest was written")
    return ExitCode.DIFFERENCES_FOUND if other else ExitCode.DONE


def _other_bytes(written: Mapping[str, str], then: Any) -> list[str]:
    """What was written then too, and has other contents now."""
    before = then if isinstance(then, dict) else {}
    return [name for name, digest in written.items() if before.get(name, digest) != digest]


def _require_place_for_distribution(request: Request | Path, places: Places, as_json: bool) -> None:
    """Raise Misuse if the distribution tables are asked for and would be printed nowhere."""
    wanted = isinstance(request, Request) and request.distribution
    if wanted and not as_json and places.report is None and places.tables is None:
        raise Misuse(
            "`--distribution` makes tables that are too wide to print here",
            "add `--report out.html`, `--tables FOLDER` or `--json`",
        )


def split_reforms(given: Sequence[str]) -> tuple[tuple[Path, ...], ...]:
    """Each `--reform` is a reform of its own; `a.yaml+b.yaml` are laid one over the other."""
    overlays: list[tuple[Path, ...]] = []
    for text in given:
        overlays.append((Path(text),) if Path(text).exists() else tuple(Path(part) for part in text.split("+")))
    return tuple(overlays)


def _manifest(path: Path) -> Any:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, UnicodeDecodeError):
        raise Misuse(f"`{path}` is not a manifest of a simulation", "give what `--manifest FILE` wrote") from None
    return said["manifest"] if isinstance(said, dict) and "manifest" in said else said  # the whole answer has it too


def _write(simulation: Simulation, places: Places) -> dict[str, str]:
    """All files or none: they take their names when every one is written, the manifest last, with their hashes, which
    are returned."""
    written: dict[str, str] = {}
    page = _page(simulation) if places.report is not None or places.tables is not None else ""
    with appearing_together() as together:
        if places.report is not None:
            together.begin(places.report).write_text(page, encoding="utf-8")
            written["report"] = hashlib.sha256(page.encode("utf-8")).hexdigest()
        if places.tables is not None:
            written |= _write_tables(simulation, page, together.begin(places.tables, folder=True))
        if places.manifest is not None:
            text = json.dumps({**simulation.manifest, "written": written}, indent=2) + "\n"
            together.begin(places.manifest).write_text(text, encoding="utf-8")
    return written


def _page(simulation: Simulation) -> str:
    from api.simulate.report import report

    return report(simulation)


def _write_tables(simulation: Simulation, page: str, folder: Path) -> dict[str, str]:
    """Tables and charts as files of their own; the SHA-256 of each."""
    from api.simulate.pictures import write_pictures
    from api.simulate.tabular import write_tables

    write_tables(simulation, folder)
    write_pictures(page, folder)
    return {f"tables/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def _progress(what: str, done: int, total: int) -> None:
    if is_terminal(sys.stderr):
        bar = "#" * (20 * done // total) + "." * (20 - 20 * done // total)
        print(f"\r\x1b[K[{bar}] {done} of {total}  {what}", end="", file=sys.stderr, flush=True)


def _wipe() -> None:
    if is_terminal(sys.stderr):
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


# --- in words


def _tell(simulation: Simulation, places: Places) -> None:
    say(simulation.population)
    several = len(simulation.years) * len(simulation.years[0].reforms) > MOST_TOLD_WHOLE
    for year in simulation.years:
        say()
        count = f"{year.units:,} units, {year.people:,} people, standing for {_short(year.weight)} units"
        say(f"{year_words(year)}: {count}")
        for note in year.notes:
            say(f"  {note}")
        _budgets(year, simulation.currency)
        for reform in () if several else year.reforms:
            _reform(reform, simulation.currency)
    if several:
        for line in dict.fromkeys(_set_beyond(simulation)):
            say(line)
    _window(simulation)
    say()
    for line in simulation.method:
        say(line)
    if several and places.report is None:
        say("who gains and loses in each year is in `--report out.html`, `--tables FOLDER` and `--json`")
    for path in (places.report, places.tables, places.manifest):
        if path is not None:
            say(f"wrote {path}")


def _set_beyond(simulation: Simulation) -> Iterator[str]:
    """What the reforms set beyond what the law states: whether it moves on, each once for all years."""
    for year in simulation.years:
        for reform in year.reforms:
            yield from (f"{reform.reform}: {line}" for line in reform.set_beyond_the_law)


def _window(simulation: Simulation) -> None:
    """The budget over several years."""
    if simulation.window:
        say()
        scale = scale_of((change for line in simulation.window for change in (*line.changes, line.total)), ())
        rows = [[f"change, {scale.word}{simulation.currency}", *map(year_words, simulation.years), "all years"]]
        for line in simulation.window:
            rows.append([f"{line.reform}: {line.label}", *map(scale.text, line.changes), scale.text(line.total)])
        _table(rows)


def _budgets(year: YearAnswer, currency: str) -> None:
    """Every reform beside the others: the budget."""
    names = [reform.reform for reform in year.reforms]
    first = year.reforms[0].budget
    scale = _scale_of(year.reforms)
    rows = [[f"{scale.word}{currency}", "current law", *(f"{name}: change" for name in names)]]
    for at, line in enumerate(first):
        changes = [
            f"{scale.text(reform.budget[at].change)} ± {scale.text(reform.budget[at].standard_error)}"
            for reform in year.reforms
        ]
        rows.append([("  " if line.kind == "shown" else "") + line.label, scale.text(line.before), *changes])
    say()
    _table(rows)


def _scale_of(reforms: Sequence[ReformAnswer]) -> Scale:
    lines = [line for reform in reforms for line in reform.budget]
    return scale_of((line.change for line in lines), (line.before for line in lines))


def _reform(reform_answer: ReformAnswer, currency: str) -> None:
    say()
    say(f"{reform_answer.reform}: {reform_answer.about}" if reform_answer.about else reform_answer.reform)
    _by_income(reform_answer, currency, "units")
    for rates in reform_answer.rates:
        say(f"mean {rates.name} tax rate of the {rates.earner}: {rates.mean_before}% -> {rates.mean_after}%")
        for sentence in high_rates(rates):
            say(f"  {sentence}")
    if (response := reform_answer.behaviour) is not None:
        net, scale = next(line for line in response.budget if line.kind == "net"), _scale_of([reform_answer])
        money = f"{scale.text(net.change)} ± {scale.text(net.standard_error)} {scale.word}{currency}"
        say(f"elasticity {response.elasticity}: earnings {scale.text(response.earnings_change)}, net {money}")
        say(f"  {response.about}")
    for line in reform_answer.set_beyond_the_law:
        say(f"  {line}")
    if (homes := reform_answer.households) is not None:
        say()
        count = f"{homes.n:,}, standing for {_short(homes.weight)}, of {homes.mean_size} people on average"
        say(f"household by household: {count}")
        _by_income(homes, currency, "households")
    for example in reform_answer.examples:
        say()
        verb, size = ("lose", example.change[1:]) if example.change.startswith("-") else ("gain", example.change)
        say(f"why does {example.about} {verb} {with_commas(size)} {currency} a year?")
        for step in example.steps:
            say(f"  {step.label}: {step.before or 'not reckoned'} -> {step.after}  [{step.law}]")


def _by_income(answer: ReformAnswer | HouseholdsAnswer, currency: str, whose: str) -> None:
    """Of units or of households: tenths, who gains and loses, inequality and poverty."""
    by_income = answer.groups[0]
    rows = [[by_income.name, f"{whose} in sample", f"mean change, {currency}", "± s.e.", "% of net income"]]
    for row in by_income.rows:
        cells = ["(not shown)", "", "", ""] if row.suppressed else [
            f"{row.n:,}", row.mean_change, row.standard_error, row.relative_change
        ]  # fmt: skip
        rows.append([row.group, *cells])
    _table(rows)
    say()
    fares = list(zip(answer.winners.columns, answer.winners.rows[-1].cells, strict=True))
    parts = [f"{cell.share}% {fare}" for fare, cell in fares if cell.share]
    hidden = [fare for fare, cell in fares if not cell.share]
    if hidden:
        rest = 100 - sum(Fraction(cell.share) for _, cell in fares if cell.share)
        parts.append(f"{format_decimal(rest, 2)}% {' or '.join(hidden)} (too few to be shown apart)")
    say(f"of all {whose}: " + ", ".join(parts))
    for measure in (*answer.inequality, *answer.poverty):
        unit = "%" if measure in answer.poverty else ""
        error = measure.standard_error or "not known"
        was, now = (f"{text}{unit}" if text else "no value" for text in (measure.before, measure.after))
        say(f"{measure.label}: {was} -> {now} (± {error})")


def _table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        say("  ".join(cells).rstrip())


def _short(text: str) -> str:
    return f"{round(Fraction(text)):,}"
