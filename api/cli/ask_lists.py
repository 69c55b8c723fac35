"""`rulewright ask` where the rules have lists: a list or an amount at a time, a review, the answer and what to bring.

Every turn is kept with what was answered, so `back` takes the last one back, and a file goes on where it was left.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from api.cases.calculate import Asked, Calculation, calculate
from api.cases.json_values import as_json as value_json
from api.cases.likely import Likely
from api.cases.naming import find_definition
from api.cli.ask_documents import COPY, copied
from api.cli.output import complain, count, say, say_json, waiting
from api.failures import ExitCode, Failure, Misuse
from api.interview.documents import (
    Copy,
    Document,
    Form,
    documents_of,
    facts_stated,
    name_of,
    with_documents,
)
from api.interview.interview import read_answer
from api.interview.kept import FAULTS, kept_fact, kept_value
from api.interview.listed import Interview, Screen, Tick, Witness, next_screen
from api.interview.screens import Screens, ticked_value
from api.interview.why import moved_by
from api.schema import as_data
from engine.explain.words import value_words
from engine.interpret.cases import Case
from engine.interpret.outcomes import Fact
from engine.ir.program import Definition, Program
from engine.values.types import NONE, Value

REVIEWED = 12
WHY = "why"


@dataclass(slots=True)
class Turn:
    """One screen as it was answered: facts stated, those ticked without an amount, those that nobody could tell, and
    forms that were copied."""

    given: dict[Fact, Value] = field(default_factory=dict)
    ticked: list[Fact] = field(default_factory=list)
    passed: list[Fact] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)


@dataclass(eq=False)
class Session:
    """The turns so far, in order."""

    program: Program
    case: Case
    turns: list[Turn] = field(default_factory=list)

    def now(self) -> tuple[Case, set[Fact], set[Fact]]:
        """The case with the answers in it, what is ticked without an amount, and what was passed over."""
        given = {fact: value for turn in self.turns for fact, value in turn.given.items()}
        ticked = {fact for turn in self.turns for fact in turn.ticked} - given.keys()
        passed = {fact for turn in self.turns for fact in turn.passed} - given.keys()
        documents = [document for turn in self.turns for document in turn.documents]
        case = replace(self.case, given={**self.case.given, **given})
        return with_documents(self.program, case, documents), ticked, passed

    def save(self, path: Path) -> None:
        """Write the turns to a file, from which the interview goes on."""
        told = {"turns": [list(self._told(turn)) for turn in self.turns]}
        beside = path.with_name(f".{path.name}.new")
        beside.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        beside.replace(path)

    def _told(self, turn: Turn) -> Iterator[dict[str, Any]]:
        definitions, settings = self.program.definitions, self.program.settings
        for fact, value in turn.given.items():
            told = "none" if value is NONE else value_json(value, definitions[fact.name].type, settings)
            yield {**self._named(fact), "answer": told}
        yield from ({**self._named(fact), "ticked": True} for fact in turn.ticked)
        yield from ({**self._named(fact), "passed": True} for fact in turn.passed)
        for document in turn.documents:
            boxes = {
                name: value_json(value, find_definition(self.program, name).type, settings)
                for name, value in document.boxes.items()
            }
            yield {"form": document.record, "of": document.owner, "boxes": boxes}

    def _named(self, fact: Fact) -> dict[str, str]:
        name = self.program.definitions[fact.name].short_name
        return {"fact": name, "of": fact.instance, "period": str(fact.period)}

    def resume(self, path: Path) -> None:
        """Take up the turns in a file. Raises Failure for one that holds none."""
        try:
            for told in json.loads(path.read_text(encoding="utf-8"))["turns"]:
                turn = Turn()
                for entry in told:
                    self._take(turn, entry)
                self.turns.append(turn)
        except FAULTS as fault:
            raise Failure(f"`{path}` holds no answers", "name a file that `--save` wrote, or a new one") from fault

    def _take(self, turn: Turn, entry: dict[str, Any]) -> None:
        if "form" in entry:
            boxes = {
                str(name): read_answer(self.program, find_definition(self.program, name), _typed(answer))
                for name, answer in entry["boxes"].items()
            }
            if not any(entry["of"] in names for names in self.case.instances.values()):
                raise Failure(f"the answers copy a form of `{entry['of']}`, who is not in the case", "name a new file")
            turn.documents.append(Document(entry["form"], entry["of"], boxes))
            return
        fact = kept_fact(self.program, self.case, entry)
        if entry.get("ticked"):
            turn.ticked.append(fact)
        elif not entry.get("passed"):  # who did not know may know now
            turn.given[fact] = kept_value(self.program, fact, entry["answer"])


def _typed(answer: object) -> str:
    """A kept answer as it would be typed."""
    return {True: "yes", False: "no"}[answer] if isinstance(answer, bool) else str(answer)


def ask_lists(
    program: Program,
    screens: Screens,
    case: Case,
    wanted: Sequence[Definition],
    *,
    save: Path | None,
    as_json: bool,
    statistics: Mapping[str, Likely] | None = None,
) -> int:
    """Ask until there is enough, or the answers end; then review, and print the figures. `statistics`: how often people
    have what, besides what the sample says."""
    session = Session(program, case)
    if save is not None and save.exists():
        session.resume(save)
    interview = Interview(program, wanted, screens.lists, statistics or {})
    while True:
        now, ticked, passed = session.now()
        with waiting("thinking"):
            upcoming = next_screen(interview, now, ticked, passed)
        if upcoming.screen is None:
            opened = _review(session, interview, upcoming.open)
            if opened is None or not _ask_fact(session, interview, opened):
                break
        elif not _put(session, interview, upcoming.screen):
            break
        if save is not None:
            session.save(save)
    figures = _figures(session, interview)
    if as_json:
        say_json(as_data(figures))
    else:
        _report(session, interview, figures)
    return ExitCode.FAILED if figures.failed else ExitCode.DONE


def _figures(session: Session, interview: Interview) -> Calculation:
    """The figures, with what was not stated absent, and what nobody could tell unknown, as an amount that was ticked
    and not told. What only comes with a line is absent until it is asked for."""
    now, ticked, passed = session.now()
    names = {fact: session.program.definitions[fact.name].short_name for fact in ticked}
    own = [fact for fact, name in names.items() if name in interview.lines and interview.lines[name].fact == name]
    unknown = dict.fromkeys((*own, *passed), (None, None))
    whole = replace(now, complete=True, within={**now.within, **unknown})
    return calculate(session.program, whole, interview.wanted, Asked())


# --- one screen


def _lines(session: Session) -> Iterator[str]:
    """The typed lines that are answers: an empty one is not, `back` takes a turn back and asks anew."""
    for line in sys.stdin:
        if line.strip():
            yield line.strip()


def _put(session: Session, interview: Interview, screen: Screen) -> bool:
    """Put a list or one fact; False if the answers have ended."""
    if screen.lines:
        return _ask_list(session, interview, screen)
    return _ask_fact(session, interview, screen.fact, screen.witness)


def _ask_list(session: Session, interview: Interview, screen: Screen) -> bool:
    """Put a list; False if the answers have ended."""
    whom = {tick.fact.instance for tick in screen.lines}
    name = next(iter(whom)) if len(whom) == 1 else "each"
    complain(_worded(screen.ask, session, name))
    for number, tick in enumerate(screen.lines, 1):
        of = f" ({tick.fact.instance})" if len(whom) > 1 else ""
        complain(f"  {number}. {_worded(tick.line.say, session, tick.fact.instance)}{of}")
    complain("(numbers such as `1, 3`; `none`; `?` don't know, `why`, `back`, `stop`)")
    for line in _lines(session):
        if line == WHY:
            complain(_why(session, interview, screen.witness))
            continue
        if line in ("stop", "back", "?"):
            return _otherwise(session, line, [tick.fact for tick in screen.lines])
        chosen = _numbers(line, len(screen.lines))
        if chosen is None:
            complain(f"`{line}` names no lines: type numbers from 1 to {len(screen.lines)}, or `none`")
            continue
        session.turns.append(_turn(session.program, screen.lines, chosen))
        return True
    return False


def _turn(program: Program, lines: Sequence[Tick], chosen: set[int]) -> Turn:
    """What the ticks state: the contrary of what is usual, an amount to be asked; all else absent."""
    turn = Turn()
    for number, tick in enumerate(lines, 1):
        definition = program.definitions[tick.fact.name]
        if number not in chosen:
            assert definition.absent is not None
            turn.given[tick.fact] = definition.absent
            for name in tick.line.along:
                other = find_definition(program, name)
                if other.absent is not None:
                    turn.given[Fact(other.name, tick.fact.instance, tick.fact.period)] = other.absent
            continue
        value = ticked_value(definition)
        if value is None:
            turn.ticked.append(tick.fact)
        else:
            turn.given[tick.fact] = value
        along = (find_definition(program, name) for name in tick.line.along)
        turn.ticked += [Fact(companion.name, tick.fact.instance, tick.fact.period) for companion in along]
    return turn


def _ask_fact(session: Session, interview: Interview, fact: Fact | None, witness: Witness | None = None) -> bool:
    """Put one fact; False if the answers have ended."""
    assert fact is not None
    program = session.program
    definition = program.definitions[fact.name]
    form = _form_of(interview, definition)
    copy = f"`{COPY}` to copy a {name_of(program, form)}, " if form is not None else ""
    complain(f"{definition.ask or definition.label}  ({fact.instance}; {copy}`?` don't know, `why`, `back`, `stop`)")
    lines = _lines(session)
    for line in lines:
        if line == WHY:
            complain(_why(session, interview, witness))
            continue
        if line in ("stop", "back", "?"):
            return _otherwise(session, line, [fact])
        if form is not None and line == COPY:
            copies = copied(program, form, fact.instance, lines)
            if copies is not None:
                session.turns.append(_copied_turn(session, interview, fact, form, copies))
            return copies is not None
        try:
            value: Value = (
                NONE if line == "none" and definition.type.or_none else read_answer(program, definition, line)
            )
        except Misuse as fault:
            complain(f"{fault.message}: {fault.help}")
            continue
        session.turns.append(Turn({fact: value}))
        return True
    return False


def _why(session: Session, interview: Interview, witness: Witness | None) -> str:
    """How the answer can change a figure: what it is without and with some facts, all else as is usual."""
    if witness is None:
        return "it is asked because you chose it, or because something else that is asked hangs on it"
    program = session.program
    told = []
    for fact, value in witness.changed.items():
        definition = program.definitions[fact.name]
        told.append(f"{definition.label}: {value_words(value, definition.type, program.settings)} ({fact.instance})")
    moved = [
        f"{figure.figure} of {figure.of.id}: {figure.with_them}, and {figure.without} without"
        for figure in moved_by(interview, witness)
    ]
    return f"with {'; '.join(told)}, all else as is usual: {'; '.join(moved)}"


def _copied_turn(session: Session, interview: Interview, fact: Fact, form: Form, copies: Sequence[Copy]) -> Turn:
    """What copies of a form state: besides them there is nothing of the fact, nor of what comes with its line."""
    program = session.program
    names = (fact.name, *interview.lines[program.definitions[fact.name].short_name].along)
    turn = Turn()
    for name in names:
        definition = find_definition(program, name)
        if definition.absent is not None:
            turn.given[Fact(definition.name, fact.instance, fact.period)] = definition.absent
    if form.record:
        turn.documents = documents_of(program, session.case, form, fact, copies)
    else:
        turn.given |= facts_stated(program, form, fact, copies)
    return turn


def _form_of(interview: Interview, definition: Definition) -> Form | None:
    """The form that shows a fact's amount, as the lists name it."""
    line = interview.lines.get(definition.short_name)
    return line.form if line is not None and line.fact == definition.short_name else None


def _otherwise(session: Session, word: str, facts: Sequence[Fact]) -> bool:
    if word == "?":
        session.turns.append(Turn(passed=list(facts)))
    if word == "back" and session.turns:
        session.turns.pop()
    return word != "stop"


def _numbers(line: str, most: int) -> set[int] | None:
    """The numbers typed; none for `none`, None for what is neither."""
    if line.lower() in ("none", "0"):
        return set()
    words = line.replace(",", " ").split()
    if not all(word.isdigit() and 1 <= int(word) <= most for word in words):
        return None
    return {int(word) for word in words}


def _worded(text: str, session: Session, name: str) -> str:
    told = "you" if name == next(iter(session.case.instances.get("person", (name,)))) else name
    return text.replace("{you}", told).replace("{name}", name).replace("{period}", str(session.case.at))


# --- the end


def _review(session: Session, interview: Interview, left: Sequence[Fact]) -> Fact | None:
    """Name what is taken for granted; a fact that is to be asked after all, or None."""
    shown = [candidate for candidate in left if session.program.definitions[candidate.name].absent is not None][
        :REVIEWED
    ]
    if not shown:
        return None
    complain("Taken as not there, the likeliest first:")
    for number, fact in enumerate(shown, 1):
        definition = session.program.definitions[fact.name]
        line = interview.lines.get(definition.short_name)
        told = _worded(line.say, session, fact.instance) if line is not None else definition.label
        complain(f"  {number}. {told} ({fact.instance})")
    complain(f"and {len(left) - len(shown)} rarer facts. Is that right? (`yes`, or a number to answer)")
    for answer in _lines(session):
        if answer.lower() in ("yes", "y", "stop"):
            return None
        if answer.isdigit() and 1 <= int(answer) <= len(shown):
            return shown[int(answer) - 1]
        complain(f"`{answer}` is neither `yes` nor a number from 1 to {len(shown)}")
    return None


def _report(session: Session, interview: Interview, figures: Calculation) -> None:
    for result in figures.results:
        say(f"{result.figure} of {result.of.id}: {result.text}")
    now, _, passed = session.now()
    stated = [fact for turn in session.turns for fact in turn.given]
    unknown = f", with {count(len(passed), 'fact')} not known" if passed else ""
    say(f"after {count(len(session.turns), 'question')}{unknown}")
    told = dict.fromkeys(
        line.bring
        for fact in stated
        if (line := interview.lines.get(session.program.definitions[fact.name].short_name)) is not None and line.bring
        if now.given.get(fact) != session.program.definitions[fact.name].absent
    )
    if told:
        say("bring: " + "; ".join(told))
