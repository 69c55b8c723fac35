"""What a keystroke costs, counted: one file is read, those that it concerns are checked and told, and the whole program
is compiled once at a time, however fast somebody types."""

from __future__ import annotations

import asyncio
from pathlib import Path
from threading import Event, Lock
from typing import Any

import pytest

from api.lsp import living as living_module
from api.lsp import session as session_module
from api.lsp.living import State, compiled
from api.lsp.session import Session
from engine.check import check_definitions
from engine.pipeline import Compiled
from engine.reading.documents import read_module
from engine.text.diagnostics import Diagnostic
from tests.cli.command import MODULE, write_rules
from tests.lsp.test_session import OTHER


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    land = write_rules(tmp_path / "land")
    (land / "rest.yaml").write_text(OTHER.partition("examples:")[0], encoding="utf-8")
    return land


async def loaded(session: Session, path: Path) -> None:
    """Open a file, and wait until the rules are read."""
    session.change(path, MODULE)
    assert await session.ready(path) is not None


@pytest.mark.parametrize(
    ("old", "new", "concerned"),
    [
        ("head.wages - allowance", "head.wages - allowanse", ["tax.yaml"]),  # a formula: this file alone
        ("entity: tax_unit", "entity: person", ["rest.yaml", "tax.yaml"]),  # what another file reads
    ],
)
def test_a_keystroke_reads_one_file_and_checks_those_that_it_concerns(
    folder: Path, old: str, new: str, concerned: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert old in MODULE
    path, read, checked, told = folder / "tax.yaml", list[str](), list[str](), list[str]()
    counted, go_on = list[list[str]](), Event()

    def reading(source: Any, name: str, *rest: Any) -> Any:
        read.append(name)
        return read_module(source, name, *rest)

    def checking(ruleset: Any, *rest: Any) -> Any:
        checked.extend(module.name for module in ruleset.modules)
        return check_definitions(ruleset, *rest)

    async def type_once() -> None:
        session = Session(lambda of, problems: told.append(of.name))
        await loaded(session, path)
        for noted in (read, checked, told):
            noted.clear()
        session.change(path, MODULE.replace(old, new))
        await session.ready(path)
        counted.extend(list(noted) for noted in (read, checked, told))
        go_on.set()

    def waiting(state: State) -> Compiled:  # so that nothing is told of the whole program meanwhile
        go_on.wait(20)
        return compiled(state)

    monkeypatch.setattr(living_module, "read_module", reading)
    monkeypatch.setattr(living_module, "check_definitions", checking)
    monkeypatch.setattr(session_module, "compiled", waiting)
    asyncio.run(asyncio.wait_for(type_once(), 30))
    read, checked, told = counted
    assert read == ["tax"]
    assert sorted(f"{name}.yaml" for name in checked) == concerned
    assert set(told) <= set(concerned)
    assert told.count("tax.yaml") == 1


def test_the_whole_program_is_compiled_once_at_a_time_and_at_last_as_it_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, at_once, versions, lock, go_on = folder / "tax.yaml", [0, 0], list[int](), Lock(), Event()

    def slowly(state: State) -> Compiled:
        with lock:
            at_once[0] += 1
            at_once[1] = max(at_once)
            versions.append(state.version)
        go_on.wait(20)
        with lock:
            at_once[0] -= 1
        return compiled(state)

    problems: dict[str, list[Diagnostic]] = {}

    async def type_on() -> None:
        session = Session(lambda of, found: problems.__setitem__(of.name, found))
        await loaded(session, path)
        for number in range(6):  # each time a pause, while the first compilation is still running
            session.change(path, MODULE + f"# {number}\n")
            await asyncio.sleep(0.05)
        session.change(path, MODULE.replace("head.wages - allowance", "head.wages - allowanse"))
        await asyncio.sleep(0.05)
        go_on.set()
        root = session.root(path)
        assert root is not None
        while versions[-1] != root.living.version or at_once[0] or "tax.yaml" not in problems:
            await asyncio.sleep(0.01)

    monkeypatch.setattr(session_module, "compiled", slowly)
    monkeypatch.setattr(session_module, "PAUSE_SECONDS", 0.005)
    monkeypatch.setattr(session_module, "KEYSTROKE_SECONDS", 0.001)
    asyncio.run(asyncio.wait_for(type_on(), 30))
    assert at_once[1] == 1
    assert len(versions) <= 3
    assert [problem.code for problem in problems["tax.yaml"]] == ["E401"]
