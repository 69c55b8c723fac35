"""The one form of every name and text in a history: what is written otherwise is refused."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from string import ascii_letters, digits

from citizens.errors import InvalidEvent

MAX_TEXT = 1_000
NAMES_KEPT = 20_000
_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}(?:\.[a-z0-9_]{1,100}){0,4}", re.ASCII)
_KIND = re.compile(r"[bitsn]|d(?:[0-9]|1[0-8])", re.ASCII)
_PERIOD = re.compile(r"[0-9A-Za-z_]+(?:[-:.][0-9A-Za-z_]+)*", re.ASCII)
_SHORT_MONTH = re.compile(r"[0-9]{4}-[0-9]", re.ASCII)
_YEAR_AND = re.compile(r"[0-9]{2}([0-9]{2})-([0-9]{2})", re.ASCII)
_NO_YEAR = re.compile(r"(?:[0-9]{1,3}|[0-9]{5,})(?:-.*)?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_PLAIN_LETTERS, MOST_PLAIN = (ascii_letters + digits + "-_.").encode(), 200
KEPT_FOR_ERASED = "erased-"
"""How ids begin that stand for erased subjects."""
_PLAIN_SUBJECT = re.compile(rf"[a-z][a-z0-9_]{{0,99}}/[-0-9A-Za-z_.]{{1,{MOST_PLAIN}}}", re.ASCII)
"""A subject's name of which no check can fail."""
_ROLE = re.compile(r"[a-z][a-z0-9_]{0,99}", re.ASCII)
OWN_SOURCES = ("rulewright", "log", "erasure-ledger")
"""The sources of what this program makes itself. Nobody delivers events under them."""
OWN_ENTITIES = {
    "annual_run": "the history of annual runs",
    "access": "who looked at whose record",
    "query": "who put a question to everybody",
}
"""The entities of what this program keeps a history of for itself, and what that is."""
LASTING_ENTITIES = ("annual_run",)
"""Those of them that have no retention class of their own, and are kept as long as the log."""


def check_subject(name: str) -> None:
    """Raise InvalidEvent unless `name` is `<entity>/<id>`."""
    if not _PLAIN_SUBJECT.fullmatch(name):
        _check_unusual_subject(name)


@lru_cache(maxsize=NAMES_KEPT)
def _check_unusual_subject(name: str) -> None:
    entity, slash, identifier = name.partition("/")
    if not slash or not _ROLE.fullmatch(entity):
        raise InvalidEvent("a subject is named `<entity>/<id>`, the entity in lower case", "write `person/880-12`")
    check_text(identifier, "a subject's id")


def check_role(role: str) -> None:
    """Raise InvalidEvent unless a role is named in lower case."""
    if not _ROLE.fullmatch(role):
        raise InvalidEvent("a role is lower-case letters, digits and `_`, from a letter on", "rename it")


def check_new_subject(name: str) -> None:
    """Raise InvalidEvent unless `name` may be given to a subject: it is written in the one form that there is of it."""
    if not _PLAIN_SUBJECT.fullmatch(name):
        _check_unusual_new_subject(name)


@lru_cache(maxsize=NAMES_KEPT)
def _check_unusual_new_subject(name: str) -> None:
    check_subject(name)
    identifier = name.partition("/")[2]
    if identifier != identifier.strip() or "  " in identifier:
        raise InvalidEvent("a subject's id has spaces around it, or two in a row", "remove them")
    if not unicodedata.is_normalized("NFC", identifier):
        raise InvalidEvent("a subject's id is not in Unicode's composed form (NFC)", "write its letters in that form")


def are_plain(identifiers: Sequence[str]) -> bool:
    """Whether all are short and of plain letters, digits, `-`, `_` and `.` only, so that no check of an id can fail."""
    if not identifiers or not max(map(len, identifiers)) <= MOST_PLAIN or not min(map(len, identifiers)):
        return not identifiers
    together = "\n".join(identifiers)
    return (
        together.isascii()
        and not together.encode().translate(None, _PLAIN_LETTERS).strip(b"\n")
        and together.count("\n") == len(identifiers) - 1
        and KEPT_FOR_ERASED not in together
    )


def check_new_subjects(entity: str, identifiers: Sequence[str]) -> None:
    """`check_new_subject` of many subjects of one entity."""
    if identifiers and are_plain(identifiers):
        check_new_subject(f"{entity}/{identifiers[0]}")
        return
    for identifier in identifiers:
        check_new_subject(f"{entity}/{identifier}")


def check_source(source: str) -> None:
    """Raise InvalidEvent for a source that is this program's own."""
    check_bare(source, "an origin's source")
    if unicodedata.normalize("NFKC", source).casefold() in OWN_SOURCES:
        message = f"the source `{source}` is kept for what this program records itself"
        raise InvalidEvent(message, "name the source that it comes from")


def check_bare(text: str, what: str) -> None:
    """Raise InvalidEvent for what names something and is written with spaces around it, or not in form NFC."""
    if text != text.strip():
        raise InvalidEvent(f"{what} has spaces around it", "remove them")
    if not unicodedata.is_normalized("NFC", text):
        raise InvalidEvent(f"{what} is not in Unicode's composed form (NFC)", "write its letters in that form")


def check_letters(identifier: str) -> None:
    """Raise InvalidEvent for an id that is new and has letters with a plainer form that looks the same: wide digits, a
    ligature. Who is in the log already keeps the name, so that it can still be corrected, merged and assessed."""
    if not unicodedata.is_normalized("NFKC", identifier):
        message = "a subject's id has letters that look like others (it is not in Unicode's form NFKC)"
        raise InvalidEvent(message, "write plain letters and digits")


@lru_cache(maxsize=1_000)
def check_period(period: str) -> None:
    """Raise InvalidEvent unless a period is written in the one way that names it: `2024`, `2024-03`."""
    check_text(period, "a period")
    if not _PERIOD.fullmatch(period):
        raise InvalidEvent("a period is digits and capital letters, parts joined by `-`", "write `2024` or `2024-03`")
    if _SHORT_MONTH.fullmatch(period):
        raise InvalidEvent("a month in a period has two digits", "write `2024-03`")
    two_digits = _YEAR_AND.fullmatch(period)
    if two_digits and not 1 <= int(two_digits[2]) <= 12 and int(two_digits[2]) != (int(two_digits[1]) + 1) % 100:
        raise InvalidEvent("a month in a period is 01 to 12", "write `2024-03`, or `2024-25` for two years")
    if _NO_YEAR.fullmatch(period):
        raise InvalidEvent("a year in a period has four digits", "write `2024`")


def check_currency(currency: str) -> None:
    """Raise InvalidEvent unless a currency is named by its three capital letters."""
    if not _CURRENCY.fullmatch(currency):
        raise InvalidEvent("a currency is three capital letters", "write `USD`")


@lru_cache(maxsize=1_000)
def check_word(text: str, what: str) -> None:
    """`check_text` of what is one of few: a period, a currency, a program."""
    check_text(text, what)


def check_text(text: str, what: str) -> None:
    """Raise InvalidEvent unless `text` is 1 to 1,000 characters of valid text without control characters."""
    if not 0 < len(text) <= MAX_TEXT:
        raise InvalidEvent(f"{what} has {len(text):,} characters", f"give 1 to {MAX_TEXT:,}")
    if not text.isprintable():
        raise InvalidEvent(f"{what} has characters that cannot be printed", "remove them")


@lru_cache(maxsize=10_000)
def check_name(name: str, what: str) -> None:
    """Raise InvalidEvent unless `name` is a lower-case name, its parts joined by dots."""
    if not _NAME.fullmatch(name):
        raise InvalidEvent(f"{what} is lower-case letters, digits and `_`, parts joined by `.`", "rename it")


@lru_cache(maxsize=10_000)
def check_shape(shape: str) -> int:
    """How many values a row of that shape has. Raises InvalidEvent unless it is `name:kind` parts."""
    parts = shape.split(" ")
    for part in parts:
        name, _, kind = part.partition(":")
        check_name(name, "a figure")
        if not _KIND.fullmatch(kind):
            raise InvalidEvent(f"figure `{name}` has no kind", "say b, i, t, s, n, or d and the number of decimals")
    return len(parts)
