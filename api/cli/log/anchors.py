"""`rulewright log anchor` and `log anchor-key`: anchors written apart from the log, and the key that signs them."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path

from api.cli.output import complain, say, say_json
from api.failures import ExitCode, Misuse
from api.history.access import log_folder, reading, require_log
from api.history.anchors import Schedule, anchors_folder, signer_of
from api.history.environment import ANCHOR_KEY_VARIABLE, ANCHORS_VARIABLE
from citizens import Signer

POLL_SECONDS = 1.0


def anchor_command(
    to: Path | None, log: Path | None, key: str | None, every: float | None, *, events: int, as_json: bool
) -> int:
    """Write an anchor if one is due; with `every` or `events`, go on until interrupted."""
    folder = log_folder(log)
    require_log(folder)
    target = to or anchors_folder()
    if target is None:
        raise Misuse("the folder for the anchor is missing", f"name a folder, or set {ANCHORS_VARIABLE}")
    if target.resolve().is_relative_to(folder.resolve()):
        raise Misuse("the anchors would be inside the log", "name a folder elsewhere, out of reach of who writes it")
    signer = signer_of(key)
    if signer is None:
        complain(f"the anchors are not signed: name a key with `--key`, or set {ANCHOR_KEY_VARIABLE}")
    goes_on = every is not None or events > 0
    schedule = Schedule(target, signer, every or (0.0 if not events else float("inf")), events)
    while True:
        with reading(folder) as opened:
            path = schedule.step(opened)
        _tell(path, as_json, quiet=goes_on)
        if not goes_on:
            return ExitCode.DONE
        time.sleep(min(every or POLL_SECONDS, POLL_SECONDS))


def _tell(path: Path | None, as_json: bool, *, quiet: bool) -> None:
    if path is None and quiet:
        return
    if as_json:
        print(json.dumps({"anchor": str(path) if path is not None else None}), flush=True)
    elif path is None:
        say("nothing has been recorded since the last anchor")
    else:
        say(f"wrote {path}")


def anchor_key_command(file: Path, name: str, as_json: bool) -> int:
    """Make a signing key."""
    if file.exists():
        raise Misuse(
            f"`{file}` is there already", "name a new file: once a key is overwritten, nobody can sign with it"
        )
    signer = Signer.new(name or socket.gethostname() or "rulewright")
    public = file.with_name(file.name + ".pub")
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as writing:
        writing.write(signer.to_text() + "\n")
    public.write_text(f"{signer.verifier}\n", encoding="utf-8")
    if as_json:
        say_json({"private": str(file), "public": str(signer.verifier)})
        return ExitCode.DONE
    say(f"public  {signer.verifier}")
    complain(f"wrote {file} (its owner alone may read it) and {public}: give the second to those who verify")
    return ExitCode.DONE
