"""Law where the value is: citations as data, and which of them is in force on a day.

A law is text first: that of the latest citation. One that is dated, or says source and section apart, knows more.
"""

from __future__ import annotations

from datetime import date

from engine.records import record


@record(frozen=True, slots=True)
class Citation:
    """One authority: where it stands, which part of it, what it is called, where to read it, and a remark."""

    source: str
    section: str = ""
    title: str = ""
    url: str = ""
    note: str = ""

    def __str__(self) -> str:
        if not self.section:
            return self.source
        return f"{self.source}{'' if self.section.startswith('(') else ' s.'}{self.section}"


Dated = tuple[tuple[date | None, tuple[Citation, ...]], ...]


class Law(str):
    """The text of a law's latest citations, with all by the day from which each is cited (None: from always)."""

    dated: Dated

    def __new__(cls, dated: Dated) -> Law:
        law = super().__new__(cls, "; ".join(str(citation) for citation in dated[-1][1]) if dated else "")
        law.dated = dated
        return law

    def __reduce__(self) -> tuple[type[Law], tuple[Dated]]:
        return Law, (self.dated,)


def law_on(law: str, day: date) -> str:
    """What is cited on a day: of a dated law the latest citation at or before it, else the first."""
    if not isinstance(law, Law):
        return law
    chosen = law.dated[:1]
    for entry in law.dated:
        if entry[0] is not None and entry[0] <= day:
            chosen = (entry,)
    return Law(chosen)
