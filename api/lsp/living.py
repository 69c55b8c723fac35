"""Rules that are being edited: texts as the editor has them, each file read once, and problems in two speeds.

1. Loading reads every file, as `check` does, and keeps for each its text, its module and what reading it found.
2. A keystroke reads its own file again and checks the formulas of that file, and of those files that name a
   declaration of it whose face (all but its formula) has changed. Nothing else is touched.
3. On a pause the whole program is compiled: circles, dates without a value, clashes, unused names, examples.
4. Until the next pause the whole program's problems of an edited file move with its text; those where it changed go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from api.lsp.mentions import Mention, mentions, settled_mentions
from engine.check import check_definitions
from engine.check.resolve import Symbols, declarations, resolve
from engine.examples.run import check_examples
from engine.pipeline import Compiled, compile_ruleset
from engine.reading.declarations import RuleModule, Ruleset
from engine.reading.declared import Declaration
from engine.reading.declared_settings import Settings
from engine.reading.documents import module_files, read_module, read_reform, settings_of
from engine.reforms.based import shared_modules
from engine.syntax.files import OVERLAYS_FOLDER, REFORMS_FOLDER, SETTINGS_FILE, load_source, source_from_text
from engine.syntax.yaml_reader import read_nodes
from engine.text.diagnostics import Diagnostic, Diagnostics
from engine.text.source import Source, Span


@dataclass(slots=True)
class File:
    """A rule file: its text, its module as last read (None: never), and what reading it found. `sound`: the module is
    that of the text; else it is the last one that could be read."""

    source: Source | None
    module: RuleModule | None = None
    problems: tuple[Diagnostic, ...] = ()
    sound: bool = False
    mentions: tuple[Mention, ...] = ()
    checked: tuple[Diagnostic, ...] = ()
    whole: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """The rules at one moment: what a compilation of the whole program works on while editing goes on."""

    version: int
    ruleset: Ruleset
    read: tuple[Diagnostic, ...]


@dataclass(slots=True)
class Living:
    """The rules in a folder, as an editor has them."""

    folder: Path
    settings: Settings | None = None
    files: dict[Path, File] = field(default_factory=dict)
    version: int = 0
    shared: tuple[RuleModule, ...] = ()
    """The modules of the rules that these are based on, under the overlays."""

    def load(self, texts: Mapping[Path, str]) -> None:
        """Read every file, those that the editor holds open from its `texts`."""
        self.version += 1
        diagnostics = Diagnostics()
        self.files = {}
        path = self.folder / SETTINGS_FILE
        source = self._source(path, texts, diagnostics)
        node = read_nodes(source, diagnostics) if source is not None else None
        self.settings = settings_of(node, self.folder, diagnostics) if node is not None else None
        self.shared = shared_modules(self.folder, self.settings, Diagnostics()) if self.settings is not None else ()
        noted = tuple(settled_mentions(self.settings)) if self.settings is not None else ()
        self.files[path] = File(source, problems=tuple(diagnostics), mentions=noted)
        for module_path in self._paths(texts):
            self.take(module_path, texts.get(module_path))

    def _paths(self, texts: Mapping[Path, str]) -> list[Path]:
        paths = dict.fromkeys(module_files(self.folder, Diagnostics()))
        paths.update((path, None) for path in texts if path.name != SETTINGS_FILE and self.is_module(path))
        return list(paths)

    def is_module(self, path: Path) -> bool:
        """Whether a file is one of the rules' modules, and no reform."""
        if not path.is_relative_to(self.folder) or path.suffix != ".yaml":
            return False
        return path.relative_to(self.folder).parts[0] not in (REFORMS_FOLDER, OVERLAYS_FOLDER)

    def _source(self, path: Path, texts: Mapping[Path, str], problems: Diagnostics) -> Source | None:
        text = texts.get(path)
        return load_source(path, problems) if text is None else source_from_text(text, str(path), problems)

    def take(self, path: Path, text: str | None) -> None:
        """Read a file, from the disk if there is no text of it, and check nothing."""
        problems = Diagnostics()
        source = self._source(path, {} if text is None else {path: text}, problems)
        before = self.files.get(path)
        module = None
        if source is not None and self.settings is not None:
            module = read_module(source, self.module_name(path), self.settings, problems)
        elif source is not None:
            read_nodes(source, problems)
        if module is not None:
            self.files[path] = File(source, module, tuple(problems), True, tuple(mentions(module)))
        else:
            last = before or File(None)
            self.files[path] = File(source, last.module, tuple(problems), False, last.mentions)
        if before is not None and source is not None and before.source is not None:
            self.files[path].whole = tuple(moved(before.whole, before.source, source))

    def module_name(self, path: Path) -> str:
        """The name of the module in a file."""
        return path.relative_to(self.folder).with_suffix("").as_posix()

    def edit(self, path: Path, text: str) -> list[Path]:
        """Take over a file's new text. Returns the files whose problems may have changed."""
        self.version += 1
        before = self.files.get(path, File(None)).module
        self.take(path, text)
        touched = self._dependants(path, before, self.files[path].module)
        self._check([path, *touched])
        return [path, *touched]

    def edit_reform(self, path: Path, text: str) -> tuple[Diagnostic, ...]:
        """What is wrong with a reform by itself."""
        problems = Diagnostics()
        source = source_from_text(text, str(path), problems)
        if source is not None and self.settings is not None:
            read_reform(source, path.stem, self.settings, problems)
        return tuple(problems)

    def _dependants(self, path: Path, before: RuleModule | None, after: RuleModule | None) -> list[Path]:
        """The other files that name a declaration of this one whose face has changed."""
        old, new = _faces(before), _faces(after)
        changed = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
        if not changed:
            return []
        return [
            other
            for other, file in self.files.items()
            if other != path and file.module is not None and any(mention.name in changed for mention in file.mentions)
        ]

    def ruleset(self) -> Ruleset | None:
        """All modules as last read."""
        if self.settings is None:
            return None
        modules = (file.module for file in self.files.values() if file.module is not None)
        return Ruleset(self.settings, tuple(sorted((*self.shared, *modules), key=lambda module: module.name)))

    def symbols(self) -> Symbols | None:
        """What every name stands for."""
        ruleset = self.ruleset()
        return resolve(ruleset, Diagnostics()) if ruleset is not None else None

    def _check(self, paths: Iterable[Path]) -> None:
        """Check names and formulas of some files against all."""
        ruleset = self.ruleset()
        if ruleset is None:
            return
        problems = Diagnostics()
        symbols = resolve(ruleset, problems)
        chosen = [self.files[path] for path in paths if path in self.files and self.files[path].sound]
        modules = tuple(file.module for file in chosen if file.module is not None)
        check_definitions(replace(ruleset, modules=modules), symbols, problems)
        grouped = by_file(problems)
        for path in paths:
            if path in self.files:
                self.files[path].checked = tuple(grouped.get(str(path), ()))

    def state(self) -> State | None:
        """The rules as they are now, for `compiled`."""
        ruleset = self.ruleset()
        if ruleset is None:
            return None
        return State(self.version, ruleset, tuple(problem for file in self.files.values() for problem in file.problems))

    def settle(self, state: State, compiled: Compiled) -> bool:
        """Take over what a compilation found, unless the rules have changed since."""
        if state.version != self.version:
            return False
        grouped = by_file(compiled.problems)
        for path, file in self.files.items():
            diagnostics = grouped.get(str(path), [])
            file.whole = tuple(diagnostic for diagnostic in diagnostics if diagnostic not in file.problems)
            file.checked = ()
        return True

    def problems(self, path: Path) -> list[Diagnostic]:
        """Everything that is known to be wrong with a file now, without repeats."""
        file = self.files.get(path)
        if file is None:
            return []
        if not file.sound and path.name != SETTINGS_FILE:
            return list(file.problems)
        kept = Diagnostics()
        for problem in (*file.problems, *file.checked, *file.whole):
            kept.add(problem.code, problem.message, problem.span, problem.help, notes=problem.notes, file=problem.file)
        return list(kept)


def compiled(state: State) -> Compiled:
    """Every pass over the rules as they were, with what is wrong with the examples."""
    problems = Diagnostics()
    problems.items += state.read
    outcome = compile_ruleset(state.ruleset, problems, lint=True)
    if outcome.program is not None:
        check_examples(state.ruleset, outcome.program, problems)
    return replace(outcome, problems=tuple(problems))


def by_file(problems: Iterable[Diagnostic]) -> dict[str, list[Diagnostic]]:
    """Problems by the name of the file that they stand in."""
    grouped: dict[str, list[Diagnostic]] = {}
    for problem in problems:
        grouped.setdefault(problem.span.source.name if problem.span is not None else problem.file, []).append(problem)
    return grouped


def _faces(module: RuleModule | None) -> dict[str, tuple[object, bool]]:
    """What others see of each declaration: all but its formula, and whether it is exported."""
    if module is None:
        return {}
    exported = {name for name, _ in module.exports}
    return {
        declaration.name: (_face(declaration), declaration.name in exported) for declaration in declarations(module)
    }


def _face(declared: Declaration) -> object:
    hidden = ("formula", "exceptions", "examples", "values", "overlays", "reason", "label", "law", "span", "name")
    return type(declared), tuple(
        (name, _plain(getattr(declared, name))) for name in declared.__dataclass_fields__ if name not in hidden
    )


def _plain(value: object) -> object:
    """What of a field others see: of a formula whether there is one, of named places the names."""
    if isinstance(value, tuple) and value and isinstance(value[0], tuple) and isinstance(value[0][-1], Span):
        return tuple(name for name, *_ in value)
    return value is not None if type(value).__module__ == "engine.syntax.ast" else value


def moved(problems: Iterable[Diagnostic], before: Source, after: Source) -> Iterator[Diagnostic]:
    """Problems of an older text where they stand in a newer one; those in what was changed go."""
    old, new = before.text, after.text
    start = 0
    least = min(len(old), len(new))
    while start < least and old[start : start + 1_000] == new[start : start + 1_000]:
        start += 1_000
    start = min(start, least)
    while start < least and old[start] == new[start]:
        start += 1
    end = 0
    while end < least - start and old[len(old) - 1 - end] == new[len(new) - 1 - end]:
        end += 1
    shift = len(new) - len(old)
    for problem in problems:
        span = problem.span
        if span is None or span.end < start or old == new:
            yield problem if span is None else replace(problem, span=Span(after, span.start, span.end))
        elif span.start > len(old) - end:
            yield replace(problem, span=Span(after, span.start + shift, span.end + shift))
