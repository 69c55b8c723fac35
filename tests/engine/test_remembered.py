"""Answers that are kept: of the right object, and only the last few."""

from __future__ import annotations

from engine.remembered import Remembered


class _Thing:
    """Something that is equal to nothing else."""


def test_an_answer_is_worked_out_once_and_no_more_than_the_last_few_are_kept() -> None:
    remembered, made = Remembered[str](2), list[str]()

    def answer(name: str) -> str:
        made.append(name)
        return name

    things = [_Thing() for _ in range(3)]
    for number in (0, 0, 1, 1, 2, 2):
        assert remembered.of(things[number], "which", lambda: answer(str(number))) == str(number)  # noqa: B023
    assert made == ["0", "1", "2"]
    assert remembered.of(things[0], "which", lambda: answer("again")) == "again"
    assert remembered.of(things[0], "another", lambda: answer("other")) == "other"


def test_an_object_that_is_gone_lends_its_answer_to_nobody() -> None:
    remembered = Remembered[int](1)
    for number in range(1_000):  # each is freed at once, and its place in memory used again
        assert remembered.of(_Thing(), None, lambda: number) == number  # noqa: B023
