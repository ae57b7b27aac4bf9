"""Generated clusters with known truth: logs, inventories and who really called whom.

`simulate` turns an application graph into the lines of a Hubble log, the inventory that matches
it, and the truth; by seed, and at any size.
"""

from __future__ import annotations

from recommender.simulation.settings import Settings
from recommender.simulation.simulation import Simulation, simulate

__all__ = ["Settings", "Simulation", "simulate"]
