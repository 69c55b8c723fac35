"""`rulewright log stats`: how much is in a log, and how it is doing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from api.cli.log.output import moment_json, moment_text
from api.cli.output import count, say, say_json, waiting
from api.failures import ExitCode
from api.history.access import reading
from api.history.health import FaultCounts, Health, health
from api.history.parts import each_part, parts_of
from citizens import Anchor, Layout, Stats


def stats_command(log: Path | None, as_json: bool) -> int:
    """Count what there is."""
    parts = parts_of(log)
    if len(parts) > 1:
        return each_part(parts, lambda part: stats_command(part, as_json))
    with reading(log) as opened, waiting("counting"):
        counts, anchor = opened.stats(), opened.anchor()
        layout, state, faults = opened.layout, health(opened), FaultCounts()
        faults.update(opened)
    if as_json:
        say_json(_stats_json(counts, anchor, layout) | _health_json(state, faults))
        return ExitCode.DONE
    for name, text in (*_stats_lines(counts, layout), *_health_lines(state, faults)):
        say(f"{name:<14}{text}".rstrip())
    return ExitCode.DONE


def _health_lines(state: Health, faults: FaultCounts) -> Iterator[tuple[str, str]]:
    for follower in state.followers:
        late = (
            f"{count(follower.behind, 'event')} behind, {_age(follower.seconds)}" if follower.behind else "not behind"
        )
        yield "  lag", f"{follower.name}: {late}"
    for run in state.unfinished:
        how = f"nothing recorded for {_age(run.idle_seconds)}" if run.stuck else "under way"
        yield "unfinished", f"{run.name}: {how}"
    if state.anchor_seconds is not None:
        where = "kept elsewhere" if state.anchor_outside else "in the log's own folder"
        yield "anchor", f"offset {state.anchor_offset:,}, {_age(state.anchor_seconds)} old, {where}"
    yield "WAL", _size(state.wal_bytes)
    for kind, number in faults.by_kind().items():
        yield "fault", f"{count(number, 'group')}: {kind}"


def _age(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))


def _health_json(state: Health, faults: FaultCounts) -> dict[str, object]:
    lag = {each.name: {"events": each.behind, "seconds": round(each.seconds)} for each in state.followers}
    runs = {run.name: {"stuck": run.stuck, "idle_seconds": round(run.idle_seconds)} for run in state.unfinished}
    age = None if state.anchor_seconds is None else round(state.anchor_seconds)
    return {
        "lag": lag,
        "unfinished_runs": runs,
        "last_anchor": {"offset": state.anchor_offset, "seconds": age, "outside": state.anchor_outside},
        "faults": faults.by_kind(),
    }


def _stats_lines(counts: Stats, layout: Layout) -> list[tuple[str, str]]:
    events = sum(counts.by_kind.values())
    lines = [("log", str(layout.folder)), ("events", f"{events:,}, up to offset {counts.head:,}")]
    lines += [(f"  {kind}", f"{number:,}") for kind, number in counts.by_kind.items()]
    if counts.recorded_us is not None:
        first, last = counts.recorded_us
        lines.append(("recorded", f"{moment_text(first)} to {moment_text(last)} UTC"))
    lines += [("retention", f"{name}: {count(number, 'event')}") for name, number in counts.by_retention.items()]
    compacted = f"{count(counts.compacted, 'event')} forgotten" if counts.compacted else "nothing"
    lines.append(("compacted", compacted))
    lines += [("  horizon", f"{name}: offset {offset}") for name, offset in counts.horizons.items()]
    lines.append(("subjects", f"{counts.subjects:,}, {counts.held:,} under hold, {counts.erased:,} erased"))
    lines.append(("keys", f"{counts.subjects:,} in {layout.keys_path}"))
    lines += [("follower", f"{name}: at offset {offset}") for name, offset in counts.consumers.items()]
    lines.append(("size", _size(counts.file_bytes)))
    return lines


def _size(size: int) -> str:
    tenths = round(size / 100_000)
    return f"{tenths // 10:,}.{tenths % 10} MB"


def _stats_json(counts: Stats, anchor: Anchor, layout: Layout) -> dict[str, object]:
    recorded = None if counts.recorded_us is None else [moment_json(moment) for moment in counts.recorded_us]
    return {
        "log": str(layout.folder),
        "head": counts.head,
        "events": dict(counts.by_kind),
        "recorded": recorded,
        "retention": dict(counts.by_retention),
        "compacted": counts.compacted,
        "horizons": dict(counts.horizons),
        "subjects": counts.subjects,
        "held": counts.held,
        "erased": counts.erased,
        "keys": {"path": str(layout.keys_path), "count": counts.subjects},
        "followers": dict(counts.consumers),
        "behind": {name: counts.head - at for name, at in counts.consumers.items()},
        "bytes": counts.file_bytes,
        "wal_bytes": counts.wal_bytes,
        "anchored_to": counts.anchored,
        "anchor": {"log_id": anchor.log_id, "offset": anchor.offset, "chain": anchor.chain},
    }
