"""`rulewright log verify` and `log stats`: whether a log is what was written, and how much there is in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from api.cli.log.output import moment_json, moment_text
from api.cli.output import complain, count, say, say_json, waiting
from api.failures import ExitCode, Failure, Misuse
from api.history.access import log_folder, reading, require_log, store_of
from api.history.kafka import is_address, verify_topics
from citizens import Anchor, CitizensError, Damage, Stats, Verification, verify_events
from citizens.sqlite.layout import Layout

RESTORE = "restore the log from a backup: `rulewright log restore`"


def verify_command(
    log: Path | None, anchor: Path | None, write_anchor: Path | None, events_only: bool, as_json: bool
) -> int:
    """Walk the chain and say what was found."""
    folder = log_folder(log)
    require_log(folder)
    seen = _read_anchor(anchor) if anchor is not None else None
    with waiting("verifying"):
        found = _verified(folder, seen, events_only)
    if found.sound and write_anchor is not None:
        with reading(folder) as opened:
            _write(write_anchor, opened.anchor())
    if as_json:
        problems = [
            {"offset": problem.offset or None, "what": problem.what, "help": problem.remedy}
            for problem in found.problems
        ]
        counts = {"events": found.events, "head": found.head, "link": found.chain}
        told = {"outside_anchor": seen.offset if seen is not None else None, "vouched_to": found.vouched_to or None}
        say_json({"sound": found.sound, **counts, **told, "problems": problems})
    elif found.sound:
        without = "; the key store was not looked at" if events_only else ""
        say(f"sound: {count(found.events, 'event')}, up to offset {found.head}{without}")
        for line in _trust(found, seen):
            say(line)
        say(f"link   {found.chain}")
    else:
        for problem in found.problems:
            complain(f"error: {problem.what}")
            if problem.remedy:
                complain(f"  = help: {problem.remedy}")
        first = min((problem.offset for problem in found.problems if problem.offset), default=0)
        complain(f"{count(len(found.problems), 'problem')}" + (f", the first at offset {first}" if first else ""))
        complain(f"  = help: {RESTORE}")
    return ExitCode.DONE if found.sound else ExitCode.FAILED


def _trust(found: Verification, seen: Anchor | None) -> Iterator[str]:
    """Who could have changed the log without being seen: a chain proves nothing against who can make it anew."""
    if seen is not None:
        yield f"up to offset {seen.offset} it is what the anchor that you gave saw: nobody has changed that"
    if found.vouched_to > (seen.offset if seen is not None else 0):
        yield f"up to offset {found.vouched_to} nobody without the key store has changed it"
    if seen is None:
        yield "not checked: whoever can write the folder and its keys could have made all of it anew"
        yield "  = help: keep anchors elsewhere (`--write-anchor FILE`), and give one with `--anchor FILE`"


def _verified(folder: Path, anchor: Anchor | None, events_only: bool) -> Verification:
    """What verification finds. Damage that keeps the log from being opened is told as it is."""
    if events_only:
        return verify_events(store_of(folder), anchor)
    with reading(folder) as opened:
        found = opened.verify(anchor)
        if not is_address(folder):
            return found
        wrong = tuple(Damage(0, what) for what in verify_topics(opened))
        return replace(found, problems=(*found.problems, *wrong))


def _read_anchor(path: Path) -> Anchor:
    try:
        return Anchor.from_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise Misuse(f"there is no anchor at `{path}`", "name a file that `--write-anchor` wrote") from None
    except CitizensError:
        raise Failure(f"`{path}` holds no anchor", "name a file that `--write-anchor` wrote") from None


def _write(path: Path, anchor: Anchor) -> None:
    path.write_text(anchor.to_json() + "\n", encoding="utf-8")
    complain(f"wrote an anchor at offset {anchor.offset}: {path}; keep it elsewhere")


def stats_command(log: Path | None, as_json: bool) -> int:
    """Count what there is."""
    with reading(log) as opened, waiting("counting"):
        found, anchor = opened.stats(), opened.anchor()
        layout = opened.layout
    if as_json:
        say_json(_stats_json(found, anchor, layout))
        return ExitCode.DONE
    for name, text in _stats_lines(found, layout):
        say(f"{name:<14}{text}".rstrip())
    return ExitCode.DONE


def _stats_lines(found: Stats, layout: Layout) -> list[tuple[str, str]]:
    events = sum(found.by_kind.values())
    lines = [("log", str(layout.folder)), ("events", f"{events:,}, up to offset {found.head:,}")]
    lines += [(f"  {kind}", f"{number:,}") for kind, number in found.by_kind.items()]
    if found.recorded_us is not None:
        first, last = found.recorded_us
        lines.append(("recorded", f"{moment_text(first)} to {moment_text(last)} UTC"))
    lines += [("retention", f"{name}: {count(number, 'event')}") for name, number in found.by_retention.items()]
    compacted = f"{count(found.compacted, 'event')} forgotten" if found.compacted else "nothing"
    lines.append(("compacted", compacted))
    lines += [("  horizon", f"{name}: offset {offset}") for name, offset in found.horizons.items()]
    lines.append(("subjects", f"{found.subjects:,}, {found.held:,} under hold, {found.erased:,} erased"))
    lines.append(("keys", f"{found.subjects:,} in {layout.keys_path}"))
    lines += [("follower", f"{name}: at offset {offset}") for name, offset in found.consumers.items()]
    lines.append(("size", _size(found.file_bytes)))
    return lines


def _size(size: int) -> str:
    tenths = round(size / 100_000)
    return f"{tenths // 10:,}.{tenths % 10} MB"


def _stats_json(found: Stats, anchor: Anchor, layout: Layout) -> dict[str, object]:
    recorded = None if found.recorded_us is None else [moment_json(moment) for moment in found.recorded_us]
    return {
        "log": str(layout.folder),
        "head": found.head,
        "events": dict(found.by_kind),
        "recorded": recorded,
        "retention": dict(found.by_retention),
        "compacted": found.compacted,
        "horizons": dict(found.horizons),
        "subjects": found.subjects,
        "held": found.held,
        "erased": found.erased,
        "keys": {"path": str(layout.keys_path), "count": found.subjects},
        "followers": dict(found.consumers),
        "behind": {name: found.head - at for name, at in found.consumers.items()},
        "bytes": found.file_bytes,
        "wal_bytes": found.wal_bytes,
        "anchored_to": found.anchored,
        "anchor": {"log_id": anchor.log_id, "offset": anchor.offset, "chain": anchor.chain},
    }
