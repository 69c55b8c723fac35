"""What the rules say of a definition, as named lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from api.rules.described import Condition, Described
from api.rules.names import DEFINED
from api.schema import cited

Field = tuple[str, str | list[str]]


def fields(described: Described) -> Iterator[Field]:
    """What is said of a definition, in the order in which a reader wants it; what is empty is not said."""
    yield "", described.label
    yield "law", cited(described.values[-1].law if described.values and described.values[-1].law else described.law)
    yield (
        "where",
        f"{described.where.file}:{described.where.line}:{described.where.column}" if described.where.file else "",
    )
    yield "plural", described.plural
    yield "a group of", described.of
    yield "belongs to", described.belongs_to
    yield "roles", list(described.roles)
    yield "members", [f"{name}: {label}" for name, label in (described.members or {}).items()]
    yield "figures", list(described.figures)
    if described.kind == "requirement":
        yield "is", f"a requirement of a {described.entity}, per {described.period}"
    elif described.entity:
        yield "is", f"{described.type} of a {described.entity}, per {described.period}"
    yield "permits", list(described.permits)
    yield "range", described.range
    yield "ask", described.ask
    yield "by law, if not stated", described.default_text
    yield "not listed in a complete case", described.absent_text
    if described.needs is not None:
        yield "needs", list(_condition(described.needs, 0))
    if described.takes is not None:
        yield "takes", ", ".join(f"{name}: {type}" for name, type in described.takes.items())
    yield "applies if", described.applies_if
    yield "otherwise", described.otherwise
    yield "formula", list(_formula_lines(described))
    for exception in described.exceptions:
        over = f" (over {', '.join(exception.over)})" if exception.over else ""
        lines = [f"when {exception.when}", f"then {exception.then}{over}", cited(exception.law)]
        yield f"exception {exception.name}", lines
    yield "rounded", described.rounded
    laws = [f"  [{cited(dated.law)}]" if dated.law else "" for dated in described.values]
    yield "values", [f"{dated.from_}  {dated.text}{law}" for dated, law in zip(described.values, laws, strict=True)]
    yield "known until", described.known_until
    yield "uprated by", described.uprated_by
    yield "read off", list(described.read_off)
    yield "set by reforms", list(described.set_by_reforms)
    if described.kind in (*DEFINED, "reason"):
        yield "uses", _short(described.uses, "nothing")
    if described.kind in (*DEFINED, "reason", "entity", "enum"):
        yield "used by", _short(described.used_by, "nobody")


def _short(names: Sequence[str], otherwise: str) -> str:
    return ", ".join(name.rpartition(":")[2] for name in names) or otherwise


def _formula_lines(described: Described) -> Iterator[str]:
    for dated in described.formulas:
        if dated.from_:
            yield f"from {dated.from_}:"
        yield from dated.formula.splitlines()


def _condition(condition: Condition, depth: int) -> Iterator[str]:
    indent = "  " * depth
    if not condition.parts:
        yield f"{indent}{condition.name}: {condition.needs}  [{cited(condition.law)}]"
        for exception in condition.exceptions:
            yield f"{indent}  or when {exception.when}: {exception.then}  [{cited(exception.law)}]"
        return
    yield f"{indent}{condition.name}: {condition.mode.replace('_', ' ')} of"
    for part in condition.parts:
        yield from _condition(part, depth + 1)
