"""Modules that were read at the installation stand in for reading their files, and only while nothing is changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine import installed
from engine.reading import documents, read_before
from engine.reading.declarations import Ruleset
from engine.reading.documents import keep_modules, read_ruleset
from engine.text.diagnostics import Diagnostics

SHIPPED = Path(__file__).parents[2] / "rules"


@pytest.fixture
def land(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Rules whose modules are kept."""
    monkeypatch.setattr(installed, "FOLDER", tmp_path / "made")
    shutil.copytree(SHIPPED / "us_passport", tmp_path / "land")
    keep_modules(tmp_path / "land")
    return tmp_path / "land"


def read(folder: Path) -> tuple[Ruleset, list[object]]:
    problems = Diagnostics()
    ruleset = read_ruleset(folder, problems)
    assert ruleset is not None
    return ruleset, list(problems)


def names_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Ruleset, list[object], list[str]]:
    """The rules, what is wrong with them, and the modules that had to be read from their text."""
    names: list[str] = []
    by_text = documents.read_module

    def noted(source, name, settings, problems):  # type: ignore[no-untyped-def]
        names.append(name)
        return by_text(source, name, settings, problems)

    with monkeypatch.context() as patch:
        patch.setattr(documents, "read_module", noted)
        return (*read(folder), names)


def test_nothing_is_read_again_and_all_is_as_it_was_read(land: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, problems, names = names_read(land, monkeypatch)
    monkeypatch.setattr(installed, "FOLDER", land / "none")
    again, _, all_names = names_read(land, monkeypatch)
    assert (kept, problems, names) == (again, [], [])
    assert len(all_names) == len(again.modules) > 1
    assert [module.span.source for module in kept.modules] == [module.span.source for module in again.modules]


def test_a_changed_file_alone_is_read(land: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = read(land)[0].modules[0]
    path = land / f"{first.name}.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(first.about, f"{first.about}, now", 1), encoding="utf-8")
    ruleset, _, names = names_read(land, monkeypatch)
    assert names == [first.name]
    assert ruleset.modules[0].about == f"{first.about}, now"


def test_other_settings_have_all_read(land: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = land / "ruleset.yaml"
    settings.write_text(settings.read_text(encoding="utf-8") + "\n# a remark\n", encoding="utf-8")
    assert len(names_read(land, monkeypatch)[2]) == len(read(land)[0].modules)


def test_a_faulty_module_is_not_kept_and_tells_its_fault_each_time(land: Path) -> None:
    first = read(land)[0].modules[0]
    path = land / f"{first.name}.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "\nnonsense: 1\n", encoding="utf-8")
    keep_modules(land)
    assert len(read(land)[1]) == len(read(land)[1]) == 1


def test_moved_rules_name_their_own_files(land: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    moved = land.rename(tmp_path / "elsewhere" / "land")
    ruleset, _, names = names_read(moved, monkeypatch)
    assert not names
    assert {Path(module.span.source.name).parents[0] for module in ruleset.modules} == {moved}


def test_a_damaged_entry_is_read_from_its_text(land: Path) -> None:
    before = read(land)
    for entry in (installed.FOLDER / read_before.KIND).iterdir():
        entry.write_bytes(entry.read_bytes()[:-1])
    assert read(land) == before
