"""Why a formula cannot be read, in words: faults of the parser into diagnostics at their very character.

1. A character that no formula holds is E304; what is usually meant by it stands in a table.
2. A token that cannot stand where it does is E301; habits of other languages are recognised by it and its neighbours.
3. A formula that ends too early is E301; what was opened and not closed is what is missing.
"""

from __future__ import annotations

import re
from unicodedata import normalize

from lark import Token
from lark.exceptions import UnexpectedCharacters, UnexpectedToken

from engine.text.diagnostics import Diagnostics
from engine.text.source import Fragment

_NO_STRINGS = "there are no strings; an enum's member is written `.member`"
_CURRENCY = "write the currency's code after the number: `600 {}`"
_REMAINDER = "the remainder is `mod(a, b)`"
_HINTS = {
    "'": _NO_STRINGS, '"': _NO_STRINGS, "\u2018": _NO_STRINGS, "\u2019": _NO_STRINGS,
    "\u201c": _NO_STRINGS, "\u201d": _NO_STRINGS,
    "^": "there are no powers; multiply", "{": "use parentheses", "&": "write `and`", "|": "write `or`",
    "!": "write `not`, or `!=` between two values", "$": _CURRENCY.format("USD"), "€": _CURRENCY.format("EUR"),
    "£": _CURRENCY.format("GBP"), "¥": _CURRENCY.format("JPY"), "₹": _CURRENCY.format("INR"),
    "?": "write `if c then a else b`", ";": "a formula is one expression; name its parts with `let x = … in …`",
    "\u2212": "write `-`", "\u2013": "write `-`", "\u00d7": "write `*`", "·": "write `*`", "÷": "write `/`",
    "≤": "write `<=`", "≥": "write `>=`", "≠": "write `!=`",
    ":": "write `then` after a condition, and `let x = …` for a name", "\u2026": "write the formula out",
}  # fmt: skip
_SPOKEN = {
    "NAME": "a name", "NUMBER": "a number", "LPAR": "`(`", "RPAR": "`)`", "$END": "the end", "ELSE": "`else`",
    "THEN": "`then`", "IN": "`in`", "COMMA": "`,`", "OF": "`of`", "ONE": "`one of`", "RSQB": "`]`", "WHEN": "`when`",
    "EQUAL": "`=`", "AND": "`and`", "WHERE": "`where`", "BOUNDARY": "`start` or `end`", "LAST": "`last`",
}  # fmt: skip
_CLOSING = {"if": "else", "case": "else", "let": "in"}
_WORD = re.compile(r"\b(?:if|case|let|else|in)\b")


def bad_character(fault: UnexpectedCharacters, fragment: Fragment, problems: Diagnostics) -> None:
    """Report a character that begins no token here."""
    start = fault.pos_in_stream or 0
    char = fragment.text[start]
    span = fragment.span(start, start + 1)
    if char.isascii() and (char.isalnum() or char in "._+-*/()[]<>=,@%"):
        word = fragment.text[start : start + 20].split()[0]
        help_text = _habit(fragment.text, start, word) or _expectation(fault.allowed or set())
        problems.add("E301", f"`{word}` is not allowed here", span, help=help_text)
        return
    number = f"U+{ord(char):04X}"
    name = f"`{char}`" if char.isascii() and char.isprintable() else f"`{char}` ({number})"
    if not char.isprintable() or char.isspace():
        name = number
    plain = normalize("NFKC", char)
    help_text = _HINTS.get(char, "write an ordinary space" if char.isspace() else "")
    if not help_text and len(plain) == 1 and plain.isascii() and plain.isprintable():
        help_text = f"write `{plain}`"
    help_text = help_text or ("" if char.isprintable() else "remove it")
    help_text = help_text or "formulas are written with ASCII letters, digits and the operators of the manual"
    problems.add("E304", f"the character {name} is not allowed in a formula", span, help=help_text)


def bad_token(fault: UnexpectedToken, fragment: Fragment, problems: Diagnostics) -> None:
    """Report a token that cannot stand where it does."""
    token: Token = fault.token
    start = token.start_pos or 0
    span = fragment.span(start, token.end_pos or 0)
    allowed = fault.accepts or fault.expected
    help_text = _habit(fragment.text, start, str(token)) or _word_habit(fragment.text, start, str(token), allowed)
    help_text = help_text or _expectation(allowed)
    if token.type != "NAME" and str(token).isalpha() and str(token).islower() and set(allowed) == {"NAME"}:
        help_text = f"`{token}` is a word of the language: choose another name"
    problems.add("E301", f"`{token}` is not allowed here", span, help=help_text)


def unfinished(fragment: Fragment, problems: Diagnostics) -> None:
    """Report a formula that ends before it is whole."""
    end = len(fragment.text.rstrip())
    span = fragment.span(max(0, end - 1), end)
    problems.add("E301", "the formula ends too early", span, help=_missing(fragment.text))


def _habit(text: str, start: int, word: str) -> str:
    """What to write for what other languages allow; empty if it is no such habit."""
    before = text[:start].rstrip()
    two = before[-1:] + word[:1]
    if two == "==" or two == "!=":
        return "write one `=`: it compares" if two == "==" else "write `!=` without a space"
    if two in ("<>", "**"):
        return "write `!=`" if two == "<>" else "there are no powers; multiply"
    if not before:
        return "a formula begins with a value" if word[:1] in "=<>" else ""
    if before[-1:] == "/" and word[:1] in "/*":
        return "a comment begins with `#`" + ("; whole division is `floor(a / b)`" if word == "/" else "")
    if before[-1:] == "%" and (word[:1].isalnum() or word[:1] == "("):
        return f"{_REMAINDER}; `10%` is a rate"
    if word[:1] in "=<>":
        return "comparisons do not chain: write `a < b and b < c`, or `b between a and c`"
    if before[-1:] == "." and word[:1].isdigit():
        if re.search(r"\b[0-9]{1,2}\.[0-9]{1,2}\.$", before) and len(word) == 4:
            return "write dates as YYYY-MM-DD"
        return "a number has one point" if before[-2:-1].isdigit() else f"write `0.{word}`"
    if not before[-1:].isdigit():
        return ""
    called = text[start + len(word) :].lstrip().startswith("(")
    if re.fullmatch(r"[A-Za-z]{3}", word) and word.lower() not in _WORDS_OF_OTHERS and not called:
        return f"write the currency's code in capitals: `{word.upper()}`"
    if re.match(r"[eE][0-9]", word) or word.lower() in ("k", "m", "mn", "bn", "thousand", "million", "billion"):
        return "write all digits of the number"
    if word == "," and re.match(r",[0-9]{3}\b", text[start:]):
        return "group digits with `_`: `1_000`"
    return ""


_WORDS_OF_OURS = frozenset("let in if then else case when and or not is between otherwise for where over".split())
_WORDS_OF_OTHERS = {
    "elif": "write `else if`", "elsif": "write `else if`", "elseif": "write `else if`", "unless": "write `if not`",
    "percent": "write `10%`", "xor": "write `!=` between two conditions",
    "mod": _REMAINDER, "rem": _REMAINDER, "equals": "write `=`", "div": "write `/`, or `floor(a / b)`",
}  # fmt: skip


def _word_habit(text: str, start: int, word: str, allowed: object) -> str:
    """What to write for a word, or a bracket, that other languages have here; empty if it is none."""
    before, after = text[:start].rstrip(), text[start + len(word) :].lstrip()
    last = re.search(r"[A-Za-z_]*$", before)
    if word.isupper() and word.lower() in _WORDS_OF_OURS:
        return f"write `{word.lower()}`"
    if word.lower() in _WORDS_OF_OTHERS:
        return _WORDS_OF_OTHERS[word.lower()]
    if word == "in" and after.startswith("("):
        return "write `is one of (…)`"
    if isinstance(allowed, set | frozenset) and "IN" in allowed and re.match(r"[\w(]", word) and "let " in before:
        return "write `in` before what the formula gives: `let x = … in …`"
    if last is not None and last[0] == "is" and word != "one":
        return "write `=`" if word != "not" else "write `!=`"
    if before.endswith("@"):
        return "write `@ last year`, `@ start`, `@ end`, or a date: `@ 2023-12-31`"
    periods = re.search(r"\(\s*((?:day|week|month|year)s)$", before) if word == "where" else None
    if periods:
        return f"count periods with `count(c over {periods[1]})`: c is a condition in each of them"
    if word == "where" and re.search(r"\bover\s+\w+$", before):
        return "say the condition before `over`: `sum(if c then x else 0 USD over months)`, `count(c over months)`"
    if word == "where":
        return "name each of them first: `m in … where m.age < 17`"
    if word == "if" and isinstance(allowed, set | frozenset) and "WHERE" in allowed:
        return "write `where`"
    if word == "of" and before.endswith("%"):
        return "write `10% * …`"
    if word[:1].isdigit() and re.search(r"\b[A-Z]{3}$", before):
        return f"write the currency after the number: `{word} {before[-3:]}`"
    if word == "%":
        return f"a percentage is a number and `%`, such as `10%`; {_REMAINDER}"
    return "there are no lists: write `min(a, b)`" if word == "[" else ""


def _missing(text: str) -> str:
    """What was begun and not ended."""
    if text.count("(") > text.count(")"):
        return "a closing `)` is missing"
    if text.count("[") > text.count("]"):
        return "a closing `]` is missing"
    open_words: list[str] = []
    for word in _WORD.findall(re.sub(r"#[^\n]*|\b\w+ in\b(?=[^=]*[)])", "", text)):
        if word in _CLOSING:
            open_words.append(word)
        elif open_words and _CLOSING[open_words[-1]] == word:
            open_words.pop()
    if re.search(r"[0-9]\.\s*$", text):
        return "write a digit after the point, or leave it out"
    if open_words and re.search(r"[\w)\]%]\s*$", text):
        kept = _CLOSING[open_words[-1]]
        return f"add `{kept} …`: " + ("what holds otherwise" if kept == "else" else "what the formula gives")
    return "something is missing after this"


def _expectation(terminals: set[str] | object) -> str:
    names = sorted(terminals) if isinstance(terminals, set | frozenset) else []
    spoken = [_SPOKEN[name] for name in names if name in _SPOKEN]
    if not spoken:
        return "see the table of forms in rules/README.md"
    return "expected here: " + ", ".join(spoken[:6]) + (" or an operator" if "PLUS" in names else "")
