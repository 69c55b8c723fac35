"""`rulewright sweep RULES CASE --vary FACT=A..B`: what figures do as one fact moves, with the cause of every jump."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from api.cases.files import load_case
from api.cases.naming import find_definition
from api.cases.unread import unread_facts
from api.cli.output import advancing, complain, say, say_json, waiting
from api.failures import ExitCode, Misuse
from api.rules import programs
from api.schema import Json, as_data, cited
from api.simulate.left import left_of
from api.simulate.writing import appearing, check_place
from api.sweep.causes import Cause
from api.sweep.chart import LAW, REFORM, drawn, write_drawing
from api.sweep.sweep import Break, Curve, Law, Sweep, Vary, sweep
from engine.values.numbers import format_decimal, with_commas

_VARY = re.compile(r"\s*([A-Za-z_][\w.:]*)\s*=\s*(\S+?)\s*\.\.\s*(\S+)\s*")


def sweep_command(
    rules: str,
    path: str,
    at: str | None,
    vary: str,
    *,
    of: str,
    show: Sequence[str],
    reforms: Sequence[Path],
    drawings: Sequence[Path],
    as_json: bool,
) -> int:
    """Print each curve: a chart, its pieces, and its jumps and bends with their causes."""
    asked = _vary(vary, of)
    for drawing in drawings:
        check_place(drawing)
    with waiting("reading the rules"):
        law = Law(programs.load_program(rules))
        names = tuple(reform.stem for reform in reforms)
        reform = Law(programs.load_program(rules, reforms), names) if reforms else None
    case = load_case(law.program, path, at)
    with waiting("sweeping, the first time with machine code to make"), advancing("times computed") as tell:
        swept = sweep(law, reform, case, asked, show, on_progress=tell, left=left_of(law.program))
    for line in unread_facts(law.program, case, [find_definition(law.program, name) for name in (*show, asked.fact)]):
        complain(line)
    for drawing in drawings:
        with appearing(drawing) as beside:
            write_drawing(swept, beside)
    if as_json:
        say_json(as_data(swept))
        return ExitCode.DONE
    for place in range(len(swept.law.curves)):
        _report(swept, place)
    for drawing in drawings:
        say(f"-> {drawing}")
    return ExitCode.DONE


def _vary(text: str, of: str) -> Vary:
    match = _VARY.fullmatch(text)
    if match is None:
        raise Misuse(f"`{text}` does not say what to move, and from where to where", "write `--vary wages=0..120000`")
    return Vary(match[1], match[2], match[3], of)


def _report(swept: Sweep, place: int) -> None:
    curve = swept.law.curves[place]
    say(f"{curve.label or curve.name}, by {swept.label.lower() or swept.fact} of {swept.of.id}, {swept.period}")
    if curve.label:
        say(f"  {curve.name}")
    say()
    for line in drawn(swept, place):
        say(f"  {line}")
    if swept.reform is not None:
        say()
        say(f"  {LAW} current law   {REFORM} {' and '.join(swept.reform.basis.reforms)}, where it differs")
    _table(curve, LAW, swept.reform is not None)
    if swept.reform is not None:
        _table(swept.reform.curves[place], REFORM, True)


def _table(curve: Curve, mark: str, several: bool) -> None:
    say()
    rates = any(segment.taken for segment in curve.segments)
    heads = ["from", "to", "value at start", "value at end", "slope", *(["marginal rate"] if rates else [])]
    rows = [
        [
            *map(_value, (segment.from_, segment.to, segment.value_from, segment.value_to)), segment.slope,
            *([_percent(segment.taken)] if rates else []),
        ]
        for segment in curve.segments
    ]  # fmt: skip
    widths = [max(len(row[at]) for row in [heads, *rows]) for at in range(len(heads))]
    lead = f"{mark} " if several else "  "
    for row in (heads, *rows):
        say(lead + "  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)))
    if curve.breaks:
        say()
    for break_ in curve.breaks:
        say(f"{lead}{_told(break_)}")
        for cause in break_.causes:
            say(f"      {_cause(cause)}")
    say()


def _percent(taken: str) -> str:
    return f"{format_decimal(Fraction(round(Fraction(taken) * 10_000), 100), 2)}%" if taken else "-"


def _value(value: Json) -> str:
    """A point of a curve: digits with commas, days as they are."""
    text = "-" if value is None else str(value)
    return text if text == "-" or text[4:5] == "-" else with_commas(text)


def _told(break_: Break) -> str:
    match break_.kind:
        case "jump":
            sign = "" if str(break_.jump).startswith("-") else "+"
            return f"at {_value(break_.at)} it jumps by {sign}{_value(break_.jump)}:"
        case "bend":
            return f"at {_value(break_.at)} it bends:"
    return f"at {_value(break_.at)} it {break_.kind}:"


def _cause(cause: Cause) -> str:
    law = f" [{cited(cause.law)}]" if cause.law else ""
    return f"{cause.label or cause.figure} ({cause.figure}): {cause.before} -> {cause.after}{law}"
