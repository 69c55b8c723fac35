"""The `rulewright` command. Each command is a module here, imported when it runs, so that the rest stays quick."""

from __future__ import annotations

__all__ = ["main"]


def main() -> int:
    """Run the command with the process's arguments; the exit code is what `api.failures.ExitCode` says."""
    from api.cli.app import run

    return run()
