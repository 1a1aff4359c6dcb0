"""Solvers: the equilibrium of a recruitment campaign and the design of its rewards.

Names are imported when first used, so that the command line can answer without the back ends.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from solvers.altruism_design import AltruismDesign, design_altruism
    from solvers.budget_search import LeastBudget, least_budget
    from solvers.centrality import bonacich_centrality, diffusion_centrality, katz_centrality
    from solvers.cluster import Cluster, sweep
    from solvers.design_bound import GlobalBound, global_bound
    from solvers.design_frontier import Frontier, FrontierRow, frontier
    from solvers.design_regret import Regret, RegretRow, regret, stress, sweep_motives
    from solvers.design_surface import Demands, Surface, SurfacePoint, surface
    from solvers.diffusion import Spread, spread
    from solvers.equilibrium_enumeration import AllEquilibria, all_equilibria
    from solvers.equilibrium_sampling import sample_equilibria
    from solvers.exact_spread import ExactSpread, exact_spread
    from solvers.forest_rewards import tree_rewards
    from solvers.interdependence import EffectiveGame, effective_game
    from solvers.interventions import target
    from solvers.key_players import KeyPlayers, Player, key_player
    from solvers.message_passing import MessagePassing, expected_recruits, expected_spread
    from solvers.multiplicity import Equilibria, equilibria
    from solvers.nash_equilibrium import NashEquilibrium
    from solvers.network_equilibrium import equilibrium
    from solvers.peer_incentives import BudgetCurve, PeerRewards, budget_curve, peer_rewards
    from solvers.query_contracts import QueryRewards, query_rewards
    from solvers.query_sweep import QueryGrowth, query_growth
    from solvers.recruitment import Recruitment, Status, recruit
    from solvers.scheme_design import Design, design
    from solvers.share_design import ShareDesign, design_shares
    from solvers.share_play import ShareCampaign, SharePlay, improve_shares, play_shares
    from solvers.spectral import SpectralRadius, spectral_radius
    from solvers.stability import is_stable
    from solvers.subsidy_design import Subsidies, subsidies
    from solvers.targeting import Targeting
    from solvers.timeline import Timeline

__all__ = [
    "AllEquilibria",
    "AltruismDesign",
    "BudgetCurve",
    "Cluster",
    "Demands",
    "Design",
    "EffectiveGame",
    "Equilibria",
    "ExactSpread",
    "Frontier",
    "FrontierRow",
    "GlobalBound",
    "KeyPlayers",
    "LeastBudget",
    "MessagePassing",
    "NashEquilibrium",
    "PeerRewards",
    "Player",
    "QueryGrowth",
    "QueryRewards",
    "Recruitment",
    "Regret",
    "RegretRow",
    "ShareCampaign",
    "ShareDesign",
    "SharePlay",
    "SpectralRadius",
    "Spread",
    "Status",
    "Subsidies",
    "Surface",
    "SurfacePoint",
    "Targeting",
    "Timeline",
    "all_equilibria",
    "bonacich_centrality",
    "budget_curve",
    "design",
    "design_altruism",
    "design_shares",
    "diffusion_centrality",
    "effective_game",
    "equilibria",
    "equilibrium",
    "exact_spread",
    "expected_recruits",
    "expected_spread",
    "frontier",
    "global_bound",
    "improve_shares",
    "is_stable",
    "katz_centrality",
    "key_player",
    "least_budget",
    "peer_rewards",
    "play_shares",
    "query_growth",
    "query_rewards",
    "recruit",
    "regret",
    "sample_equilibria",
    "spectral_radius",
    "spread",
    "stress",
    "subsidies",
    "surface",
    "sweep",
    "sweep_motives",
    "target",
    "tree_rewards",
]

_ROOMS = {
    "solvers.cluster": ("Cluster", "sweep"),
    "solvers.design_bound": ("GlobalBound", "global_bound"),
    "solvers.design_frontier": ("Frontier", "FrontierRow", "frontier"),
    "solvers.design_surface": ("Demands", "Surface", "SurfacePoint", "surface"),
    "solvers.diffusion": ("Spread", "spread"),
    "solvers.equilibrium_enumeration": ("AllEquilibria", "all_equilibria"),
    "solvers.equilibrium_sampling": ("sample_equilibria",),
    "solvers.altruism_design": ("AltruismDesign", "design_altruism"),
    "solvers.peer_incentives": ("BudgetCurve", "PeerRewards", "budget_curve", "peer_rewards"),
    "solvers.subsidy_design": ("Subsidies", "subsidies"),
    "solvers.centrality": ("bonacich_centrality", "diffusion_centrality", "katz_centrality"),
    "solvers.key_players": ("KeyPlayers", "Player", "key_player"),
    "solvers.spectral": ("SpectralRadius", "spectral_radius"),
    "solvers.interventions": ("target",),
    "solvers.targeting": ("Targeting",),
    "solvers.interdependence": ("EffectiveGame", "effective_game"),
    "solvers.stability": ("is_stable",),
    "solvers.exact_spread": ("ExactSpread", "exact_spread"),
    "solvers.forest_rewards": ("tree_rewards",),
    "solvers.budget_search": ("LeastBudget", "least_budget"),
    "solvers.message_passing": ("MessagePassing", "expected_recruits", "expected_spread"),
    "solvers.multiplicity": ("Equilibria", "equilibria"),
    "solvers.nash_equilibrium": ("NashEquilibrium",),
    "solvers.network_equilibrium": ("equilibrium",),
    "solvers.query_contracts": ("QueryRewards", "query_rewards"),
    "solvers.query_sweep": ("QueryGrowth", "query_growth"),
    "solvers.recruitment": ("Recruitment", "Status", "recruit"),
    "solvers.design_regret": ("Regret", "RegretRow", "regret", "stress", "sweep_motives"),
    "solvers.scheme_design": ("Design", "design"),
    "solvers.share_design": ("ShareDesign", "design_shares"),
    "solvers.share_play": ("ShareCampaign", "SharePlay", "improve_shares", "play_shares"),
    "solvers.timeline": ("Timeline",),
}


def __getattr__(name: str) -> object:
    for room, names in _ROOMS.items():
        if name in names:
            return getattr(import_module(room), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
