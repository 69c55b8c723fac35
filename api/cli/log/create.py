"""`rulewright log create`: a new log, in which nothing is recorded yet."""

from __future__ import annotations

from pathlib import Path

from api.cli.output import complain, say_json
from api.failures import ExitCode, Failure
from api.history.access import is_log, log_folder
from api.history.parts import make_parts, parts_of


def create_command(log: Path | None, as_json: bool) -> int:
    """Make a log where there is none."""
    folder = log_folder(log)
    if is_log(folder):
        raise Failure(f"`{folder}` is a log already", "record in it with `rulewright log append` or `log import`")
    make_parts(parts_of(folder))
    if as_json:
        say_json({"log": str(folder)})
    else:
        complain(f"made a new log: {folder}")
    return ExitCode.DONE
