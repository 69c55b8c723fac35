"""What is asked of a simulation."""

from __future__ import annotations

from pathlib import Path

from engine.records import record

SAMPLES, SEED = 100, 20_260_101


@record(frozen=True, slots=True)
class Request:
    """What is asked for. Each of `reforms` is a reform of its own; its files are laid over the law in order.

    `population` is empty for the shipped sample, else files; `data_year` is the year of their money, if it is not the
    year asked for; `columns` a map of their columns. `threshold` is from what change on somebody gains or loses.
    `earners` are roles of the unit whose marginal and participation rates are told, and who respond; else the first.
    """

    rules: str
    reforms: tuple[tuple[Path, ...], ...]
    at: tuple[str, ...]
    population: tuple[str, ...] = ()
    data_year: int | None = None
    weight: str = ""
    uprate: str = ""
    view: Path | None = None
    threshold: int = 1
    samples: int = SAMPLES
    seed: int = SEED
    marginal: bool = True
    threads: int = 2
    distribution: bool = False
    columns: Path | None = None
    elasticity: str = ""
    take_up: tuple[str, ...] = ()
    replicates: str = ""
    replicate_factor: str = ""
    earners: tuple[str, ...] = ()
