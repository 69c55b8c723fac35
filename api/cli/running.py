"""Running the command that is called. Every way in which it can fail for a reason outside the program ends here: as a
sentence on stderr and an exit code, never as a traceback.
"""

from __future__ import annotations

import errno
import os
import sys
from copy import copy

import typer

from api.cli.app import app
from api.cli.kept_help import COMPLETING
from api.cli.panels import command_name
from api.cli.streams import prepare, printable
from api.failures import ExitCode, Failure, Several

_REMEDIES = {
    errno.ENOSPC: "make room on the disk, and repeat",
    errno.EDQUOT: "make room within your quota, and repeat",
    errno.EACCES: "check the rights, or name another place",
    errno.EPERM: "check the rights, or name another place",
    errno.EROFS: "name a place that can be written to",
}

_LEFT = "PacifyFlushWrapper"


def run() -> int:
    """Run the command; every foreseeable fault becomes a sentence and an exit code."""
    if not prepare():
        return _failed(Failure("stdout is closed", "send the result to a file, a pipe, or `/dev/null`"))
    try:
        _narrowed(sys.argv[1:])(prog_name="rulewright")
    except SystemExit as stop:
        if type(sys.stdout).__name__ == _LEFT:  # so typer marks that the reader left, with an exit code of 1
            return ExitCode.DONE
        return _flushed(stop.code if isinstance(stop.code, int) else ExitCode.FAILED if stop.code else 0)
    except BrokenPipeError:
        return _reader_left()
    except KeyboardInterrupt:
        return 130
    except Failure as failure:
        return _failed(failure)
    except OSError as fault:
        what = fault.strerror or str(fault)
        message = f"{what}: `{fault.filename}`" if fault.filename else what.lower()
        return _failed(Failure(message, _REMEDIES.get(fault.errno or 0, "")))
    except Exception as fault:
        return _foreseen(fault)
    return _flushed(ExitCode.DONE)


def _narrowed(arguments: list[str]) -> typer.Typer:
    """The command that is called, without the others: preparing the options of them all takes longer than most work."""
    if COMPLETING in os.environ or not arguments:
        return app
    named = [command for command in app.registered_commands if command_name(command) == arguments[0]]
    groups = [group for group in app.registered_groups if group.name == arguments[0]]
    if not named and not groups:
        return app
    narrowed = copy(app)
    narrowed.registered_commands, narrowed.registered_groups = named, groups
    return narrowed


def _failed(failure: Failure) -> int:
    problems = getattr(failure, "problems", ())
    if problems:
        from api.cli.output import show_problems

        show_problems(problems)
        return failure.code
    if isinstance(failure, Several):
        return max(map(_failed, failure.failures))
    told = f"error: {failure.message}" + (f"\n  = help: {failure.help}" if failure.help else "")
    print(printable(told), file=sys.stderr)
    return failure.code


def _foreseen(fault: Exception) -> int:
    """Faults of rules and of logs; any other is a bug and is raised."""
    from citizens.errors import CitizensError
    from engine.text.diagnostics import RulesInvalid
    from engine.text.own_faults import rule_of

    if isinstance(fault, CitizensError):
        from api.history.access import failure_of

        return _failed(failure_of(fault))
    if not isinstance(fault, RulesInvalid):
        rule = rule_of(fault)
        if rule:
            told = f"error: `rulewright` itself failed while compiling {rule}: {type(fault).__name__}: {fault}"
            remedy = "report it with that rule and the lines below; written in another way the rule may pass"
            print(printable(f"{told}\n  = help: {remedy}"), file=sys.stderr, flush=True)
        raise fault
    from api.cli.output import show_problems

    show_problems(fault.problems)
    return ExitCode.RULES_INVALID


def _flushed(code: int) -> int:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return _reader_left()
    return code


def _reader_left() -> int:
    """Who read our output stopped, as `head` does: no fault. Python shall not complain when it closes stdout."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return ExitCode.DONE
