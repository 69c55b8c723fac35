"""Which rules a user means, and their program, compiled once.

A name such as `us` is one of the folders shipped in `rules/`; anything else is a path to a folder. Compiling takes a
second or so; the result is kept in the user's cache folder, under a hash over every file that decided it: the rules,
the reforms and the engine's own code. A kept result that others could have written is ignored (`engine.kept`).

The compiler is imported where it is needed: a program that is kept needs none, and importing it takes as long again.
"""

from __future__ import annotations

import hashlib
import pickle
import re
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

import engine
from api.failures import Misuse, suggestion
from engine.ir.program import Program
from engine.kept import code_digest, fetch, folder_for, forget_old, keep, pickled, unpickled
from engine.reading.declarations import Ruleset
from engine.syntax.files import REFORMS_FOLDER, SETTINGS_FILE
from engine.text.diagnostics import Diagnostics, RulesInvalid

if TYPE_CHECKING:
    from engine.pipeline import Compiled

SHIPPED = Path(engine.__file__).parents[1] / "rules"
MANUAL = SHIPPED / "README.md"
_KEPT_AT_MOST = 32
_CODE = code_digest()


def shipped_rules() -> list[str]:
    """The names of the rules that come with the package."""
    return sorted(path.parent.name for path in SHIPPED.glob("*/ruleset.yaml"))


def find_rules(name: str) -> Path:
    """The folder that `name` means. Raises Misuse if there is none."""
    folder = Path(name)
    if name in shipped_rules():
        here = folder / SETTINGS_FILE
        if here.is_file() and not here.samefile(SHIPPED / name / SETTINGS_FILE):
            told = f"`{name}` means the shipped rules, and there is a folder of rules `{name}` here"
            raise Misuse(told, f"write `./{name}` for the folder, or go elsewhere for the shipped rules")
        return SHIPPED / name
    if folder.is_dir():
        return folder
    if folder.exists():
        raise Misuse(f"`{name}` is a file, not a folder of rules", "name the folder that holds `ruleset.yaml`")
    known = shipped_rules()
    shipped = "shipped rules: " + ", ".join(f"`{ruleset}`" for ruleset in known)
    raise Misuse(f"there are no rules `{name}`", suggestion(name, known, f"name a folder, or one of the {shipped}"))


def find_reforms(paths: Sequence[Path]) -> list[Path]:
    """The reform files, which must be there. Raises Misuse for one that is not."""
    for path in paths:
        if not path.is_file():
            raise Misuse(f"there is no reform file `{path}`", "name a YAML file; see Reforms in rules/README.md")
    return list(paths)


def read(name: str, reforms: Sequence[Path] = ()) -> Ruleset:
    """The rules that `name` means, read and not checked: what is faulty in them may be missing. Raises RulesInvalid
    where not even `ruleset.yaml` can be read."""
    from engine.reforms.apply import apply_reforms
    from engine.reforms.based import read_law

    problems = Diagnostics()
    ruleset = read_law(find_rules(name), problems)
    if ruleset is None:
        raise RulesInvalid(problems)
    return apply_reforms(ruleset, find_reforms(reforms), problems)


def check(name: str, reforms: Sequence[Path] = (), lint: bool = True) -> Compiled:
    """Every problem of the rules that `name` means, and their program if there is no error.

    Without `reforms` and with `lint` each of the rules' own, in their folder `reforms`, is checked too, by itself.
    """
    from engine.pipeline import check_rules

    folder = find_rules(name)
    compiled = check_rules(folder, find_reforms(reforms), lint)
    if lint and not reforms:  # a reform may have removed what examples name
        compiled = _with_examples(compiled)
    if reforms or compiled.program is None or not lint:
        return compiled
    own = sorted(path for path in (folder / REFORMS_FOLDER).glob("*.yaml") if path.is_file())
    return reduce(lambda so_far, path: _with_reform(so_far, folder, path), own, compiled)


def _with_examples(compiled: Compiled) -> Compiled:
    """What was found, and what is wrong with the examples; what they compute is for `test`."""
    from engine.examples.run import check_examples

    if compiled.program is None or compiled.ruleset is None:
        return compiled
    problems = Diagnostics(list(compiled.problems))
    check_examples(compiled.ruleset, compiled.program, problems)
    return replace(compiled, program=None if problems.errors else compiled.program, problems=tuple(problems))


def _with_reform(compiled: Compiled, folder: Path, reform: Path) -> Compiled:
    """What was found, and what is wrong under one of the rules' own reforms."""
    from engine.pipeline import check_rules

    rules = check_rules(folder, [reform], lint=False)
    known = set(compiled.problems)
    more = tuple(problem for problem in rules.problems if problem not in known)
    program = compiled.program if rules.program is not None else None
    return replace(compiled, program=program, problems=(*compiled.problems, *more))


def load_program(name: str, reforms: Sequence[Path] = ()) -> Program:
    """The program of the rules that `name` means, under `reforms`. Raises Misuse, or RulesInvalid with the problems."""
    folder, overlays = find_rules(name), find_reforms(reforms)
    kept, entry = folder_for("programs"), _entry(folder, overlays)
    program = _fetched(kept, entry) if entry else None
    if program is None:
        from engine.pipeline import compile_rules

        program = compile_rules(folder, overlays)
        if kept is not None and entry:
            _keep(kept, entry, program)
    return program


def _entry(folder: Path, reforms: Sequence[Path]) -> str:
    """The name that the result is kept under; empty if what decides it cannot be read: compiling will say so."""
    try:
        return f"{_digest(folder, reforms)}.program"
    except OSError:
        return ""


def _digest(folder: Path, reforms: Sequence[Path]) -> str:
    """A hash over the rules, the reforms, the engine's code and the Python that reads the result."""
    digest = hashlib.sha256(sys.version.encode())
    digest.update(_CODE.encode())
    digest.update(str(folder).encode())  # positions in messages name the files as the user did
    for part in (folder, *bases(folder)):
        _feed(digest, part, sorted(part.rglob("*.y*ml")))
    for path in reforms:
        _feed(digest, path.parent, [path])
    return digest.hexdigest()


def bases(folder: Path) -> list[Path]:
    """The folder of the rules that these are based on, if any, found without the compiler's reader."""
    named = re.search(rb"^based_on:[ \t]*([a-z0-9_]+)", (folder / SETTINGS_FILE).read_bytes(), re.MULTILINE)
    return [folder.resolve().parent / named[1].decode()] if named else []


def _feed(digest: hashlib._Hash, base: Path, files: Iterable[Path]) -> None:
    for path in files:
        content = path.read_bytes()
        digest.update(f"{path.relative_to(base)}\0{len(content)}\0".encode())
        digest.update(content)


def _fetched(folder: Path | None, entry: str) -> Program | None:
    """What is kept under a name. It is unpickled only if this user's own seal vouches for it."""
    body = fetch(folder, entry)
    if body is None:
        return None
    try:
        program = unpickled(body)
    except (pickle.PickleError, AttributeError, ImportError, EOFError, ValueError, TypeError):
        return None
    return program if isinstance(program, Program) else None


def _keep(folder: Path, entry: str, program: Program) -> None:
    with suppress(OSError, RecursionError, pickle.PickleError):
        keep(folder, entry, pickled(program))
        forget_old(folder, "*.program", _KEPT_AT_MOST)
