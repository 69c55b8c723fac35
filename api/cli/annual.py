"""`rulewright annual RULES --year 2024 --log citizens.db`: everybody assessed once, in the log itself."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path

from api.assess.annual import nothing_known, run_annual
from api.assess.everybody import Counted, Lives
from api.assess.manifest import PartManifest, manifest_of
from api.assess.recording import AnnualReport, together
from api.assess.terms import Terms, all_terms
from api.batch.parts import write_whole
from api.cases.naming import read_period
from api.cli.log.output import counting, table
from api.cli.output import complain, count, say, say_json, waiting
from api.cli.streams import is_terminal
from api.failures import ExitCode
from api.history.access import login_name, sharing
from api.history.against_rules import recorded_in, unknown_entities, unread_attributes
from api.history.letters import all_settled
from api.history.parts import known_in, number_of, part_name, parts_of
from api.rules import programs
from api.scale.spread import Spread, spread_over
from api.schema import as_data
from citizens import Known, SharedLog
from engine.ir.program import Program
from engine.values.numbers import with_commas
from engine.values.periods import Period

SHOWN_FAULTS = 20


def annual_command(
    rules: str,
    year: str,
    log: Path | None,
    as_known: str | None,
    *,
    other_rules: bool,
    threads: int,
    ray: str,
    manifest: Path | None = None,
    as_json: bool,
) -> int:
    """Assess everybody for a year and the periods in it, or go on where a run was cut off. To the file `manifest` it
    writes what was recorded, once all of it is."""
    with waiting("reading the rules"):
        program = programs.load_program(rules)
    period = read_period(program, year)
    parts = parts_of(log)
    known = known_in(log, as_known, "--as-known")
    with all_settled(parts) as opened:
        if not any(part.offset_of(as_of) for part, as_of in zip(opened, known, strict=True)):
            raise nothing_known()
        # what one part has no groups for, another may: each run is made in all of them
        every = all_terms(program, period, login_name(), lambda entity: any(part.has_entity(entity) for part in opened))
        unknown = unknown_entities(program, [name for part in opened for name in part.entities()])
    runs = _Runs(every, other_rules, threads, len(parts) == 1 and not as_json, manifest is not None)
    with spread_over(ray) as spread:
        for part, as_of in zip(parts, known, strict=True):
            if len(parts) > 1:
                complain(part_name(part))
            runs.do(part, as_of, spread)
    if manifest is not None:
        runs.write_manifest(manifest, program, period)
    for done in runs.done.values():
        if not as_json and not runs.show:
            _show(done)
    # what one assessment of a year does not read, another may
    misplaced = dict.fromkeys(line for done in runs.done.values() for line in done.report.misplaced)
    unread = (
        *unknown,
        *misplaced,
        *unread_attributes(recorded_in(done.report.recorded for done in runs.done.values()), period),
    )
    for line in unread:
        complain(line)
    if as_json:
        said = [_as_json(done.report, done.terms, done.horizons) for done in runs.done.values()]
        say_json({"runs": said, "unread": unread})
    failing = any(done.report.failed or _failed_before(done.report) for done in runs.done.values())
    return ExitCode.FAILED if failing else ExitCode.DONE


@dataclass(slots=True)
class _Run:
    """One assessment for one period: what came of it in all parts together, and each part's horizon."""

    terms: Terms
    report: AnnualReport
    seconds: float
    horizons: list[int]
    manifests: list[PartManifest] = field(default_factory=list)
    finished: int = 0
    """In how many parts everybody had been assessed before: their sums are not computed again."""

    def add(self, report: AnnualReport, seconds: float) -> None:
        self.report = together(self.report, report) if self.horizons else report
        self.seconds += seconds
        self.horizons.append(report.horizon)
        self.finished += report.finished


@dataclass(slots=True)
class _Runs:
    """The runs of a command, over one log or over the parts of a population."""

    every: Sequence[Terms]
    other_rules: bool
    threads: int
    show: bool
    """Whether to print each run as soon as it is done: where there is one log, and no JSON is wanted."""
    reads_back: bool = False
    """Whether to read what was recorded for a manifest."""
    done: dict[str, _Run] = field(default_factory=dict)

    def do(self, part: Path, known: Known, spread: Spread) -> None:
        """Assess everybody in one part."""
        with sharing(part) as opened:
            for terms in self.every:
                start = time.monotonic()
                report = self._assessed(opened, terms, known, spread)
                seconds = time.monotonic() - start
                run = self.done.setdefault(terms.key, _Run(terms, report, 0.0, []))
                run.add(report, seconds)
                if self.reads_back:
                    run.manifests.append(manifest_of(opened, terms, report.horizon, number_of(part)))
                if self.show:
                    _show(run)

    def write_manifest(self, path: Path, program: Program, period: Period) -> None:
        """Write what was recorded, all at once."""
        runs = [
            {
                "assessment": run.terms.rules.name,
                "period": str(run.terms.period),
                "groups": sum(part.groups for part in run.manifests),
                "faults": sum(part.faults for part in run.manifests),
                "parts": [as_data(part) for part in run.manifests],
            }
            for run in self.done.values()
        ]
        said = {"year": str(period), "rules": program.fingerprint, "runs": runs}
        write_whole(path, lambda new: new.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8"))

    def _assessed(self, log: SharedLog, terms: Terms, known: Known, spread: Spread) -> AnnualReport:
        with counting("assessing") as progress:
            if is_terminal(sys.stderr):
                print("reading the log …", end="", file=sys.stderr, flush=True)
            return run_annual(
                log,
                terms,
                known,
                progress,
                threads=self.threads,
                other_rules=self.other_rules,
                spread=spread,
                empty=True,
            )


def _show(run: _Run) -> None:
    report, terms, seconds, horizons = run.report, run.terms, run.seconds, run.horizons
    period = f"{_name(terms)} {terms.period}"
    groups = terms.program.settings.entities[terms.binding.assessed].plural.replace("_", " ")
    for group, fault in report.failed[:SHOWN_FAULTS]:
        # the fault names whom it concerns; the group is not repeated where that is the group itself
        complain(f"{group}: {fault}" if not fault.startswith(f"{group}:") else fault)
    if len(report.failed) > SHOWN_FAULTS:
        complain(f"… and {len(report.failed) - SHOWN_FAULTS:,} more that could not be assessed")
    if not report.groups:
        recorded = "the run is on record, and `rulewright follow` assesses people who are recorded later"
        say(f"{period}: no {groups} to assess, as known at {_horizon(horizons)}; {recorded}")
        if report.counted is not None and any((*report.counted.people, report.counted.strays)):
            for line in _people(report.counted, terms):
                say(line)
        return
    if report.finished:
        of_all = f"{report.already:,} of" if _failed_before(report) else "all"
        say(f"{period}: {of_all} {report.groups:,} {groups} were assessed before, as known at {_horizon(horizons)}")
        if report.program != terms.program.fingerprint:
            say(f"that was with other rules ({report.program[:12]}…); corrections are made with the present ones")
        say(f"to take up facts recorded since, run `rulewright follow --log …`{_faults_before(report)}")
        return
    say(f"{period}: {report.groups:,} {groups} in {seconds:.1f} s, as known at {_horizon(horizons)}")
    for number, words in (
        (report.assessed, "assessed now"),
        (report.already, "assessed before, by the part of this run that was cut off"),
        (len(report.failed), "could not be assessed; the log says why"),
    ):
        if number:
            say(f"  {number:,} {words}")
    if run.finished:
        say(f"  {run.finished:,} of {len(horizons):,} partitions were finished before; the sums are of the others")
    if report.counted is not None and any(report.counted.people):
        for line in _people(report.counted, terms):
            say(line)
    say()
    for line in table(("sum of", terms.program.settings.currency), _sums(report, terms), frozenset({1})):
        say(line)


def _people(counted: Counted, terms: Terms) -> Iterator[str]:
    """Everybody, and the money that is stated of them: assessed or not, it adds up. Then what happened to them."""
    group = terms.binding.group.replace("_", " ")
    assessed = terms.binding.assessed.replace("_", " ")
    none = f"{assessed} that the facts make" if terms.binding.made else group
    words = (
        ("was assessed", "were assessed"),
        (f"is in a {assessed} that could not be", f"are in a {assessed} that could not be"),
        (f"is in no {none}", f"are in no {none}"),
        ("is somebody else under another name", "are somebody else under another name"),
        (f"has no facts that count for {terms.period}", f"have no facts that count for {terms.period}"),
    )
    for people, money, (singular, plural) in zip(counted.people, counted.money, words, strict=True):
        if people or money:
            yield f"  {_number(people)} {singular if people == 1 else plural}, with {_stated(money, terms)} of them"
    if counted.strays:
        with_owner = f"{count(counted.strays, 'record')} with an owner that is not known"
        yield f"  {with_owner}, with {_stated(counted.stray_money, terms)}"
    if sum(counted.people[1:]) or counted.strays:
        total = sum(counted.money, counted.stray_money)
        yield f"  {_number(sum(counted.people))} in all, with {_stated(total, terms)}"
    yield from _lives(counted.lives, group, str(terms.period))


def _number(people: int) -> str:
    return f"{people:,} {'person' if people == 1 else 'people'}"


def _stated(money: Decimal, terms: Terms) -> str:
    return f"{with_commas(format(money, 'f'))} {terms.program.settings.currency} stated"


def _lives(lives: Lives, group: str, period: str) -> Iterator[str]:
    """What happened to people in the period, and where they count."""
    for number, words in (
        (lives.left, f"died or left, and joined no other {group}: counted in the last"),
        (lives.joined, f"joined a {group}, and had been in none when {period} began: born, or new"),
        (lives.moved, f"moved to another {group}: counted where they were on the last day"),
        (lives.other_role, f"stayed in the {group} in another role"),
        (lives.together, "came together as a couple: married, or as if"),
        (lives.parted, "parted from a couple: divorced, or living apart"),
    ):
        if number:
            yield f"  in {period} {_number(number)} {words}"


def _horizon(horizons: list[int]) -> str:
    """Up to where facts were read: an offset of the log, or of each partition in order."""
    return f"offset {horizons[0]:,}" if len(horizons) == 1 else f"offsets {', '.join(f'{at:,}' for at in horizons)}"


def _name(terms: Terms) -> str:
    return (terms.rules.label or terms.rules.name).replace("_", " ")


def _faults_before(report: AnnualReport) -> str:
    faults = _failed_before(report)
    return f"; {count(faults, 'group')} could not be assessed" if faults else ""


def _failed_before(report: AnnualReport) -> int:
    """How many groups an earlier run that is finished could not assess."""
    return report.groups - report.already if report.finished else 0


def _sums(report: AnnualReport, terms: Terms) -> list[tuple[str, str]]:
    sums = [(name, terms.money(total)) for name, total in report.totals.items()]
    sums += [("still owed", report.due), ("paid back", report.refunded)]
    return [(name, with_commas(format(amount, "f"))) for name, amount in sums]


def _counted_json(counted: Counted | None) -> dict[str, object] | None:
    if counted is None:
        return None
    names = ("assessed", "in_failed_groups", "in_no_group", "duplicates", "without_facts_that_count")
    pairs = zip(names, counted.people, counted.money, strict=True)
    told: dict[str, object] = {name: _people_json(people, money) for name, people, money in pairs}
    total = sum(counted.money, counted.stray_money)
    return told | {
        "records_of_nobody": {"records": counted.strays, "stated": format(counted.stray_money, "f")},
        "all": _people_json(sum(counted.people), total),
        "lives": asdict(counted.lives),
    }


def _people_json(people: int, money: Decimal) -> dict[str, object]:
    return {"people": people, "stated": format(money, "f")}


def _as_json(report: AnnualReport, terms: Terms, horizons: list[int]) -> dict[str, object]:
    totals = {name: format(terms.money(total), "f") for name, total in report.totals.items()}
    told: dict[str, object] = {
        "assessment": terms.rules.name,
        "period": str(terms.period),
        "program": report.program,
        "known_to": horizons[0] if len(horizons) == 1 else horizons,
        "finished_before": report.finished,
        "groups": report.groups,
        "assessed": report.assessed,
        "assessed_before": report.already,
        "people_in_no_group": report.alone,
        "people": _counted_json(report.counted),
        "failed": [{"group": group, "fault": fault} for group, fault in report.failed],
        "failed_before": _failed_before(report),
    }
    if not report.finished:
        told |= {"totals": totals, "still_owed": format(report.due, "f"), "paid_back": format(report.refunded, "f")}
    return told
