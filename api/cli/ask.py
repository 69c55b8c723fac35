"""`rulewright ask RULES CASE --want A,B`: an interview: the question that matters most, one at a time."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from api.cases.calculate import Asked, calculate, question
from api.cases.files import load_case
from api.cases.interpreters import Interpreters
from api.cases.json_values import as_json as value_json
from api.cases.likely import Likely
from api.cases.naming import find_definitions, read_period
from api.cli.ask_lists import ask_lists
from api.cli.ask_people import ask_people, whom
from api.cli.ask_report import NOTHING_BEFORE, REST, put, report_end, report_figures, report_usual
from api.cli.ask_session import people_kept, write_kept
from api.cli.output import complain, count, say_json, waiting
from api.failures import ExitCode, Failure, Misuse
from api.interview.deciding import decides
from api.interview.interview import Step, next_step, open_facts, read_typed, read_whole
from api.interview.kept import FAULTS, kept_fact, kept_value
from api.interview.saved import ANSWERS, TURNS, case_of_people, entries_of, no_answers, read_saved, require_rules
from api.interview.screens import screens_in
from api.rules import programs
from api.schema import as_data
from api.simulate.writing import check_place
from engine.explain.words import value_words
from engine.interpret.cases import EVERY, Case
from engine.interpret.further import EVERYTHING, is_list
from engine.interpret.outcomes import Fact
from engine.ir.program import Definition, Program
from engine.values.types import Value


@dataclass(eq=False)
class _Interview:
    """The answers so far, in order; None for what nobody could tell. `people`: who there is, where that was asked."""

    program: Program
    case: Case
    people: dict[str, Any] | None = None
    is_rest_usual: bool = False
    answers: list[tuple[Fact, Value | None]] = field(default_factory=list)

    def now(self) -> tuple[Case, list[Fact]]:
        """The case with the answers in it, and what was passed over."""
        given = {fact: value for fact, value in self.answers if value is not None and not is_list(fact)}
        whole = any(is_list(fact) and value is False for fact, value in self.answers)
        return replace(self.case, given={**self.case.given, **given}, complete=self.case.complete or whole), [
            unanswered for unanswered, value in self.answers if value is None
        ]

    def save(self, path: Path) -> None:
        """Write the answers to a file, from which the interview goes on."""
        told = [
            {
                "fact": fact.name.rpartition(":")[2],
                "of": fact.instance,
                "period": str(fact.period),
                "answer": None if value is None else self.told(fact, value),
            }
            for fact, value in self.answers
        ]
        write_kept(path, self.program, self.people, {ANSWERS: told})

    def told(self, fact: Fact, value: Value) -> object:
        """An answer as JSON."""
        if is_list(fact):
            return value
        return value_json(value, self.program.definitions[fact.name].type, self.program.settings)

    def resume(self, path: Path) -> None:
        """Take up the answers in a file. Raises Failure for one that holds none."""
        said = read_saved(path)
        require_rules(self.program, said)
        try:
            for entry in (entry for turn in entries_of(said) for entry in turn):
                self._take(entry, may_restate=TURNS in said)
        except FAULTS as fault:
            raise no_answers(f"`{path}`") from fault

    def _take(self, entry: dict[str, Any], *, may_restate: bool) -> None:
        if "form" in entry:
            raise Failure("the answers copy a form, which lists alone can take up", "leave out `--one-by-one`")
        if entry["fact"] == "everything":
            if entry.get("answer", False) is not False:
                raise Failure("the answers say that something is not listed", "add it to the case")
            self.answers.append((Fact(EVERYTHING, "", self.case.at), False))
            return
        fact = kept_fact(self.program, self.case, entry)
        before = [at for at, (other, _) in enumerate(self.answers) if other == fact]
        if before and not may_restate:
            raise Failure(f"the answers state `{entry['fact']}` of `{fact.instance}` twice", "leave one of them")
        if entry.get("passed") or entry.get("ticked") or entry["answer"] is None:
            return  # who did not know may know now
        for at in before:
            del self.answers[at]
        self.answers.append((fact, kept_value(self.program, fact, entry["answer"])))


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says. `path` names a case, or a figure: then it is asked who there is."""

    rules: str
    path: str
    want: str
    at: str | None
    save: Path | None
    reforms: Sequence[Path]
    one_by_one: bool
    as_json: bool
    learn: Sequence[str] = ()
    keep_learned: Path | None = None


def ask_command(options: Options) -> int:
    """Ask until there is enough, nobody knows more, or the answers end; then print the wanted figures."""
    with waiting("reading the rules"):
        program = programs.load_program(options.rules, options.reforms)
    screens = screens_in(programs.find_rules(options.rules), program)
    if options.save is not None and not options.save.exists():
        check_place(options.save)  # or what is answered first would be lost
    figures = options.path if options.path != "-" and not Path(options.path).exists() else ""
    named = options.want or figures or ",".join(screens.owed)
    wanted = find_definitions(program, named)
    if not wanted:
        raise Misuse("no figure is named", "name figures: `--want eitc`")
    if options.path == "-":
        raise Misuse("answers come from stdin, so the case cannot", "put the case in a file")
    if figures and options.want:
        raise Failure(f"there is no case `{options.path}`", "name a file, or leave it out to be asked who there is")
    people = _people(program, wanted, options) if figures else None
    case = load_case(program, options.path, options.at) if people is None else case_of_people(program, people)
    wanted = find_definitions(program, named, case.at)
    listed = bool(screens.lists) and not options.one_by_one
    if (options.learn or options.keep_learned is not None) and not listed:
        raise Misuse(
            "only lists are ordered by what was learned", "leave out `--one-by-one`, and name rules with lists"
        )
    if listed:
        statistics = _learned(program, case, options)
        return ask_lists(
            program,
            screens,
            case,
            wanted,
            save=options.save,
            as_json=options.as_json,
            statistics=statistics,
            people=people,
        )
    return _one_by_one(_Interview(program, case, people), wanted, options.save, options.as_json)


def _people(program: Program, wanted: Sequence[Definition], options: Options) -> dict[str, Any]:
    """Who there is: as the file of answers says it, or as it is asked, and kept there at once."""
    kept = people_kept(options.save)
    if kept is None:
        return ask_people(program, wanted, options.at)
    if options.at and str(read_period(program, options.at)) != kept.get("at"):
        raise Misuse(
            f"the answers in `{options.save}` are about {kept.get('at')}",
            f"leave out `--at {options.at}`, or name a new file",
        )
    return kept


def _learned(program: Program, case: Case, options: Options) -> Mapping[str, Likely]:
    """What the files of `--learn` say of how often people have what; kept where that is asked for."""
    if not options.learn:
        if options.keep_learned is not None:
            raise Misuse("nothing was learned that could be kept", "add `--learn FILE`")
        return {}
    from api.find.candidates import from_files
    from api.interview.learning import read_statistics, statistics_of, write_statistics

    statistics: dict[str, Likely] = {}
    tables = [path for path in options.learn if not path.endswith(".json")]
    for path in options.learn:
        if path not in tables:
            statistics |= read_statistics(Path(path))
    if tables:
        statistics |= statistics_of(program, from_files(program, case.at, tables).columns)
    if options.keep_learned is not None:
        write_statistics(options.keep_learned, statistics, ", ".join(Path(path).name for path in options.learn))
    return statistics


def _one_by_one(interview: _Interview, wanted: Sequence[Definition], save: Path | None, as_json: bool) -> int:
    program = interview.program
    if save is not None and save.exists():
        interview.resume(save)
    elif save is not None:
        interview.save(save)
    interpreters = Interpreters(program)
    while True:
        case, passed = interview.now()
        with waiting("thinking"):
            step, fact = next_step(program, case, wanted, passed, interpreters)
        if fact is None or not _answered(interview, step, fact, wanted):
            break
        if save is not None:
            interview.save(save)
    if as_json:
        say_json(as_data(step))
    else:
        _report(interview, wanted, step)
    return ExitCode.FAILED if step.figures.failed else ExitCode.DONE


def _answered(interview: _Interview, step: Step, fact: Fact, wanted: Sequence[Definition]) -> bool:
    """Put a question until there is an answer to it, or a way back; False if the answers have ended."""
    assert step.question is not None
    program = interview.program
    put(program, program.definitions.get(fact.name), f"{_whose(interview, fact)}{step.question.ask}", REST)
    for line in sys.stdin:
        match line.strip():
            case "":
                continue
            case "rest":
                interview.is_rest_usual = True
                return False
            case "stop":
                return False
            case "why":
                complain(_why(interview, wanted, fact))
                continue
            case "back":
                if not interview.answers:
                    complain(NOTHING_BEFORE)
                    continue
                interview.answers.pop()
                return True
            case "?":
                interview.answers.append((fact, None))
                return True
        try:
            value = read_whole(line) if is_list(fact) else read_typed(program, program.definitions[fact.name], line)
        except Misuse as fault:
            complain(f"{fault.message}: {fault.help}")
            continue
        interview.answers.append((fact, value))
        return True
    return False


def _why(interview: _Interview, wanted: Sequence[Definition], fact: Fact) -> str:
    """When the answer decides: what else must be so, and what two answers then give."""
    if is_list(fact):
        return "what is not listed may count, too"
    program = interview.program
    witness = decides(program, interview.now()[0], wanted, fact)
    if witness is None:
        return "an answer to it may matter; no example was found in a short search"

    def said(of: Fact, value: Value) -> str:
        return value_words(value, program.definitions[of.name].type, program.settings)

    usual = {other: program.definitions[other.name].absent for other in witness.others}
    unusual = [
        f"{program.definitions[other.name].label}: {said(other, value)} ({other.instance})"
        for other, value in witness.others.items()
        if value != usual[other]
    ]
    figure = program.definitions[witness.figure.name].short_name
    answers = ", and with ".join(
        f"{said(fact, answer)} it is {said(witness.figure, value)}"
        for answer, value in zip(witness.answers, witness.gives, strict=True)
    )
    others = f"with {'; '.join(unusual)}, all else as usual: " if unusual else "all else as usual: "
    return f"{others}{figure} of {witness.figure.instance} with {answers}"


def _whose(interview: _Interview, fact: Fact) -> str:
    """Whom a question is about, before the question; nothing where only one person is there to be meant."""
    case, definition = interview.case, interview.program.definitions.get(fact.name)
    if definition is None:
        return ""
    everybody = case.instances.get(definition.entity, ())
    alone = len(everybody) == 1
    is_record = bool(interview.program.settings.entities[definition.entity].belongs_to)
    named = whom(fact.instance, everybody if interview.people is not None and not is_record else ())
    return "" if alone and not is_record else f"{named}: "


def _report(interview: _Interview, wanted: Sequence[Definition], step: Step) -> None:
    program, (case, passed) = interview.program, interview.now()
    whole = case.whole | {EVERY} if case.complete else case.whole
    within = dict.fromkeys((fact for fact in passed if not is_list(fact)), (None, None))
    now = replace(case, complete=interview.is_rest_usual, whole=whole, within={**case.within, **within})
    report_figures(program, calculate(program, now, wanted, Asked("reasons")))
    unknown = [f"{_whose(interview, fact)}{question(program, fact).ask}" for fact in within]
    open_now = (
        ()
        if not interview.is_rest_usual
        else open_facts(program, replace(now, complete=False), wanted, Interpreters(program))
    )
    report_usual(program, [fact for fact in open_now if fact not in within], lambda fact: _whose(interview, fact))
    is_open = step.open and not interview.is_rest_usual
    still_open = f", with {count(step.open, 'fact')} still open" if is_open else ""
    report_end(f"{count(len(interview.answers), 'answer')}{still_open}", unknown, ())
