"""What was made at the installation is used where the user has nothing, and only as it was made."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.rules import programs
from api.rules.keeping import SHIPPED, entry_name
from engine import installed, kept
from engine.text.source import Source

NAME, BODY = "a" * 64, b"a result"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of programs, beside an installation that has one entry."""
    monkeypatch.setattr(installed, "FOLDER", tmp_path / "made")
    installed.keep("programs", NAME, BODY)
    return tmp_path / "cache" / "programs"


def test_an_empty_cache_is_answered_by_the_installation(cache: Path) -> None:
    assert kept.fetch(cache, NAME) == BODY
    assert kept.fetch(cache.with_name("objects"), NAME) is None
    assert kept.fetch(None, NAME) is None


def test_what_the_user_has_comes_first(cache: Path) -> None:
    kept.keep(cache, NAME, b"their own")
    assert kept.fetch(cache, NAME) == b"their own"


@pytest.mark.parametrize("how", ["cut short", "changed", "renamed", "writable by all"])
def test_what_is_not_as_it_was_made_is_not_used(cache: Path, how: str) -> None:
    path, other = installed.FOLDER / "programs" / NAME, "b" * 64
    content = path.read_bytes()
    match how:
        case "cut short":
            path.write_bytes(content[:-1])
        case "changed":
            path.write_bytes(content[:-1] + b"x")
        case "renamed":
            path.rename(path.with_name(other))
        case _:
            path.chmod(0o666)
    assert kept.fetch(cache, NAME) is None
    assert kept.fetch(cache, other) is None


def test_a_program_that_is_kept_names_its_files_where_they_lie_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RULEWRIGHT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(installed, "FOLDER", tmp_path / "none")
    assert programs.load_program("us_passport") is not None
    name = entry_name(SHIPPED / "us_passport", (), "program")
    body = kept.fetch(tmp_path / "cache" / "programs", name)
    assert body is not None and str(SHIPPED).encode() not in body
    installed.keep("programs", name, body)
    monkeypatch.setenv("RULEWRIGHT_CACHE", str(tmp_path / "other"))
    moved = kept.unpickled(body, "/elsewhere/")
    assert b"/elsewhere/us_passport/" in kept.pickled(moved)
    here = kept.unpickled(body, f"{SHIPPED}/")
    assert kept.pickled(programs.load_program("us_passport")) == kept.pickled(here)


def test_a_text_under_the_root_is_read_under_another(tmp_path: Path) -> None:
    source = Source("/here/law.yaml", "/herein")
    read = kept.unpickled(kept.pickled(source, "/here/"), "/there/")
    assert isinstance(read, Source) and (read.name, read.text) == ("/there/law.yaml", "/herein")
