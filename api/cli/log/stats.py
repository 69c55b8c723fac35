"""`rulewright log stats`: how much is in a log, and how it is doing."""

from __future__ import annotations

from pathlib import Path

from api.cli.log.output import moment_json, moment_text
from api.cli.output import count, say, say_json, waiting
from api.failures import ExitCode
from api.history.access import reading
from citizens import Anchor, Layout, Stats


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
