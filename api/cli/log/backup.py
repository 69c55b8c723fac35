"""`rulewright log backup` and `log restore`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from api.cli.log.keep import confirmed
from api.cli.output import complain, count, say, say_json, waiting
from api.failures import ExitCode, Failure, Misuse
from api.history.access import is_log, kek, keys_path, log_folder, read_known, reading, require_room
from citizens import CitizensError, Verification, backup, backup_since, recover, restore


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is restored: a backup, its increments in order, up to which point, and which ledger of erasures counts."""

    source: Path
    increments: tuple[Path, ...] = ()
    to: str | None = None
    erasures: Path | None = None
    erasures_lost: bool = False


def backup_command(target: Path, log: Path | None, since: Path | None, as_json: bool) -> int:
    """Copy the log, or what came since another copy, into a new folder."""
    if since is not None and not since.is_dir():
        raise Misuse(f"there is no backup `{since}`", "name the folder of the copy before")
    if target.exists() and not target.is_dir():
        raise Misuse(f"`{target}` is a file", "name a new folder for the backup")
    with reading(log) as opened:
        if target.resolve().is_relative_to(opened.layout.folder.resolve()):
            raise Misuse("the backup would be inside the log", "name a folder elsewhere, best on another disk")
        with waiting("copying"):
            anchor = backup(opened, target) if since is None else backup_since(opened, since, target)
    if as_json:
        anchor_json = {"log_id": anchor.log_id, "offset": anchor.offset, "chain": anchor.chain}
        say_json({"backup": str(target), "anchor": anchor_json})
        return ExitCode.DONE
    say(f"copied up to offset {anchor.offset} into {target}")
    complain("the copy holds the keys as well: protect it like the log")
    return ExitCode.DONE


def restore_command(wanted: Wanted, log: Path | None, yes: bool, as_json: bool) -> int:
    """Put a backup in the place of the log."""
    folder, erasures, to = log_folder(log), wanted.erasures, read_known(wanted.to, "--to")
    for source in (wanted.source, *wanted.increments):
        if not source.is_dir():
            raise Misuse(f"there is no backup `{source}`", "name the folder that `rulewright log backup` made")
    if erasures is not None and not erasures.is_file():
        raise Misuse(f"there is no ledger of erasures `{erasures}`", "name a copy of the log's `erasures.log`")
    if is_log(folder):
        _confirm(folder, yes)
    else:
        require_room(folder)
    with waiting("restoring and verifying"):
        verification = _restored(wanted, folder, to)
    if as_json:
        say_json(
            {"log": str(folder), "events": verification.events, "head": verification.head, "link": verification.chain}
        )
        return ExitCode.DONE
    say(f"restored {folder}: {count(verification.events, 'event')}, up to offset {verification.head}, verified")
    return ExitCode.DONE


def _restored(wanted: Wanted, folder: Path, to: int | datetime | None) -> Verification:
    lost = wanted.erasures_lost
    if not wanted.increments and to is None:
        return restore(wanted.source, folder, keys=keys_path(), erasures=wanted.erasures, erasures_lost=lost, kek=kek())
    return recover(
        wanted.source, wanted.increments, folder, to,
        keys=keys_path(), erasures=wanted.erasures, erasures_lost=lost, kek=kek(),
    )  # fmt: skip


def _confirm(folder: Path, yes: bool) -> None:
    """Raise unless the user means to replace a log that is there."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Misuse(f"there is a log at `{folder}` already", "add `--yes` to put the backup in its place")
    try:
        with reading(folder) as opened:
            reaches = f", which reaches offset {opened.head()}"
    except CitizensError:
        reaches = ""
    if not confirmed(f"replace the log {folder}{reaches}?"):
        raise Failure("nothing was restored")
