"""The house keeps its shape: imports point one way, nothing is circular, everything is documented and small."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("engine", "citizens", "api")
MAX_MODULE_LINES, MAX_FUNCTION_LINES = 600, 70
MAY_IMPORT = {"engine": {"engine"}, "citizens": {"citizens"}, "api": {"api", "engine", "citizens"}}

# The floors of each package, from the ground up: a module imports from its own floor and from those before it.
# `""` stands for the package itself, whose `__init__` gathers what it exports.
FLOORS = {
    "engine": (
        *(
            "records",
            "garbage",
            "installed",
            "kept",
            "remembered",
            "text",
            "values",
            "syntax",
            "reading",
            "ir",
            "reforms",
            "check",
            "lint",
            "pipeline",
            "value_reforms",
        ),
        *(
            "interpret",
            "explain",
            "examples",
            "population",
            "native.arithmetic",
            "native.plan",
            "native.write",
            "native.machine",
        ),
        *("native", ""),
    ),
    "citizens": (
        *(
            "errors",
            "garbage",
            "events",
            "kinds",
            "payload_json",
            "stored_values",
            "book_entries",
            "codec",
            "csv_text",
            "chain",
            "points",
            "snapshot",
            "timeline",
            "log",
            "ledger",
            "assessments",
            "homes",
            "known_homes",
            "cuts",
            "moving",
        ),
        *("sqlite", "kafka", "sample", ""),
    ),
    "api": (
        *(
            "failures",
            "schema",
            "version",
            "scale",
            "cases",
            "rules",
            "sweep",
            "interview",
            "batch",
            "history",
            "assess",
            "find",
            "cure",
        ),
        *("permits",),
        *("taxsim", "simulate", "bench", "compat", "lsp", "http", "web", "http.server", "python"),
        *("cli", ""),
    ),
}


def modules() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from ((name if name in ALL else str(node.module), node.lineno) for name in names)


ALL = {dotted(path) for path in modules()}


def test_there_is_something_to_check() -> None:
    assert len(ALL) > 20


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_imports_point_one_way(path: Path) -> None:
    package = dotted(path).partition(".")[0]
    for name, line in imports(path):
        top = name.partition(".")[0]
        if top in PACKAGES:
            assert top in MAY_IMPORT[package], f"{path}:{line} imports {name}"
            if package == top:
                assert floor(name) <= floor(dotted(path)), f"{path}:{line} imports upwards: {name}"


def floor(name: str) -> int:
    """How high a module stands in its package: by its folder's folder, its folder, or its own name."""
    package, *rest = name.split(".")
    floors = FLOORS[package]
    two, first = ".".join(rest[:2]), (rest or [""])[0]
    return floors.index(two if two in floors else first)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_folder_has_its_floor(package: str) -> None:
    there = {path.stem if path.is_file() else path.name for path in (ROOT / package).iterdir()}
    folders = {name for name in there if (ROOT / package / name / "__init__.py").is_file()}
    files = {path.stem for path in (ROOT / package).glob("*.py")} - {"__init__"}
    assert folders | files == {name.partition(".")[0] for name in FLOORS[package] if name}


def test_no_import_is_circular() -> None:
    graph = {dotted(path): {name for name, _ in imports(path) if name in ALL} for path in modules()}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, "circular import: " + " -> ".join((*path[path.index(name) :], name))
        if name in done:
            return
        for other in sorted(graph[name] - {name}):
            visit(other, (*path, name))
        done.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_modules_and_functions_are_documented_and_small(path: Path) -> None:
    assert ast.get_docstring(tree(path)), f"{path} has no docstring"
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_MODULE_LINES, f"{path} is too long"
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            lines = node.end_lineno - node.lineno + 1
            assert lines <= MAX_FUNCTION_LINES, f"{path}:{node.lineno} {node.name} has {lines} lines"


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_public_things_say_what_they_mean(path: Path) -> None:
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{path}:{node.lineno} {node.name} has no docstring"


_WITHOUT_REMEDY = {"JsonRpcException", "ValueError"}  # an editor and the standard library know one sentence only


def test_what_is_wrong_and_what_to_do_are_two_fields() -> None:
    """An exception's message holds no remedy after `; `, and nobody takes one apart to find it."""
    for path in modules():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
                known = isinstance(node.exc.func, ast.Name) and node.exc.func.id in _WITHOUT_REMEDY
                texts = [] if known else [str(other_text.value) for other_text in _texts(node.exc.args[0])]
                assert not any("; " in text for text in texts), f"{path}:{node.lineno} hides a remedy in its message"
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("split", "partition", "rpartition"):
                assert all(each_text.value != "; " for each_text in _texts(node)), (
                    f"{path}:{node.lineno} takes a message apart"
                )


def _texts(node: ast.AST) -> list[ast.Constant]:
    """The pieces of text in an expression, except separators that a call joins others with."""
    joins = {
        part.func.value
        for part in ast.walk(node)
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute)
    }
    return [
        part
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and part not in joins
    ]


MAX_POSITIONAL = 5
_FRAMEWORKS = {"command", "callback", "get", "post", "put", "patch", "delete"}  # typer and FastAPI read the signature


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_of_many_parameters_the_last_are_given_by_name(path: Path) -> None:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not _read_by_a_framework(node):
            named = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
            count = len(named) - (named[:1] in (["self"], ["cls"]))
            assert count <= MAX_POSITIONAL, f"{path}:{node.lineno} {node.name} takes {count} arguments by position"


def _read_by_a_framework(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function is a command or a route: who calls it names every argument."""
    calls = [decorator.func for decorator in node.decorator_list if isinstance(decorator, ast.Call)]
    decorated = any(isinstance(call, ast.Attribute) and call.attr in _FRAMEWORKS for call in calls)
    annotated = [ast.unparse(argument.annotation) for argument in node.args.args if argument.annotation]
    return decorated or any("typer." in annotation for annotation in annotated)
