"""Working days counted one by one, and dates whose rounding is refused."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from engine.text.source import Source, Span
from engine.values.dates import add_months, age_on
from engine.values.working_days import WorkingDays

PLACE = Span(Source("made", ""), 0, 0)
DAYS = st.dates(date(2023, 6, 1), date(2025, 6, 1))


@given(
    st.sets(st.integers(0, 6), max_size=6), st.sets(DAYS, max_size=40), DAYS, st.integers(-60, 60), DAYS
)  # fmt: skip
def test_working_days_are_as_counted_one_by_one(
    weekend: set[int], holidays: set[date], day: date, count: int, other: date
) -> None:
    calendar = WorkingDays("made", PLACE, tuple(sorted(weekend)), tuple(sorted(holidays)))

    def works(one: date) -> bool:
        return one.weekday() not in weekend and one not in holidays

    result, left = day, abs(count)
    while left:
        result += timedelta(1 if count > 0 else -1)
        left -= works(result)
    assert calendar.add(day, count) == result
    first, last = sorted((day, other))
    counted = sum(works(first + timedelta(number)) for number in range(1, (last - first).days + 1))
    assert calendar.between(day, other) == (counted if day <= other else -counted)


@given(st.dates(date(1700, 1, 1), date(2200, 1, 1)), st.dates(date(1700, 1, 1), date(2200, 1, 1)), st.booleans())
def test_an_age_is_had_from_the_day_on_which_it_is_attained(born: date, day: date, march: bool) -> None:
    age = age_on(born, day, march)
    assert add_months(born, 12 * age, march) <= day < add_months(born, 12 * (age + 1), march)
