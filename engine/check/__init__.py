"""From syntax trees to the typed core: who is read, at what time, of what type. Faults become diagnostics."""

from engine.check.definitions import check_definitions

__all__ = ["check_definitions"]
