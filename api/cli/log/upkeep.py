"""`rulewright log doctor`, `migrate`, `correct-time` and `rekey`: what an operator does to a log as a whole."""

from __future__ import annotations

from pathlib import Path

from api.cli.log.keep import Order
from api.cli.log.output import moment_text
from api.cli.output import complain, count, say, say_json, waiting
from api.failures import ExitCode
from api.history.access import kek, keys_path, log_folder, require_log, writing
from api.history.doctor import examine
from citizens import migrate, read_kek


def doctor_command(log: Path | None, as_json: bool) -> int:
    """Say what state the log is in, and the next step."""
    folder = log_folder(log)
    require_log(folder)
    examined = examine(folder)
    broken = any(finding.broken for finding in examined)
    if as_json:
        findings = [
            {"broken": each_finding.broken, "message": each_finding.message, "remedy": each_finding.remedy}
            for each_finding in examined
        ]
        say_json({"usable": not broken, "findings": findings})
        return ExitCode.FAILED if broken else ExitCode.DONE
    for finding in examined:
        say(f"{'broken' if finding.broken else 'to know'}: {finding.message}")
        say(f"  = help: {finding.remedy}")
    if not examined:
        say("the log is at rest, and nothing is left to do")
    return ExitCode.FAILED if broken else ExitCode.DONE


def migrate_command(log: Path | None, as_json: bool) -> int:
    """Bring a log of the first format into the present one."""
    folder = log_folder(log)
    require_log(folder)
    with waiting("checking and writing again"):
        events = migrate(folder, keys=keys_path(), kek=kek())
    if as_json:
        say_json({"log": str(folder), "events": events})
        return ExitCode.DONE
    say(f"brought up to date: {count(events, 'event')}, with the same offsets")
    complain("anchors kept elsewhere are of the old log: write new ones with `rulewright log verify --write-anchor`")
    return ExitCode.DONE


def correct_time_command(order: Order, as_json: bool) -> int:
    """Vouch for the clock."""
    order.require()
    with writing(order.log, quiet=True) as opened:
        offset = opened.correct_time(actor=order.by, legal_basis=order.legal_basis, reason=order.reason)
        (event,) = opened.read(offset - 1, 1)
    if as_json:
        say_json({"offset": offset, "time": moment_text(event.recorded_at_us)})
        return ExitCode.DONE
    say(f"recorded at offset {offset}: it is {moment_text(event.recorded_at_us)} UTC, and nothing before was later")
    return ExitCode.DONE


def rekey_command(log: Path | None, to: str, as_json: bool) -> int:
    """Wrap the key store's own key under another key-encryption key."""
    new = None if to == "none" else read_kek(to)
    with writing(log) as opened:
        opened.rewrap_keys(new)
    if as_json:
        say_json({"wrapped": new is not None})
        return ExitCode.DONE
    if new is None:
        say("the key store is wrapped under no key any more: protect the file")
    else:
        say(f"the key store is wrapped again; from now on use `RULEWRIGHT_KEK={to}`")
    complain("backups made before open with the key of that time: keep it as long as them")
    return ExitCode.DONE
