"""`rulewright log backup` and `log restore`."""

from __future__ import annotations

import sys
from pathlib import Path

from api.cli.log.keep import confirmed
from api.cli.output import complain, count, say, say_json, waiting
from api.failures import ExitCode, Failure, Misuse
from api.history.access import is_log, kek, keys_path, log_folder, reading, require_room
from citizens import CitizensError, backup, restore


def backup_command(target: Path, log: Path | None, as_json: bool) -> int:
    """Copy the log into a new folder."""
    if target.exists() and not target.is_dir():
        raise Misuse(f"`{target}` is a file", "name a new folder for the backup")
    with reading(log) as opened:
        if target.resolve().is_relative_to(opened.layout.folder.resolve()):
            raise Misuse("the backup would lie inside the log", "name a folder elsewhere, best on another disk")
        with waiting("copying"):
            anchor = backup(opened, target)
    if as_json:
        anchor_json = {"log_id": anchor.log_id, "offset": anchor.offset, "chain": anchor.chain}
        say_json({"backup": str(target), "anchor": anchor_json})
        return ExitCode.DONE
    say(f"copied up to offset {anchor.offset} into {target}")
    complain("the copy holds the keys as well: protect it like the log")
    return ExitCode.DONE


def restore_command(
    source: Path, log: Path | None, erasures: Path | None, erasures_lost: bool, yes: bool, as_json: bool
) -> int:
    """Put a backup in the place of the log."""
    folder = log_folder(log)
    if not source.is_dir():
        raise Misuse(f"there is no backup `{source}`", "name the folder that `rulewright log backup` made")
    if erasures is not None and not erasures.is_file():
        raise Misuse(f"there is no ledger of erasures `{erasures}`", "name a copy of the log's `erasures.log`")
    if is_log(folder):
        _confirm(folder, yes)
    else:
        require_room(folder)
    with waiting("restoring and verifying"):
        verification = restore(
            source, folder, keys=keys_path(), erasures=erasures, erasures_lost=erasures_lost, kek=kek()
        )
    if as_json:
        say_json(
            {"log": str(folder), "events": verification.events, "head": verification.head, "link": verification.chain}
        )
        return ExitCode.DONE
    say(f"restored {folder}: {count(verification.events, 'event')}, up to offset {verification.head}, verified")
    return ExitCode.DONE


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
