"""Solvers: the equilibrium of a recruitment campaign and the design of its rewards.

Names are imported when first used, so that the command line can answer without the back ends.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from solvers.adoption import Adoption, AdoptionFit, AdoptionModel, Introduction, fit_adoption
    from solvers.adoption_times import log_likelihood, simulate_times
    from solvers.agreement import Consensus, consensus
    from solvers.altruism_design import AltruismDesign, design_altruism
    from solvers.budget_search import LeastBudget, least_budget
    from solvers.campaign_design import CampaignDesign, CampaignStep, design_campaign
    from solvers.campaign_opinions import (
        CampaignComparison,
        CampaignEffect,
        campaign_effect,
        compare_campaigns,
    )
    from solvers.centrality import bonacich_centrality, diffusion_centrality, katz_centrality
    from solvers.cluster import Cluster, sweep
    from solvers.design_bound import GlobalBound, global_bound
    from solvers.design_frontier import Frontier, FrontierRow, frontier
    from solvers.design_regret import Regret, RegretRow, regret, stress, sweep_motives
    from solvers.design_surface import Demands, Surface, SurfacePoint, surface
    from solvers.diffusion import Spread, spread
    from solvers.display import notebook
    from solvers.equilibrium_enumeration import AllEquilibria, all_equilibria
    from solvers.equilibrium_sampling import sample_equilibria
    from solvers.exact_diffusion import ExactSpread, exact_spread
    from solvers.forest_forecast import Forecast, RecruitmentPrior, crps, forecast, interval_score
    from solvers.forest_rewards import tree_rewards
    from solvers.frames import to_frame
    from solvers.greedy_seeds import GreedySeeds, celf
    from solvers.interdependence import EffectiveGame, effective_game
    from solvers.interventions import target
    from solvers.joining_likelihood import NotIdentifiedError
    from solvers.keeping import Kept, keep
    from solvers.key_players import KeyPlayers, Player, key_player
    from solvers.labelled_arrays import to_xarray
    from solvers.measurability import MeasurabilityBias, measurability_bias
    from solvers.message_passing import MessagePassing, expected_recruits, expected_spread
    from solvers.message_ranking import Loss, RankCorrelation, Suitability, suitability
    from solvers.mobilisation import Mobilisation, Simulation, mobilise, relaxation_exponent, simulate
    from solvers.motive_estimate import MotiveEstimate
    from solvers.motive_inference import CostComparison, compare_costs, infer_motives, simulate_exposures
    from solvers.multiplicity import Equilibria, equilibria
    from solvers.nash_equilibrium import NashEquilibrium
    from solvers.network_equilibrium import equilibrium
    from solvers.network_inference import NetworkEstimate, auc, infer_network
    from solvers.peer_incentives import BudgetCurve, PeerRewards, budget_curve, peer_rewards
    from solvers.phases import PhaseDiagram, Regime, endogenous_relaxation, phase_diagram
    from solvers.query_contracts import QueryRewards, query_rewards
    from solvers.query_sweep import QueryGrowth, query_growth
    from solvers.rate_inference import RateEstimate, infer_rates
    from solvers.recruitment import Recruitment, Status, recruit
    from solvers.report import Provenance, report_html, write_report
    from solvers.retention import Retention, burst_of, sustain
    from solvers.schedules import Programme, Schedule, schedule
    from solvers.scheme_design import Design, design
    from solvers.seed_baselines import SeedComparison, baseline_seeds, compare_seeds
    from solvers.seeding import Seeding, seed
    from solvers.seeding_worth import SeededSize, SeedingValue, seeding_value
    from solvers.share_design import ShareDesign, design_shares
    from solvers.share_play import ShareCampaign, SharePlay, improve_shares, play_shares
    from solvers.spectral import SpectralRadius, spectral_radius
    from solvers.stability import is_stable
    from solvers.subsidy_design import Subsidies, subsidies
    from solvers.sustained_design import Aftermath, SustainedDesign, aftermath, design_sustained
    from solvers.targeting import Targeting
    from solvers.team_design import TeamDesign, seeded_team
    from solvers.team_search import TeamFigure, TeamRound
    from solvers.thresholds import (
        can_cascade,
        cascade_window,
        ring_limit,
        spreads_on_ring,
        threshold_cascade,
        threshold_game,
    )
    from solvers.timeline import Timeline

__all__ = [
    "Adoption",
    "AdoptionFit",
    "AdoptionModel",
    "Aftermath",
    "AllEquilibria",
    "AltruismDesign",
    "BudgetCurve",
    "CampaignComparison",
    "CampaignDesign",
    "CampaignEffect",
    "CampaignStep",
    "Cluster",
    "Consensus",
    "CostComparison",
    "Demands",
    "Design",
    "EffectiveGame",
    "Equilibria",
    "ExactSpread",
    "Forecast",
    "Frontier",
    "FrontierRow",
    "GlobalBound",
    "GreedySeeds",
    "Introduction",
    "Kept",
    "KeyPlayers",
    "LeastBudget",
    "Loss",
    "MeasurabilityBias",
    "MessagePassing",
    "Mobilisation",
    "MotiveEstimate",
    "NashEquilibrium",
    "NetworkEstimate",
    "NotIdentifiedError",
    "PeerRewards",
    "PhaseDiagram",
    "Player",
    "Programme",
    "Provenance",
    "QueryGrowth",
    "QueryRewards",
    "RankCorrelation",
    "RateEstimate",
    "Recruitment",
    "RecruitmentPrior",
    "Regime",
    "Regret",
    "RegretRow",
    "Retention",
    "Schedule",
    "SeedComparison",
    "SeededSize",
    "Seeding",
    "SeedingValue",
    "ShareCampaign",
    "ShareDesign",
    "SharePlay",
    "Simulation",
    "SpectralRadius",
    "Spread",
    "Status",
    "Subsidies",
    "Suitability",
    "Surface",
    "SurfacePoint",
    "SustainedDesign",
    "Targeting",
    "TeamDesign",
    "TeamFigure",
    "TeamRound",
    "Timeline",
    "aftermath",
    "all_equilibria",
    "auc",
    "baseline_seeds",
    "bonacich_centrality",
    "budget_curve",
    "burst_of",
    "campaign_effect",
    "can_cascade",
    "cascade_window",
    "celf",
    "compare_campaigns",
    "compare_costs",
    "compare_seeds",
    "consensus",
    "crps",
    "design",
    "design_altruism",
    "design_campaign",
    "design_shares",
    "design_sustained",
    "diffusion_centrality",
    "effective_game",
    "endogenous_relaxation",
    "equilibria",
    "equilibrium",
    "exact_spread",
    "expected_recruits",
    "expected_spread",
    "fit_adoption",
    "forecast",
    "frontier",
    "global_bound",
    "improve_shares",
    "infer_motives",
    "infer_network",
    "infer_rates",
    "interval_score",
    "is_stable",
    "katz_centrality",
    "keep",
    "key_player",
    "least_budget",
    "log_likelihood",
    "measurability_bias",
    "mobilise",
    "notebook",
    "peer_rewards",
    "phase_diagram",
    "play_shares",
    "query_growth",
    "query_rewards",
    "recruit",
    "regret",
    "relaxation_exponent",
    "report_html",
    "ring_limit",
    "sample_equilibria",
    "schedule",
    "seed",
    "seeded_team",
    "seeding_value",
    "simulate",
    "simulate_exposures",
    "simulate_times",
    "spectral_radius",
    "spread",
    "spreads_on_ring",
    "stress",
    "subsidies",
    "suitability",
    "surface",
    "sustain",
    "sweep",
    "sweep_motives",
    "target",
    "threshold_cascade",
    "threshold_game",
    "to_frame",
    "to_xarray",
    "tree_rewards",
    "write_report",
]

_ROOMS = {
    "solvers.adoption": ("Adoption", "AdoptionFit", "AdoptionModel", "Introduction", "fit_adoption"),
    "solvers.adoption_times": ("log_likelihood", "simulate_times"),
    "solvers.agreement": ("Consensus", "consensus"),
    "solvers.altruism_design": ("AltruismDesign", "design_altruism"),
    "solvers.budget_search": ("LeastBudget", "least_budget"),
    "solvers.campaign_design": ("CampaignDesign", "CampaignStep", "design_campaign"),
    "solvers.campaign_opinions": (
        "CampaignComparison",
        "CampaignEffect",
        "campaign_effect",
        "compare_campaigns",
    ),
    "solvers.centrality": ("bonacich_centrality", "diffusion_centrality", "katz_centrality"),
    "solvers.cluster": ("Cluster", "sweep"),
    "solvers.design_bound": ("GlobalBound", "global_bound"),
    "solvers.design_frontier": ("Frontier", "FrontierRow", "frontier"),
    "solvers.design_regret": ("Regret", "RegretRow", "regret", "stress", "sweep_motives"),
    "solvers.design_surface": ("Demands", "Surface", "SurfacePoint", "surface"),
    "solvers.diffusion": ("Spread", "spread"),
    "solvers.display": ("notebook",),
    "solvers.equilibrium_enumeration": ("AllEquilibria", "all_equilibria"),
    "solvers.equilibrium_sampling": ("sample_equilibria",),
    "solvers.exact_diffusion": ("ExactSpread", "exact_spread"),
    "solvers.forest_forecast": ("Forecast", "RecruitmentPrior", "crps", "forecast", "interval_score"),
    "solvers.forest_rewards": ("tree_rewards",),
    "solvers.frames": ("to_frame",),
    "solvers.greedy_seeds": ("GreedySeeds", "celf"),
    "solvers.interdependence": ("EffectiveGame", "effective_game"),
    "solvers.interventions": ("target",),
    "solvers.joining_likelihood": ("NotIdentifiedError",),
    "solvers.keeping": ("Kept", "keep"),
    "solvers.key_players": ("KeyPlayers", "Player", "key_player"),
    "solvers.labelled_arrays": ("to_xarray",),
    "solvers.measurability": ("MeasurabilityBias", "measurability_bias"),
    "solvers.message_passing": ("MessagePassing", "expected_recruits", "expected_spread"),
    "solvers.message_ranking": ("Loss", "RankCorrelation", "Suitability", "suitability"),
    "solvers.mobilisation": ("Mobilisation", "Simulation", "mobilise", "relaxation_exponent", "simulate"),
    "solvers.motive_estimate": ("MotiveEstimate",),
    "solvers.motive_inference": ("CostComparison", "compare_costs", "infer_motives", "simulate_exposures"),
    "solvers.multiplicity": ("Equilibria", "equilibria"),
    "solvers.nash_equilibrium": ("NashEquilibrium",),
    "solvers.network_equilibrium": ("equilibrium",),
    "solvers.network_inference": ("NetworkEstimate", "auc", "infer_network"),
    "solvers.peer_incentives": ("BudgetCurve", "PeerRewards", "budget_curve", "peer_rewards"),
    "solvers.phases": ("PhaseDiagram", "Regime", "endogenous_relaxation", "phase_diagram"),
    "solvers.query_contracts": ("QueryRewards", "query_rewards"),
    "solvers.query_sweep": ("QueryGrowth", "query_growth"),
    "solvers.rate_inference": ("RateEstimate", "infer_rates"),
    "solvers.recruitment": ("Recruitment", "Status", "recruit"),
    "solvers.report": ("Provenance", "report_html", "write_report"),
    "solvers.retention": ("Retention", "burst_of", "sustain"),
    "solvers.schedules": ("Programme", "Schedule", "schedule"),
    "solvers.scheme_design": ("Design", "design"),
    "solvers.seed_baselines": ("SeedComparison", "baseline_seeds", "compare_seeds"),
    "solvers.seeding": ("Seeding", "seed"),
    "solvers.seeding_worth": ("SeededSize", "SeedingValue", "seeding_value"),
    "solvers.share_design": ("ShareDesign", "design_shares"),
    "solvers.share_play": ("ShareCampaign", "SharePlay", "improve_shares", "play_shares"),
    "solvers.spectral": ("SpectralRadius", "spectral_radius"),
    "solvers.stability": ("is_stable",),
    "solvers.subsidy_design": ("Subsidies", "subsidies"),
    "solvers.sustained_design": ("Aftermath", "SustainedDesign", "aftermath", "design_sustained"),
    "solvers.targeting": ("Targeting",),
    "solvers.team_design": ("TeamDesign", "seeded_team"),
    "solvers.team_search": ("TeamFigure", "TeamRound"),
    "solvers.thresholds": (
        "can_cascade",
        "cascade_window",
        "ring_limit",
        "spreads_on_ring",
        "threshold_cascade",
        "threshold_game",
    ),
    "solvers.timeline": ("Timeline",),
}


def __getattr__(name: str) -> object:
    for room, names in _ROOMS.items():
        if name in names:
            return getattr(import_module(room), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
