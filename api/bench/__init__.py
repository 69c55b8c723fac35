"""How fast it is: this engine and its peers, measured on this machine in one run. `run.py` says what is measured."""

from api.bench.measuring import Measured
from api.bench.run import COMPARED, Plan, measure, moved, plain, ratios

__all__ = ["COMPARED", "Measured", "Plan", "measure", "moved", "plain", "ratios"]
