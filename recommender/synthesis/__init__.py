"""Drafting: typed least-privilege policies from edges and an inventory.

``synthesize`` is the way in. Everything here is a pure function of its arguments.
"""

from __future__ import annotations

from recommender.synthesis.drafting import SetAside
from recommender.synthesis.settings import BOTH, Observed, Settings
from recommender.synthesis.synthesize import Synthesis, observable, synthesize

__all__ = ["BOTH", "Observed", "SetAside", "Settings", "Synthesis", "observable", "synthesize"]
