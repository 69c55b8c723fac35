"""Files that take their names together: all of them or none, whatever comes in between."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from api.simulate import writing
from api.simulate.writing import appearing_together, check_place

NAMES = ("report.html", "tables", "manifest.json")


def write(folder: Path) -> None:
    with appearing_together() as together:
        together.begin(folder / "report.html").write_text("new")
        (together.begin(folder / "tables", folder=True) / "budget.csv").write_text("new")
        together.begin(folder / "manifest.json").write_text("new")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def at_renaming(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Callable[[], object]], None]:
    """Something happens before the file of a name takes its place."""
    replace = os.replace

    def set_up(name: str, happens: Callable[[], object]) -> None:
        def replaced(source: Path, target: Path) -> None:
            if Path(target).name == name and ".before" not in Path(source).name:
                happens()
            replace(source, target)

        monkeypatch.setattr(os, "replace", replaced)

    return set_up


@pytest.mark.parametrize("name", NAMES)
def test_ctrl_c_comes_after_all_have_their_names(
    tmp_path: Path, name: str, at_renaming: Callable[[str, Callable[[], object]], None]
) -> None:
    at_renaming(name, lambda: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path)
    assert names(tmp_path) == {*NAMES}


def fail() -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("name", NAMES)
def test_where_one_cannot_take_its_name_none_has_one(
    tmp_path: Path, name: str, at_renaming: Callable[[str, Callable[[], object]], None]
) -> None:
    (tmp_path / "report.html").write_text("old")
    at_renaming(name, fail)
    with pytest.raises(OSError, match="No space"):
        write(tmp_path)
    assert names(tmp_path) == {"report.html"}
    assert (tmp_path / "report.html").read_text() == "old"


def test_what_vouches_for_the_others_takes_its_name_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there: list[set[str]] = []
    put = writing._put

    def noted(path: Path, beside: Path) -> list[Callable[[], object]]:
        there.append({name for name in names(tmp_path) if not name.startswith(".")})
        return put(path, beside)

    monkeypatch.setattr(writing, "_put", noted)
    write(tmp_path)
    assert there == [set(), {"report.html"}, {"report.html", "tables"}]


def test_ctrl_c_while_a_place_is_tried_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = tempfile.mkdtemp

    def interrupted(*args: object, **words: object) -> str:
        place = made(*args, **words)  # type: ignore[call-overload]
        signal.raise_signal(signal.SIGINT)
        return str(place)

    monkeypatch.setattr(tempfile, "mkdtemp", interrupted)
    with pytest.raises(KeyboardInterrupt):
        check_place(tmp_path / "report.html")
    assert names(tmp_path) == set()
