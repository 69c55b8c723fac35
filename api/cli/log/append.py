"""`rulewright log append FILE`: events from a file or stdin, all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from api.cli.output import complain, count, problem_json, say, say_json, show_problems, waiting
from api.failures import ExitCode, Failure
from api.history.access import failure_of, is_log, log_folder, login_name, require_log, writing
from api.history.events import MAX_PROBLEMS, Read, drafts_of, place_of
from api.history.files import read_events
from citizens import CitizensError, Receipt
from engine.text.diagnostics import Diagnostics

MAX_EVENTS = 100_000


def append_command(
    file: str, log: Path | None, source: str, actor: str, legal_basis: str, retention: str, create: bool, as_json: bool
) -> int:
    """Record the events of a file in one transaction; in a new log only if `create` says so."""
    folder = log_folder(log)
    if not create:
        require_log(folder)
    defaults = {"source": source, "actor": actor or login_name(), "legal_basis": legal_basis, "retention": retention}
    problems = Diagnostics()
    with waiting("reading"):
        nodes = read_events(file, problems)
        reads = drafts_of(nodes, defaults, problems)
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
    new = not is_log(folder)
    with writing(folder, create=create) as opened, waiting("recording"):
        try:
            receipts = opened.append([read.draft for read in reads])
        except CitizensError as error:
            raise _refused(error, reads) from None
    if new:
        complain(f"made a new log: {folder}")
    _report(reads, receipts, as_json)
    return ExitCode.DONE


def _refused(error: CitizensError, reads: list[Read]) -> Failure:
    """What the log refused, with the event's position."""
    failure, span = failure_of(error), place_of(error, reads)
    if span is None:
        return failure
    subject = reads[error.draft or 0].draft.subject
    return Failure(f"{span}: `{subject}`: {failure.message}; nothing was recorded", failure.help)


def _report(reads: Sequence[Read], receipts: Sequence[Receipt], as_json: bool) -> None:
    new = [receipt for receipt in receipts if not receipt.duplicate]
    if as_json:
        events = [
            {
                "subject": read.draft.subject,
                "id": read.draft.event_id,
                "offset": receipt.offset,
                "version": receipt.version,
                "duplicate": receipt.duplicate,
            }
            for read, receipt in zip(reads, receipts, strict=True)
        ]
        say_json({"recorded": len(new), "duplicates": len(receipts) - len(new), "events": events})
        return
    text = f"recorded {count(len(new), 'event')}"
    if len(new) == 1:
        text += f", at offset {new[0].offset}"
    elif new:
        text += f", at offsets {new[0].offset} to {new[-1].offset}"
    say(text)
    if len(new) < len(receipts):
        say(f"{len(receipts) - len(new):,} had been recorded before")
