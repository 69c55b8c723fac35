"""Results on disk: each way in which a stranger's file might be used is tried, and none is."""

from __future__ import annotations

import hashlib
import os
import pickle
from pathlib import Path

import pytest

from engine import kept

NAME, BODY = "a" * 64, b"a result"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one entry."""
    folder = tmp_path / "programs"
    kept.keep(folder, NAME, BODY)
    assert kept.fetch(folder, NAME) == BODY
    return folder


def test_entries_and_key_are_for_this_user_alone(folder: Path) -> None:
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (folder / NAME, folder.parent / ".programs-seal")} == {0o600}


def test_two_exchanged_entries_are_both_noticed(folder: Path) -> None:
    other = "b" * 64
    kept.keep(folder, other, b"another law")
    (folder / NAME).rename(folder / "between")
    (folder / other).rename(folder / NAME)
    (folder / "between").rename(folder / other)
    assert kept.fetch(folder, NAME) is None
    assert kept.fetch(folder, other) is None


def test_a_planted_pickle_runs_nothing(folder: Path, tmp_path: Path) -> None:
    class Planted:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.system, (f"touch {tmp_path / 'ran'}",)

    body = pickle.dumps(Planted())
    for content in (body, hashlib.sha256(body).digest() + body):
        (folder / NAME).write_bytes(content)
        assert kept.fetch(folder, NAME) is None
    assert not (tmp_path / "ran").exists()


def test_an_entry_sealed_elsewhere_is_not_used(folder: Path, tmp_path: Path) -> None:
    kept.keep(tmp_path / "other" / "programs", NAME, b"another law")
    (folder / NAME).write_bytes((tmp_path / "other" / "programs" / NAME).read_bytes())
    assert kept.fetch(folder, NAME) is None


@pytest.mark.parametrize("wide", ["folder", "entry", "key"])
def test_what_others_could_have_written_is_not_used(folder: Path, wide: str) -> None:
    path = {"folder": folder, "entry": folder / NAME, "key": folder.parent / ".programs-seal"}[wide]
    path.chmod(0o770)
    assert kept.fetch(folder, NAME) is None


@pytest.mark.parametrize("linked", ["folder", "entry", "key"])
def test_a_link_is_not_followed(folder: Path, linked: str) -> None:
    path = {"folder": folder, "entry": folder / NAME, "key": folder.parent / ".programs-seal"}[linked]
    path.rename(path.with_name("moved"))
    path.symlink_to(path.with_name("moved"))
    assert kept.fetch(folder, NAME) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to be root, to give files away")
def test_another_owners_folder_is_not_used(folder: Path) -> None:
    os.chown(folder, 12345, 12345)
    assert kept.fetch(folder, NAME) is None
    kept.keep(folder, "c" * 64, BODY)
    assert not (folder / ("c" * 64)).exists()


@pytest.mark.parametrize(
    "surroundings",
    [
        {"XDG_CACHE_HOME": "cache", "HOME": ""},
        {"XDG_CACHE_HOME": "", "HOME": ""},
        {"HOME": "here"},
        {"RULEWRIGHT_CACHE": "cache"},
        {"RULEWRIGHT_CACHE": ""},
    ],
)
def test_there_is_no_cache_in_whatever_folder_one_stands(
    monkeypatch: pytest.MonkeyPatch, surroundings: dict[str, str]
) -> None:
    for name in ("XDG_CACHE_HOME", "HOME", "RULEWRIGHT_CACHE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in surroundings.items():
        monkeypatch.setenv(name, value)
    assert kept.folder_for("programs") is None


def test_a_relative_cache_home_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RULEWRIGHT_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    monkeypatch.setenv("HOME", "/home/ada")
    assert kept.folder_for("programs") == Path("/home/ada/.cache/rulewright/programs")
