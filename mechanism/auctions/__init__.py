"""Diffusion auctions: one item is sold to buyers who hear of it from one another."""

from mechanism.auctions.idm import information_diffusion
from mechanism.auctions.market import DiffusionAuction, Market, Outcome
from mechanism.auctions.vcg import vickrey_clarke_groves

__all__ = ["DiffusionAuction", "Market", "Outcome", "information_diffusion", "vickrey_clarke_groves"]
