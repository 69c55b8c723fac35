"""`rulewright log cut`: give the state of all partitions a name that can be asked for ever after."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from api.cli.output import say, say_json
from api.failures import ExitCode
from api.history.access import log_folder
from api.history.letters import steady_heads
from api.history.parts import cuts_of, make_cut, parts_of, require_all_partitions


def cut_command(name: str | None, log: Path | None, as_json: bool) -> int:
    """Cut at the ends of all partitions under `name`; without one, list the cuts there are."""
    folder = log_folder(log)
    require_all_partitions(folder)
    if name is None:
        return _list(folder, as_json)
    cut = make_cut(folder, name, steady_heads(parts_of(folder)))
    if as_json:
        say_json({"cut": cut.name, "offsets": list(cut.offsets)})
    else:
        say(f"{cut.name}: {_offsets(cut.offsets)}; ask for it with `--known cut:{cut.name}`")
    return ExitCode.DONE


def _list(folder: Path, as_json: bool) -> int:
    cuts = cuts_of(folder).values()
    if as_json:
        say_json({"cuts": [{"cut": cut.name, "offsets": list(cut.offsets)} for cut in cuts]})
    for cut in cuts:
        if not as_json:
            say(f"{cut.name}: {_offsets(cut.offsets)}")
    if not cuts and not as_json:
        say("there are no cuts")
    return ExitCode.DONE


def _offsets(offsets: Sequence[int]) -> str:
    return f"offsets {', '.join(f'{offset:,}' for offset in offsets)}"
