"""What a bad rule file says of itself: the problems that must be found in it, each on its line.

A comment at the end of a line states a problem of that line: its code, its column, and words of its message. A line may
state several. Where no comment can stand, any line may state the place as line and column, or a file without a place:

    formula: wage * 10%  # error E401 at 14: unknown name `wage`
    # error E101 at 7:1: the file is empty
    # error E111 in old.yml: named `.yaml`

`# remedy: …` says what to write instead; the page of codes shows it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from engine.examples.run import run_examples
from engine.pipeline import Compiled, check_rules, compile_ruleset
from engine.reading.declarations import Ruleset
from engine.reading.declared_settings import Settings
from engine.reading.documents import read_module
from engine.reading.settings import read_settings
from engine.syntax.files import load_source
from engine.syntax.yaml_reader import read_nodes
from engine.text.diagnostics import Diagnostic, Diagnostics, Severity

FOLDER = Path(__file__).parent / "bad"
SETTINGS = Path(__file__).parent / "ruleset.yaml"
_EXPECTED = re.compile(
    r"# (?:error|warning) ([EW]\d{3}) (?:at (?:(\d+):)?(\d+)|in (\S+)):(.*?)(?= *# (?:error|warning) [EW]|$)"
)
_REMEDY = re.compile(r"^# remedy: (.+)$", re.MULTILINE)


@dataclass(frozen=True, order=True)
class Expected:
    """A problem that must be found: `line` and `column` 0 stand for a file without a place."""

    file: str
    line: int
    column: int
    code: str
    words: str


@dataclass(frozen=True)
class BadCase:
    """A bad file, or a folder of files that are bad together."""

    path: Path

    @property
    def name(self) -> str:
        """What the case is called; it begins with the code that it is about."""
        return self.path.stem

    @property
    def code(self) -> str:
        """The code that the case is about."""
        return self.name[:4]

    @property
    def files(self) -> list[Path]:
        """The case's files."""
        return sorted(self.path.rglob("*.yaml")) if self.path.is_dir() else [self.path]

    def expected(self) -> list[Expected]:
        """The problems that the files' comments state."""
        return sorted(fact for file in self.files for fact in _stated(file))

    def problems(self) -> list[Diagnostic]:
        """The problems that the engine finds, warnings too."""
        return problems_of(self.path)


def bad_cases() -> list[BadCase]:
    """Every case of the folder `bad`, in order of name."""
    return [BadCase(path) for path in sorted(FOLDER.iterdir()) if path.suffix == ".yaml" or path.is_dir()]


def lines_of(file: Path) -> list[str]:
    """The lines as editors count them: only a line feed ends one."""
    return file.read_bytes().decode("utf-8", errors="replace").split("\n")


def _stated(file: Path) -> list[Expected]:
    stated = []
    for number, line in enumerate(lines_of(file), start=1):
        for code, at_line, column, other, words in _EXPECTED.findall(line):
            name, on, at = (other, 0, 0) if other else (file.name, int(at_line or number), int(column))
            stated.append(Expected(name, on, at, code, words.strip()))
    return stated


def remedy_of(file: Path) -> str:
    """What the file says to write instead."""
    match = _REMEDY.search("\n".join(lines_of(file)))
    return match[1] if match else ""


def settings() -> Settings:
    """The jurisdiction that the single files belong to."""
    problems = Diagnostics()
    source = load_source(SETTINGS, problems)
    node = read_nodes(source, problems) if source else None
    assert node is not None
    read = read_settings(node, "test", problems)
    assert not problems.items
    return read


def problems_of(path: Path) -> list[Diagnostic]:
    """What the engine says of a folder, or of a module that stands alone in the tests' jurisdiction."""
    if path.is_dir():
        return _with_examples(check_rules(path, sorted(path.glob("reforms/*.yaml"))))
    problems = Diagnostics()
    source = load_source(path, problems)
    shared = settings()
    module = read_module(source, path.stem, shared, problems) if source else None
    if module is None:
        return list(problems)
    return _with_examples(compile_ruleset(Ruleset(shared, (module,)), problems))


def _with_examples(compiled: Compiled) -> list[Diagnostic]:
    """The problems of checking, then those of the examples, which only checked rules can run."""
    problems = Diagnostics()
    if compiled.program is not None and compiled.ruleset is not None:
        run_examples(compiled.ruleset, compiled.program, problems)
    return [*compiled.problems, *problems]


def place_of(problem: Diagnostic) -> tuple[str, int, int]:
    """File name, line and column of a problem, as `Expected` has them."""
    if problem.span is None:
        return (Path(problem.file).name, 0, 0)
    return (Path(problem.span.source.name).name, problem.span.line, problem.span.column)


def judged(case: BadCase) -> list[Diagnostic]:
    """The problems that count: errors, and warnings where the case is about one."""
    return [
        diagnostic
        for diagnostic in case.problems()
        if diagnostic.severity is Severity.ERROR or case.code.startswith("W")
    ]
