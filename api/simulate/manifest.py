"""What decides an answer, so that the same bytes can be made again, or it is told what has changed."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from api.failures import Failure, Misuse
from api.rules.programs import shipped_rules
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
    """Of what computes, and of what writes tables and pictures: with another one a last digit or a byte may differ."""
    version_of = {"python": ".".join(map(str, sys.version_info[:3])), "numpy": np.__version__}
    for name in ("pyarrow", "vl-convert-python", "rulewright"):
        try:
            version_of[name] = version(name)
        except PackageNotFoundError:
            version_of[name] = "not installed"
    return version_of


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def request_again(said: Any, folder: Path | None = None) -> Request:
    """What a manifest asks for. A file that is not where it was is looked for in `folder`, where the manifest lies.

    Raises Misuse for a manifest that cannot be read.
    """
    try:
        assert isinstance(said, dict) and isinstance(said["at"], list) and isinstance(said["population"], list)
        reforms = tuple(
            tuple(_now_at(_text(file["path"]), folder) for file in each["files"]) for each in said["reforms"]
        )
        more = {name: type(default)(said.get(name, default)) for name, default in _LATER.items()}
        return Request(
            _rules_now_at(_text(said["rules"]), folder), reforms, tuple(map(_text, said["at"])),
            tuple(_population_now_at(_text(given), folder) for given in said["population"]),
            _number(said["data_year"]) if said["data_year"] is not None else None, _text(said["weight"]),
            _text(said["uprate"]), _now_at(said["view"], folder) if said["view"] else None, _number(said["threshold"]),
            _number(said["samples"]), _number(said["seed"]), bool(said["marginal"]),
            columns=_now_at(said["columns"], folder) if said.get("columns") else None, **more,
        )  # fmt: skip
    except (AssertionError, KeyError, TypeError, AttributeError):
        raise Misuse("this is not a manifest of a simulation", "give what `--manifest FILE` wrote") from None


_LATER: dict[str, Any] = {  # which the first manifests do not have
    "distribution": False, "elasticity": "", "take_up": (), "replicates": "", "replicate_factor": "", "earners": (),
}  # fmt: skip


def _text(said: Any) -> str:
    assert isinstance(said, str)
    return said


def _number(said: Any) -> int:
    assert type(said) is int
    return said


def _now_at(said: str, folder: Path | None) -> Path:
    """Where a file is: where it was, or else by the manifest, with its folders or without."""
    path = Path(said)
    if folder is not None and not path.exists():
        return next((there for there in (folder / path, folder / path.name) if there.is_file()), path)
    return path


def _rules_now_at(said: str, folder: Path | None) -> str:
    """The name of shipped rules, or where a folder of rules is now."""
    moved = folder / said if folder is not None else None
    if moved is not None and moved.is_dir() and not Path(said).exists() and said not in shipped_rules():
        return str(moved)
    return said


def _population_now_at(given: str, folder: Path | None) -> str:
    """The same of what `--population` was given: a name, a file, `ENTITY=FILE`, or an address."""
    entity, equals, file = given.rpartition("=")
    return given if "://" in given else f"{entity}{equals}{_now_at(file, folder)}"


_CONTENTS = {
    "population_sha256": "the population",
    "view_sha256": "the view",
    "columns_sha256": "the map of columns",
}


def same_as_said(said: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """The manifest of an answer that is made again: what was said, where all that decides it is the same.

    Raises Failure with everything that is not what it was.
    """
    told = [*_other_versions(said.get("versions"), now["versions"])]
    if said.get("fingerprint") != now["fingerprint"]:
        told.append(f"the rules `{now['rules']}`: their fingerprint has changed")
    told += _other_reforms(said["reforms"], now["reforms"])
    told += [f"{words}: its contents have changed" for key, words in _CONTENTS.items() if said.get(key) != now[key]]
    if told:
        raise Failure(
            "something that decides the answer has changed:\n  " + "\n  ".join(told),
            "restore it, or simulate again without `--again`",
        )
    return {key: said.get(key, value) for key, value in now.items()}


def _other_versions(said: Any, now: Mapping[str, str]) -> list[str]:
    then = said if isinstance(said, dict) else {}
    return [
        f"{name}: then {then[name]}, now {version_now}"
        for name, version_now in now.items()
        if name in then and then[name] != version_now
    ]


def _other_reforms(said: Sequence[Any], now: Sequence[Any]) -> list[str]:
    """The reforms whose files have changed, or which are others although their files are the same."""
    told = []
    for then, each in zip(said, now, strict=True):
        files = [
            str(file["path"])
            for was, file in zip(then["files"], each["files"], strict=True)
            if was["sha256"] != file["sha256"]
        ]
        told += [f"the reform `{path}`: its contents have changed" for path in files]
        if not files and then.get("fingerprint") != each["fingerprint"]:
            told.append(f"the reform `{each['files'][-1]['path']}`: the law that it makes is another")
    return told
