"""`a` or `an` before a word, in messages that name what the rules call it."""

from __future__ import annotations


def with_article(word: str) -> str:
    """`a person`, `an application`."""
    return f"an {word}" if word[:1] in "aeiou" else f"a {word}"
