"""Other calculators' reforms as overlays of ours."""

from api.compat.reforms.translating import NAMES, Translated, translate

__all__ = ["NAMES", "Translated", "translate"]
