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
        verified = _verified(folder, seen, events_only)
    if verified.sound and write_anchor is not None:
        with reading(folder) as opened:
            _write(write_anchor, opened.anchor())
    if as_json:
        problems = [
            {"offset": problem.offset or None, "what": problem.what, "help": problem.remedy}
            for problem in verified.problems
        ]
        counts = {"events": verified.events, "head": verified.head, "link": verified.chain}
        told = {"outside_anchor": seen.offset if seen is not None else None, "vouched_to": verified.vouched_to or None}
        say_json({"sound": verified.sound, **counts, **told, "problems": problems})
    elif verified.sound:
        without = "; the key store was not looked at" if events_only else ""
        say(f"sound: {count(verified.events, 'event')}, up to offset {verified.head}{without}")
        for line in _trust(verified, seen):
            say(line)
        say(f"link   {verified.chain}")
    else:
        for problem in verified.problems:
            complain(f"error: {problem.what}")
            if problem.remedy:
                complain(f"  = help: {problem.remedy}")
        first = min((problem.offset for problem in verified.problems if problem.offset), default=0)
        complain(f"{count(len(verified.problems), 'problem')}" + (f", the first at offset {first}" if first else ""))
        complain(f"  = help: {RESTORE}")
    return ExitCode.DONE if verified.sound else ExitCode.FAILED


def _trust(verification: Verification, seen: Anchor | None) -> Iterator[str]:
    """Who could have changed the log without being seen: a chain proves nothing against who can make it anew."""
    if seen is not None:
        yield f"up to offset {seen.offset} it is what the anchor that you gave saw: nobody has changed that"
    if verification.vouched_to > (seen.offset if seen is not None else 0):
        yield f"up to offset {verification.vouched_to} nobody without the key store has changed it"
    if seen is None:
        yield "not checked: whoever can write the folder and its keys could have made all of it anew"
        yield "  = help: keep anchors elsewhere (`--write-anchor FILE`), and give one with `--anchor FILE`"


def _verified(folder: Path, anchor: Anchor | None, events_only: bool) -> Verification:
    """What verification finds. Damage that keeps the log from being opened is told as it is."""
    if events_only:
        return verify_events(store_of(folder), anchor)
    with reading(folder) as opened:
        verification = opened.verify(anchor)
        if not is_address(folder):
            return verification
        wrong = tuple(Damage(0, what) for what in verify_topics(opened))
        return replace(verification, problems=(*verification.problems, *wrong))


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
        stats, anchor = opened.stats(), opened.anchor()
        layout = opened.layout
    if as_json:
        say_json(_stats_json(stats, anchor, layout))
        return ExitCode.DONE
    for name, text in _stats_lines(stats, layout):
        say(f"{name:<14}{text}".rstrip())
    return ExitCode.DONE


def _stats_lines(stats: Stats, layout: Layout) -> list[tuple[str, str]]:
    events = sum(stats.by_kind.values())
    lines = [("log", str(layout.folder)), ("events", f"{events:,}, up to offset {stats.head:,}")]
    lines += [(f"  {kind}", f"{number:,}") for kind, number in stats.by_kind.items()]
    if stats.recorded_us is not None:
        first, last = stats.recorded_us
        lines.append(("recorded", f"{moment_text(first)} to {moment_text(last)} UTC"))
    lines += [("retention", f"{name}: {count(number, 'event')}") for name, number in stats.by_retention.items()]
    compacted = f"{count(stats.compacted, 'event')} forgotten" if stats.compacted else "nothing"
    lines.append(("compacted", compacted))
    lines += [("  horizon", f"{name}: offset {offset}") for name, offset in stats.horizons.items()]
    lines.append(("subjects", f"{stats.subjects:,}, {stats.held:,} under hold, {stats.erased:,} erased"))
    lines.append(("keys", f"{stats.subjects:,} in {layout.keys_path}"))
    lines += [("follower", f"{name}: at offset {offset}") for name, offset in stats.consumers.items()]
    lines.append(("size", _size(stats.file_bytes)))
    return lines


def _size(size: int) -> str:
    tenths = round(size / 100_000)
    return f"{tenths // 10:,}.{tenths % 10} MB"


def _stats_json(stats: Stats, anchor: Anchor, layout: Layout) -> dict[str, object]:
    recorded = None if stats.recorded_us is None else [moment_json(moment) for moment in stats.recorded_us]
    return {
        "log": str(layout.folder),
        "head": stats.head,
        "events": dict(stats.by_kind),
        "recorded": recorded,
        "retention": dict(stats.by_retention),
        "compacted": stats.compacted,
        "horizons": dict(stats.horizons),
        "subjects": stats.subjects,
        "held": stats.held,
        "erased": stats.erased,
        "keys": {"path": str(layout.keys_path), "count": stats.subjects},
        "followers": dict(stats.consumers),
        "behind": {name: stats.head - at for name, at in stats.consumers.items()},
        "bytes": stats.file_bytes,
        "wal_bytes": stats.wal_bytes,
        "anchored_to": stats.anchored,
        "anchor": {"log_id": anchor.log_id, "offset": anchor.offset, "chain": anchor.chain},
    }
