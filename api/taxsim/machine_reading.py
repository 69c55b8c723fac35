"""Plain lines of text as columns, by machine code: what `reading` makes of them, several times as fast.

The code goes over the cells of each line. It stops at the first line that is not plain, and whoever called it reads the
piece in another way. Plain are:

1. whole numbers of at most 9 digits, amounts of at most 12, perhaps a minus before them, and a point with up to two
   digits after them, which for a whole number are noughts; an empty cell is 0;
2. ids of letters, digits, `-` and `_`, from one to 60 of them;
3. in columns that are not read, whatever has no quotation mark;
4. lines with as many cells as the header, which end in a line feed, perhaps after a carriage return.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_letters
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from api.taxsim.blocks import Block
from api.taxsim.columns import CODES, MONEY
from api.taxsim.table import Header
from engine.native.machine.fixed import function_of

PASSED_OVER, WHOLE, AMOUNT, IDENTIFIER = 0, 1, 2, 3
_WORDS, _FIRST = 2, 8  # of each column in the table, and before the first of them
_PLAIN_IDS = b"-_0123456789" + ascii_letters.encode()
arrow: Any = pa


@dataclass(slots=True)
class _Room:
    """Where one piece's columns go."""

    columns: dict[str, NDArray[np.int64]]
    starts: NDArray[np.int32]
    letters: NDArray[np.uint8]


class PlainLines:
    """What reads plain lines under a header."""

    def __init__(self, header: Header, delimiter: str) -> None:
        self.header = header
        self.delimiter = delimiter
        self._longest_row = 1

    def block(self, piece: bytes, line: int) -> Block | None:
        """The lines of a piece, the first of which has the number `line`; None if one of them is not plain."""
        count = piece.count(b"\n") + (not piece.endswith(b"\n"))
        room = self._room(count, len(piece))
        table = self._table(room, count)
        start = np.frombuffer(piece, dtype=np.uint8).ctypes.data
        function_of(_TEXT).run(table.ctypes.data, start, 0, len(piece))
        if table[1] != count or table[2] != start + len(piece):
            return None
        lines = np.arange(line, line + count, dtype=np.int64)
        codes = {name: room.columns[name] for name in self.header.places if name in CODES}
        money = {name: room.columns[name] for name in self.header.places if name in MONEY}
        return Block(lines, self._ids(room, lines), codes, money)

    def _room(self, count: int, size: int) -> _Room:
        read = {name: np.empty(count, dtype=np.int64) for name in self.header.places if name != "taxsimid"}
        named = "taxsimid" in self.header.places
        starts = np.zeros(count + 1 if named else 1, dtype=np.int32)
        return _Room(read, starts, np.empty(size if named else 1, dtype=np.uint8))

    def _table(self, room: _Room, count: int) -> NDArray[np.int64]:
        """What the code is told: see its text."""
        table = np.zeros(_FIRST + _WORDS * self.header.width, dtype=np.int64)
        told = count, 0, 0, ord(self.delimiter), self.header.width, room.starts.ctypes.data, room.letters.ctypes.data
        table[: len(told)] = told
        for name, place in self.header.places.items():
            kind = IDENTIFIER if name == "taxsimid" else AMOUNT if name in MONEY else WHOLE
            address = 0 if kind == IDENTIFIER else room.columns[name].ctypes.data
            table[_FIRST + _WORDS * place : _FIRST + _WORDS * (place + 1)] = kind, address
        return table

    def _ids(self, room: _Room, lines: NDArray[np.int64]) -> pa.StringArray:
        """The ids, or the lines' numbers if there is no column of ids."""
        ids: Any
        if "taxsimid" in self.header.places:
            letters = room.letters[: room.starts[-1]].copy()
            ids = arrow.StringArray.from_buffers(len(lines), arrow.py_buffer(room.starts), arrow.py_buffer(letters))
        else:
            ids = arrow.array(lines).cast(arrow.string())
        return ids  # type: ignore[no-any-return]


def _constants() -> str:
    letters = ", ".join(f"i8 {int(byte in _PLAIN_IDS)}" for byte in range(256))
    return f"@letters = private constant [256 x i8] [{letters}]\n"


_TEXT = (
    _constants()
    + """
; The table: 0 the most rows, 1 the rows that were read, 2 where reading stopped, 3 the delimiter, 4 the cells of a
; line, 5 where ids begin, 6 their letters; from 8 on for each column its kind and where its numbers go.
define void @run(ptr %table, ptr %from, i64 %first, i64 %size) {
entry:
  %end = getelementptr inbounds i8, ptr %from, i64 %size
  %most = load i64, ptr %table
  %delimiter.at = getelementptr inbounds i64, ptr %table, i64 3
  %delimiter.wide = load i64, ptr %delimiter.at
  %delimiter = trunc i64 %delimiter.wide to i8
  %width.at = getelementptr inbounds i64, ptr %table, i64 4
  %width = load i64, ptr %width.at
  %starts.at = getelementptr inbounds i64, ptr %table, i64 5
  %starts = load ptr, ptr %starts.at
  %letters.at = getelementptr inbounds i64, ptr %table, i64 6
  %letters = load ptr, ptr %letters.at
  %columns = getelementptr inbounds i64, ptr %table, i64 8
  %last.column = sub i64 %width, 1
  br label %line

line:
  %row = phi i64 [ 0, %entry ], [ %row.next, %line.end ]
  %begin = phi ptr [ %from, %entry ], [ %line.next, %line.end ]
  %used = phi i64 [ 0, %entry ], [ %used.next, %line.end ]
  %left = icmp ult ptr %begin, %end
  %room = icmp slt i64 %row, %most
  %go = and i1 %left, %room
  br i1 %go, label %cell, label %done

cell:
  %column = phi i64 [ 0, %line ], [ %column.next, %cell.next ]
  %at = phi ptr [ %begin, %line ], [ %next.cell, %cell.next ]
  %used.now = phi i64 [ %used, %line ], [ %used.next, %cell.next ]
  %place = mul i64 %column, 2
  %words = getelementptr inbounds i64, ptr %columns, i64 %place
  %kind = load i64, ptr %words
  %into.at = getelementptr inbounds i64, ptr %words, i64 1
  %into = load ptr, ptr %into.at
  switch i64 %kind, label %skip [ i64 1, label %number i64 2, label %number i64 3, label %id ]

number:
  %sign = load i8, ptr %at
  %minus = icmp eq i8 %sign, 45
  %minus.wide = zext i1 %minus to i64
  %digits = getelementptr inbounds i8, ptr %at, i64 %minus.wide
  br label %digit
digit:
  %digit.at = phi ptr [ %digits, %number ], [ %digit.next, %digit.more ]
  %value = phi i64 [ 0, %number ], [ %value.next, %digit.more ]
  %byte = load i8, ptr %digit.at
  %small = sub i8 %byte, 48
  %is.digit = icmp ult i8 %small, 10
  br i1 %is.digit, label %digit.more, label %digits.end
digit.more:
  %ten = mul i64 %value, 10
  %small.wide = zext i8 %small to i64
  %value.next = add i64 %ten, %small.wide
  %digit.next = getelementptr inbounds i8, ptr %digit.at, i64 1
  br label %digit
digits.end:
  %is.amount = icmp eq i64 %kind, 2
  %times = select i1 %is.amount, i64 100, i64 1
  %value.times = mul i64 %value, %times
  %most.digits = select i1 %is.amount, i64 12, i64 9
  %digits.from = ptrtoint ptr %digits to i64
  %digits.to = ptrtoint ptr %digit.at to i64
  %count = sub i64 %digits.to, %digits.from
  %long = icmp ugt i64 %count, %most.digits
  br i1 %long, label %done, label %counted
counted:
  %is.point = icmp eq i8 %byte, 46
  br i1 %is.point, label %point, label %whole
whole:                                        ; a sign alone is no number
  %none = icmp eq i64 %count, 0
  %bare = and i1 %none, %minus
  br i1 %bare, label %done, label %number.end
point:
  %no.digits = icmp eq i64 %count, 0
  br i1 %no.digits, label %done, label %tenth
tenth:
  %tenth.at = getelementptr inbounds i8, ptr %digit.at, i64 1
  %tenth.byte = load i8, ptr %tenth.at
  %tenth.small = sub i8 %tenth.byte, 48
  %is.tenth = icmp ult i8 %tenth.small, 10
  br i1 %is.tenth, label %hundredth, label %point.end
hundredth:
  %tenth.wide = zext i8 %tenth.small to i64
  %tenths = mul i64 %tenth.wide, 10
  %hundredth.at = getelementptr inbounds i8, ptr %digit.at, i64 2
  %hundredth.byte = load i8, ptr %hundredth.at
  %hundredth.small = sub i8 %hundredth.byte, 48
  %is.hundredth = icmp ult i8 %hundredth.small, 10
  %hundredth.wide = zext i8 %hundredth.small to i64
  %hundredths.more = select i1 %is.hundredth, i64 %hundredth.wide, i64 0
  %hundredths = add i64 %tenths, %hundredths.more
  %third.at = getelementptr inbounds i8, ptr %digit.at, i64 3
  %part.end = select i1 %is.hundredth, ptr %third.at, ptr %hundredth.at
  br label %point.end
point.end:
  %part = phi i64 [ 0, %tenth ], [ %hundredths, %hundredth ]
  %stop = phi ptr [ %tenth.at, %tenth ], [ %part.end, %hundredth ]
  %no.part = icmp eq i64 %part, 0
  %fits = or i1 %is.amount, %no.part
  %value.part = add i64 %value.times, %part
  br i1 %fits, label %number.end, label %done
number.end:
  %size.read = phi i64 [ %value.times, %whole ], [ %value.part, %point.end ]
  %number.to = phi ptr [ %digit.at, %whole ], [ %stop, %point.end ]
  %negative = sub i64 0, %size.read
  %signed = select i1 %minus, i64 %negative, i64 %size.read
  %slot = getelementptr inbounds i64, ptr %into, i64 %row
  store i64 %signed, ptr %slot
  br label %cell.end

id:
  %id.at = phi ptr [ %at, %cell ], [ %id.next, %id.more ]
  %id.used = phi i64 [ %used.now, %cell ], [ %id.used.next, %id.more ]
  %id.byte = load i8, ptr %id.at
  %id.wide = zext i8 %id.byte to i64
  %plain.at = getelementptr inbounds [256 x i8], ptr @letters, i64 0, i64 %id.wide
  %plain = load i8, ptr %plain.at
  %is.plain = icmp ne i8 %plain, 0
  br i1 %is.plain, label %id.more, label %id.end
id.more:
  %letter.at = getelementptr inbounds i8, ptr %letters, i64 %id.used
  store i8 %id.byte, ptr %letter.at
  %id.next = getelementptr inbounds i8, ptr %id.at, i64 1
  %id.used.next = add i64 %id.used, 1
  br label %id
id.end:
  %id.length = sub i64 %id.used, %used.now
  %id.below = sub i64 %id.length, 1
  %id.fits = icmp ult i64 %id.below, 60
  %start.place = add i64 %row, 1
  %start.at = getelementptr inbounds i32, ptr %starts, i64 %start.place
  %id.stop = trunc i64 %id.used to i32
  store i32 %id.stop, ptr %start.at
  br i1 %id.fits, label %cell.end, label %done

skip:
  %skip.at = phi ptr [ %at, %cell ], [ %skip.next, %skip.more ]
  %over = icmp uge ptr %skip.at, %end
  br i1 %over, label %skip.end, label %skip.look
skip.look:
  %skip.byte = load i8, ptr %skip.at
  %ends.cell = icmp eq i8 %skip.byte, %delimiter
  br i1 %ends.cell, label %skip.end, label %skip.mark
skip.mark:
  switch i8 %skip.byte, label %skip.more [
    i8 10, label %skip.end
    i8 13, label %skip.end
    i8 34, label %done
    i8 0, label %done
  ]
skip.more:
  %skip.next = getelementptr inbounds i8, ptr %skip.at, i64 1
  br label %skip
skip.end:
  br label %cell.end

cell.end:
  %to = phi ptr [ %number.to, %number.end ], [ %id.at, %id.end ], [ %skip.at, %skip.end ]
  %used.next = phi i64 [ %used.now, %number.end ], [ %id.used, %id.end ], [ %used.now, %skip.end ]
  %mark = load i8, ptr %to                    ; of a piece's last line it may be the nought after the piece
  %is.last = icmp eq i64 %column, %last.column
  br i1 %is.last, label %line.mark, label %cell.mark
cell.mark:
  %is.delimiter = icmp eq i8 %mark, %delimiter
  br i1 %is.delimiter, label %cell.next, label %done
cell.next:
  %next.cell = getelementptr inbounds i8, ptr %to, i64 1
  %column.next = add i64 %column, 1
  br label %cell
line.mark:
  %at.end = icmp uge ptr %to, %end
  br i1 %at.end, label %line.end, label %line.feed
line.feed:
  %is.return = icmp eq i8 %mark, 13
  %return.wide = zext i1 %is.return to i64
  %feed.at = getelementptr inbounds i8, ptr %to, i64 %return.wide
  %feed = load i8, ptr %feed.at
  %is.feed = icmp eq i8 %feed, 10
  br i1 %is.feed, label %line.fed, label %done
line.fed:
  %after.feed = getelementptr inbounds i8, ptr %feed.at, i64 1
  br label %line.end
line.end:
  %line.next = phi ptr [ %end, %line.mark ], [ %after.feed, %line.fed ]
  %row.next = add i64 %row, 1
  br label %line

done:
  %rows.at = getelementptr inbounds i64, ptr %table, i64 1
  store i64 %row, ptr %rows.at
  %reached.at = getelementptr inbounds i64, ptr %table, i64 2
  store ptr %begin, ptr %reached.at
  ret void
}
"""
)
