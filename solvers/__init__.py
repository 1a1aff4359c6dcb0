"""Solvers: the equilibrium of a recruitment campaign and the design of its rewards."""

from solvers.frontier import Frontier, FrontierRow, frontier
from solvers.recruitment import Recruitment, Status, recruit
from solvers.scheme_design import Design, design

__all__ = [
    "Design",
    "Frontier",
    "FrontierRow",
    "Recruitment",
    "Status",
    "design",
    "frontier",
    "recruit",
]
