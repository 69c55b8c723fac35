"""Which rules a user means, and their program, compiled once.

A name such as `us` is one of the folders shipped in `rules/`; anything else is a path to a folder. Compiling takes a
second or so; the result is kept in the user's cache folder, under a hash over every file that decided it: the rules,
the reforms and the engine's own code. So are the rules as they were read, over which a reform is laid, and of a reform
what it changes. A kept result that others could have written is ignored (`engine.kept`).

The compiler is imported where it is needed: a program that is kept needs none, and importing it takes as long again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

from api.failures import Misuse, suggestion
from api.rules.keeping import SHIPPED, entry_name, fetched, keep_entry, root_of
from engine.garbage import without_search
from engine.ir.program import Program
from engine.kept import (
    pickled,
    pickled_beside,
    unpickled,
    unpickled_beside,
)
from engine.reading.declarations import Ruleset
from engine.syntax.files import REFORMS_FOLDER, SETTINGS_FILE
from engine.text.diagnostics import Diagnostics, RulesInvalid
from engine.text.recursion import deep_recursion

if TYPE_CHECKING:
    from engine.pipeline import Compiled

MANUAL = SHIPPED / "README.md"
_KINDS = ("definitions", "parameters", "tables", "scales", "functions")


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
    """The reform files, which must be there and ours. Raises Misuse for one that is not."""
    for path in paths:
        if not path.is_file():
            raise Misuse(f"there is no reform file `{path}`", "name a YAML file; see Reforms in rules/README.md")
        if path.suffix == ".json":
            raise Misuse(
                f"`{path}` is JSON, as Tax-Calculator and PolicyEngine write reforms, and not YAML",
                f"`rulewright translate {path} > {path.stem}.yaml` makes one of it, and lists what it cannot read",
            )
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


def load_program(name: str, reforms: Sequence[Path] = (), to_be_reformed: bool = False) -> Program:
    """The program of the rules that `name` means, under `reforms`. Raises Misuse, or RulesInvalid with the problems.

    `to_be_reformed`: if the rules have to be read, keep them for the reforms that come next.
    """
    folder, overlays = find_rules(name), find_reforms(reforms)
    law = _kept(folder, ()) if overlays else None
    if law is not None:
        return load_reformed(law, name, overlays)
    program = _kept(folder, overlays)
    if program is None:
        program = _compiled(folder, overlays, bool(overlays) or to_be_reformed)
        keep_entry(entry_name(folder, overlays, "program"), lambda: pickled(program, root_of(folder)))
    return program


def _kept(folder: Path, reforms: Sequence[Path]) -> Program | None:
    """The program as it was kept, if it was."""
    root = root_of(folder)
    program = fetched(entry_name(folder, reforms, "program"), lambda body: unpickled(body, root))
    return program if isinstance(program, Program) else None


def load_reformed(law: Program, name: str, reforms: Sequence[Path]) -> Program:
    """The program of the rules under `reforms` as `load_program` gives it, where `law` is that of the rules without
    them. What the reforms leave as it is are the objects of `law`: whoever compares the two need not look into them.

    What is kept of it is only what differs: reading that takes no time beside reading a whole program.
    """
    known, folder, overlays = _parts(law), find_rules(name), find_reforms(reforms)
    entry = entry_name(folder, overlays, "beside")
    program = fetched(entry, lambda body: unpickled_beside(body, known))
    if not isinstance(program, Program):
        program = _with_values(law, overlays) or _sharing(_compiled(folder, overlays, True), law)
        keep_entry(entry, lambda: pickled_beside(program, known))
    return program


@without_search()
@deep_recursion()
def _with_values(law: Program, reforms: Sequence[Path]) -> Program | None:
    """The program under reforms that only set values; None where the rules have to be compiled."""
    from engine.value_reforms import with_values

    return with_values(law, reforms)


def _parts(program: Program) -> dict[tuple[str, str], object]:
    """The definitions and constants of a program, by kind and name, and its settings."""
    parts: dict[tuple[str, str], object] = {("settings", ""): program.settings}
    for kind in _KINDS:
        parts |= {(kind, name): part for name, part in getattr(program, kind).items()}
    return parts


def _sharing(program: Program, law: Program) -> Program:
    """The program with the objects of the law for whatever is equal in both."""
    shared = {}
    for kind in _KINDS:
        ours: Mapping[str, object] = getattr(law, kind)
        parts = getattr(program, kind).items()
        shared[kind] = {name: ours[name] if ours.get(name) == part else part for name, part in parts}
    settings = law.settings if law.settings == program.settings else program.settings
    return replace(program, settings=settings, **shared)  # type: ignore[arg-type]


def _compiled(folder: Path, reforms: Sequence[Path], keeping: bool) -> Program:
    """The program, from the rules as they were read before where that is kept: reading takes longest."""
    from engine.pipeline import compile_read, compile_rules
    from engine.reforms.based import read_law

    entry = entry_name(folder, (), "read")
    root = root_of(folder)
    ruleset = fetched(entry, lambda body: unpickled(body, root))
    if not isinstance(ruleset, Ruleset):
        problems = Diagnostics()
        with without_search(), deep_recursion():
            read = read_law(folder, problems)
        if read is None or list(problems):
            return compile_rules(folder, reforms)  # which tells all problems at once
        ruleset = read
        if keeping:
            keep_entry(entry, lambda: pickled(ruleset, root))
    return compile_read(ruleset, reforms)
