"""`rulewright annual RULES --year 2024 --log citizens.db`: everybody assessed once, in the log itself."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from api.assess.annual import AnnualReport, NobodyThere, run_annual
from api.assess.drafts import Terms, all_terms
from api.assess.gathering import Counted
from api.cases.naming import read_period
from api.cli.log.output import counting, table
from api.cli.output import complain, count, say, say_json, waiting
from api.cli.streams import is_terminal
from api.failures import ExitCode
from api.history.access import login_name, read_known, sharing
from api.rules import programs
from api.scale.spread import spread_over
from engine.values.numbers import with_commas

SHOWN_FAULTS = 20


def annual_command(
    rules: str,
    year: str,
    log: Path | None,
    as_known: str | None,
    other_rules: bool,
    threads: int,
    ray: str,
    as_json: bool,
) -> int:
    """Assess everybody for a year and the periods in it, or go on where a run was cut off."""
    known = read_known(as_known, "--as-known")
    with waiting("reading the rules"):
        program = programs.load_program(rules)
    period = read_period(program, year)
    done: list[dict[str, object]] = []
    failed = False
    nobody: list[NobodyThere] = []  # rules may assess what this log has no groups for, such as SNAP in a log of returns
    with sharing(log) as opened, spread_over(ray) as spread:
        every = all_terms(program, period, login_name(), opened.has_entity)
        for terms in every:
            start = time.monotonic()
            with counting("assessing") as progress:
                if is_terminal(sys.stderr):
                    print("reading the log …", end="", file=sys.stderr, flush=True)
                try:
                    report = run_annual(
                        opened, terms, known, progress, threads=threads, other_rules=other_rules, spread=spread
                    )
                except NobodyThere as empty:
                    nobody.append(empty)
                    continue
            failed = failed or bool(report.failed)
            if as_json:
                done.append(_as_json(report, terms))
            else:
                _show(report, terms, time.monotonic() - start)
    if len(nobody) == len(every):
        raise nobody[0]
    if as_json:
        say_json({"runs": done})
    return ExitCode.FAILED if failed else ExitCode.DONE


def _show(report: AnnualReport, terms: Terms, seconds: float) -> None:
    period = f"{_name(terms)} {terms.period}"
    groups = terms.program.settings.entities[terms.binding.group].plural.replace("_", " ")
    for group, fault in report.failed[:SHOWN_FAULTS]:
        # the fault names whom it concerns; the group is not repeated where that is the group itself
        complain(f"{group}: {fault}" if not fault.startswith(f"{group}:") else fault)
    if len(report.failed) > SHOWN_FAULTS:
        complain(f"… and {len(report.failed) - SHOWN_FAULTS:,} more that could not be assessed")
    if report.finished:
        say(f"{period}: all {report.groups:,} {groups} were assessed before, as known at offset {report.horizon:,}")
        if report.program != terms.program.fingerprint:
            say(f"that was with other rules ({report.program[:12]}…); corrections are made with the present ones")
        say(f"facts recorded since are taken up by `rulewright follow --log …`{_faults_before(report)}")
        return
    say(f"{period}: {report.groups:,} {groups} in {seconds:.1f} s, as known at offset {report.horizon:,}")
    for number, words in (
        (report.assessed, "assessed now"),
        (report.already, "assessed before, by the part of this run that was cut off"),
        (len(report.failed), "could not be assessed; the log says why"),
    ):
        if number:
            say(f"  {number:,} {words}")
    if report.counted is not None and any(report.counted.people):
        for line in _people(report.counted, terms):
            say(line)
    say()
    for line in table(("sum of", terms.program.settings.currency), _sums(report, terms), frozenset({1})):
        say(line)


def _people(counted: Counted, terms: Terms) -> Iterator[str]:
    """Everybody, and the money that is stated of them: assessed or not, it adds up."""
    currency = terms.program.settings.currency
    group = terms.binding.group.replace("_", " ")
    words = ("people were assessed", f"people are in a {group} that could not be", f"people are in no {group}")
    for people, money, word in zip(counted.people, counted.money, words, strict=True):
        if people or money:
            yield f"  {people:,} {word}, with {with_commas(format(money, 'f'))} {currency} stated of them"
    if sum(counted.people[1:]):
        total = with_commas(format(sum(counted.money, Decimal(0)), "f"))
        yield f"  {sum(counted.people):,} people in all, with {total} {currency}"


def _name(terms: Terms) -> str:
    return (terms.rules.label or terms.rules.name).replace("_", " ")


def _faults_before(report: AnnualReport) -> str:
    faults = report.groups - report.already
    return f"; {count(faults, 'group')} could not be assessed" if faults else ""


def _sums(report: AnnualReport, terms: Terms) -> list[tuple[str, str]]:
    sums = [(name, terms.money(total)) for name, total in report.totals.items()]
    sums += [("still owed", report.due), ("paid back", report.refunded)]
    return [(name, with_commas(format(amount, "f"))) for name, amount in sums]


def _counted_json(counted: Counted | None) -> dict[str, object] | None:
    if counted is None:
        return None
    names = ("assessed", "in_failed_groups", "in_no_group")
    pairs = zip(names, counted.people, counted.money, strict=True)
    return {name: {"people": people, "stated": format(money, "f")} for name, people, money in pairs}


def _as_json(report: AnnualReport, terms: Terms) -> dict[str, object]:
    totals = {name: format(terms.money(total), "f") for name, total in report.totals.items()}
    told: dict[str, object] = {
        "assessment": terms.rules.name,
        "period": str(terms.period),
        "program": report.program,
        "known_to": report.horizon,
        "finished_before": report.finished,
        "groups": report.groups,
        "assessed": report.assessed,
        "assessed_before": report.already,
        "people_in_no_group": report.alone,
        "people": _counted_json(report.counted),
        "failed": [{"group": group, "fault": fault} for group, fault in report.failed],
    }
    if not report.finished:
        told |= {"totals": totals, "still_owed": format(report.due, "f"), "paid_back": format(report.refunded, "f")}
    return told
