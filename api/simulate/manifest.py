"""What decides an answer, so that the same bytes can be made again, or it is told what has changed."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from api.failures import Failure, Misuse
from api.simulate.population import Source
from api.simulate.request import Request
from engine.ir.program import Program


def manifest_of(request: Request, law: Program, reformed: Sequence[Program], source: Source) -> dict[str, object]:
    """Fingerprints of all that decides the answer, and what was asked."""
    reforms = [
        {
            "files": [{"path": str(path), "sha256": _sha256(path)} for path in files],
            "fingerprint": program.fingerprint,
        }
        for files, program in zip(request.reforms, reformed, strict=True)
    ]
    return {
        "rules": request.rules, "fingerprint": law.fingerprint, "reforms": reforms, "at": list(request.at),
        "population": list(request.population), "population_sha256": source.digest, "data_year": request.data_year,
        "weight": request.weight, "uprate": request.uprate, "view": str(request.view) if request.view else None,
        "view_sha256": _sha256(request.view) if request.view else None,
        "columns": str(request.columns) if request.columns else None,
        "columns_sha256": _sha256(request.columns) if request.columns else None,
        "threshold": request.threshold, "samples": request.samples, "seed": request.seed,
        "marginal": request.marginal, "earners": list(request.earners),
        "elasticity": request.elasticity, "take_up": list(request.take_up),
        "replicates": request.replicates, "replicate_factor": request.replicate_factor,
        "distribution": request.distribution, "versions": versions(),
    }  # fmt: skip


def versions() -> dict[str, str]:
    """Of what computes: with another one statistics may differ in their last digit."""
    version_of = {"python": ".".join(map(str, sys.version_info[:3])), "numpy": np.__version__}
    try:
        version_of["rulewright"] = version("rulewright")
    except PackageNotFoundError:
        version_of["rulewright"] = "not installed"
    return version_of


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def request_again(said: Any) -> Request:
    """What a manifest asks for. Raises Misuse for one that cannot be read."""
    try:
        assert isinstance(said, dict)
        reforms = tuple(tuple(Path(file["path"]) for file in each["files"]) for each in said["reforms"])
        return Request(
            said["rules"], reforms, tuple(said["at"]), tuple(said["population"]), said["data_year"], said["weight"],
            said["uprate"], Path(said["view"]) if said["view"] else None, said["threshold"], said["samples"],
            said["seed"], said["marginal"], distribution=said.get("distribution", False),
            columns=Path(said["columns"]) if said.get("columns") else None, elasticity=said.get("elasticity", ""),
            take_up=tuple(said.get("take_up", ())), replicates=said.get("replicates", ""),
            replicate_factor=said.get("replicate_factor", ""), earners=tuple(said.get("earners", ())),
        )  # fmt: skip
    except (AssertionError, KeyError, TypeError):
        raise Misuse("this is not a manifest of a simulation", "give what `--manifest FILE` wrote") from None


def check_same(said: dict[str, Any], now: dict[str, Any]) -> None:
    """Raise Failure where something that decides the answer is not what it was."""
    for key, words in (
        ("population_sha256", "the population"), ("view_sha256", "the view"),
        ("columns_sha256", "the map of columns"), ("fingerprint", "the rules"),
        ("reforms", "a reform"), ("versions", "a version of what computes"),
    ):  # fmt: skip
        if said.get(key) != now.get(key):
            raise Failure(
                f"{words} is not what it was: the manifest has another `{key}`", "simulate again, without `--again`"
            )
