"""Refusals in words for people: what programs are told of headers and `errors` helps nobody in a browser."""

from __future__ import annotations

from collections.abc import Mapping

from api.http.problems import KINDS

_SAID: Mapping[str, tuple[str, str]] = {
    "not-json": ("This cannot be read", "Go back, and send it from the page."),
    "bad-query": ("This address cannot be read", "Check the address, or start from the front page."),
    "no-token": ("Sign in first", "This page is for those who are signed in. Ask whoever runs this server."),
    "forbidden": ("You may not open this", "Ask whoever runs this server what your sign-in allows."),
    "no-purpose": ("Say why you look", "Go back, and give the case and a few words. The person can read them."),
    "no-log": ("There are no records here", "This server keeps none."),
    "no-permits": ("No permits are issued here", "This server has no key to sign them with."),
    "no-such-method": ("This page opens from another one", "Start from the front page."),
    "not-acceptable": ("This page cannot be shown in that form", "Open it in a browser."),
    "too-slow": ("That took too long to arrive", "Check your connection, and send the page again."),
    "conflict": ("Somebody else was first", "Open the page again, and decide again."),
    "not-permitted": ("The permit is refused", ""),
    "stale-version": (
        "The record has moved on",
        "Somebody recorded something meanwhile. Open it again, and decide again.",
    ),
    "too-large": ("That is too much at once", ""),
    "not-supported": ("This form cannot be read", "Go back, and send it from the page."),
    "invalid-request": ("That cannot be used", ""),
    "invalid-case": ("That cannot be used", ""),
    "key-reused": ("This was sent before", "Open the page again: it shows what is recorded."),
    "too-often": ("Too many requests", "Wait a minute, and try again."),
    "broken": ("We made a mistake", "Try again. If it happens again, tell whoever runs this server."),
    "busy": ("The server is busy", "Wait a moment, and send the page again."),
    "damaged": ("The record cannot be trusted now", "Tell whoever runs this server."),
    "read-only": ("Nothing can be recorded now", "You can still read. Send it again later: sending it twice is safe."),
}


def said(kind: str) -> tuple[str, str]:
    """The heading of a kind of refusal, and what to do."""
    return _SAID.get(kind) or (KINDS[kind].title, KINDS[kind].about)
