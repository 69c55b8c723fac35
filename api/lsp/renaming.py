"""Renaming a definition everywhere, or refusing with the reason why it cannot be done without changing the law.

1. The new name must be one, mean nothing yet, and stand in none of the files that change: it could be caught by a local
   name there.
2. Reforms name definitions in paths; where one does, its author must go first.
3. The edits are tried on a copy of the rules: if that has an error which the rules have not, nothing is renamed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import copy
from pathlib import Path

from api.failures import Failure, Misuse
from api.lsp.finding import Index
from api.lsp.living import Living
from api.rules.names import DEFINED, Named
from engine.check.resolve import BUILTINS, NAME
from engine.pipeline import compile_ruleset
from engine.syntax.files import REFORMS_FOLDER, SETTINGS_FILE
from engine.syntax.words import RESERVED
from engine.text.diagnostics import Diagnostics
from engine.text.source import Span


def renamed(living: Living, index: Index, named: Named, new: str) -> dict[Path, list[Span]]:
    """Where the new name shall stand. Raises Misuse for what cannot be, Failure where it would break something."""
    if named.kind not in DEFINED or named.span is None:
        raise Misuse(f"a {named.kind} cannot be renamed here", "change it in `ruleset.yaml`, and follow the errors")
    if not NAME.fullmatch(new) or new in RESERVED or new in BUILTINS:
        raise Misuse(f"`{new}` cannot be a name", "write lower_snake_case that is not a word of the language")
    if any(known.short_name == new for known in index.everything):
        raise Misuse(f"`{new}` means something already", "choose another name")
    places: dict[Path, list[Span]] = {Path(named.span.source.name): [named.span]}
    for path, span in index.mentions_of(named):
        places.setdefault(path, []).append(span)
    for path, spans in places.items():
        if re.search(rf"\b{new}\b", spans[0].source.text):
            raise Failure(f"`{new}` is already in `{path.name}`", "choose another name")
    for path in sorted((living.folder / REFORMS_FOLDER).glob("*.yaml")):
        if re.search(rf"\b{named.short_name}\b", path.read_text(encoding="utf-8", errors="replace")):
            raise Failure(f"the reform `{path.name}` names `{named.short_name}`", "change the reform first")
    _try(living, {path: applied(spans, new) for path, spans in places.items()})
    return places


def applied(spans: list[Span], new: str) -> str:
    """The text of a file with the new name in every place."""
    text = spans[0].source.text
    for span in sorted(spans, key=lambda place: place.start, reverse=True):
        text = text[: span.start] + new + text[span.end :]
    return text


def _try(living: Living, texts: Mapping[Path, str]) -> None:
    """Raises Failure if the rules with these texts have an error that they have not now."""
    trial = Living(living.folder, living.settings, {path: copy(file) for path, file in living.files.items()})
    if living.folder / SETTINGS_FILE in texts:
        open_texts = {path: file.source.text for path, file in trial.files.items() if file.source is not None}
        trial.load({**open_texts, **texts})
    else:
        for path, text in texts.items():
            trial.take(path, text)
    errors = _errors(trial)
    new = errors - _errors(living) if errors else errors
    if new:
        raise Failure("the rules would not check any more", f"look at this first: {min(new)}")


def _errors(living: Living) -> set[str]:
    state = living.state()
    if state is None:
        return set()
    problems = Diagnostics()
    problems.items += state.read
    compile_ruleset(state.ruleset, problems, lint=False)
    return {problem.message for problem in problems.errors}
