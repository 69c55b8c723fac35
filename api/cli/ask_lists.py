"""`rulewright ask` where the rules have lists: a list or an amount at a time, a review, and the answer."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from api.cases.calculate import Asked, Calculation, calculate
from api.cases.likely import Likely
from api.cases.naming import find_definition
from api.cli.ask_documents import COPY, copied
from api.cli.ask_people import whom
from api.cli.ask_report import NOTHING_BEFORE, UNCONFIRMED, put, report_end, report_figures
from api.cli.ask_session import Session, Turn
from api.cli.output import complain, count, say, say_json, waiting
from api.failures import ExitCode, Misuse
from api.interview.documents import Copy, Form, documents_of, facts_stated, name_of
from api.interview.interview import read_typed
from api.interview.listed import Interview, Screen, Tick, Witness, asked_of, next_screen
from api.interview.screens import Screens, ticked_value
from api.interview.why import moved_by
from api.schema import as_data
from engine.explain.words import value_words
from engine.interpret.cases import Case
from engine.interpret.outcomes import Fact
from engine.ir.program import Definition, Program

REVIEWED = 12
WHY = "why"


def ask_lists(
    program: Program,
    screens: Screens,
    case: Case,
    wanted: Sequence[Definition],
    *,
    save: Path | None,
    as_json: bool,
    statistics: Mapping[str, Likely] | None = None,
    people: dict[str, Any] | None = None,
) -> int:
    """Ask until there is enough, or the answers end; then review, and print the figures. `statistics`: how often people
    have what, besides what the sample says. `people`: who there is, where that was asked."""
    session = Session(program, case, people=people)
    if save is not None and save.exists():
        session.resume(save)
    elif save is not None:
        session.save(save)
    interview, confirmed = Interview(program, wanted, screens.lists, statistics or {}), False
    while True:
        now, ticked, passed = session.now()
        with waiting("thinking"):
            upcoming = next_screen(interview, now, ticked, passed)
        if upcoming.screen is None:
            opened = _review(session, interview, upcoming.open)
            confirmed = opened is True
            if isinstance(opened, bool):
                break
            if opened is not None and not _ask_fact(session, interview, opened):
                break
        elif not _put(session, interview, upcoming.screen):
            break
        if save is not None:
            session.save(save)
    figures = _figures(session, interview)
    if as_json:
        say_json(as_data(figures))
    else:
        _report(session, interview, figures, confirmed)
    return ExitCode.FAILED if figures.failed else ExitCode.DONE


def _figures(session: Session, interview: Interview) -> Calculation:
    """The figures, with what was not stated absent, and what nobody could tell unknown, as an amount that was ticked
    and not told. What only comes with a line is absent until it is asked for."""
    now, ticked, passed = session.now()
    names = {fact: session.program.definitions[fact.name].short_name for fact in ticked}
    own = [fact for fact, name in names.items() if name in interview.lines and interview.lines[name].fact == name]
    unknown = dict.fromkeys((*own, *passed), (None, None))
    whole = replace(now, complete=True, within={**now.within, **unknown})
    return calculate(session.program, whole, interview.wanted, Asked("reasons"))


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
    asked = {tick.fact.instance for tick in screen.lines}
    name = next(iter(asked)) if len(asked) == 1 else "each"
    complain(_worded(screen.ask, session, name))
    for number, tick in enumerate(screen.lines, 1):
        of = f" ({_who(session, tick.fact.instance)})" if len(asked) > 1 else ""
        complain(f"  {number}. {_worded(tick.line.say, session, tick.fact.instance)}{of}")
    kinds = "`yes` or `no`" if len(screen.lines) == 1 else "numbers such as `1, 3`, or `none`"
    complain(f"({kinds}; `?` don't know, `why`, `back`, `stop`)")
    for line in _lines(session):
        if line == WHY:
            complain(_why(session, interview, screen.witness))
            continue
        if line == "back" and not session.turns:
            complain(NOTHING_BEFORE)
            continue
        if line in ("stop", "back", "?"):
            return _otherwise(session, line, [tick.fact for tick in screen.lines])
        chosen = _numbers(line, len(screen.lines))
        if chosen is None:
            told = kinds if len(screen.lines) == 1 else f"numbers from 1 to {len(screen.lines)}, or `none`"
            complain(f"`{line}` names no lines: type {told}")
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
    whose = _who(session, fact.instance)
    asked = definition.ask or definition.label
    put(program, definition, f"{whose}: {asked}" if whose else asked, copy)
    lines = _lines(session)
    for line in lines:
        if line == WHY:
            complain(_why(session, interview, witness))
            continue
        if line == "back" and not session.turns:
            complain(NOTHING_BEFORE)
            continue
        if line in ("stop", "back", "?"):
            return _otherwise(session, line, [fact])
        if form is not None and line == COPY:
            copies = copied(program, form, fact.instance, lines)
            if copies is not None:
                session.turns.append(_copied_turn(session, interview, fact, form, copies))
            return copies is not None
        try:
            value = read_typed(program, definition, line)
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
        whose = f" ({_who(session, fact.instance)})" if _who(session, fact.instance) else ""
        told.append(f"    {definition.label}: {value_words(value, definition.type, program.settings)}{whose}")
    moved = [f"    {each.label}: {each.with_them} instead of {each.without}" for each in moved_by(interview, witness)]
    return "\n".join(("  Suppose, all else as is usual:", *told, "  Then:", *moved))


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
    if line.lower() in ("none", "no", "0"):
        return set()
    if most == 1 and line.lower() in ("yes", "y"):
        return {1}
    words = line.replace(",", " ").split()
    if not all(word.isdigit() and 1 <= int(word) <= most for word in words):
        return None
    return {int(word) for word in words}


def _who(session: Session, instance: str) -> str:
    """Whom a question is about, as it is said; nobody where it is about a whole group."""
    settings, instances = session.program.settings, session.case.instances
    of_group = any(settings.entities[entity].of and instance in names for entity, names in instances.items())
    return "" if of_group else whom(instance, instances.get("person", ()) if session.people is not None else ())


def _worded(text: str, session: Session, name: str) -> str:
    told = "you" if name == next(iter(session.case.instances.get("person", (name,)))) else name
    return text.replace("{you}", told).replace("{name}", name).replace("{period}", str(session.case.at))


# --- the end


def _review(session: Session, interview: Interview, left: Sequence[Fact]) -> Fact | bool | None:
    """Name what is taken for granted. A fact that is to be asked after all; None to go back; True if all of it is
    right, False if the answers have ended."""
    shown = [fact for fact in left if _may_have(session, interview, fact)][:REVIEWED]
    if not shown:
        return True
    complain("We assumed that none of these applies, the likeliest first:")
    for number, fact in enumerate(shown, 1):
        complain(f"  {number}. {_reviewed(session, interview, fact)}")
    rarer = f"Nor any of {count(len(left) - len(shown), 'rarer fact')}. " if len(left) > len(shown) else ""
    complain(f"{rarer}Is that right? (`yes`, or the number of what is otherwise; `back`, `stop`)")
    for answer in _lines(session):
        if answer.lower() in ("yes", "y"):
            return True
        if answer == "stop":
            return False
        if answer == "back":
            _otherwise(session, "back", [])
            return None
        if answer.isdigit() and 1 <= int(answer) <= len(shown):
            return shown[int(answer) - 1]
        complain(f"`{answer}` is neither `yes` nor a number from 1 to {len(shown)}")
    return False


def _may_have(session: Session, interview: Interview, fact: Fact) -> bool:
    """Whether a fact may be there: not that a child teaches, where a list says at what ages people do."""
    definition = session.program.definitions[fact.name]
    asked = [(each.of, line) for each in interview.lists for line in each.lines if line.fact == definition.short_name]
    return definition.absent is not None and (
        not asked or any(asked_of(session.program, session.case, of, fact, line) for of, line in asked)
    )


def _reviewed(session: Session, interview: Interview, fact: Fact) -> str:
    """A fact that was taken as absent, in the words of its list, or by its label."""
    definition = session.program.definitions[fact.name]
    line = interview.lines.get(definition.short_name)
    whose = f" ({_who(session, fact.instance)})" if _who(session, fact.instance) else ""
    return f"{_worded(line.say, session, fact.instance) if line is not None else definition.label}{whose}"


def _report(session: Session, interview: Interview, figures: Calculation, confirmed: bool) -> None:
    report_figures(session.program, figures)
    if not confirmed:
        say(UNCONFIRMED)
    now, ticked, passed = session.now()
    lines, definitions = interview.lines, session.program.definitions
    report_end(
        count(len(session.turns), "question"),
        [_reviewed(session, interview, fact) for fact in sorted({*passed, *ticked}, key=str)],
        (
            line.bring
            for turn in session.turns
            for fact in turn.given
            if (line := lines.get(definitions[fact.name].short_name)) is not None and line.bring
            if now.given.get(fact) != definitions[fact.name].absent
        ),
    )
