"""Compiled kernels: arrays in, arrays out, no objects, no allocation inside loops."""

from solvers.kernels.cascade import PENDING, cascade, play, vanishing
from solvers.kernels.clock import EXPONENTIAL, GAMMA, LOGNORMAL, PARETO, race

__all__ = ["EXPONENTIAL", "GAMMA", "LOGNORMAL", "PARETO", "PENDING", "cascade", "play", "race", "vanishing"]
