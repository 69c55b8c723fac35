"""What an editor shows: problems, names, changes and examples, in the protocol's types.

Places of the engine are characters from 1; the protocol's lines and characters count from 0, the characters in the
units that client and server agreed on, usually UTF-16.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from lsprotocol import types as lsp
from pygls.uris import from_fs_path
from pygls.workspace import PositionCodec

from api.lsp.finding import Offer
from api.rules.described import Condition, Described
from api.schema import cited
from engine.text.diagnostics import Diagnostic, Severity
from engine.text.source import Source, Span

_MOST_VALUES = 24
_COMPLETION = {
    "fact": lsp.CompletionItemKind.Field,
    "figure": lsp.CompletionItemKind.Variable,
    "requirement": lsp.CompletionItemKind.Event,
    "parameter": lsp.CompletionItemKind.Constant,
    "table": lsp.CompletionItemKind.Constant,
    "scale": lsp.CompletionItemKind.Constant,
    "function": lsp.CompletionItemKind.Function,
    "entity": lsp.CompletionItemKind.Class,
    "role": lsp.CompletionItemKind.Property,
    "set": lsp.CompletionItemKind.Property,
    "enum": lsp.CompletionItemKind.Enum,
    "member": lsp.CompletionItemKind.EnumMember,
    "keyword": lsp.CompletionItemKind.Keyword,
}
_SYMBOLS = {
    "fact": lsp.SymbolKind.Field,
    "figure": lsp.SymbolKind.Variable,
    "requirement": lsp.SymbolKind.Event,
    "function": lsp.SymbolKind.Function,
    "entity": lsp.SymbolKind.Class,
    "role": lsp.SymbolKind.Property,
    "set": lsp.SymbolKind.Property,
    "enum": lsp.SymbolKind.Enum,
    "member": lsp.SymbolKind.EnumMember,
    "reason": lsp.SymbolKind.Boolean,
}


def uri_of(path: Path | str) -> str:
    """A file's address."""
    return from_fs_path(str(path)) or ""


def place(codec: PositionCodec, source: Source, offset: int) -> lsp.Position:
    """A character of a text as the protocol counts."""
    line, column = source.position(offset)
    return lsp.Position(line - 1, codec.client_num_units(source.line(line)[: column - 1]))


def range_of(codec: PositionCodec, span: Span) -> lsp.Range:
    """A span as the protocol counts."""
    return lsp.Range(place(codec, span.source, span.start), place(codec, span.source, span.end))


def location_of(codec: PositionCodec, span: Span) -> lsp.Location:
    """A span with its file."""
    return lsp.Location(uri_of(span.source.name), range_of(codec, span))


def diagnostic(codec: PositionCodec, problem: Diagnostic) -> lsp.Diagnostic:
    """A problem; its remedy stands below its message. One that has no place stands at the file's beginning."""
    span, start = problem.span, lsp.Position(0, 0)
    help_text = f"\n{problem.help}" if problem.help else ""
    related = [
        lsp.DiagnosticRelatedInformation(location_of(codec, note.span), note.message)
        for note in problem.notes
        if note.span is not None
    ]
    error = problem.severity is Severity.ERROR
    return lsp.Diagnostic(
        range_of(codec, span) if span is not None else lsp.Range(start, start),
        problem.message + help_text,
        lsp.DiagnosticSeverity.Error if error else lsp.DiagnosticSeverity.Warning,
        code=problem.code,
        source="rulewright",
        related_information=related or None,
    )


def completion(offer: Offer, number: int) -> lsp.CompletionItem:
    """What may be written; the editor keeps the order."""
    kind = _COMPLETION.get(offer.kind, lsp.CompletionItemKind.Text)
    return lsp.CompletionItem(offer.word, kind=kind, detail=offer.detail or None, sort_text=f"{number:05}")


def symbol_kind(kind: str) -> lsp.SymbolKind:
    """The protocol's kind of something named."""
    return _SYMBOLS.get(kind, lsp.SymbolKind.Constant)


def hover(descriptions: Sequence[Described]) -> str:
    """Markdown of what stands under the cursor: label, law, what it is, its formula or its values by date."""
    return "\n\n---\n\n".join("\n\n".join(_paragraphs(described)) for described in descriptions)


def _paragraphs(described: Described) -> Iterable[str]:
    name = described.name.rpartition(":")[2]
    yield f"**{_plain(described.label or name)}**" + (f" `{name}`" if described.label else "")
    kind = f"{described.kind} of a {described.entity}, per {described.period}" if described.entity else described.kind
    typed = f", {described.type}" if described.type else ""
    yield f"{kind}{typed} ({described.module or 'ruleset.yaml'})"
    if described.law:
        yield f"*{_plain(cited(described.law))}*"
    if described.ask:
        yield _plain(described.ask)
    for title, text in (
        ("applies if", described.applies_if),
        ("otherwise", described.otherwise),
        ("rounded", described.rounded),
    ):
        if text:
            yield f"{title} `{text}`"
    for dated in described.formulas:
        yield (f"from {dated.from_}:\n" if dated.from_ else "") + _code(dated.formula)
    if described.needs is not None:
        yield _code("\n".join(_condition(described.needs, 0)))
    lines = [f"{dated.from_}  {dated.text}" for dated in reversed(described.values)]
    if lines:
        more = f"\n… {len(lines) - _MOST_VALUES} more" if len(lines) > _MOST_VALUES else ""
        yield _code("\n".join(lines[:_MOST_VALUES]) + more)
    if described.known_until:
        yield f"known until {described.known_until}"
    listed = [*described.roles, *(f"{member}: {label}" for member, label in (described.members or {}).items())]
    if listed:
        yield _code("\n".join(listed))


def _condition(condition: Condition, depth: int) -> Iterable[str]:
    indent = "  " * depth
    law = f"  [{cited(condition.law)}]" if condition.law else ""
    words = {"all": "all of", "any_of": "one of"}.get(condition.mode, condition.needs)
    yield f"{indent}{condition.name}: {words}{law}"
    for part in condition.parts:
        yield from _condition(part, depth + 1)


def _code(text: str) -> str:
    return f"```\n{text}\n```"


def _plain(text: str) -> str:
    return " ".join(text.split()).replace("*", "\\*").replace("_", "\\_")
