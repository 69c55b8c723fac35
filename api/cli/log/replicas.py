"""`rulewright log replicate`, `promote` and `compare`: copies that follow a log, and what becomes of them."""

from __future__ import annotations

import json
import time
from pathlib import Path

from api.cli.log.keep import Order
from api.cli.log.output import moment_text
from api.cli.output import complain, count, say, say_json, waiting
from api.failures import ExitCode, Misuse
from api.history.access import is_log, kek, keys_path, log_folder, require_log, require_room
from api.history.json import event_json
from api.history.json import kind_of as kind_text
from citizens import (
    Comparison,
    Correction,
    Event,
    Facts,
    Hold,
    Lag,
    Layout,
    LogLocked,
    Release,
    Replica,
    Retraction,
    compare,
    promote,
)
from citizens.events import OWN_SOURCES

_SHOWN = 10
_DELIVERABLE = Facts | Correction | Retraction | Hold | Release


def replicate_command(
    target: Path, log: Path | None, target_keys: Path | None, every: float | None, as_json: bool
) -> int:
    """Carry what the log has recorded since into its replica; with `every`, go on until interrupted."""
    folder = log_folder(log)
    require_log(folder)
    if target.resolve().is_relative_to(folder.resolve()):
        raise Misuse("the replica would be inside the log", "name a folder elsewhere, best on another machine's disk")
    if not is_log(target):
        require_room(target)
    with Replica(_layout(folder, keys_path()), _layout(target, target_keys), kek=kek()) as replica:
        while True:
            lag, carried = replica.step(), 0
            while True:
                carried += lag.carried
                if not lag.behind or not lag.carried:
                    break
                lag = replica.step()
            if carried or every is None:
                _tell(target, lag, carried, as_json, flush=every is not None)
            if every is None:
                return ExitCode.DONE
            time.sleep(every)


def _tell(target: Path, lag: Lag, carried: int, as_json: bool, *, flush: bool) -> None:
    if as_json:
        said = {"offset": lag.offset, "behind": lag.behind, "behind_us": lag.behind_us, "carried": carried}
        print(json.dumps({"replica": str(target), **said}), flush=flush)
        return
    seconds = f" ({lag.behind_us // 1_000_000:,} s)" if lag.behind else ""
    behind = f"{count(lag.behind, 'event')} behind{seconds}" if lag.behind else "it is the log"
    say(f"carried {count(carried, 'event')} into {target}, up to offset {lag.offset:,}: {behind}")


def promote_command(order: Order, as_json: bool) -> int:
    """Make a replica the log that is written."""
    order.require()
    folder = log_folder(order.log)
    require_log(folder)
    layout = _layout(folder, keys_path())
    with waiting("verifying"):
        try:
            epoch = promote(layout, actor=order.by, legal_basis=order.legal_basis, reason=order.reason, kek=kek())
        except LogLocked as error:
            raise LogLocked(f"{folder} is being followed into", "stop `rulewright log replicate` first") from error
    if as_json:
        say_json({"log": str(folder), "epoch": epoch})
        return ExitCode.DONE
    say(f"{folder} is now the log that is written (life {epoch})")
    complain("stop writing to the old one; `rulewright log compare` shows what it recorded and this one has not")
    return ExitCode.DONE


def compare_command(other: Path, log: Path | None, rest: Path | None, as_json: bool) -> int:
    """Say where two copies of one log part; exit code 1 if both have gone on."""
    folder = log_folder(log)
    for each in (folder, other):
        require_log(each)
    with waiting("comparing"):
        comparison = compare(_layout(folder, keys_path()), _layout(other, None), kek=kek())
    if rest is not None:
        _write_rest(rest, comparison.rests[1])
    if as_json:
        say_json(_json(comparison, (folder, other)))
    else:
        _show(comparison, (folder, other))
    return ExitCode.FAILED if comparison.forked else ExitCode.DONE


def _json(comparison: Comparison, folders: tuple[Path, Path]) -> dict[str, object]:
    logs = [
        {"log": str(folder), "epoch": epoch, "head": head, "alone": [event_json(event) for event in rest]}
        for folder, epoch, head, rest in zip(
            folders, comparison.epochs, comparison.heads, comparison.rests, strict=True
        )
    ]
    return {"common": comparison.common, "forked": comparison.forked, "logs": logs}


def _show(comparison: Comparison, folders: tuple[Path, Path]) -> None:
    say(f"alike up to offset {comparison.common:,}")
    for folder, epoch, head, rest in zip(folders, comparison.epochs, comparison.heads, comparison.rests, strict=True):
        alone = head - comparison.common
        say(f"{folder} (life {epoch}): " + (f"{count(alone, 'offset')} after that" if alone else "nothing after that"))
        for event in rest[:_SHOWN]:
            kind, subject = kind_text(event.body), event.subject or "the log"
            say(f"  #{event.offset}  {moment_text(event.recorded_at_us)} UTC  {kind}  {subject}  (id {event.event_id})")
        if alone > _SHOWN:
            say(f"  … and {alone - _SHOWN:,} more")
    if comparison.forked:
        complain("error: the two have forked: both have gone on")
        complain(
            "  = help: deliver what only the old one has to the other: `--rest FILE`, then `rulewright log append`"
        )


def _write_rest(path: Path, events: tuple[Event, ...]) -> None:
    """Write what can be delivered again as JSON lines."""
    kept = [
        event for event in events if isinstance(event.body, _DELIVERABLE) and event.origin.source not in OWN_SOURCES
    ]
    with path.open("w", encoding="utf-8") as file:
        for event in kept:
            fields = {name: value for name, value in event_json(event).items() if name not in _OF_THE_LOG}
            file.write(json.dumps(fields, ensure_ascii=False) + "\n")
    left = len(events) - len(kept)
    without = f"; {count(left, 'event')} that the program itself made left out: run it again" if left else ""
    complain(f"wrote {count(len(kept), 'event')} to {path}{without}")


_OF_THE_LOG = ("offset", "recorded_at", "version")


def _layout(folder: Path, keys: Path | None) -> Layout:
    return Layout(folder, keys if keys is not None else folder / "keys.db")
