"""Run operations on whole numbers in lanes by themselves: compile a small function, feed it, read the results."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from engine.native.arithmetic import limbs
from engine.native.arithmetic.lanes import Lanes, Module
from engine.native.arithmetic.whole import LIMIT, NARROW, Arithmetic, Whole
from engine.native.machine.toolchain import Loaded, compile_text, machine

Work = Callable[[Arithmetic, list[Whole]], list[Whole]]


def run(
    bounds: Sequence[tuple[int, int]], rows: Sequence[Sequence[int]], work: Work, width: int = 0
) -> tuple[list[list[int]], list[bool]]:
    """For each row of operands (within their bounds) the results of `work`, and whether the lane was flagged."""
    target = machine(width)
    module = Module(target.width, target.permutes)
    lanes = Lanes(module)
    arithmetic = Arithmetic(lanes)
    operands = [_operand(lanes, module, index, low, high) for index, (low, high) in enumerate(bounds)]
    results = work(arithmetic, operands)
    flagged = arithmetic.take_flags()
    places = [(result, limbs.length_for(result.size) if result.size > NARROW else 1) for result in results]
    counts: list[int] = []
    stored = 0
    for first, _ in places:
        parts = arithmetic.digits(first) if first.size > NARROW else (arithmetic.nearest(first),)
        counts.append(len(parts))
        for part in parts:
            _store(lanes, module, stored, part)
            stored += 1
    _store(lanes, module, stored, lanes.select(flagged, lanes.number(1), lanes.number(0)))
    text = "\n".join(
        [
            "define void @run(ptr %in, ptr %out, i64 %first, i64 %last) {",
            "entry:",
            *lanes.lines,
            "  ret void",
            "}",
            *module.declared.values(),
        ]
    )
    loaded = Loaded(compile_text(text, target), target)
    return _called(loaded, target.width, bounds, rows, counts)


def _operand(lanes: Lanes, module: Module, index: int, low: int, high: int) -> Whole:
    parts = []
    size = max(abs(low), abs(high))
    count = 1 if size <= NARROW else 2 if size <= LIMIT else limbs.length_for(size)
    for part in range(count):
        place = lanes.pure(f"getelementptr double, ptr %in, i64 {(16 * index + part) * module.width}")
        parts.append(lanes.pure(f"load {module.double}, ptr {place}, align 8"))
    if count > 2:
        return Whole("", None, low, high, tuple(parts))
    return Whole(parts[0], parts[1] if count == 2 else None, low, high)


def _store(lanes: Lanes, module: Module, index: int, value: str) -> None:
    place = lanes.pure(f"getelementptr double, ptr %out, i64 {index * module.width}")
    lanes.effect(f"store {module.double} {value}, ptr {place}, align 8")


def _called(
    loaded: Loaded, width: int, bounds: Sequence[tuple[int, int]], rows: Sequence[Sequence[int]], counts: list[int]
) -> tuple[list[list[int]], list[bool]]:
    listed: list[list[int]] = []
    flags: list[bool] = []
    for start in range(0, len(rows), width):
        given = np.zeros((16 * len(bounds), width))
        part = rows[start : start + width]
        for lane, row in enumerate(part):
            for index, value in enumerate(row):
                given[16 * index : 16 * index + 16, lane] = _parts(value, *bounds[index])
        out = np.zeros((sum(counts) + 1, width))
        loaded.run(given.ctypes.data, out.ctypes.data, 0, 0)
        for lane in range(len(part)):
            numbers, at = [], 0
            for count in counts:
                numbers.append(sum(int(out[at + digit, lane]) << (limbs.BITS * digit) for digit in range(count)))
                at += count
            listed.append(numbers)
            flags.append(bool(out[-1, lane]))
    return listed, flags


def _parts(value: int, low: int, high: int) -> list[float]:
    size = max(abs(low), abs(high))
    if size <= LIMIT:
        main = int(float(value))
        return [float(main), float(value - main)] + [0.0] * 14
    digits = []
    for _ in range(limbs.length_for(size) - 1):
        value, digit = divmod(value, limbs.BASE)
        digits.append(float(digit))
    return [*digits, float(value)] + [0.0] * (15 - len(digits))
