"""`rulewright log publish TO`: what the log records, told to other systems as CloudEvents."""

from __future__ import annotations

import json
import time
from pathlib import Path

from api.cli.output import complain, count, say
from api.failures import ExitCode, Misuse, suggestion
from api.history.access import sharing
from api.history.publishing import CONSUMER, Published, publish, receiver_of
from citizens.kinds import KIND_NAMES

KINDS = (*KIND_NAMES.values(), "payment", "refund", "liability", "entitlement")


def publish_command(
    to: str, log: Path | None, name: str, kinds: str, *, without_data: bool, every: float | None, as_json: bool
) -> int:
    """Deliver to the log's end; with `every`, go on until interrupted."""
    wanted = [kind.strip() for kind in kinds.split(",") if kind.strip()]
    for kind in wanted:
        if kind not in KINDS:
            raise Misuse(f"there are no events of the kind `{kind}`", suggestion(kind, KINDS, ", ".join(KINDS)))
    receiver = receiver_of(to)
    while True:
        with sharing(log) as opened:
            done = publish(opened, opened.anchor().log_id, name, receiver, kinds=wanted, data=not without_data)
        if done.delivered or every is None:
            _tell(done, to, name, as_json)
        if every is None:
            return ExitCode.DONE
        time.sleep(every)


def _tell(done: Published, to: str, name: str, as_json: bool) -> None:
    if as_json:
        said = {"delivered": done.delivered, "offset": done.offset, "behind": done.behind}
        print(json.dumps({"to": to, "consumer": CONSUMER + name, **said}), flush=True)
        return
    say(f"told {count(done.delivered, 'event')} to {to}, up to offset {done.offset:,}")
    if done.behind:
        complain(f"{count(done.behind, 'event')} came meanwhile: run it again, or with `--every 1`")
