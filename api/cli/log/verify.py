"""`rulewright log verify`: whether a log is what was written, and who could have changed it unseen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from api.cli.output import complain, count, say, say_json, waiting
from api.failures import ExitCode, Misuse
from api.history.access import keys_path, log_folder, reading, require_log, store_of
from api.history.anchors import (
    Kept,
    anchors_folder,
    check_place_for_anchor,
    read_anchors,
    signer_of,
    verifier_of,
)
from api.history.kafka import is_address, verify_topics
from api.history.parts import each_part, parts_of
from api.simulate.writing import appearing
from citizens import Anchor, Damage, Layout, Verification, Verifier, verify_events
from citizens.sqlite.anchoring import log_id_of

RESTORE = "restore the log from a backup: `rulewright log restore`"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: which log, against which anchors and whose signature, and where a new anchor goes."""

    log: Path | None
    anchors: tuple[Path, ...] = ()
    public_key: str | None = None
    write_anchor: Path | None = None
    events_only: bool = False


@dataclass(frozen=True, slots=True)
class Trust:
    """Up to which offset who could not have changed the log unseen; 0 where nothing says so.

    `nobody`: an anchor that lay elsewhere says the same. `signed`: it is signed by the key that was named, so nobody
    without that key made it. `key_store`: the folder's anchor is sealed by who has the key store. What comes after all
    of them is not checked.
    """

    nobody: int
    signed: int
    key_store: int
    head: int

    @property
    def unchecked(self) -> int:
        """The first offset of which only the chain speaks, which whoever can write the folder can make; 0: none."""
        reached = max(self.nobody, self.key_store)
        return reached + 1 if reached < self.head else 0


def verify_command(question: Question, as_json: bool) -> int:
    """Walk the chain and say what was found."""
    parts = parts_of(question.log)
    if len(parts) > 1:
        if question.anchors or question.write_anchor is not None:
            raise Misuse("an anchor is of one log", "name one partition: `&partition=0`")
        return each_part(parts, lambda part: verify_command(replace(question, log=part), as_json))
    folder = log_folder(question.log)
    require_log(folder)
    if question.write_anchor is not None:
        check_place_for_anchor(question.write_anchor)
    verifier = verifier_of(question.public_key)
    given = _anchors(folder, question.anchors, verifier)
    with waiting("verifying"):
        verified = _verified(folder, [kept.anchor for kept in given], question.events_only)
    signed_to = verified.confirmed_to if verifier is not None else 0
    trust = Trust(verified.confirmed_to, signed_to, verified.vouched_to, verified.head)
    if verified.sound and question.write_anchor is not None:
        with reading(folder) as opened:
            _write(question.write_anchor, opened.anchor())
    if as_json:
        say_json(_as_json(verified, trust, given))
    elif verified.sound:
        _say_sound(verified, trust, verifier, given, question.events_only)
    else:
        _say_problems(verified)
    return ExitCode.DONE if verified.sound else ExitCode.FAILED


def _anchors(folder: Path, paths: Sequence[Path], verifier: Verifier | None) -> list[Kept]:
    """The anchors that were kept elsewhere: those named, else those in the folder that the environment names."""
    standing = anchors_folder()
    chosen = tuple(paths) or ((standing,) if standing is not None else ())
    if not any(path.is_dir() for path in chosen):
        return read_anchors(chosen, verifier, "")
    store = store_of(folder)
    return read_anchors(chosen, verifier, log_id_of(Layout(store, keys_path() or store / "keys.db")))


def _as_json(verified: Verification, trust: Trust, given: Sequence[Kept]) -> dict[str, object]:
    problems = [
        {"offset": problem.offset or None, "what": problem.what, "help": problem.remedy}
        for problem in verified.problems
    ]
    counts = {"events": verified.events, "head": verified.head, "link": verified.chain}
    outside = max((kept.anchor.offset for kept in given), default=None)
    unchanged = {
        "nobody": trust.nobody or None,
        "nobody_without_the_signing_key": trust.signed or None,
        "nobody_without_the_key_store": trust.key_store or None,
        "not_checked_from": trust.unchecked or None,
    }
    told = {"outside_anchor": outside, "anchors": len(given), "vouched_to": verified.vouched_to or None}
    return {"sound": verified.sound, **counts, **told, "unchanged_to": unchanged, "problems": problems}


def _say_sound(
    verified: Verification, trust: Trust, verifier: Verifier | None, given: Sequence[Kept], events_only: bool
) -> None:
    without = "; the key store was not looked at" if events_only else ""
    say(f"sound: {count(verified.events, 'event')}, up to offset {verified.head}{without}")
    for line in _told(trust, verifier, given):
        say(line)
    say(f"link   {verified.chain}")


def _told(trust: Trust, verifier: Verifier | None, given: Sequence[Kept]) -> Iterator[str]:
    """Who could have changed the log without being seen: a chain proves nothing against who can make it anew."""
    if trust.nobody:
        what = "the anchor that you gave saw" if len(given) == 1 else f"the {len(given):,} anchors that you gave saw"
        yield f"up to offset {trust.nobody} it is what {what}: nobody has changed that"
    if trust.signed and verifier is not None:
        yield f"  signed by {verifier.name}: nobody without that key made what it was held against"
    elif trust.nobody:
        yield "  its signature was not checked: name the signer with `--public-key FILE`"
    if trust.key_store > trust.nobody:
        yield f"up to offset {trust.key_store} nobody without the key store has changed it"
    if not given:
        yield "not checked: someone who can write the folder and its keys could have rebuilt all of it"
        yield "  = help: keep anchors elsewhere (`rulewright log anchor FOLDER`), and give them with `--anchor FOLDER`"
    elif trust.unchecked:
        yield f"not checked: from offset {trust.unchecked} on no anchor says anything"


def _say_problems(verified: Verification) -> None:
    for problem in verified.problems:
        complain(f"error: {problem.what}")
        if problem.remedy:
            complain(f"  = help: {problem.remedy}")
    first = min((problem.offset for problem in verified.problems if problem.offset), default=0)
    complain(f"{count(len(verified.problems), 'problem')}" + (f", the first at offset {first}" if first else ""))
    complain(f"  = help: {RESTORE}")


def _verified(folder: Path, anchors: Sequence[Anchor], events_only: bool) -> Verification:
    """What verification finds. Damage that keeps the log from being opened is told as it is."""
    if events_only:
        return verify_events(store_of(folder), *anchors)
    with reading(folder) as opened:
        verified = opened.verify(*anchors)
        if not is_address(folder):
            return verified
        wrong = tuple(Damage(0, what) for what in verify_topics(opened))
        return replace(verified, problems=(*verified.problems, *wrong))


def _write(path: Path, anchor: Anchor) -> None:
    signer = signer_of(None)
    text = signer.sign(anchor, datetime.now(UTC)) if signer is not None else anchor.to_json() + "\n"
    with appearing(path) as beside:
        beside.write_text(text, encoding="utf-8")
    complain(f"wrote an anchor at offset {anchor.offset}: {path}; keep it elsewhere")
