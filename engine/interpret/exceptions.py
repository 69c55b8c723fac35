"""Exceptions to a rule: what stands where some of them hold, or may.

While it is open which of them hold, each way is tried, and what comes of them is joined.
"""

from __future__ import annotations

from engine.interpret import domain, operations
from engine.interpret.domain import blocked, either, needs_of, under
from engine.interpret.evaluating import Evaluating
from engine.interpret.frames import Frame
from engine.interpret.outcomes import Failure, Outcome, Possible
from engine.ir import nodes as ir

MAX_OPEN_EXCEPTIONS = 10


def exceptions(interpreter: Evaluating, node: ir.Exceptions, frame: Frame) -> Outcome:
    """The general rule, or the exception that is over all others that hold."""
    whens = {case.name: interpreter.evaluate(case.when, frame) for case in node.cases}
    if (bad := blocked(*whens.values())) is not None:
        return bad
    certain = {name for name, outcome in whens.items() if outcome == domain.TRUE}
    open_ = [name for name, outcome in whens.items() if isinstance(outcome, Possible)]
    if not open_:
        return _holding(interpreter, node, certain, frame)
    results: dict[str, Outcome] = {}
    for mask in range(1 << min(len(open_), MAX_OPEN_EXCEPTIONS)):
        holding = certain | {name for at, name in enumerate(open_) if mask >> at & 1}
        key = operations.winner(node, holding)
        if key not in results:
            results[key] = _holding(interpreter, node, holding, frame)
    if len(open_) > MAX_OPEN_EXCEPTIONS:  # too many to try: any of them may be the one, and some may clash
        others = [case for case in node.cases if case.name not in results]
        results |= {case.name: interpreter.evaluate(case.then, frame) for case in others}
        results[""] = Failure("too many exceptions may hold to tell", node.span)
    return under(either(list(results.values()), needs_of(*whens.values())), *whens.values())


def _holding(interpreter: Evaluating, node: ir.Exceptions, holding: set[str], frame: Frame) -> Outcome:
    """What stands where exactly the exceptions `holding` hold."""
    winner = operations.winner(node, holding)
    if winner == operations.GENERAL:
        return interpreter.evaluate(node.general, frame)
    for case in node.cases:
        if case.name == winner:
            return interpreter.evaluate(case.then, frame)
    names = " and ".join(f"`{name}`" for name in sorted(holding))
    return Failure(f"the exceptions {names} hold at once, and none is over the others", node.span)
