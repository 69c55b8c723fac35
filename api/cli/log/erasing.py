"""`rulewright log erase`: subjects and their records destroyed, for ever."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from api.cli.log.keep import Order, confirmed, horizons_of, open_cases, require_classes
from api.cli.log.show import checked_subject
from api.cli.output import complain, count, say, say_json, waiting
from api.failures import ExitCode, Failure, Misuse
from api.history.access import reading, writing
from api.history.looks import ACCESS_RETENTION
from api.history.parts import parts_with
from api.history.timeline import nothing_known
from api.simulate.writing import appearing, check_place
from citizens import Belongs, Certificate, SqliteLog, trial_balance

ACCOMPANYING = (ACCESS_RETENTION,)
"""Who looked at somebody's record is no reason to keep them."""

GONE = "once it is erased, the ledger no longer says who owes that, and no bar rests on it"


def named(subjects: Sequence[str], listed: Path | None) -> list[str]:
    """The subjects that were named, and those of a file, one a line. Raises Misuse if there are none."""
    lines: list[str] = []
    if listed is not None:
        try:
            lines = [line.strip() for line in listed.read_text(encoding="utf-8").splitlines() if line.strip()]
        except (OSError, UnicodeDecodeError):
            raise Misuse(
                f"there is no list of subjects at `{listed}`", "name a text file, one subject a line"
            ) from None
    named_subjects = list(dict.fromkeys([*subjects, *lines]))
    if not named_subjects:
        raise Misuse("the subject to erase is missing", "name the subject: `rulewright log erase person/17 …`")
    return [checked_subject(subject) for subject in named_subjects]


def expired_command(
    horizons: list[str],
    order: Order,
    certificate: Path | None,
    yes: bool,
    as_json: bool,
    *,
    alone: bool = True,
    open_accounts: bool = False,
) -> int:
    """Destroy the keys and names of all whose retention classes have run out, once the user has confirmed.

    `alone` says that nobody was named besides. Who owes or is owed money stays and is named, unless `open_accounts`.
    """
    order.require()
    if certificate is not None:
        _check_place(certificate)
    if not alone:
        raise Misuse("subjects are named, and a retention class too", "erase the one and then the other")
    moments = horizons_of(horizons)
    if not yes and not sys.stdin.isatty():
        raise Misuse("an erasure is confirmed at a terminal", "add `--yes` to erase without being asked")
    with writing(order.log) as opened:
        require_classes(opened, moments)
        with waiting("looking for whose time is up"):
            subjects = opened.expired(moments, accompanying=ACCOMPANYING)
            open_told = _open_accounts(opened, subjects)
            kept = () if open_accounts else tuple(open_told)
            if kept:
                subjects = opened.expired(moments, accompanying=ACCOMPANYING, kept=kept)
        _say_open(open_told, open_accounts)
        if subjects and not yes and not confirmed(f"erase {count(len(subjects), 'subject')} for ever?"):
            raise Failure("nothing was erased")
        with waiting("erasing"):
            done = opened.erase_expired(
                moments,
                actor=order.by,
                legal_basis=order.legal_basis,
                reason=order.reason,
                accompanying=ACCOMPANYING,
                kept=kept,
            )
        ledger = opened.layout.erasures_path
    if certificate is not None:
        _keep(certificate, _certificate(done))
    if as_json:
        told = {"erased": len(done.entries), "ledger": str(ledger), "certificate": _certificate(done)}
        say_json({**told, "kept": list(kept)})
        return ExitCode.DONE
    say(f"erased: {count(len(done.entries), 'subject')} whose retention has run out; those whom others need stay")
    if done:
        complain(f"keep a copy of {ledger} apart from the backups: restoring asks for it")
    return ExitCode.DONE


def _open_accounts(log: SqliteLog, subjects: Sequence[str]) -> dict[str, list[str]]:
    """What is open by the ledger, of those of whom anything is."""
    posted = log.posted(log.head())
    told = {subject: list(_what_is_open(log, subject)) for subject in subjects if subject in posted}
    return {subject: lines for subject, lines in told.items() if lines}


def _say_open(open_told: Mapping[str, Sequence[str]], goes: bool) -> None:
    """Name whose account is open: that it goes all the same, or that they stay, with those it is about."""
    for told in (line for lines in open_told.values() for line in lines):
        complain(f"{told}: {GONE if goes else 'kept'}")
    if open_told and not goes:
        complain("settle it or write it off, and they go next time; with `--open-accounts` they go all the same")


def _check_place(certificate: Path) -> None:
    """Raise Misuse unless a new file can be written there: an erasure cannot be taken back when its certificate has no
    place, and an earlier certificate is the only proof of another erasure."""
    check_place(certificate)
    if certificate.exists():
        raise Misuse(f"`{certificate}` is already there", "name a new file for the certificate")


def _keep(certificate: Path, told: object) -> None:
    with appearing(certificate) as beside:
        beside.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def erase_command(
    subjects: list[str],
    order: Order,
    certificate: Path | None,
    yes: bool,
    as_json: bool,
    *,
    open_accounts: bool = False,
) -> int:
    """Destroy the subjects' keys and names, and their records', once the user has confirmed.

    Who owes or is owed money stays, unless `open_accounts`: the spouses of a return owe its tax each for themselves
    (26 USC 6013(d)(3)), and data that a legal claim needs are not erased (GDPR art. 17(3)(e)).
    """
    order.require()
    if certificate is not None:
        _check_place(certificate)
    if not yes and not sys.stdin.isatty():
        raise Misuse("an erasure is confirmed at a terminal", "add `--yes` to erase without being asked")
    where: dict[Path, list[str]] = {}
    for subject in subjects:
        for part in parts_with(order.log, subject):
            where.setdefault(part, []).append(subject)
    events, open_told = 0, list[str]()
    for part, here in where.items():
        with reading(part) as opened:
            events += sum(_events(opened, subject) for subject in here)
            open_told += [told for subject in here for told in _open_of(opened, subject)]
    if open_told and not open_accounts:
        raise Failure(
            f"nothing was erased: {'; '.join(open_told)}",
            "settle it or write it off first; with `--open-accounts` it goes all the same, and nobody owes that",
        )
    for told in open_told:
        complain(f"{told}: {GONE}")
    whom = subjects[0] if len(subjects) == 1 else f"{len(subjects):,} subjects"
    if not yes and not confirmed(f"erase {whom} ({count(events, 'event')}) for ever?"):
        raise Failure("nothing was erased")
    done = [_erased(part, here, order) for part, here in where.items()]
    _say_erased(done, sum(map(len, where.values())), events, certificate, as_json)
    return ExitCode.DONE


def _open_of(log: SqliteLog, subject: str) -> Iterator[str]:
    """What is open in a subject's own account, and in those of the groups that it was ever a member of: the tax of a
    joint return is each spouse's own debt (26 USC 6013(d)(3))."""
    yield from _what_is_open(log, subject)
    values = (change.value for change in log.timeline(subject).changes)
    groups = dict.fromkeys(value.group for value in values if isinstance(value, Belongs) and value.role != "owner")
    for group in groups:
        for told in _what_is_open(log, group):
            yield f"`{subject}` belongs to a group whose account is open: {told}"


def _what_is_open(log: SqliteLog, subject: str) -> Iterator[str]:
    """What a subject owes and is owed by the ledger."""
    for currency, balances in trial_balance(log.read_subject(subject)).items():
        for words, sign in (("owes", 1), ("is owed", -1)):
            open_periods = {period: sign * amount for period, amount in balances.by_period.items() if sign * amount > 0}
            if open_periods:
                amount = f"{sum(open_periods.values()):,.2f} {currency} for {', '.join(sorted(open_periods))}"
                yield f"`{subject}` {words} {amount}"


def _erased(part: Path, subjects: Sequence[str], order: Order) -> tuple[Path, Certificate]:
    """The ledger of the log that they were erased from, and the certificate."""
    with writing(part) as opened, waiting("erasing"):
        for subject in subjects:
            _events(opened, subject)  # a hold may have been placed meanwhile
        done = opened.erase_many(subjects, actor=order.by, legal_basis=order.legal_basis, reason=order.reason)
        return opened.layout.erasures_path, done


def _say_erased(
    done: Sequence[tuple[Path, Certificate]], named: int, events: int, certificate: Path | None, as_json: bool
) -> None:
    certificates = [_certificate(erased) for _, erased in done]
    told: object = certificates[0] if len(done) == 1 else {"logs": certificates}
    if certificate is not None:
        _keep(certificate, told)
    ledgers = [str(ledger) for ledger, _ in done]
    if as_json:
        ledger = {"ledger": ledgers[0]} if len(done) == 1 else {"ledgers": ledgers}
        say_json({"erased": True, "events": events, **ledger, "certificate": told})
        return
    records = sum(len(erased.entries) for _, erased in done) - named
    also = f", {count(records, 'record')} of theirs with them" if records else ""
    say(f"erased: {count(events, 'event')} can never be read again{also}, not even from a backup")
    complain(f"keep a copy of {', '.join(ledgers)} apart from the backups: restoring asks for it")


def _events(log: SqliteLog, subject: str) -> int:
    """How many events a subject has. Raises Failure if it has none, or is held."""
    events = len(log.read_subject(subject))
    if not events and not log.knows(subject):
        raise nothing_known(log, subject)
    cases = open_cases(log, subject)
    if cases:
        release = f"rulewright log hold {subject} --release --case '{cases[0]}' …"
        raise Failure(f"`{subject}` is under legal hold for {', '.join(cases)}", f"end the hold first: `{release}`")
    return events


def _certificate(done: Certificate) -> dict[str, object]:
    return {"recorded_to": done.offset, "destroyed": [asdict(entry) for entry in done.entries]}
