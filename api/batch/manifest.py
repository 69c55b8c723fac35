"""What an output was made from, beside it: rows, hash, rules and inputs. Without one, the output is not whole."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from api.batch.parts import write_whole
from api.batch.run import BatchReport, Job


def write_manifest(job: Job, report: BatchReport) -> Path:
    """Write `OUTPUT.manifest.json`, all at once; its path."""
    path = job.output.with_name(job.output.name + ".manifest.json")
    said = {
        "output": job.output.name,
        "sha256": _sha256(job.output),
        "groups": report.groups,
        "refused": report.refused,
        "rules": job.program.fingerprint,
        "period": str(job.period),
        "figures": [definition.name for definition in job.wanted],
        "inputs": {
            entity: {"file": input_path.name, "sha256": _sha256(input_path)}
            for entity, input_path in sorted(job.inputs.items())
        },
    }
    write_whole(path, lambda new: new.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8"))
    return path


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
