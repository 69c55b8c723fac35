"""Opening a log for a command, and how users write moments.

A log is named by `--log` or the variable RULEWRIGHT_LOG: a folder, or an address `kafka://…` (see `kafka`). Its key
store lies in it, or where RULEWRIGHT_KEYS says. A log is made where none is only if a command says so, and never in a
folder that holds other things.

A day stands for all of it: "as known on 2025-06-01" takes in what was recorded on that day (UTC), "since 2025-06-01"
begins with its first moment. A moment is written as `2025-06-01T12:30:00Z`, an offset as `#17` or `17`.
"""

from __future__ import annotations

import getpass
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import sleep

from api.failures import Failure, Misuse
from api.history import kafka
from api.history.environment import KEK_VARIABLE, KEYS_VARIABLE, LOG_VARIABLE
from api.history.folders import is_population, keys_of
from api.history.kafka import is_address
from citizens import CitizensError, SharedLog, SqliteLog, open_log, read_kek, write_in_turn

PATIENCE = 30.0
"""How many seconds a command waits for another writer to finish."""
TELLS_AFTER = 1.0
"""After how many seconds of waiting the user is told of it."""
AHEAD_US = 60_000_000
"""By how much the last event may be ahead of the clock before somebody is told."""
AHEAD_REMEDY = "new events get its time until the clock has caught up; `rulewright log correct-time` mends that"
_OWN_FILES = re.compile(
    r"(restored-)?events-\d{6}\.db.*|(restored-)?keys\.db.*|erasures\.log|anchor.*|lock|turn|restoring|follows|cache.*"
)
_OFFSET = re.compile(r"#?([0-9]{1,15})", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_TICK = timedelta(microseconds=1)
AnyLog = SqliteLog | SharedLog
"""A log that a process writes: by itself, or in turn with others."""


def warn(message: str) -> None:
    """Tell the user, beside whatever a command answers."""
    print(f"warning: {message}", file=sys.stderr)


def failure_of(error: CitizensError) -> Failure:
    """A fault of the log as a front end tells it."""
    return Failure(error.message, error.remedy)


def log_folder(log: Path | None) -> Path:
    """The folder that was named. Raises Misuse if none was."""
    if log is None or not str(log).strip():
        raise Misuse("no log is named", f"add `--log citizens.db`, or set {LOG_VARIABLE}")
    return log


def keys_path() -> Path | None:
    """Where the key store lies, if not in the log's folder."""
    chosen = os.environ.get(KEYS_VARIABLE, "").strip()
    return Path(chosen) if chosen else None


def _keys_for(folder: Path, keys: Path | None = None) -> Path | None:
    """The same for one log, which may be of a population."""
    chosen = keys or keys_path()
    return keys_of(folder, chosen) if chosen is not None else None


def is_log(folder: Path) -> bool:
    """Whether there is a log in the folder, or at the address."""
    if is_address(folder):
        return kafka.is_there(folder)
    return (folder / "current").is_file() or is_population(folder)


def kek() -> bytes | None:
    """The key-encryption key that the log's key store is wrapped under, if a source of one is named."""
    source = os.environ.get(KEK_VARIABLE, "").strip()
    return read_kek(source) if source else None


@contextmanager
def reading(log: Path | None) -> Iterator[SqliteLog]:
    """The log, open for reading while others may write it."""
    folder = log_folder(log)
    _require_one(folder)
    with _opened_for_reading(folder) as opened:
        yield opened


def _opened_for_reading(folder: Path) -> SqliteLog:
    if is_address(folder):
        return kafka.opened(folder, write=False, create=False, keys=keys_path(), kek=kek())
    return open_log(folder, write=False, keys=_keys_for(folder), kek=kek())


@contextmanager
def writing(log: Path | None, *, create: bool = False, quiet: bool = False) -> Iterator[SqliteLog]:
    """The log, open for writing by nobody else. Where there is none it is made if `create` says so, or refused.

    Whoever writes in turn (`sharing`) is waited for. The user is told if the log is ahead of the clock, unless `quiet`.
    """
    folder = log_folder(log)
    if not create:
        _require_one(folder)
    elif not is_log(folder):
        require_room(folder)
    secret = kek()

    def opens() -> SqliteLog:
        if is_address(folder):
            return kafka.opened(folder, write=True, create=create, keys=keys_path(), kek=secret)
        return open_log(folder, keys=_keys_for(folder), kek=secret)

    with write_in_turn(store_of(folder), opens, PATIENCE, told_waiting(folder)) as opened:
        ahead = opened.ahead_us()
        if ahead > AHEAD_US and not quiet:
            warn(f"the log is {timedelta(seconds=ahead // 1_000_000)} ahead of the clock: {AHEAD_REMEDY}")
        yield opened


@contextmanager
def sharing(log: Path | None) -> Iterator[SharedLog]:
    """The log, for reading, and for writing in turn with other processes: for whoever works on it for long."""
    with shared(log) as opened:
        opened.pause = told_waiting(log_folder(log))
        yield opened


def shared(log: Path | None, keys: Path | None = None) -> SharedLog:
    """The same, to be closed by the caller; `keys` where its key store lies elsewhere."""
    folder = log_folder(log)
    _require_one(folder)
    if is_address(folder):
        return kafka.shared(folder, keys=keys or keys_path(), kek=kek())
    return SharedLog(folder, keys=_keys_for(folder, keys), kek=kek())


def told_waiting(folder: Path) -> Callable[[float], None]:
    """`sleep` for whoever waits to write a log: once the waiting takes long, the user is told of it, once."""
    waited, told = 0.0, False

    def pause(seconds: float) -> None:
        nonlocal waited, told
        sleep(seconds)
        waited += seconds
        if waited >= TELLS_AFTER and not told:
            told = True
            print(f"waiting until another process has written {folder} …", file=sys.stderr, flush=True)

    return pause


def store_of(log: Path) -> Path:
    """The folder on this machine that a log is, or that is made from its topics."""
    return kafka.store_of(log) if is_address(log) else log


def require_log(folder: Path) -> None:
    """Raise Failure unless there is a folder that may be a log, or a population's. Whether there is one at an address,
    opening it says."""
    if is_address(folder):
        return
    if not folder.exists():
        raise Failure(f"there is no log `{folder}`", "check the path; `rulewright log create` makes a new log")
    if not folder.is_dir():
        raise Failure(f"`{folder}` is a file, and a log is a folder", "name the folder that holds the file `current`")
    if not is_log(folder) and not any(_OWN_FILES.fullmatch(path.name) for path in folder.iterdir()):
        raise Failure(f"there is no log in `{folder}`", "check the path; `rulewright log create` makes a new log")


def _require_one(folder: Path) -> None:
    """Raise Failure unless there is one log in a folder, or where there are several partitions of one."""
    require_log(folder)
    if is_population(folder):
        message = f"`{folder}` has several partitions, and this concerns one"
        raise Failure(message, f"name one: `{folder}/partition-0000`")


def require_room(folder: Path) -> None:
    """Raise Failure where a new log would lie among other files."""
    if is_address(folder):
        return
    if folder.exists() and not folder.is_dir():
        raise Failure(f"`{folder}` is a file, and a log is a folder", "name a new folder")
    others = [path.name for path in folder.iterdir() if not _OWN_FILES.fullmatch(path.name)] if folder.exists() else []
    if others:
        raise Failure(f"`{folder}` is not a log, and holds other files (`{sorted(others)[0]}`)", "name a new folder")


def read_day(text: str, option: str) -> date:
    """A day as `2024-12-31`. Raises Misuse."""
    try:
        if not _DAY.fullmatch(text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise Misuse(f"`{text[:40]}` is not a day", f"write `{option} 2024-12-31`") from None


def read_known(text: str | None, option: str = "--known") -> int | datetime | None:
    """As known when: an offset, a moment, or the end of a day (UTC); None for now. Raises Misuse."""
    if text is None:
        return None
    offset = _OFFSET.fullmatch(text)
    return int(offset[1]) if offset else moment_of(text, option, last=True)


def moment_of(text: str, option: str, *, last: bool) -> datetime:
    """A moment; of a day, its first or `last` microsecond (UTC). Raises Misuse."""
    remedy = f"write `{option} 2025-06-01`, `2025-06-01T12:30:00Z`, or an offset such as `#17`"
    try:
        if _DAY.fullmatch(text):
            start = datetime.combine(date.fromisoformat(text), time(), UTC)
            return start + timedelta(days=1) - _TICK if last else start
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise Misuse(f"`{text[:40]}` is not a moment", remedy) from None
    if moment.tzinfo is None:
        raise Misuse(f"`{text[:40]}` has no time zone", "end it in `Z` for UTC, or in an offset such as `+01:00`")
    return moment


def login_name() -> str:
    """Who runs the command: the actor of what it records, unless another is named."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return f"uid {os.getuid()}"
