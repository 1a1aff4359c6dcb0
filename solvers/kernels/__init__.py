"""Compiled kernels: arrays in, arrays out, no objects, no allocation inside loops."""

from solvers.kernels.cascade import cascade, play, vanishing

__all__ = ["cascade", "play", "vanishing"]
