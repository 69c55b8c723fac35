"""Tables of a population that are read while the rest of a command is imported and its rules are loaded: decoding
columns leaves Python to others."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from api.batch.files import read_table

_begun: dict[Path, Future[Any]] = {}


def begin_to_read(given: Iterable[str]) -> None:
    """Begin to read the Parquet files that are named, as `tax_units.parquet` or `tax_unit=anything.parquet`. What is
    no such file is left to whoever asks for it."""
    paths = [path for text in given if (path := Path(text.rpartition("=")[2])).suffix == ".parquet" and path.is_file()]
    if paths:
        pool = ThreadPoolExecutor(1)
        _begun.update({path: pool.submit(read_table, path) for path in paths})
        pool.shutdown(wait=False)


def whole_table(path: Path) -> Any:
    """All rows of a file, as `read_table` gives them: what was begun is handed out once. Raises Failure."""
    begun = _begun.pop(path, None)
    return read_table(path) if begun is None else begun.result()
