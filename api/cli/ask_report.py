"""How an interview puts a question, and its end: each figure with its law, what it was refused for, what is still open,
and what to bring."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from api.cases.calculate import Calculation, Result
from api.cases.refusals import refusals
from api.cli.output import complain, say
from api.interview.interview import choices_of, options_of
from api.schema import Citation
from engine.explain.words import may_fail_words, value_words
from engine.interpret.outcomes import Fact
from engine.ir.program import Definition, Program

REST = "`rest` take the rest as it usually is, "
USUAL_SHOWN = 12
NOTHING_BEFORE = "this is the first question; to change who there is, stop and start again with a new file"
UNCONFIRMED = "this holds if nothing else applies: you stopped before all of it was asked or confirmed"


def put(program: Program, definition: Definition | None, asked: str, further: str = "") -> None:
    """Put a question: what is asked, the answers to choose from, and what may be typed. No definition: of lists."""
    complain(asked)
    options = "yes / no"
    if definition is not None:
        options = options_of(program, definition)
        for number, label in enumerate(choices_of(program, definition).values(), 1):
            complain(f"  {number}. {label}")
    complain(f"({f'{options}; ' if options else ''}{further}`?` don't know, `why`, `back`, `stop`)")


def report_figures(program: Program, figures: Calculation) -> None:
    """The figures, each with why it is not met; and groups that are stated otherwise than a figure makes them."""
    for result in figures.results:
        say(f"{result.label} ({result.figure} of {result.of.id}): {_text(result)}{law_words(result.law)}")
        for reason in refusals(program, result):
            say(f"  - {reason.fails}{law_words(reason.law)}")
    for line in figures.stated_otherwise:
        complain(line)


def report_usual(program: Program, usual: Sequence[Fact], whose: Callable[[Fact], str]) -> None:
    """What was taken as it usually is, where somebody asked for that: first what the rules have a question for."""
    definitions = program.definitions
    taken = [fact for fact in usual if definitions[fact.name].absent is not None]
    taken.sort(key=lambda fact: not definitions[fact.name].ask)
    if taken:
        say("This holds only if it is so, as was not asked:")
    for fact in taken[:USUAL_SHOWN]:
        definition = definitions[fact.name]
        assert definition.absent is not None
        told = value_words(definition.absent, definition.type, program.settings)
        say(f"  - {whose(fact)}{definition.label.removesuffix(', or none')}: {told}")
    if len(taken) > USUAL_SHOWN:
        say(f"  - and {len(taken) - USUAL_SHOWN} rarer facts")


def report_end(answered: str, unknown: Sequence[str], bring: Iterable[str]) -> None:
    """How much was answered, what nobody could tell, and what to bring."""
    say(f"after {answered}")
    if unknown:
        say("To settle it, find out:")
        for told in unknown:
            say(f"  - {told}")
    papers = list(dict.fromkeys(bring))
    if papers:
        say("Bring:")
        for paper in papers:
            say(f"  - {paper}")


def _text(result: Result) -> str:
    """The value or its range. That a rule may fail for some of what is open says nothing to whoever answers."""
    return result.text.removesuffix(may_fail_words(result.may_fail))


def law_words(law: Sequence[Citation]) -> str:
    """The citations in brackets, after two spaces; nothing where there are none."""
    told = "; ".join(f"{each.source} {each.section}".strip() for each in law)
    return f"  [{told}]" if told else ""
