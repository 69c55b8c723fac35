"""The environment variables that users may set for all commands."""

from __future__ import annotations

LOG_VARIABLE = "RULEWRIGHT_LOG"
"""The folder of the log that commands work on."""

KEYS_VARIABLE = "RULEWRIGHT_KEYS"
"""The log's key store, if it does not lie in the log's folder."""

KEK_VARIABLE = "RULEWRIGHT_KEK"
"""Where the key-encryption key is that the key store is wrapped under: `file:PATH`, `env:NAME` or `command:…`."""

ANCHORS_VARIABLE = "RULEWRIGHT_ANCHORS"
"""A folder apart from the log where its anchors are kept: `log anchor` writes there, `log verify` reads it."""

ANCHOR_KEY_VARIABLE = "RULEWRIGHT_ANCHOR_KEY"
"""Where the private key is that signs anchors: `file:PATH`, `env:NAME` or `command:…`."""
