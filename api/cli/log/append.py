"""`rulewright log append FILE`: events from a file or stdin, all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from api.cli.output import complain, count, problem_json, say, say_json, show_problems, waiting
from api.failures import ExitCode, Failure, Misuse
from api.history.access import failure_of, is_log, log_folder, login_name, require_log
from api.history.against_rules import unfit
from api.history.events import MAX_PROBLEMS, Read, drafts_of, place_of
from api.history.files import read_events
from api.history.parts import PartRefused, Recorded, append_to_parts, parts_of
from api.rules.programs import load_program
from citizens import CitizensError, Receipt
from engine.syntax.nodes import shown
from engine.text.diagnostics import Diagnostics

MAX_EVENTS = 100_000


def append_command(
    file: str,
    log: Path | None,
    source: str,
    actor: str,
    *,
    legal_basis: str,
    retention: str,
    create: bool,
    checked_by: tuple[str, str] = ("", ""),
    as_json: bool,
) -> int:
    """Record the events of a file in one transaction; in a new log only if `create` says so. `checked_by`: the rules
    that must know what is recorded, if any, and the names of further facts."""
    folder = log_folder(log)
    if not create:
        require_log(folder)
    defaults = {"source": source, "actor": actor or login_name(), "legal_basis": legal_basis, "retention": retention}
    problems = Diagnostics()
    with waiting("reading"):
        nodes = read_events(file, problems)
        reads = drafts_of(nodes, defaults, problems)
        _check(reads, problems, *checked_by)
    if len(problems):
        if as_json:
            say_json({"recorded": 0, "problems": [problem_json(problem) for problem in problems]})
        else:
            show_problems(tuple(problems))
            more = "; there may be more problems" if len(problems) >= MAX_PROBLEMS else ""
            complain(f"nothing was recorded{more}")
        return ExitCode.FAILED
    if len(reads) > MAX_EVENTS:
        raise Failure(f"there are {len(reads):,} events, over {MAX_EVENTS:,}", "append them in several files")
    new, parts = not is_log(folder), parts_of(folder)
    with waiting("recording"):
        try:
            recorded = append_to_parts(parts, [read.draft for read in reads], create=create)
        except CitizensError as error:
            raise _refused(error, reads, 0) from None
        except PartRefused as refused:
            raise _refused(refused.error, reads, refused.recorded) from None
    if new:
        complain(f"made a new log: {folder}")
    _report(reads, recorded, len(parts), as_json)
    return ExitCode.DONE


def _check(reads: Sequence[Read], problems: Diagnostics, rules: str, also: str) -> None:
    """Report what the rules do not take."""
    if not rules:
        if also:
            raise Misuse("`--also` names facts that the rules do not know, and no rules are named", "add `--rules us`")
        return
    program, taken = load_program(rules), frozenset(filter(None, map(str.strip, also.split(","))))
    for read in reads:
        for fault in unfit(program, read.draft):
            if fault.attribute in taken:
                continue
            told = f"{fault.valid_from} {shown(fault.attribute)}: " if fault.attribute else ""
            problems.add("E801", f"`{shown(read.draft.subject)}`: {told}{fault.message}", read.span, help=fault.help)
            if len(problems) >= MAX_PROBLEMS:
                return


def _refused(error: CitizensError, reads: list[Read], recorded: int) -> Failure:
    """What the log refused, with the event's position, and how many events stand in other partitions."""
    failure, span = failure_of(error), place_of(error, reads)
    if span is None:
        return failure
    subject = reads[error.draft or 0].draft.subject
    stands = f"{count(recorded, 'event')} were recorded in other partitions" if recorded else "nothing was recorded"
    return Failure(f"{span}: `{subject}`: {failure.message}; {stands}", failure.help)


def _report(reads: Sequence[Read], recorded: Sequence[Recorded], parts: int, as_json: bool) -> None:
    new = [record.receipt for record in recorded if not record.receipt.duplicate]
    if as_json:
        events = [
            {
                "subject": read.draft.subject,
                "id": read.draft.event_id,
                "offset": receipt.offset,
                "version": receipt.version,
                "duplicate": receipt.duplicate,
                **({"partition": part} if parts > 1 else {}),
            }
            for read, (part, receipt) in zip(reads, map(_where, recorded), strict=True)
        ]
        say_json({"recorded": len(new), "duplicates": len(recorded) - len(new), "events": events})
        return
    text = f"recorded {count(len(new), 'event')}"
    if parts > 1:
        text += f", in {count(len({record.part for record in recorded}), 'partition')} of {parts}"
    elif len(new) == 1:
        text += f", at offset {new[0].offset}"
    elif new:
        text += f", at offsets {new[0].offset} to {new[-1].offset}"
    say(text)
    if len(new) < len(recorded):
        say(f"{len(recorded) - len(new):,} had been recorded before")


def _where(recorded: Recorded) -> tuple[int, Receipt]:
    return recorded.part, recorded.receipt
