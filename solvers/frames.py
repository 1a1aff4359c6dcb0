"""Results as data frames: one tidy table each."""

from __future__ import annotations

from functools import singledispatch
from importlib import import_module
from math import inf
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike

from mechanism.errors import BackendMissingError, InvalidInputError
from solvers.agreement import Consensus
from solvers.campaign_opinions import CampaignComparison, CampaignEffect
from solvers.demands import AXES
from solvers.design_frontier import Frontier
from solvers.design_surface import Surface
from solvers.diffusion import Spread
from solvers.forest_forecast import Forecast
from solvers.key_players import KeyPlayers
from solvers.measurability import MeasurabilityBias
from solvers.message_ranking import Suitability
from solvers.motive_estimate import MotiveEstimate
from solvers.nash_equilibrium import NashEquilibrium
from solvers.phases import PhaseDiagram, Regime
from solvers.rate_inference import RateEstimate
from solvers.recruitment import Recruitment
from solvers.retention import Retention
from solvers.schedules import Schedule
from solvers.seed_baselines import SeedComparison
from solvers.seeding import Seeding
from solvers.subsidy_design import Subsidies
from solvers.surface_sweep import SurfacePoint
from solvers.sustained_design import Aftermath
from solvers.targeting import Targeting
from solvers.timeline import Timeline

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    from mechanism import Graph

__all__ = ["columns", "kinds", "library", "regime_name", "to_frame"]

Columns = dict[str, Any]


if TYPE_CHECKING:

    @overload
    def to_frame(result: object, kind: Literal["polars"] = "polars") -> pl.DataFrame: ...
    @overload
    def to_frame(result: object, kind: Literal["pandas"]) -> pd.DataFrame: ...


def to_frame(result: object, kind: Literal["polars", "pandas"] = "polars") -> Any:
    """Return a result as one tidy table: a row for each thing that was measured.

    Parameters
    ----------
    result : object
        One of the results below.
    kind : {"polars", "pandas"}
        Whose data frame.

    Returns
    -------
    polars.DataFrame or pandas.DataFrame

    Raises
    ------
    InvalidInputError
        If the result has no table, or `kind` is neither.
    BackendMissingError
        If pandas is wanted and not installed; the message holds the command that installs it.

    Notes
    -----
    The columns have the names and units of the fields of the result; ``stderr`` is always a standard error. Person,
    source and target are labels of the graph. What is not known is missing (NaN or null). A row of

    =================== ==============================================================================================
    Recruitment         is a depth from 1: scheme, depth, members (people), winners, join and invite (chances)
    Timeline            is a time: time, joined (people), joined_stderr, found (chance)
    Frontier            is a scheme: scheme, kind, epsilon, recruits (people), recruits_stderr, mean_depth, found
                        (chance), found_stderr, payout, payout_std (prizes), gain, gain_any_length (of the honest
                        reward), verdict, status
    Surface             is a point: epsilon, identity_cost, collusion (infinite: anything), finder_share,
                        recruiter_share, budget, value, cold (objective in the search), fresh, fresh_stderr (on fresh
                        worlds), price_AXIS (share lost to the loosest demand) for each axis that varies, failure
    Spread              is a depth from 0: depth, members (people), stderr
    SeedComparison      is a kind of seeds: seeds, count, spread (people), stderr
    Seeding             is a seed in the order of choice: place from 1, person
    NashEquilibrium     is a person: person, action, least, greatest, other (actions in the other equilibria)
    Targeting           is a person: person, price, change, before, actions
    Subsidies           is a person: person, profile, own, paid (money), place (in the order of joining, from 1)
    KeyPlayers          is a player: person, action, reach, returns, drop, is_key
    Retention           is a period from 0: period, members (people), stderr
    Aftermath           is a period from 0: scheme, period, members (people)
    Schedule            is a period of a programme: programme, period from 1, reward (money per action), bought, paid
                        (money), actions
    Suitability         is a message: message, virality, suitability (people), action_rate, each with its stderr,
                        virality_rank, settled
    MotiveEstimate      is a term: term, coefficient (per scale of the cost), weight (per numeraire), each with stderr,
                        low and high, held
    RateEstimate        is a candidate link: source, target, rate (per unit of time), stderr
    Consensus           is a person: person, initial, limit, influence, stubbornness, group (-1: none)
    CampaignEffect      is a person: person, members, opinion, before, after
    CampaignComparison  is a campaign: campaign, reach (people), shift, shift_of_others, shift_per_member,
                        polarisation_change, disagreement_change
    Forecast            is a wave in a future: future, wave, members (people)
    MeasurabilityBias   is an analyst's view of a cascade: homophily, likeness, adopted, analyst, replicate, estimate,
                        stderr (mean costs)
    PhaseDiagram        is a case: across, along, branching, sustained (share of the peak), regime
    =================== ==============================================================================================

    Other classes are added by ``columns.register``. O(rows).

    Examples
    --------
    >>> from mechanism import Graph
    >>> from solvers import spread
    >>> chain = Graph.from_edges([0, 1], [1, 2])
    >>> to_frame(spread(chain, [0], probability=1.0, replicates=9, rng=1)).to_dict(as_series=False)
    {'depth': [0, 1, 2], 'members': [1.0, 1.0, 1.0], 'stderr': [0.0, 0.0, 0.0]}
    """
    if kind not in ("polars", "pandas"):
        raise InvalidInputError("kind", kind, allowed='"polars" or "pandas"')
    return library(kind).DataFrame(columns(result))


def library(name: str) -> Any:
    """Return an optional package, imported.

    Raises
    ------
    BackendMissingError
        If it is not installed; the message holds the command that installs it.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise BackendMissingError(f"this needs {name}: pip install 'incentive-networks[frames]'") from error


@singledispatch
def columns(result: object) -> Columns:
    """Return the columns of the table of a result, all of one length; register a function for other classes."""
    raise InvalidInputError("result", type(result).__name__, allowed=kinds(columns))


def kinds(dispatcher: Any) -> str:
    """Return in words for which classes a function of `functools.singledispatch` is registered."""
    return f"one of {', '.join(sorted(one.__name__ for one in dispatcher.registry if one is not object))}"


def _people(graph: Graph) -> list[int | str]:
    people: list[int | str] = graph.labels.tolist()
    return people


def _from(first: int, values: ArrayLike) -> Any:
    return first + np.arange(len(np.asarray(values)))


@columns.register
def _(result: Recruitment) -> Columns:
    return {
        "scheme": [result.scheme.label] * len(result.join),
        "depth": _from(1, result.join),
        "members": result.members_by_depth,
        "winners": result.winners_by_depth,
        "join": result.join,
        "invite": result.invite,
    }


@columns.register
def _(result: Timeline) -> Columns:
    return {
        "time": result.times,
        "joined": result.joined,
        "joined_stderr": result.joined_stderr,
        "found": result.found,
    }


@columns.register
def _(result: Frontier) -> Columns:
    rows, played = result.rows, [row.recruitment for row in result.rows]
    measured = ("recruits", "recruits_stderr", "mean_depth", "found", "found_stderr", "payout", "payout_std")
    return {
        "scheme": [row.name for row in rows],
        "kind": [row.kind for row in rows],
        "epsilon": [None if row.epsilon is None else float(row.epsilon) for row in rows],
        **{name: [getattr(one, name) for one in played] for name in measured},
        "gain": [row.gain for row in rows],
        "gain_any_length": [row.gain_any_length for row in rows],
        "verdict": [row.verdict for row in rows],
        "status": [one.status.value for one in played],
    }


def _demand(point: SurfacePoint, axis: str) -> float | str:
    value = getattr(point.demands, axis)
    if axis == "budget":
        return str(value)
    return inf if value is None else float(value)


def _fresh(point: SurfacePoint, name: str) -> float:
    return np.nan if point.design is None else float(getattr(point.design, name))


@columns.register
def _(result: Surface) -> Columns:
    points = result.points
    prices = {axis: {id(point): price for point, price in result.price(axis)} for axis in result.varied}
    return {
        **{axis: [_demand(point, axis) for point in points] for axis in AXES},
        "value": [point.value for point in points],
        "cold": [point.cold for point in points],
        "fresh": [_fresh(point, "value") for point in points],
        "fresh_stderr": [_fresh(point, "value_stderr") for point in points],
        **{f"price_{axis}": [own.get(id(point), np.nan) for point in points] for axis, own in prices.items()},
        "failure": [point.failure for point in points],
    }


@columns.register
def _(result: Spread) -> Columns:
    members = result.members_by_depth
    return {"depth": _from(0, members), "members": members, "stderr": result.members_by_depth_stderr}


@columns.register
def _(result: SeedComparison) -> Columns:
    return {
        "seeds": list(result.names),
        "count": [len(seeds) for seeds in result.seeds],
        "spread": [one.spread for one in result.spreads],
        "stderr": [one.stderr for one in result.spreads],
    }


@columns.register
def _(result: Seeding) -> Columns:
    return {"place": _from(1, result.seeds), "person": result.labels}


@columns.register
def _(result: NashEquilibrium) -> Columns:
    unknown = np.full(len(result.actions), np.nan)
    others = {name: getattr(result, name) for name in ("least", "greatest", "other")}
    return {
        "person": _people(result.system.graph),
        "action": result.actions,
        **{name: unknown if one is None else one for name, one in others.items()},
    }


@columns.register
def _(result: Targeting) -> Columns:
    names = ("price", "change", "before", "actions")
    return {"person": _people(result.system.graph)} | {name: getattr(result, name) for name in names}


@columns.register
def _(result: Subsidies) -> Columns:
    order = () if result.order is None else result.order.tolist()
    place = {person: at for at, person in enumerate(order, start=1)}
    return {
        "person": _people(result.system.graph),
        "profile": result.profile,
        "own": result.own,
        "paid": result.paid,
        "place": [place.get(person) for person in range(result.system.n)],
    }


@columns.register
def _(result: KeyPlayers) -> Columns:
    names = ("action", "reach", "returns", "drop")
    return {
        "person": [one.label for one in result.ranking],
        **{name: [getattr(one, name) for one in result.ranking] for name in names},
        "is_key": [one.label in result.labels for one in result.ranking],
    }


@columns.register
def _(result: Retention) -> Columns:
    members = result.members
    return {"period": _from(0, members), "members": members, "stderr": result.members_stderr}


@columns.register
def _(result: Aftermath) -> Columns:
    members = result.members
    return {"scheme": [result.scheme.label] * len(members), "period": _from(0, members), "members": members}


@columns.register
def _(result: Schedule) -> Columns:
    programmes = result.programmes
    periods = len(result.optimal.rewards)
    actions = []
    for one in programmes.values():
        cells = one.course.rate.reshape(periods, -1) * one.course.step
        actions.append(cells.sum(axis=1) + np.where(np.arange(periods) == 0, one.course.burst, 0.0))
    return {
        "programme": [name for name in programmes for _ in range(periods)],
        "period": np.tile(np.arange(1, periods + 1), len(programmes)),
        "reward": np.concatenate([one.rewards for one in programmes.values()]),
        "bought": np.concatenate([one.bought for one in programmes.values()]),
        "paid": np.concatenate([one.paid for one in programmes.values()]),
        "actions": np.concatenate(actions),
    }


@columns.register
def _(result: Suitability) -> Columns:
    names = [f"{name}{end}" for name in ("virality", "suitability", "action_rate") for end in ("", "_stderr")]
    return {
        "message": [one.name for one in result.messages],
        **{name: getattr(result, name) for name in names},
        "virality_rank": result.virality_rank,
        "settled": list(result.settled),
    }


@columns.register
def _(result: MotiveEstimate) -> Columns:
    return {
        "term": list(result.names),
        "coefficient": result.coefficients,
        "stderr": result.stderr,
        "low": result.interval[:, 0],
        "high": result.interval[:, 1],
        "weight": result.weights,
        "weight_stderr": result.weights_stderr,
        "weight_low": result.weights_interval[:, 0],
        "weight_high": result.weights_interval[:, 1],
        "held": [name in result.held for name in result.names],
    }


@columns.register
def _(result: RateEstimate) -> Columns:
    labels = result.graph.labels
    return {
        "source": labels[result.source].tolist(),
        "target": labels[result.graph.indices].tolist(),
        "rate": result.rates,
        "stderr": result.stderr,
    }


@columns.register
def _(result: Consensus) -> Columns:
    return {
        "person": _people(result.opinions.graph),
        "initial": result.opinions.initial,
        "limit": result.limit,
        "influence": result.influence,
        "stubbornness": result.opinions.stubbornness,
        "group": result.group,
    }


@columns.register
def _(result: CampaignEffect) -> Columns:
    return {
        "person": _people(result.before.opinions.graph),
        "members": result.members,
        "opinion": result.opinion,
        "before": result.before.limit,
        "after": result.after.limit,
    }


@columns.register
def _(result: CampaignComparison) -> Columns:
    names = ("reach", "shift", "shift_of_others", "shift_per_member")
    measured = (*names, "polarisation_change", "disagreement_change")
    return {
        "campaign": list(result.effects),
        **{name: [getattr(one, name) for one in result.effects.values()] for name in measured},
    }


@columns.register
def _(result: Forecast) -> Columns:
    draws, waves = result.sample.shape
    return {
        "future": np.repeat(np.arange(draws), waves),
        "wave": np.tile(result.waves, draws),
        "members": result.sample.ravel(),
    }


@columns.register
def _(result: MeasurabilityBias) -> Columns:
    levels, analysts, replicates = result.estimates.shape
    level = np.repeat(np.arange(levels), analysts * replicates)
    return {
        **{name: getattr(result, name)[level] for name in ("homophily", "likeness", "adopted")},
        "analyst": [name for name in result.analysts for _ in range(replicates)] * levels,
        "replicate": np.tile(np.arange(replicates), levels * analysts),
        "estimate": result.estimates.ravel(),
        "stderr": result.stderr.ravel(),
    }


@columns.register
def _(result: PhaseDiagram) -> Columns:
    rows, many = result.sustained.shape
    return {
        "across": np.tile(result.across, rows),
        "along": np.repeat(result.along, many),
        "branching": np.tile(result.branching, rows),
        "sustained": result.sustained.ravel(),
        "regime": [regime_name(one) for one in result.regimes.ravel().tolist()],
    }


def regime_name(number: int) -> str:
    """Return the name of a regime of a phase diagram: "flash", "steady" or "take-off"."""
    return Regime(number).name.lower().replace("_", "-")
