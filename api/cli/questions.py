"""The questions that would narrow an answer, one a line: a fact that is missing for several periods is asked once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from api.cases.calculate import Question
from api.cli.output import say

ASKED_AT_MOST = 5


def say_questions(questions: Iterable[Question]) -> None:
    """The first five questions, each with its periods, and how many more there are; nothing if there are none."""
    asked = _asked_once(questions)
    if not asked:
        return
    say()
    say("To narrow it down, ask next:")
    for question, periods in asked[:ASKED_AT_MOST]:
        say(f"  {question.ask}  ({question.fact} of {question.of.id} for {_told(periods)})")
    if len(asked) > ASKED_AT_MOST:
        say(f"  … and {len(asked) - ASKED_AT_MOST} more facts that may matter")


def _asked_once(questions: Iterable[Question]) -> list[tuple[Question, list[str]]]:
    """Each fact of each person or group with the periods it is missing for, in the order of the first question."""
    periods: dict[tuple[str, str, str], list[str]] = {}
    first: dict[tuple[str, str, str], Question] = {}
    for question in questions:
        key = (question.fact, question.of.id, question.ask)
        first.setdefault(key, question)
        known = periods.setdefault(key, [])
        if question.period not in known:
            known.append(question.period)
    return [(question, periods[key]) for key, question in first.items()]


def _told(periods: Sequence[str]) -> str:
    """`2025-03`, or the first, the last and how many where there are several."""
    if len(periods) == 1:
        return periods[0]
    ordered = sorted(periods)
    return f"{ordered[0]} to {ordered[-1]}, {len(periods)} periods"
