"""Files in object stores, named by URL: read from a copy of this machine's, and written there whole or not at all.

1. What a URL names is copied into a folder of this user's own (0700), under a name that says which state of it this
   is: size and time of change. A run that was killed finds its copies, and so its parts, when it is started again. A
   process that ends takes its copies away: they may be people's data.
2. An output is made on this machine first, as any other. It is then sent in one upload, which the store makes visible
   when it is whole; its manifest follows. So an output without a manifest is not whole, and a repeated upload does no
   harm.

`s3://BUCKET/KEY`, `gs://…`, `abfs://…` and `hdfs://…` are what pyarrow opens. Keys come from where each store's tools
look for them (AWS_ACCESS_KEY_ID, …); `?endpoint_override=http://127.0.0.1:9000` names another server.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import re
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow
import pyarrow.fs

from api.failures import Failure
from engine.kept import folder_for

pa: Any = pyarrow
SCHEMES = ("s3", "gs", "gcs", "abfs", "abfss", "hdfs", "viewfs")
CHUNK = 1 << 20
_URL = re.compile(r"([a-z][a-z0-9+.-]*)://.+")
_REMEDY = "check the address, its `?endpoint_override=`, and the keys to the store"


def is_url(text: str) -> bool:
    """Whether a file is named by the URL of an object store."""
    match = _URL.fullmatch(text)
    return match is not None and match[1] in SCHEMES


def name_of(url: str) -> str:
    """A file's own name, without the store and the query."""
    return Path(urlsplit(url).path).name


def shown(url: str) -> str:
    """A URL as it may be shown: without what could be a password, or an address's options."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def fetched(url: str) -> Path:
    """A copy of what a URL names. Raises Failure."""
    files, path = _opened(url)
    try:
        info = files.get_file_info(path)
        if info.type != pa.fs.FileType.File:
            what = "is a folder" if info.type == pa.fs.FileType.Directory else "is not there"
            raise Failure(f"`{shown(url)}` {what}", "name a file: an object with its whole key")
        stamp = info.mtime_ns or 0
        copy = _place(f"{url}\0{info.size}\0{stamp}") / name_of(url)
        atexit.register(shutil.rmtree, copy.parent, ignore_errors=True)
        if not copy.exists():
            _copy(files.open_input_stream(path), copy, stamp)
    except OSError as error:
        raise _failed("cannot be read", url, error) from None
    return copy


def _copy(source: Any, copy: Path, stamp_ns: int) -> None:
    new = copy.with_name(f"{copy.name}.{os.getpid()}.new")
    with source, new.open("wb") as target:
        shutil.copyfileobj(source, target, CHUNK)
    os.utime(new, ns=(stamp_ns, stamp_ns))  # by which a run that goes on knows that it is the same
    new.replace(copy)


def output_for(url: str) -> Path:
    """Where on this machine an output grows that will be sent to a URL. What a run that failed has made of it stays."""
    return _place(f"output\0{url}") / name_of(url)


def send_output(output: Path, manifest: Path, url: str) -> None:
    """Upload an output that `output_for` placed and then its manifest, and take both away here. Raises Failure."""
    _send(output, url)
    _send(manifest, _beside(url, ".manifest.json"))
    shutil.rmtree(output.parent, ignore_errors=True)


def _send(path: Path, url: str) -> None:
    """Upload a file. It is there whole, or not at all."""
    files, target = _opened(url)
    try:
        with path.open("rb") as source, files.open_output_stream(target) as stream:
            shutil.copyfileobj(source, stream, CHUNK)
    except OSError as error:
        raise _failed("cannot be written", url, error) from None


def _beside(url: str, ending: str) -> str:
    """The URL of a file beside another: its name with an ending."""
    parts = urlsplit(url)
    return parts._replace(path=parts.path + ending).geturl()


def _opened(url: str) -> tuple[Any, str]:
    try:
        files, path = pa.fs.FileSystem.from_uri(url)
    except (pa.ArrowInvalid, OSError, NotImplementedError) as error:
        raise _failed("cannot be opened", url, error) from None
    return files, str(path)


def _failed(what: str, url: str, error: Exception) -> Failure:
    told = str(error).splitlines()[0].replace(url, shown(url))[:300]
    return Failure(f"`{shown(url)}` {what} ({told})", _REMEDY)


def _place(of: str) -> Path:
    """The folder of one file."""
    place = _folder() / hashlib.sha256(of.encode()).hexdigest()[:32]
    place.mkdir(mode=0o700, exist_ok=True)
    return place


@cache
def _folder() -> Path:
    """A folder of this user's own; where nothing may be kept, one of this process's."""
    folder = folder_for("fetched")
    if folder is None:
        made = Path(tempfile.mkdtemp(prefix="rulewright-"))
        atexit.register(shutil.rmtree, made, ignore_errors=True)
        return made
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    state = folder.lstat()
    if state.st_uid != os.getuid() or state.st_mode & 0o077:
        raise Failure(f"`{folder}` is open to others", "make it yours alone (`chmod 700`), or set RULEWRIGHT_CACHE")
    return folder
