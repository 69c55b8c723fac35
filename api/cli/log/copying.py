"""`rulewright log copy SOURCE TARGET`: a log goes from a folder to Kafka, back, or to another folder."""

from __future__ import annotations

from pathlib import Path

from api.cli.output import count, say, say_json, waiting
from api.failures import ExitCode, Failure, Misuse
from api.history.access import is_log, kek, keys_path, reading, require_log, require_room
from api.history.kafka import address_of, is_address
from citizens import Layout, Replica


def copy_command(source: Path, target: Path, target_keys: Path | None, as_json: bool) -> int:
    """Copy a log, or go on with a copy that was cut off."""
    if str(source) == str(target):
        raise Misuse("a log is not copied onto itself", "name another folder or address")
    require_log(source)
    with waiting("copying, and verifying each link"):
        if not is_address(target):
            written, head = _to_folder(source, target, target_keys)
        elif is_address(source):
            raise Failure(
                "a log is not copied from topics to topics", "use Kafka's MirrorMaker, or copy it to a folder"
            )
        else:
            from citizens.kafka.copying import copy_to_topics

            keys = keys_path()
            layout = Layout(source, keys if keys is not None else source / "keys.db")
            written, head = copy_to_topics(layout, address_of(target), keys=target_keys, kek=kek())
    if as_json:
        say_json({"copied": written, "head": head, "target": str(target)})
        return ExitCode.DONE
    say(f"copied {count(written, 'event')} to {target}, up to offset {head:,}, each link verified")
    return ExitCode.DONE


def _to_folder(source: Path, target: Path, target_keys: Path | None) -> tuple[int, int]:
    """Copy to a folder; the number of events, and the last offset."""
    if not is_log(target):
        require_room(target)
    with reading(source) as log:  # catches a store up with its topics
        layout, written = log.layout, 0
    to = Layout(target, target_keys if target_keys is not None else target / "keys.db")
    with Replica(layout, to, kek=kek(), again=True) as replica:
        while True:
            lag = replica.step()
            written += lag.carried
            if not lag.behind:
                break
        replica.finish()
    return written, lag.offset
