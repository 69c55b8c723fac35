"""Power fails during compaction, erasure and bulk loads: the old log is there or the new one, and nothing comes back.

Images from seeds that are printed with a failure. The control leaves out the fsync of a new events file, and loses:
so the test can fail.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from citizens import CitizensError, Draft, Settings, SqliteLog, import_tables, open_log
from citizens.sqlite import bulk
from tests.citizens.histories import DAY, TAX, Clock, fresh, model_of, moment, wages
from tests.citizens.made_up import sample_population
from tests.citizens.power_loss_folder import Change, FolderRecorder, FolderVFS

SEEDS = int(os.environ.get("RULEWRIGHT_POWER_SEEDS", "6"))
IMAGES_PER_SEED = 15


@dataclass
class Run:
    """What was done, each with the operations done when it was acknowledged."""

    recorder: FolderRecorder
    drafts: list[tuple[int, Draft]] = field(default_factory=list)
    erased: list[tuple[int, str]] = field(default_factory=list)
    compactions: int = 0


@contextmanager
def recorded(folder: Path, name: str, clock: Clock) -> Iterator[tuple[SqliteLog, FolderRecorder]]:
    """The log in `folder`, open for writing on a disk that is recorded."""
    recorder = FolderRecorder(folder)
    vfs = FolderVFS(name, recorder)
    recorder.begin()
    with pytest.MonkeyPatch.context() as patch:
        recorder.watch(patch)
        log = open_log(folder, settings=Settings(vfs=name), clock=clock)
        try:
            yield log, recorder
        finally:
            log.close()
    vfs.unregister()


def lived(folder: Path, seed: int, name: str) -> Run:
    """A random life: appends, erasures, compactions, checkpoints."""
    draw, clock = random.Random(seed), Clock()
    with fresh(folder, clock) as log:
        log.append([wages(f"person/{number}", "1", f"first-{number}") for number in range(6)])
    with recorded(folder, name, clock) as (log, recorder):
        run = Run(recorder)
        for step in range(14):
            clock.now += 1
            subject = f"person/{draw.randint(0, 5)}"
            match draw.choice(("append", "append", "append", "compact", "erase", "checkpoint")):
                case "append" if subject not in [gone for _, gone in run.erased]:
                    draft = wages(subject, str(step), f"e{step}")
                    log.append([draft])
                    run.drafts.append((len(recorder.log), draft))
                case "compact":
                    horizons = {"tax": moment(clock.now)}
                    done = log.compact(horizons, actor="a", legal_basis="b", tombstone_delay=timedelta(0))
                    run.compactions += bool(done.removed)
                case "erase" if len(run.erased) < 2:
                    if log.erase(subject, actor="a", legal_basis="b", reason="c"):
                        run.erased.append((len(recorder.log), subject))
                case _:
                    log.checkpoint()
    return run


def check(image: Path, at: int, run: Run) -> None:
    """Fail unless what was acknowledged by then is there, sound, and what was erased is not."""
    gone = {subject for _, subject in run.erased}
    clock = Clock(99)
    with open_log(image, clock=clock) as log:
        log.verify().require()
        for done, subject in run.erased:
            if done <= at:
                assert log.timeline(subject).changes == (), f"{subject} came back"
        acknowledged = [draft for done, draft in run.drafts if done <= at]
        assert all(receipt.duplicate for receipt in log.append(acknowledged)), "an acknowledged event is lost"
        drafts = [draft for _, draft in run.drafts if draft.subject not in gone]
        log.append(drafts)
        firsts = [wages(f"person/{number}", "1", f"first-{number}") for number in range(6)]
        model = model_of([*firsts, *drafts])
        for number in range(6):
            subject = f"person/{number}"
            if subject not in gone:
                assert log.timeline(subject).at(DAY) == model.at(subject, DAY, 10**9)
        log.verify().require()
    assert len(list(image.glob("events-*.db"))) == 1


def swaps(run: Run) -> list[int]:
    """Where another events file, or none, came to count."""
    return [at for at, event in enumerate(run.recorder.log) if isinstance(event, Change) and event.name == "current"]


def moments(run: Run, draw: random.Random) -> Iterator[int]:
    """Moments anywhere, and some around each swap, which is over soon."""
    yield from (draw.randint(0, len(run.recorder.log)) for _ in range(IMAGES_PER_SEED))
    yield from (at + draw.randint(-4, 6) for at in swaps(run))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_nothing_is_lost_and_nothing_comes_back(tmp_path: Path, seed: int) -> None:
    run = lived(tmp_path / "log", seed, f"folder-{seed}")
    draw = random.Random(seed + 2_000_000)
    for number, at in enumerate([*moments(run, draw)]):
        run.recorder.image(at, draw, tmp_path / "image")
        try:
            check(tmp_path / "image", at, run)
        except (CitizensError, AssertionError) as error:
            pytest.fail(f"seed {seed}, image {number}, after operation {at}: {type(error).__name__}: {error}")


def test_the_lives_hold_compactions_and_erasures(tmp_path: Path) -> None:
    runs = [lived(tmp_path / f"log-{seed}", seed, f"lives-{seed}") for seed in range(4)]
    assert sum(run.compactions for run in runs) >= 4
    assert sum(len(run.erased) for run in runs) >= 4


def test_the_control_without_the_sync_of_a_new_file_loses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "sync_file", lambda _path: None)
    failed = 0
    for seed in range(3):
        run = lived(tmp_path / f"log-{seed}", seed, f"control-{seed}")
        draw = random.Random(seed)
        for at in [swap + after for swap in swaps(run) for after in (2, 3, 4)]:
            run.recorder.image(at, draw, tmp_path / "image")
            try:
                check(tmp_path / "image", at, run)
            except (CitizensError, AssertionError):
                failed += 1
    assert failed > 0


@pytest.mark.parametrize("seed", range(3))
def test_a_bulk_load_is_there_whole_or_not_at_all(tmp_path: Path, seed: int) -> None:
    fresh(tmp_path / "log").close()
    with recorded(tmp_path / "log", f"load-{seed}", Clock()) as (log, recorder):
        before = len(recorder.log)
        whole = import_tables(log, sample_population(30, seed, DAY), TAX, "x").recorded
        done = len(recorder.log)
    draw = random.Random(seed)
    for number in range(IMAGES_PER_SEED):
        at = draw.randint(before, done + 3)
        recorder.image(at, draw, tmp_path / "image")
        with open_log(tmp_path / "image", clock=Clock()) as image:
            assert image.verify().problems == (), f"seed {seed}, image {number}, after operation {at}"
            assert image.head() in ((whole,) if at >= done else (0, whole))
            left = whole - image.head()
            assert import_tables(image, sample_population(30, seed, DAY), TAX, "x").recorded == left
