"""Payloads of facts taken apart by machine code: the change points of many events as columns.

A payload is `["id",[[day,"shape",[value,...]],...],...]` without spaces (`codec`). The code goes over each and notes

1. of each group its event, and its day and shape as they stand there;
2. of each value a number: itself, 1 for true, 0 for false and null, or, of a text, which of all texts it is;
3. of each text its place among the values, and its letters between the quotation marks.

It stops at the first payload that is written otherwise, or has a number of over 18 digits; whoever called it reads the
payloads in another way. It never reads behind the last payload, which 16 bytes of nothing must follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from citizens.points import Ints
from citizens.sqlite.crypto import Bytes, Rows
from citizens.sqlite.crypto.machine_code import Loop, compiled

_PARAMETERS = "data ends group.events group.values heads head.ends values text.places texts text.ends counts"
_TEXT = """
; Behind the quotation mark that ends a text, from behind the one that begins it; at the end if there is none.
define internal ptr @behind_text(ptr %from, ptr %end) {
start:
  br label %look
look:
  %at = phi ptr [%from, %start], [%further, %on], [%two, %escape]
  %over = icmp uge ptr %at, %end
  br i1 %over, label %none, label %letter
letter:
  %byte = load i8, ptr %at
  %further = getelementptr i8, ptr %at, i64 1
  switch i8 %byte, label %on [i8 34, label %done  i8 92, label %escape]
on:
  br label %look
escape:
  %two = getelementptr i8, ptr %at, i64 2
  br label %look
done:
  ret ptr %further
none:
  ret ptr %end
}

; A whole number into %out, and where it ends; null if it has no digit or over 18.
define internal ptr @number(ptr %from, ptr %out) {
start:
  %first = load i8, ptr %from
  %minus = icmp eq i8 %first, 45
  %skip = zext i1 %minus to i64
  %begin = getelementptr i8, ptr %from, i64 %skip
  br label %look
look:
  %at = phi ptr [%begin, %start], [%further, %digit]
  %sum = phi i64 [0, %start], [%more, %digit]
  %byte = load i8, ptr %at
  %value = sub i8 %byte, 48
  %is.digit = icmp ult i8 %value, 10
  br i1 %is.digit, label %digit, label %done
digit:
  %wide = zext i8 %value to i64
  %tens = mul i64 %sum, 10
  %more = add i64 %tens, %wide
  %further = getelementptr i8, ptr %at, i64 1
  br label %look
done:
  %at.int = ptrtoint ptr %at to i64
  %begin.int = ptrtoint ptr %begin to i64
  %digits = sub i64 %at.int, %begin.int
  %fewer = sub i64 %digits, 1
  %well = icmp ult i64 %fewer, 18
  %negative = sub i64 0, %sum
  %signed = select i1 %minus, i64 %negative, i64 %sum
  store i64 %signed, ptr %out
  %answer = select i1 %well, ptr %at, ptr null
  ret ptr %answer
}

; The bytes between two places, behind those that are there: where they end.
define internal i64 @put(ptr %into, i64 %held, ptr %from, ptr %to) {
  %from.int = ptrtoint ptr %from to i64
  %to.int = ptrtoint ptr %to to i64
  %between = sub i64 %to.int, %from.int
  %some = icmp sgt i64 %between, 0
  %size = select i1 %some, i64 %between, i64 0
  %place = getelementptr i8, ptr %into, i64 %held
  call void @llvm.memcpy.p0.p0.i64(ptr %place, ptr %from, i64 %size, i1 false)
  %now = add i64 %held, %size
  ret i64 %now
}
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)

define i64 @split(ptr %data, ptr %ends, ptr %group.events, ptr %group.values, ptr %heads, ptr %head.ends,
                  ptr %values, ptr %text.places, ptr %texts, ptr %text.ends, ptr %counts, i64 %n) {
before:
  %word = alloca i64
  br label %next
next:
  %i = phi i64 [0, %before], [%after, %row.done]
  %groups.0 = phi i64 [0, %before], [%groups.4, %row.done]
  %valued.0 = phi i64 [0, %before], [%valued.4, %row.done]
  %texted.0 = phi i64 [0, %before], [%texted.4, %row.done]
  %heads.0 = phi i64 [0, %before], [%heads.4, %row.done]
  %letters.0 = phi i64 [0, %before], [%letters.4, %row.done]
  %more = icmp slt i64 %i, %n
  br i1 %more, label %row, label %done
row:
  %after = add i64 %i, 1
  %from.place = getelementptr i64, ptr %ends, i64 %i
  %to.place = getelementptr i64, ptr %ends, i64 %after
  %from = load i64, ptr %from.place
  %to = load i64, ptr %to.place
  %begin = getelementptr i8, ptr %data, i64 %from
  %end = getelementptr i8, ptr %data, i64 %to
  %opening = load i16, ptr %begin, align 1
  %opens = icmp eq i16 %opening, 8795          ; ["
  %id = getelementptr i8, ptr %begin, i64 2
  %id.end = call ptr @behind_text(ptr %id, ptr %end)
  %points = load i16, ptr %id.end, align 1
  %lists = icmp eq i16 %points, 23340          ; ,[
  %both = and i1 %opens, %lists
  %first = getelementptr i8, ptr %id.end, i64 2
  br i1 %both, label %any, label %done
any:                                           ; no change point at all, or the first group
  %first.byte = load i8, ptr %first
  %none = icmp eq i8 %first.byte, 93
  br i1 %none, label %row.done, label %group
group:
  %group.at = phi ptr [%first, %any], [%group.further, %another]
  %groups.1 = phi i64 [%groups.0, %any], [%groups.2, %another]
  %valued.1 = phi i64 [%valued.0, %any], [%valued.3, %another]
  %texted.1 = phi i64 [%texted.0, %any], [%texted.3, %another]
  %heads.1 = phi i64 [%heads.0, %any], [%heads.2, %another]
  %letters.1 = phi i64 [%letters.0, %any], [%letters.3, %another]
  %group.byte = load i8, ptr %group.at
  %group.opens = icmp eq i8 %group.byte, 91    ; [
  %inside = icmp ult ptr %group.at, %end
  %group.well = and i1 %group.opens, %inside
  br i1 %group.well, label %day, label %done
day:
  %day.from = getelementptr i8, ptr %group.at, i64 1
  %day.end = call ptr @number(ptr %day.from, ptr %word)
  %day.none = icmp eq ptr %day.end, null
  br i1 %day.none, label %done, label %shape
shape:
  %between = load i16, ptr %day.end, align 1
  %quoted = icmp eq i16 %between, 8748         ; ,"
  %shape.from = getelementptr i8, ptr %day.end, i64 2
  %shape.end = call ptr @behind_text(ptr %shape.from, ptr %end)
  %listed = load i16, ptr %shape.end, align 1
  %listed.well = icmp eq i16 %listed, 23340    ; ,[
  %shape.well = and i1 %quoted, %listed.well
  %value.first = getelementptr i8, ptr %shape.end, i64 2
  br i1 %shape.well, label %noted, label %done
noted:
  %event.place = getelementptr i64, ptr %group.events, i64 %groups.1
  store i64 %i, ptr %event.place
  %first.place = getelementptr i64, ptr %group.values, i64 %groups.1
  store i64 %valued.1, ptr %first.place
  %heads.2 = call i64 @put(ptr %heads, i64 %heads.1, ptr %day.from, ptr %shape.end)
  %groups.2 = add i64 %groups.1, 1
  %head.place = getelementptr i64, ptr %head.ends, i64 %groups.2
  store i64 %heads.2, ptr %head.place
  br label %value
value:
  %at = phi ptr [%value.first, %noted], [%value.further, %comma]
  %valued.2 = phi i64 [%valued.1, %noted], [%valued.3, %comma]
  %texted.2 = phi i64 [%texted.1, %noted], [%texted.3, %comma]
  %letters.2 = phi i64 [%letters.1, %noted], [%letters.3, %comma]
  %byte = load i8, ptr %at
  switch i8 %byte, label %whole [i8 34, label %text  i8 116, label %true  i8 102, label %false  i8 110, label %null]
whole:
  %whole.end = call ptr @number(ptr %at, ptr %word)
  %whole.none = icmp eq ptr %whole.end, null
  %number = load i64, ptr %word
  br i1 %whole.none, label %done, label %stored
true:
  %true.end = getelementptr i8, ptr %at, i64 4
  br label %stored
false:
  %false.end = getelementptr i8, ptr %at, i64 5
  br label %stored
null:
  %null.end = getelementptr i8, ptr %at, i64 4
  br label %stored
text:
  %text.from = getelementptr i8, ptr %at, i64 1
  %text.end = call ptr @behind_text(ptr %text.from, ptr %end)
  %text.to = getelementptr i8, ptr %text.end, i64 -1
  %text.letters = call i64 @put(ptr %texts, i64 %letters.2, ptr %text.from, ptr %text.to)
  %text.place = getelementptr i64, ptr %text.places, i64 %texted.2
  store i64 %valued.2, ptr %text.place
  %text.more = add i64 %texted.2, 1
  %letters.place = getelementptr i64, ptr %text.ends, i64 %text.more
  store i64 %text.letters, ptr %letters.place
  br label %stored
stored:
  %value.end = phi ptr [%whole.end, %whole], [%true.end, %true], [%false.end, %false], [%null.end, %null],
                       [%text.end, %text]
  %it = phi i64 [%number, %whole], [1, %true], [0, %false], [0, %null], [%texted.2, %text]
  %texted.3 = phi i64 [%texted.2, %whole], [%texted.2, %true], [%texted.2, %false], [%texted.2, %null],
                      [%text.more, %text]
  %letters.3 = phi i64 [%letters.2, %whole], [%letters.2, %true], [%letters.2, %false], [%letters.2, %null],
                       [%text.letters, %text]
  %value.place = getelementptr i64, ptr %values, i64 %valued.2
  store i64 %it, ptr %value.place
  %valued.3 = add i64 %valued.2, 1
  %value.over = icmp uge ptr %value.end, %end
  br i1 %value.over, label %done, label %behind
behind:
  %behind.byte = load i8, ptr %value.end
  switch i8 %behind.byte, label %done [i8 44, label %comma  i8 93, label %closed]
comma:
  %value.further = getelementptr i8, ptr %value.end, i64 1
  %value.inside = icmp ult ptr %value.further, %end
  br i1 %value.inside, label %value, label %done
closed:                                        ; ]] and , or ]
  %closing.place = getelementptr i8, ptr %value.end, i64 1
  %closing = load i8, ptr %closing.place
  %closes = icmp eq i8 %closing, 93
  %last.place = getelementptr i8, ptr %value.end, i64 2
  br i1 %closes, label %last, label %done
last:
  %last.byte = load i8, ptr %last.place
  switch i8 %last.byte, label %done [i8 44, label %another  i8 93, label %row.done]
another:
  %group.further = getelementptr i8, ptr %last.place, i64 1
  br label %group
row.done:
  %groups.4 = phi i64 [%groups.0, %any], [%groups.2, %last]
  %valued.4 = phi i64 [%valued.0, %any], [%valued.3, %last]
  %texted.4 = phi i64 [%texted.0, %any], [%texted.3, %last]
  %heads.4 = phi i64 [%heads.0, %any], [%heads.2, %last]
  %letters.4 = phi i64 [%letters.0, %any], [%letters.3, %last]
  br label %next
done:
  store i64 %groups.0, ptr %counts
  %counts.1 = getelementptr i64, ptr %counts, i64 1
  store i64 %valued.0, ptr %counts.1
  %counts.2 = getelementptr i64, ptr %counts, i64 2
  store i64 %texted.0, ptr %counts.2
  ret i64 %i
}
"""
PADDING = 16


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """The change points of some payloads.

    `events` is of each group the row of its payload, `firsts` its first value and, behind the last group, how many
    values there are. `heads` is its day and shape, as `19723,"wages:d2"`. A value whose place is among `text_places`
    says which of the `texts` it is, written as JSON without quotation marks.
    """

    events: Ints
    firsts: Ints
    heads: Rows
    values: Ints
    text_places: Ints
    texts: Rows


def split(plains: Rows) -> Split | None:
    """Take payloads apart; None if one of them is written otherwise than this program writes them."""
    count, size = len(plains), len(plains.data)
    data = np.concatenate([plains.data, np.zeros(PADDING, np.uint8)])
    most = size // 6 + 1  # a group is `[1,"",[]` at least, a value `1,`
    events, firsts, head_ends = (np.zeros(most + 1, np.int64) for _ in range(3))
    values, places, text_ends = (np.zeros(size // 2 + 2, np.int64) for _ in range(3))
    heads, texts = np.empty(size, np.uint8), np.empty(size, np.uint8)
    counts = np.zeros(3, np.int64)
    arrays = (data, plains.ends, events, firsts, heads, head_ends, values, places, texts, text_ends, counts)
    if _split()(*(array.ctypes.data for array in arrays), count) < count:
        return None
    groups, valued, texted = counts.tolist()
    firsts[groups] = valued
    return Split(
        events[:groups], firsts[: groups + 1], _rows(heads, head_ends[: groups + 1]), values[:valued],
        places[:texted], _rows(texts, text_ends[: texted + 1]),
    )  # fmt: skip


def _rows(data: Bytes, ends: Ints) -> Rows:
    return Rows(data[: ends[-1]], ends)


@cache
def _split() -> Loop:
    return compiled(_TEXT, {"split": _PARAMETERS})["split"]
