"""Programs kept on disk: whoever exchanges them or brings them from elsewhere does not change the law that applies."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from api.rules.programs import load_program, load_reformed
from engine import kept, pipeline
from engine.ir import worlds
from engine.pipeline import compile_rules
from engine.reforms import based
from engine.text.diagnostics import RulesInvalid
from tests.cli.command import CASE, MODULE, write_rules
from tests.cli.logs import run

STRANGER = 12_345
TAXES = {"2_000": "3,550", "9_000": "2,150"}
"""What the case's family pays, by the law's allowance."""


@pytest.fixture
def laws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[Path, str]:
    """Two laws whose programs are kept, and the tax by each."""
    (tmp_path / "case.yaml").write_text(CASE, encoding="utf-8")
    taxes = {}
    for allowance, tax in TAXES.items():
        module = MODULE.replace("2024-01-01: 2_000}", f"2024-01-01: {allowance}}}")
        taxes[write_rules(tmp_path / allowance, module)] = tax
    use(monkeypatch, tmp_path / "cache")
    computed_by_each(taxes)
    assert len(programs(tmp_path / "cache")) == 2
    return taxes


def use(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    monkeypatch.setenv("RULEWRIGHT_CACHE", str(cache))


def computed_by_each(laws: dict[Path, str]) -> None:
    """Each law gives its own tax."""
    for law, tax in laws.items():
        done = run("calc", law, law.parent / "case.yaml", "--want", "income_tax")
        assert done.stdout.split() == ["income_tax", tax, "USD"], done.stderr


def programs(cache: Path) -> list[Path]:
    return sorted((cache / "programs").glob("*.program"))


def test_two_exchanged_programs_are_both_made_again(laws: dict[Path, str], tmp_path: Path) -> None:
    first, second = programs(tmp_path / "cache")
    before = first.read_bytes(), second.read_bytes()
    first.write_bytes(before[1])
    second.write_bytes(before[0])
    computed_by_each(laws)
    assert (first.read_bytes(), second.read_bytes()) == before


def test_programs_exchanged_between_two_caches_are_not_used(
    laws: dict[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, tmp_path / "other")
    computed_by_each(laws)
    first, second = programs(tmp_path / "cache")
    planted = {path: path.read_bytes() for path in programs(tmp_path / "other")}
    for mine, others in ((first, second.name), (second, first.name)):
        shutil.copyfile(mine, tmp_path / "other" / "programs" / others)
    computed_by_each(laws)
    assert {path: path.read_bytes() for path in programs(tmp_path / "other")} == planted


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to be root, to give files away")
@pytest.mark.parametrize("given_away", ["programs", ".programs-seal", "*.program"])
def test_what_another_user_sealed_is_not_used(laws: dict[Path, str], tmp_path: Path, given_away: str) -> None:
    """The other user seals the wrong law under each name; the folder, the seal's key or the entries are theirs."""
    first, second = programs(tmp_path / "cache")
    bodies = [kept.fetch(path.parent, path.name) for path in (second, first)]
    for path, body in zip((first, second), bodies, strict=True):
        assert body is not None
        kept.keep(path.parent, path.name, body)
    for path in (tmp_path / "cache").rglob(given_away):
        os.chown(path, STRANGER, STRANGER)
    computed_by_each(laws)


def test_what_reads_what_is_kept_under_the_programs_own_name(
    laws: dict[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (compile_rules(law) for law in laws)
    names = frozenset(name for name, definition in first.definitions.items() if not definition.formulas)
    reached = worlds.reached_names(first, names)
    assert len(reached) > len(names)
    worlds._kept.clear()
    monkeypatch.setattr(worlds, "_readers", lambda *formulas: pytest.fail("it is kept"))
    assert worlds.reached_names(first, names) == reached
    with pytest.raises(pytest.fail.Exception):
        worlds.reached_names(second, names)
    (kept_entry,) = (tmp_path / "cache" / "readers").glob("*.readers")
    kept_entry.write_bytes(kept_entry.read_bytes()[:-1] + b"?")
    worlds._kept.clear()
    with pytest.raises(pytest.fail.Exception):
        worlds.reached_names(first, names)


REFORM = "about: A larger allowance\nlaw: A bill\nset:\n  allowance: {2024-01-01: 3_000}\n"


@pytest.fixture
def reform(laws: dict[Path, str], tmp_path: Path) -> Path:
    path = tmp_path / "reform.yaml"
    path.write_text(REFORM, encoding="utf-8")
    return path


def test_a_reform_shares_with_the_law_what_it_leaves_as_it_is(laws: dict[Path, str], reform: Path) -> None:
    law = load_program(str(next(iter(laws))))
    for _ in ("compiled", "as it is kept"):
        reformed = load_reformed(law, str(next(iter(laws))), [reform])
        assert reformed == load_program(str(next(iter(laws))), [reform])
        assert reformed.settings is law.settings
        others = {name for name, part in reformed.parameters.items() if part is not law.parameters.get(name)}
        assert others == {name for name in law.parameters if name.endswith("allowance")}
        assert all(part is law.definitions[name] for name, part in reformed.definitions.items())


def test_a_reform_kept_beside_another_law_is_compiled_anew(laws: dict[Path, str], reform: Path, tmp_path: Path) -> None:
    """The entry of the one law's reform lies under the name of the other's: its seal does not vouch for it there."""
    first, second = ((str(law), load_program(str(law))) for law in laws)
    expected = [load_reformed(law, name, [reform]).fingerprint for name, law in (first, second)]
    one, other = sorted((tmp_path / "cache" / "programs").glob("*.beside"))
    shutil.copyfile(one, other)
    assert [load_reformed(law, name, [reform]).fingerprint for name, law in (first, second)] == expected


def test_a_reform_is_laid_over_the_rules_as_they_were_read(
    laws: dict[Path, str], reform: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So a mistyped reform is told without reading the law's files again, which takes longest; one that sets values is
    not even compiled."""
    name = str(next(iter(laws)))
    mistyped = [REFORM.replace("allowance", name) for name in ("alowance", "allowence")]
    reform.write_text(mistyped[0], encoding="utf-8")
    with pytest.raises(RulesInvalid):
        load_program(name, [reform])
    monkeypatch.setattr(based, "read_law", lambda *_: pytest.fail("it is kept as it was read"))
    reform.write_text(mistyped[1], encoding="utf-8")
    with pytest.raises(RulesInvalid) as told:
        load_program(name, [reform])
    assert [problem.code for problem in told.value.problems] == ["E803"]
    monkeypatch.setattr(pipeline, "compile_ruleset", lambda *_: pytest.fail("nothing is compiled"))
    reform.write_text(REFORM, encoding="utf-8")
    assert load_program(name, [reform]).parameters != load_program(name).parameters
