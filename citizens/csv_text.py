"""CSV files as they are read everywhere: each cell as the text that stands there, an empty one as null.

pyarrow reads a file in blocks of a megabyte. Three of its habits would refuse or change files that are sound: it takes
a line break within quotes for the end of a row if that row comes to lie on two blocks; it forgets the second half of a
line break (CR LF) within quotes that is cut in two by the end of a block; and it refuses a header line that does not
end. `CSV_PARSING` and `csv_stream` undo them.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv

CSV_PARSING = pyarrow.csv.ParseOptions(newlines_in_values=True)


def cells_as_text(columns: Sequence[str]) -> pyarrow.csv.ConvertOptions:
    """How cells are read: each as the text that stands there, an empty one as null."""
    return pyarrow.csv.ConvertOptions(
        column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=True, null_values=[""]
    )


def csv_header(path: Path) -> list[str]:
    """The names in a CSV file's first row. Raises pa.ArrowException if it has none."""
    parsing = pyarrow.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=lambda _: "skip")
    with csv_stream(path) as stream, pyarrow.csv.open_csv(stream, parse_options=parsing) as reader:
        names: list[str] = reader.schema.names
    return names


def csv_stream(path: Path) -> Any:
    """The file's bytes, decompressed as its name says, for pyarrow to read with `CSV_PARSING`."""
    return pa.PythonFile(_WholeLineEnds(pa.input_stream(str(path), compression="detect")), mode="r")


class _WholeLineEnds(io.RawIOBase):
    """Bytes of which no part that is read ends between CR and LF, and of which the last is a line end."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._held = b""
        self._last = b"\n"

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._stream.close()
        super().close()

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            return self.readall()
        part = self._filled(size)
        if 0 < len(part) == size and part.endswith(b"\r"):
            part, self._held = (part[:-1], b"\r") if size > 1 else (part + self._stream.read(1), b"")
        if len(part) < size and not self._held and (part or self._last)[-1:] not in b"\r\n":
            part += b"\n"
        self._last = part[-1:]
        return part

    def _filled(self, size: int) -> bytes:
        """So many bytes, or all that are left."""
        part, self._held = self._held, b""
        while len(part) < size and (more := self._stream.read(size - len(part))):
            part += more
        return part
