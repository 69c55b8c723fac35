"""The `rulewright` command. Each command is a module here, imported when it runs, so that the rest stays quick."""

from __future__ import annotations

import gc
import os
import sys

__all__ = ["main"]

INTERRUPTED = 130  # as shells have it: 128 and the number of the signal

_GARBAGE = (50_000, 20, 50)
"""So many new objects before Python looks for garbage: importing makes as many, and none of them is any."""


def main() -> int:
    """Run the command with the process's arguments; the exit code is what `api.failures.ExitCode` says."""
    gc.set_threshold(*_GARBAGE)
    os.environ.setdefault(
        "OPENBLAS_NUM_THREADS", "1"
    )  # numpy starts its threads when imported: half of what that takes
    try:
        from api.cli.kept_help import asks_for_help, show

        arguments = sys.argv[1:]
        return show(arguments, _run) if asks_for_help(arguments) else _run()
    except KeyboardInterrupt:  # while modules are imported; later `run` has it
        return INTERRUPTED


def _run() -> int:
    from api.cli.running import run

    return run()
