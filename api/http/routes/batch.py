"""`POST /v1/batch`: a population as tables in, the wanted figures as a table out, chunk by chunk.

1. `multipart/form-data`, a part for each entity, named by it or its plural: CSV with a header, or an Arrow stream.
2. The tables go to files of this request's own, which are gone once it is answered; the run is that of `batch`.
   `Batch-Faults` names the first faults with table, row and column, without what stood there; `Batch-Unread` the
   columns for a time at which nothing reads them.
3. With `Prefer: respond-async` the answer is 202 and the address of a job, which is worked off.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.cases.naming import find_definitions, read_period
from api.failures import Failure, Misuse
from api.http.access import ANALYST, OPERATOR, require
from api.http.jobs import Job
from api.http.problems import Fault, Refusal
from api.http.programs import Law
from api.http.schemas import refusals
from api.http.service import Service, answer, require_acceptable, service_of

router = APIRouter(tags=["figures"])
CSV, ARROW = "text/csv", "application/vnd.apache.arrow.stream"
SHOWN_FAULTS = 20
Progress = Callable[[int], None]
_QUOTED = re.compile(r"`[^`]*`")
_TABLES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "description": "A part for each entity, named by it or by its plural.",
                    "additionalProperties": {"type": "string", "format": "binary"},
                }
            }
        },
    }
}


@router.post(
    "/v1/batch",
    summary="Figures of a population",
    response_class=Response,
    responses={
        200: {"content": {CSV: {"schema": {"type": "string"}}, ARROW: {"schema": {"type": "string"}}}},
        202: {"content": {"application/json": {"schema": {"type": "object"}}}},
        **refusals(400, 401, 403, 404, 406, 408, 413, 415, 422, 429, 503),
    },
    openapi_extra=_TABLES,
)
async def batch(
    request: Request,
    want: Annotated[str, Query(max_length=4_000, description="Figures of one entity, with commas.")],
    at: Annotated[str, Query(max_length=60, description="2024, 2024-03 or 2024-03-05.")],
    ruleset: Annotated[str, Query(max_length=100)] = "us",
    missing: Annotated[Literal["none", "unknown"], Query(description="What an empty cell means.")] = "none",
) -> Response:
    """Rows come back in their order, with their ids, the figures, and what was wrong."""
    caller = require(request, OPERATOR, ANALYST)
    service = service_of(request)
    later = "respond-async" in request.headers.get("prefer", "")
    offered = CSV if later else require_acceptable(request, CSV, ARROW)
    law = service.laws.law(ruleset, None, "")
    folder = Path(tempfile.mkdtemp(prefix="rulewright-batch-"))
    try:
        form = await _form(request, service)
        compute = partial(_computed, law, form, folder, want, at=at, complete=missing == "none")
        if later:
            return _accepted(service, service.jobs.accept(caller.name, folder), compute)
        headers = await service.run(compute, lambda _: None)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    lines = sent(service, chunks_of(folder, offered), folder)
    return StreamingResponse(lines, media_type=offered, headers=headers)


def _accepted(service: Service, job: Job, compute: Callable[[Progress], dict[str, str]]) -> Response:
    """A job instead of the answer."""

    def make(own: Job) -> dict[str, str]:
        def told(done: int) -> None:
            own.done = done

        return compute(told)

    service.later(service.jobs.work, job, make)
    headers = {"Location": f"/v1/jobs/{job.id}", "Preference_Applied": "respond-async"}
    return answer(job.said(), status=202, **headers)


def chunks_of(folder: Path, media_type: str) -> Iterator[bytes]:
    """The output of a batch in a folder, in parts."""
    return _csv(folder) if media_type == CSV else _arrow(folder)


async def _form(request: Request, service: Service) -> FormData:
    """The parts of the body, on disk if they are large. Raises Refusal for too many bytes or no form."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise Refusal("not-supported", [Fault("", "the body is not a form", "send `multipart/form-data`")])
    most = service.config.limits.batch_bytes

    async def counted() -> AsyncIterator[bytes]:
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > most:
                fault = Fault("", f"the body is larger than {most:,} bytes", "send it in parts")
                raise Refusal("too-large", [fault], {"Connection": "close"})
            yield chunk

    try:
        return await MultiPartParser(request.headers, counted(), max_files=20, max_fields=0).parse()  # type: ignore[arg-type]
    except MultiPartException:
        raise Refusal("not-json", [Fault("", "the form cannot be read", "send each table as a file")]) from None


def _computed(
    law: Law, form: FormData, folder: Path, want: str, on_progress: Progress, *, at: str, complete: bool
) -> dict[str, str]:
    """Run the job; the headers of the answer."""
    from api.batch.files import find_inputs
    from api.batch.run import Job as BatchJob
    from api.batch.run import run_batch

    try:
        names = [name.strip() for name in want.split(",") if name.strip()]
        period = read_period(law.program, at)
        wanted = tuple(find_definitions(law.program, ",".join(names), period))
        inputs = find_inputs(law.program, list(_files(form, folder)))
        report = run_batch(
            BatchJob(law.program, period, inputs, _output(folder), wanted, complete, threads=1), on_progress
        )
    except Failure as fault:
        told = Fault("", _without(fault.message, folder), _without(fault.help, folder))
        raise Refusal("bad-query" if isinstance(fault, Misuse) else "invalid-request", [told]) from None
    faults = [
        {
            "table": row_fault.table,
            "row": row_fault.row,
            "column": row_fault.column,
            "message": _QUOTED.sub("`…`", row_fault.message),
        }
        for row_fault in report.faults[:SHOWN_FAULTS]
    ]
    unread = {"Batch-Unread": json.dumps(report.unread[:SHOWN_FAULTS])} if report.unread else {}
    return {
        "Cache-Control": "no-store",
        **unread,
        "Batch-Groups": str(report.groups),
        "Batch-Refused": str(report.refused),
        "Batch-Faults": json.dumps(faults),
    }


def _output(folder: Path) -> Path:
    return folder / "output.parquet"


def _without(text: str, folder: Path) -> str:
    """A message without where this server keeps files."""
    return text.replace(f"{folder}/", "")


def _files(form: FormData, folder: Path) -> Iterator[str]:
    """Each part as a file, named as the command names its inputs. Raises Failure for what is not a table."""
    import pyarrow
    import pyarrow.ipc
    import pyarrow.parquet

    for number, (name, part) in enumerate(form.multi_items()):
        if not isinstance(part, UploadFile) or not re.fullmatch(r"[a-z][a-z0-9_]{0,99}", name):
            raise Failure("a part is a table, named by its entity", "name it as the ruleset names the entity")
        if part.content_type == ARROW:
            path = folder / f"{number}.parquet"
            try:
                source: Any = part.file
                with pyarrow.ipc.open_stream(source) as stream:
                    pyarrow.parquet.write_table(stream.read_all(), path)
            except (pyarrow.ArrowInvalid, OSError):
                raise Failure(f"`{name}` is not an Arrow stream", "send CSV, or an Arrow stream") from None
        else:
            path = folder / f"{number}.csv"
            with path.open("wb") as copy:
                shutil.copyfileobj(part.file, copy)
        yield f"{name}={path}"


def _csv(folder: Path) -> Iterator[bytes]:
    from api.batch.files import csv_lines

    return (lines.encode() for lines in csv_lines(_output(folder)))


def _arrow(folder: Path) -> Iterator[bytes]:
    """The output as an Arrow stream, a row group at a time."""
    import pyarrow
    import pyarrow.ipc
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(_output(folder)) as file:
        sink = pyarrow.BufferOutputStream()
        with pyarrow.ipc.new_stream(sink, file.schema_arrow) as writer:
            for batch in file.iter_batches():
                writer.write_batch(batch)
    yield sink.getvalue().to_pybytes()


async def sent(service: Service, chunks: Iterator[bytes], folder: Path | None = None) -> AsyncIterator[bytes]:
    """The chunks, each made on a thread; then the files in the folder are gone."""
    try:
        while (chunk := await service.run(next, chunks, None)) is not None:
            yield chunk
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
