"""`rulewright log compact` and `hold`: what is forgotten, and what is kept."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from api.cli.log.output import step_told, table
from api.cli.log.show import checked_subject
from api.cli.output import complain, count, say, say_json
from api.failures import ExitCode, Failure, Misuse, Several, suggestion
from api.history.access import login_name, moment_of, read_day, reading, writing
from api.history.parts import parts_of, parts_with
from api.history.timeline import nothing_known
from citizens import Draft, Hold, Origin, Release, SqliteLog

_on_step = step_told(
    {"plan": "finding what may go", "copy": "copying the rest", "index": "building indexes", "written": "syncing"}
)


@dataclass(frozen=True, slots=True)
class Order:
    """On which log, by whom, on what authority and why something is ordered."""

    log: Path | None
    actor: str
    legal_basis: str
    reason: str

    def require(self) -> None:
        """Raise Misuse unless it says on what authority, and why."""
        lacking: list[Failure] = []
        if not self.legal_basis:
            remedy = "name the law with `--legal-basis`, such as `--legal-basis 'GDPR art. 17'`"
            lacking.append(Misuse("the authority is missing", remedy))
        if not self.reason:
            lacking.append(
                Misuse("the reason is missing", "say why with `--reason`, such as `--reason 'request of 3 May'`")
            )
        if lacking:
            raise Several(lacking)

    @property
    def by(self) -> str:
        """The actor."""
        return self.actor or login_name()


def compact_command(
    horizons: list[str],
    log: Path | None,
    tombstone_days: int,
    despite: list[str],
    *,
    actor: str,
    legal_basis: str,
    as_json: bool,
) -> int:
    """Forget superseded facts recorded by the horizons."""
    moments = horizons_of(horizons)
    if not legal_basis:
        raise Misuse(
            "the authority is missing",
            "name the law with `--legal-basis`, such as `--legal-basis 'limitation act s. 5'`",
        )
    with writing(log) as opened:
        require_classes(opened, moments)
        delay = timedelta(days=tombstone_days)
        for name in despite:
            if name not in opened.positions():
                help = suggestion(name, opened.positions(), "`rulewright log stats` lists them")
                raise Misuse(f"no run and no follower is named `{name}`", help)
        done = opened.compact(
            moments,
            actor=actor or login_name(),
            legal_basis=legal_basis,
            tombstone_delay=delay,
            despite=despite,
            on_step=_on_step,
        )
    _on_step("")
    if as_json:
        say_json({"removed": done.removed, "left": done.left})
    elif done.removed:
        say(f"forgot {count(done.removed, 'event')}; {done.left:,} are left, the compaction's record among them")
    else:
        say(f"nothing to forget: {count(done.left, 'event')} stay as they are")
    return ExitCode.DONE


def require_classes(log: SqliteLog, names: Iterable[str]) -> None:
    """Raise Misuse for a retention class that no event has."""
    known = log.stats().by_retention
    for name in names:
        if name not in known:
            help = suggestion(name, known, f"the log has {', '.join(f'`{known_as}`' for known_as in known) or 'none'}")
            raise Misuse(f"no event has the retention class `{name}`", help)


def horizons_of(texts: list[str]) -> dict[str, datetime]:
    """The last moment of each retention class, from texts such as `tax=2020-12-31`. Raises Misuse."""
    moments = dict(_horizon(text) for text in texts)
    if len(moments) < len(texts):
        raise Misuse("a retention class has two horizons", "give each class one")
    return moments


def _horizon(text: str) -> tuple[str, datetime]:
    """`tax=2020-12-31` as the class and the end of that day."""
    name, equals, day = text.partition("=")
    if not equals or not name:
        raise Misuse(f"`{text[:60]}` is not a horizon", "write `--horizon tax=2020-12-31`")
    if read_day(day, f"--horizon {name[:40]}=…") > datetime.now(UTC).date():
        raise Misuse(f"the horizon of `{name[:40]}` lies in the future", "name a day that has been")
    return name, moment_of(day, "--horizon", last=True)


# --- holds


def hold_command(subject: str | None, order: Order, case: str, release: bool, *, retention: str, as_json: bool) -> int:
    """Place a hold, end it, or list those that are in force."""
    if subject is None:
        if release or case:
            raise Misuse("the subject of the hold is missing", "name the subject: `rulewright log hold person/17 …`")
        return _list_holds(order.log, as_json)
    name = checked_subject(subject)
    if not case:
        raise Misuse("the case is not named", "add `--case 'appeal 2025/17'`")
    order.require()
    changed, cases = False, list[str]()
    for part in parts_with(order.log, name):
        with writing(part) as opened:
            changed = _placed(opened, name, order, case, release=release, retention=retention) or changed
            cases += [open_case for open_case in open_cases(opened, name) if open_case not in cases]
    if as_json:
        say_json({"subject": name, "changed": changed, "held_for": cases})
        return ExitCode.DONE
    before = "" if changed else "nothing to do: "
    say(f"{before}{name} is " + (f"held for {', '.join(cases)}" if cases else "not held"))
    return ExitCode.DONE


def _placed(log: SqliteLog, subject: str, order: Order, case: str, *, release: bool, retention: str) -> bool:
    """Record the hold or its end; False if it is so already."""
    version = log.version(subject)
    if not version:
        raise nothing_known(log, subject)
    if (case in open_cases(log, subject)) is not release:
        if release:
            complain(f"there is no hold of {subject} for the case `{case}`")
        return False
    body = Release(case, order.reason) if release else Hold(case, order.reason)
    word = "release" if release else "hold"
    origin = Origin("holds", order.by, order.legal_basis, retention)
    log.append([Draft(subject, body, origin, f"{word}/{subject}/{version + 1}", version)])
    return True


def open_cases(log: SqliteLog, subject: str) -> list[str]:
    """The cases for which a subject is held."""
    cases: dict[str, None] = {}
    for event in log.read_subject(subject):
        match event.body:
            case Hold(case=case):
                cases[case] = None
            case Release(case=case):
                cases.pop(case, None)
    return list(cases)


def _list_holds(log: Path | None, as_json: bool) -> int:
    open_by_subject: dict[str, dict[str, None]] = {}
    for part in parts_of(log):
        with reading(part) as opened:
            for subject in opened.held():
                open_by_subject.setdefault(subject, {}).update(dict.fromkeys(open_cases(opened, subject)))
    held = [(subject, list(cases)) for subject, cases in sorted(open_by_subject.items())]
    if as_json:
        say_json({"held": [{"subject": subject, "cases": cases} for subject, cases in held]})
    elif held:
        for line in table(("subject", "held for"), [(subject, ", ".join(cases)) for subject, cases in held]):
            say(line)
    else:
        say("nobody is under hold")
    return ExitCode.DONE


def confirmed(question: str) -> bool:
    """Ask at the terminal; only a plain yes counts."""
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
