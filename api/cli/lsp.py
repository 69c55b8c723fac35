"""`rulewright lsp`: the language server, over stdio."""

from __future__ import annotations

from api.failures import ExitCode


def lsp_command() -> int:
    """Serve one editor until it closes the session."""
    from api.lsp.server import serve

    serve()
    return ExitCode.DONE
