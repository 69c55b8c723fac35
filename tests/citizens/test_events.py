"""What an event may hold, and its bytes."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Context, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citizens import (
    Account,
    Adjustment,
    Assessment,
    Belongs,
    Body,
    Correction,
    Draft,
    Entry,
    Facts,
    Hold,
    InvalidEvent,
    LogDamaged,
    Movement,
    Origin,
    Point,
    Posting,
    Release,
    Retraction,
    Row,
    Use,
    post,
)
from citizens.codec import decode, encode
from citizens.kinds import kind_of
from tests.citizens.histories import DAY, bodies


class Numbers:
    """Names and numbers in a list."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def number(self, subject: str) -> int:
        if subject not in self.names:
            self.names.append(subject)
        return self.names.index(subject)

    def name(self, number: int) -> str:
        return self.names[number]


NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
TEXT = st.text(st.characters(min_codepoint=32, exclude_categories=["C", "Z"]), min_size=1, max_size=8)
MONEY = st.integers(-(10**17), 10**17).flatmap(lambda n: st.integers(0, 6).map(lambda s: Decimal(n).scaleb(-s)))
SCALARS = st.booleans() | st.integers(-(10**17), 10**17) | MONEY | st.dates() | TEXT
FIGURES = st.lists(st.tuples(NAMES, st.none() | SCALARS), max_size=5, unique_by=lambda pair: pair[0]).map(tuple)
USES = st.lists(st.builds(Use, TEXT.map("person/{}".format), st.lists(NAMES, max_size=3).map(tuple)), max_size=3)
OTHERS: st.SearchStrategy[Body] = st.one_of(
    st.builds(
        Assessment, TEXT, st.dates(), TEXT, st.integers(0, 10**9), FIGURES, USES.map(tuple), st.none() | st.just(7)
    ),
    st.builds(
        Adjustment, TEXT, TEXT, st.integers(1, 99), st.lists(st.tuples(NAMES, MONEY), max_size=3).map(tuple), TEXT
    ),
    st.builds(lambda m, a: post(m, a, period="2024", currency="USD", cause="x"), st.sampled_from(Movement), MONEY),
    st.builds(Hold, TEXT, TEXT),
    st.builds(Release, TEXT, TEXT),
)


@given(bodies() | OTHERS, TEXT)
def test_bytes_and_back(body: Body, event_id: str) -> None:
    names = Numbers()
    payload = encode(body, event_id, names)
    assert encode(body, event_id, names) == payload
    name, decoded = decode(kind_of(body), payload, names)
    assert name == event_id
    assert type(decoded) is type(body)
    match decoded, body:  # what is grouped by day comes back in the order of the groups
        case (Facts(found), Facts(given)) | (Correction(found), Correction(given)):
            assert set(map(repr, found)) == set(map(repr, given))
        case Retraction(found_keys), Retraction(given_keys):
            assert set(found_keys) == set(given_keys)
        case _:
            assert decoded == body


@given(MONEY)
def test_money_keeps_its_digits_in_any_context(amount: Decimal) -> None:
    with localcontext(Context(prec=3)):
        body = Facts((Point("x", DAY, amount),))
        decoded = decode(1, encode(body, "e", Numbers()), Numbers())[1]
    assert isinstance(decoded, Facts)
    assert decoded.points[0].value == amount


def test_true_and_one_are_different_facts() -> None:
    decoded = decode(1, encode(Facts((Point("a", DAY, True), Point("b", DAY, 1))), "e", Numbers()), Numbers())[1]
    assert isinstance(decoded, Facts)
    assert [type(point.value) for point in decoded.points] == [bool, int]


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        Decimal("NaN"),
        Decimal("Infinity"),
        Decimal("1e999999"),
        Decimal("1e-999999"),
        Decimal("0." + "1" * 19),
        10**18,
        "",
        "x" * 1001,
        "a\0b",
        "\ud800",
        datetime(2024, 1, 1),
        b"bytes",
        [1],
    ],
)
def test_values_that_cannot_be_stored_exactly_are_refused(value: object) -> None:
    with pytest.raises(InvalidEvent, match="x"):
        Facts((Point("x", DAY, value),))  # type: ignore[arg-type]  # this is the point


@pytest.mark.parametrize("name", ["", "Wages", "a b", "a:b", "1a", "a..b", "é", "a" * 101])
def test_attribute_names_are_plain(name: str) -> None:
    with pytest.raises(InvalidEvent):
        Facts((Point(name, DAY, 1),))


def test_a_key_comes_once_in_an_event() -> None:
    with pytest.raises(InvalidEvent, match="twice"):
        Facts((Point("x", DAY, 1), Point("x", DAY, 2)))
    with pytest.raises(InvalidEvent, match="1 to"):
        Facts(())


def test_a_posting_that_does_not_balance_cannot_be_built() -> None:
    entries = (Entry(Account.CASH, Decimal(1)), Entry(Account.SUBJECT, Decimal("-1.01")))
    with localcontext(Context(prec=1)), pytest.raises(InvalidEvent, match="zero"):
        Posting(Movement.PAYMENT, "2024", "USD", entries, "x")


@pytest.mark.parametrize("field", ["source", "actor", "legal_basis", "retention"])
def test_an_origin_says_everything(field: str) -> None:
    fields = {"source": "s", "actor": "a", "legal_basis": "b", "retention": "c", field: ""}
    with pytest.raises(InvalidEvent):
        Origin(**fields)


def test_a_row_of_figures_is_read_back_as_pairs() -> None:
    row = Row("tax:d2 filed:b children:i state:s born:t gone:n", (-1234, True, 2, "CA", 0, None))
    body = Assessment("2024", DAY, "f00d", 1, row, ())
    decoded = decode(8, encode(body, "e", Numbers()), Numbers())[1]
    pairs = (
        ("tax", Decimal("-12.34")),
        ("filed", True),
        ("children", 2),
        ("state", "CA"),
        ("born", date(1970, 1, 1)),
        ("gone", None),
    )
    assert decoded == Assessment("2024", DAY, "f00d", 1, pairs, ())
    assert encode(decoded, "e", Numbers()) == encode(body, "e", Numbers())


@pytest.mark.parametrize(
    ("shape", "values"),
    [
        ("tax:d2", ()),
        ("tax:d2", (1.5,)),
        ("tax:d2", (True,)),
        ("tax:d2", (None,)),
        ("tax:d2", (10**18,)),
        ("tax:d19", (1,)),
        ("tax", (1,)),
        ("Tax:i", (1,)),
        ("tax:i  other:i", (1, 2, 3)),
        ("filed:b", (1,)),
        ("state:s", ("",)),
        ("", ()),
    ],
)
def test_a_row_that_does_not_fit_is_refused(shape: str, values: tuple[int, ...]) -> None:
    with pytest.raises(InvalidEvent):
        Row(shape, values)


def test_an_event_from_the_future_is_not_guessed_at() -> None:
    with pytest.raises(LogDamaged, match="newer version"):
        decode(7, b'["e",[]]', Numbers())


def test_errors_do_not_quote_what_was_sent() -> None:
    with pytest.raises(InvalidEvent) as caught:
        Draft("person/1", Facts((Point("x", date(2024, 1, 1), "secret\n"),)), Origin("s", "a", "b", "c"), "e")
    assert "secret" not in str(caught.value)
    with pytest.raises(InvalidEvent) as caught:
        Belongs("secret", "head")
    assert "secret" not in str(caught.value)
