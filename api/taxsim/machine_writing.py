"""Rows of numbers as text, by machine code: `table_text` is what `csv` would write of them.

The code goes over the rows, and over the columns of each. A column is four words: what it is, two addresses, and the
byte that follows its cells.

    0  amounts: hundredths; a byte for each row that says whether the cell is there (address 0: all are)
    1  whole numbers
    2  text: where each begins in the letters (32 bits), and the letters

Of a number the code counts the digits, then writes them from the last to the first, two at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.taxsim.blocks import Mask
from engine.native.machine.fixed import function_of

AMOUNTS, WHOLE, TEXT = 0, 1, 2
_LONGEST = 24  # bytes of a number, with its sign, its point and what follows it


@dataclass(frozen=True, slots=True)
class Written:
    """A column to write: its kind, and the arrays that the kind takes."""

    kind: int
    values: NDArray[Any]
    beside: NDArray[Any] | None = None


def amounts(hundredths: NDArray[np.int64], there: Mask | None) -> Written:
    """Hundredths with two decimals; `there` says which cells are not empty."""
    return Written(AMOUNTS, np.ascontiguousarray(hundredths), None if there is None else np.ascontiguousarray(there))


def whole(numbers: NDArray[np.int64]) -> Written:
    """Whole numbers."""
    return Written(WHOLE, np.ascontiguousarray(numbers))


def words(starts: NDArray[np.int32], letters: NDArray[np.uint8]) -> Written:
    """Text as it is: row by row from one start to the next."""
    return Written(TEXT, starts, letters)


def table_text(columns: Sequence[Written], separator: str, count: int) -> memoryview:
    """The rows, each on a line."""
    room = sum(_room(column, count) for column in columns)
    text = np.empty(room, dtype=np.uint8)
    table = np.zeros(2 + 4 * len(columns), dtype=np.int64)
    table[0] = len(columns)
    for number, column in enumerate(columns):
        follows = ord("\n" if number == len(columns) - 1 else separator)
        beside = 0 if column.beside is None else column.beside.ctypes.data
        table[2 + 4 * number : 6 + 4 * number] = column.kind, column.values.ctypes.data, beside, follows
    function_of(_TEXT).run(table.ctypes.data, text.ctypes.data, 0, count)
    return text.data[: int(table[1]) - text.ctypes.data]


def _room(column: Written, count: int) -> int:
    if column.kind == TEXT:
        return int(column.values[count] - column.values[0]) + count
    return _LONGEST * count


def _constants() -> str:
    pairs = "".join(f"{number:02d}" for number in range(100))
    powers = ", ".join(f"i64 {10**power}" for power in range(20))
    return f'@pairs = private constant [200 x i8] c"{pairs}"\n@powers = private constant [20 x i64] [{powers}]\n'


_TEXT = (
    _constants()
    + """
declare i64 @llvm.ctlz.i64(i64, i1)
declare i64 @llvm.abs.i64(i64, i1)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)

; the digits of a number without sign, from `to` on; where they end
define internal fastcc ptr @digits(i64 %number, ptr %to) {
entry:
  %odd = or i64 %number, 1
  %zeros = call i64 @llvm.ctlz.i64(i64 %odd, i1 true)
  %bits = sub i64 64, %zeros
  %times = mul i64 %bits, 1233
  %guess = lshr i64 %times, 12
  %at = getelementptr inbounds [20 x i64], ptr @powers, i64 0, i64 %guess
  %power = load i64, ptr %at
  %fewer = icmp ult i64 %odd, %power
  %one.more = add i64 %guess, 1
  %count = select i1 %fewer, i64 %guess, i64 %one.more
  %end = getelementptr inbounds i8, ptr %to, i64 %count
  br label %next
next:
  %left = phi i64 [ %number, %entry ], [ %higher, %two ]
  %before = phi ptr [ %end, %entry ], [ %place, %two ]
  %many = icmp ugt i64 %left, 99
  br i1 %many, label %two, label %last
two:
  %higher = udiv i64 %left, 100
  %taken = mul i64 %higher, 100
  %low = sub i64 %left, %taken
  %pair.at = getelementptr inbounds [100 x i16], ptr @pairs, i64 0, i64 %low
  %pair = load i16, ptr %pair.at, align 1
  %place = getelementptr inbounds i8, ptr %before, i64 -2
  store i16 %pair, ptr %place, align 1
  br label %next
last:
  %is.two = icmp ugt i64 %left, 9
  br i1 %is.two, label %last.two, label %last.one
last.two:
  %last.at = getelementptr inbounds [100 x i16], ptr @pairs, i64 0, i64 %left
  %last.pair = load i16, ptr %last.at, align 1
  %last.place = getelementptr inbounds i8, ptr %before, i64 -2
  store i16 %last.pair, ptr %last.place, align 1
  ret ptr %end
last.one:
  %small = trunc i64 %left to i8
  %digit = add i8 %small, 48
  %digit.place = getelementptr inbounds i8, ptr %before, i64 -1
  store i8 %digit, ptr %digit.place
  ret ptr %end
}

define void @run(ptr %table, ptr %out, i64 %first, i64 %last) {
entry:
  %width = load i64, ptr %table
  %columns = getelementptr inbounds i64, ptr %table, i64 2
  %some = icmp slt i64 %first, %last
  br i1 %some, label %cell, label %done

cell:
  %row = phi i64 [ %first, %entry ], [ %row.then, %follow ]
  %column = phi i64 [ 0, %entry ], [ %column.then, %follow ]
  %to = phi ptr [ %out, %entry ], [ %after, %follow ]
  %place = mul i64 %column, 4
  %words = getelementptr inbounds i64, ptr %columns, i64 %place
  %kind = load i64, ptr %words
  %values.at = getelementptr inbounds i64, ptr %words, i64 1
  %values = load ptr, ptr %values.at
  %beside.at = getelementptr inbounds i64, ptr %words, i64 2
  %beside = load ptr, ptr %beside.at
  switch i64 %kind, label %text [ i64 0, label %amount i64 1, label %whole ]

amount:
  %everywhere = icmp eq ptr %beside, null
  br i1 %everywhere, label %there, label %asked
asked:
  %there.at = getelementptr inbounds i8, ptr %beside, i64 %row
  %there.byte = load i8, ptr %there.at
  %is.there = icmp ne i8 %there.byte, 0
  br i1 %is.there, label %there, label %follow
there:
  %amount.at = getelementptr inbounds i64, ptr %values, i64 %row
  %hundredths = load i64, ptr %amount.at
  %below = icmp slt i64 %hundredths, 0
  store i8 45, ptr %to
  %minus = zext i1 %below to i64
  %dollars.to = getelementptr inbounds i8, ptr %to, i64 %minus
  %size = call i64 @llvm.abs.i64(i64 %hundredths, i1 false)
  %dollars = udiv i64 %size, 100
  %whole.part = mul i64 %dollars, 100
  %part = sub i64 %size, %whole.part
  %point = call fastcc ptr @digits(i64 %dollars, ptr %dollars.to)
  store i8 46, ptr %point
  %part.to = getelementptr inbounds i8, ptr %point, i64 1
  %part.at = getelementptr inbounds [100 x i16], ptr @pairs, i64 0, i64 %part
  %part.pair = load i16, ptr %part.at, align 1
  store i16 %part.pair, ptr %part.to, align 1
  %amount.end = getelementptr inbounds i8, ptr %point, i64 3
  br label %follow

whole:
  %whole.at = getelementptr inbounds i64, ptr %values, i64 %row
  %number = load i64, ptr %whole.at
  %number.below = icmp slt i64 %number, 0
  store i8 45, ptr %to
  %number.minus = zext i1 %number.below to i64
  %number.to = getelementptr inbounds i8, ptr %to, i64 %number.minus
  %number.size = call i64 @llvm.abs.i64(i64 %number, i1 false)
  %whole.end = call fastcc ptr @digits(i64 %number.size, ptr %number.to)
  br label %follow

text:
  %start.at = getelementptr inbounds i32, ptr %values, i64 %row
  %start = load i32, ptr %start.at
  %stop.at = getelementptr inbounds i32, ptr %start.at, i64 1
  %stop = load i32, ptr %stop.at
  %long = sub i32 %stop, %start
  %length = zext i32 %long to i64
  %start.wide = zext i32 %start to i64
  %letters = getelementptr inbounds i8, ptr %beside, i64 %start.wide
  call void @llvm.memcpy.p0.p0.i64(ptr %to, ptr %letters, i64 %length, i1 false)
  %text.end = getelementptr inbounds i8, ptr %to, i64 %length
  br label %follow

follow:
  %end = phi ptr [ %to, %asked ], [ %amount.end, %there ], [ %whole.end, %whole ], [ %text.end, %text ]
  %mark.at = getelementptr inbounds i64, ptr %words, i64 3
  %mark.wide = load i64, ptr %mark.at
  %mark = trunc i64 %mark.wide to i8
  store i8 %mark, ptr %end
  %after = getelementptr inbounds i8, ptr %end, i64 1
  %column.next = add i64 %column, 1
  %ended = icmp eq i64 %column.next, %width
  %column.then = select i1 %ended, i64 0, i64 %column.next
  %step = zext i1 %ended to i64
  %row.then = add i64 %row, %step
  %more = icmp slt i64 %row.then, %last
  br i1 %more, label %cell, label %done

done:
  %reached = phi ptr [ %out, %entry ], [ %after, %follow ]
  %reached.at = getelementptr inbounds i64, ptr %table, i64 1
  store ptr %reached, ptr %reached.at
  ret void
}
"""
)
