"""Items spread over the workers of a Ray cluster, or of this machine.

1. What all items share is put into the object store once, and each worker unpacks it once.
2. Some items are under way at a time, twice as many as there are processors; results are taken in the items' order.
3. A worker that dies is Ray's business: the item is computed again, up to three times. Functions change nothing, so
   twice does no harm. Who is told of a result writes it (beside, synced, renamed); workers write nothing.
4. What a function refuses in words (`Failure`) comes back as it is and is not tried again; any other error names the
   item.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from api.failures import Failure

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")
RETRIES = 3
LOCAL = re.compile(r"local(?::([1-9][0-9]{0,3}))?", re.ASCII)
_unpacked: dict[str, Any] = {}
"""In a worker: what the items that it is given share."""


class OnRay:
    """A connection to Ray, as a context; a `Spread`. `address` is `local` (a worker for each processor), `local:2`,
    `auto`, or where the head listens."""

    def __init__(self, address: str) -> None:
        if importlib.util.find_spec("ray") is None:
            raise Failure("computing on several machines needs Ray", "install it: `pip install 'rulewright[ray]'`")
        self._address = address
        self._ray: Any = None

    def __enter__(self) -> OnRay:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        import ray

        self._ray = ray
        try:
            if (local := LOCAL.fullmatch(self._address)) is not None:
                os.environ.setdefault("RAY_AUTH_MODE", "disabled")
                cores = int(local[1] or os.cpu_count() or 1)
                ray.init(num_cpus=cores, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
            else:
                ray.init(address=self._address, log_to_driver=False, logging_level=logging.ERROR)
        except (ConnectionError, RuntimeError, ValueError, OSError) as error:
            told = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
            remedy = "check the address, that the head runs, and that versions agree; `--ray local` takes this machine"
            raise Failure(f"no Ray at `{self._address}` ({told})", remedy) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._ray.shutdown()

    def __call__(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Iterable[Item]
    ) -> Iterator[Result]:
        """The results in order. Raises what a function refused, or Failure for an item that cannot be computed."""
        ray = self._ray
        reference = ray.put(shared)
        remote = ray.remote(max_retries=RETRIES)(_computed)
        room = 2 * max(int(ray.cluster_resources().get("CPU", 1)), 1)
        waiting: deque[tuple[int, Any]] = deque()
        key = reference.hex()
        for number, item in enumerate(items):
            waiting.append((number, remote.remote(function, key, [reference], item)))
            if len(waiting) >= room:
                yield self._taken(*waiting.popleft())
        while waiting:
            yield self._taken(*waiting.popleft())

    def _taken(self, number: int, reference: Any) -> Any:
        """An item's result."""
        try:
            result, refused = self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            told = str(error).strip().splitlines()[-1][:300]
            message = f"part {number + 1} could not be computed ({told})"
            raise Failure(message, "check the workers and their memory, and repeat") from error
        if refused is not None:
            raise Failure(*refused)
        return result


def _computed(function: Callable[[Any, Any], Any], key: str, shared: list[Any], item: Any) -> tuple[Any, Any]:
    """In a worker: the result of one item, or what was refused of it."""
    import ray

    if key not in _unpacked:
        _unpacked.clear()
        _unpacked[key] = ray.get(shared[0])
    try:
        return function(_unpacked[key], item), None
    except Failure as failure:
        return None, (failure.message, failure.help)
