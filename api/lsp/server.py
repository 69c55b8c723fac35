"""The language server: what LSP asks for, from the session's rules. Started by `rulewright lsp`, over stdio."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from api.failures import Failure
from api.lsp.finding import Here
from api.lsp.renaming import renamed
from api.lsp.saying import (
    completion,
    diagnostic,
    hover,
    location_of,
    place,
    range_of,
    symbol_kind,
    uri_of,
)
from api.lsp.session import Root, Session
from api.rules.definitions import described
from api.rules.formatting import formatted
from api.rules.names import KINDS, Named
from engine.syntax.files import source_from_text
from engine.text.diagnostics import Diagnostic, Diagnostics
from engine.text.source import Span

RUN_EXAMPLE = "rulewright.runExample"
_MOST_SYMBOLS = 200
SWITCH_SECONDS = 0.0005  # how long a compilation may keep what is typed waiting, each time that a message is written


class Server(LanguageServer):
    """A language server with a session of rules."""

    def __init__(self) -> None:
        super().__init__("rulewright", _version(), text_document_sync_kind=lsp.TextDocumentSyncKind.Incremental)
        self.session = Session(self._publish)

    def _publish(self, path: Path, problems: list[Diagnostic]) -> None:
        codec = self.workspace.position_codec
        said = [diagnostic(codec, problem) for problem in problems]
        self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri_of(path), said))

    def typed(self, uri: str) -> None:
        """Take a document's text over into the session."""
        self.session.change(path_of(uri), self.workspace.get_text_document(uri).source)

    async def here(self, uri: str, position: lsp.Position) -> tuple[Root | None, list[Here]]:
        """What stands at a place of a document."""
        path = path_of(uri)
        root = await self.session.ready(path)
        if root is None:
            return None, []
        offset = self.workspace.get_text_document(uri).offset_at_position(position)
        return root, self.session.index(root).at(path, offset)

    def locations(self, spans: Sequence[Span]) -> list[lsp.Location]:
        """Spans as the protocol says them."""
        return [location_of(self.workspace.position_codec, span) for span in spans]


def path_of(uri: str) -> Path:
    """The file of an address. What is in no file, as an unsaved document, is in no folder of rules."""
    file = to_fs_path(uri) if uri.startswith("file:") else None
    return Path(file or "/untitled").resolve()


def _version() -> str:
    try:
        return version("rulewright")
    except PackageNotFoundError:
        return "0"


def make_server() -> Server:
    """A server with everything that it answers to."""
    server = Server()
    _documents(server)
    _names(server)
    _changes(server)
    _examples(server)
    return server


def _documents(server: Server) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    async def opened(ls: Server, params: lsp.DidOpenTextDocumentParams) -> None:
        ls.typed(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(ls: Server, params: lsp.DidChangeTextDocumentParams) -> None:
        ls.typed(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    async def closed(ls: Server, params: lsp.DidCloseTextDocumentParams) -> None:
        ls.session.change(path_of(params.text_document.uri), None)

    @server.feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    async def written(ls: Server, params: lsp.DidChangeWatchedFilesParams) -> None:
        ls.session.changed_on_disk(path_of(change.uri) for change in params.changes)


def _names(server: Server) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    async def hovered(ls: Server, params: lsp.HoverParams) -> lsp.Hover | None:
        root, meant = await ls.here(params.text_document.uri, params.position)
        ruleset = root.living.ruleset() if root is not None else None
        if not meant or ruleset is None:
            return None
        text = hover([described(ruleset, None, mentioned.named) for mentioned in meant])
        content = lsp.MarkupContent(lsp.MarkupKind.Markdown, text)
        return lsp.Hover(content, range_of(ls.workspace.position_codec, meant[0].span))

    @server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    async def defined(ls: Server, params: lsp.DefinitionParams) -> list[lsp.Location]:
        _, meant = await ls.here(params.text_document.uri, params.position)
        return ls.locations([mentioned.named.span for mentioned in meant if mentioned.named.span is not None])

    @server.feature(lsp.TEXT_DOCUMENT_REFERENCES)
    async def referred(ls: Server, params: lsp.ReferenceParams) -> list[lsp.Location]:
        root, meant = await ls.here(params.text_document.uri, params.position)
        if root is None:
            return []
        index = ls.session.index(root)
        spans = [span for mentioned in meant for _, span in index.mentions_of(mentioned.named)]
        if params.context.include_declaration:
            spans = [mentioned.named.span for mentioned in meant if mentioned.named.span is not None] + spans
        return ls.locations(spans)

    @server.feature(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    async def outlined(ls: Server, params: lsp.DocumentSymbolParams) -> list[lsp.SymbolInformation]:
        path = path_of(params.text_document.uri)
        root = await ls.session.ready(path)
        everything = ls.session.index(root).everything if root is not None else []
        return _symbols(
            ls, [named for named in everything if named.span is not None and named.span.source.name == str(path)]
        )

    @server.feature(lsp.WORKSPACE_SYMBOL)
    async def searched(ls: Server, params: lsp.WorkspaceSymbolParams) -> list[lsp.SymbolInformation]:
        words = params.query.lower().replace("_", " ").split()
        matches: list[Named] = []
        for root in ls.session.roots.values():
            for named in ls.session.index(root).everything if root.loaded.is_set() else ():
                text = f"{named.name} {named.label} {named.law}".lower().replace("_", " ")
                if named.span is not None and all(word in text for word in words):
                    matches.append(named)
        matches.sort(key=lambda named: (named.short_name != params.query, KINDS.index(named.kind), named.name))
        return _symbols(ls, matches[:_MOST_SYMBOLS])

    @server.feature(lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=["."]))
    async def completed(ls: Server, params: lsp.CompletionParams) -> lsp.CompletionList:
        path = path_of(params.text_document.uri)
        root = await ls.session.ready(path)
        if root is None:
            return lsp.CompletionList(False, [])
        document = ls.workspace.get_text_document(params.text_document.uri)
        offset = document.offset_at_position(params.position)
        before = document.source[:offset].rpartition("\n")[2]
        offers = ls.session.index(root).offers(path, before)
        return lsp.CompletionList(True, [completion(offer, number) for number, offer in enumerate(offers)])


def _symbols(ls: Server, named_things: Sequence[Named]) -> list[lsp.SymbolInformation]:
    codec = ls.workspace.position_codec
    return [
        lsp.SymbolInformation(
            location_of(codec, named.span),
            named.short_name,
            symbol_kind(named.kind),
            container_name=named.module or None,
        )
        for named in named_things
        if named.span is not None
    ]


def _changes(server: Server) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_PREPARE_RENAME)
    async def may_rename(ls: Server, params: lsp.PrepareRenameParams) -> lsp.PrepareRenamePlaceholder | None:
        _, meant = await ls.here(params.text_document.uri, params.position)
        if len(meant) != 1:
            return None
        mentioned = meant[0]
        return lsp.PrepareRenamePlaceholder(
            range_of(ls.workspace.position_codec, mentioned.span), mentioned.named.short_name
        )

    @server.feature(lsp.TEXT_DOCUMENT_RENAME)
    async def rename(ls: Server, params: lsp.RenameParams) -> lsp.WorkspaceEdit | None:
        root, meant = await ls.here(params.text_document.uri, params.position)
        if root is None or len(meant) != 1:
            raise JsonRpcException("there is no name here that can be changed", -32803)
        try:
            places = renamed(root.living, ls.session.index(root), meant[0].named, params.new_name)
        except Failure as fault:
            raise JsonRpcException(f"{fault.message}; {fault.help}", -32803) from None
        codec = ls.workspace.position_codec
        return lsp.WorkspaceEdit(
            {
                uri_of(path): [lsp.TextEdit(range_of(codec, span), params.new_name) for span in spans]
                for path, spans in places.items()
            }
        )

    @server.feature(lsp.TEXT_DOCUMENT_FORMATTING)
    async def format_document(ls: Server, params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit]:
        path = path_of(params.text_document.uri)
        root = await ls.session.ready(path)
        text = ls.workspace.get_text_document(params.text_document.uri).source
        source = source_from_text(text, str(path), Diagnostics())
        if root is None or root.living.settings is None or source is None or not root.living.is_module(path):
            return []
        new = formatted(source, root.living.settings, Diagnostics())
        if new is None or new == text:
            return []
        codec = ls.workspace.position_codec
        end = place(codec, source, len(text))
        return [lsp.TextEdit(lsp.Range(lsp.Position(0, 0), end), new)]


def _examples(server: Server) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_CODE_LENS)
    async def lenses(ls: Server, params: lsp.CodeLensParams) -> list[lsp.CodeLens]:
        path = path_of(params.text_document.uri)
        root = await ls.session.ready(path)
        file = root.living.files.get(path) if root is not None else None
        if root is None or file is None or file.module is None or not file.sound:
            return []
        codec, code_lenses = ls.workspace.position_codec, []
        for example in file.module.examples:
            said = root.tried.get((path, example.name))
            title = "run this example" if said is None else f"run again ({said})"
            command = lsp.Command(title, RUN_EXAMPLE, arguments=[params.text_document.uri, example.name])
            start = place(codec, example.span.source, example.span.start)
            code_lenses.append(lsp.CodeLens(lsp.Range(start, start), command))
        return code_lenses

    @server.command(RUN_EXAMPLE)
    async def run_example(ls: Server, uri: str, name: str) -> dict[str, Any]:
        holds, said = await ls.session.try_example(path_of(uri), name)
        kind = lsp.MessageType.Info if holds else lsp.MessageType.Warning
        ls.window_show_message(lsp.ShowMessageParams(kind, f"{name}: {said}"))
        capabilities = ls.client_capabilities.workspace
        if capabilities is not None and capabilities.code_lens is not None and capabilities.code_lens.refresh_support:
            ls.workspace_code_lens_refresh(None)
        return {"holds": holds, "said": said}


def serve() -> None:
    """Answer an editor over stdin and stdout until it says goodbye."""
    sys.setswitchinterval(SWITCH_SECONDS)
    make_server().start_io()
