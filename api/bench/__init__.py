"""How fast it is: this engine and its peers, measured on this machine in one run. `run.py` says what is measured."""

from api.bench.measuring import Measured
from api.bench.run import COMPARED, Plan, measure, moved, ratios

__all__ = ["COMPARED", "Measured", "Plan", "measure", "moved", "ratios"]
