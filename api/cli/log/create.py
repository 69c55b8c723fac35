"""`rulewright log create`: a new log, in which nothing is recorded yet."""

from __future__ import annotations

from pathlib import Path

from api.cli.output import complain, say_json
from api.failures import ExitCode, Failure, Misuse
from api.history.access import is_log, log_folder, require_room
from api.history.folders import make_population
from api.history.kafka import is_address
from api.history.parts import make_parts, parts_of


def create_command(log: Path | None, partitions: int | None, as_json: bool) -> int:
    """Make a log where there is none, or a population of several."""
    folder = log_folder(log)
    if is_log(folder):
        raise Failure(f"`{folder}` is a log already", "record in it with `rulewright log append` or `log import`")
    if partitions is not None:
        if is_address(folder):
            raise Misuse("an address says how many partitions there are", "write `?partitions=4` in it")
        require_room(folder)
        make_population(folder, partitions)
    make_parts(parts_of(folder))
    if as_json:
        say_json({"log": str(folder)})
    else:
        complain(f"made a new log: {folder}")
    return ExitCode.DONE
