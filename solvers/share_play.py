"""Share functions played on a network: the equilibrium of a lottery tree, and designs that improve it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mechanism import Campaign
from mechanism.errors import InvalidInputError, SolveError, UnsupportedProblemError
from mechanism.forest import ReferralForest
from mechanism.numbers import Number, number, whole
from mechanism.schemes import ShareTree
from solvers.engine import Engine
from solvers.fixed_point import Profile
from solvers.seeds import Rng, child, seed_sequence
from solvers.share_design import ShareDesign, design_shares
from solvers.share_payoffs import natural_grid, subtree_shares
from solvers.share_program import Kind
from solvers.worlds import Worlds

__all__ = ["ShareCampaign", "SharePlay", "improve_shares", "play_shares"]

Reals = NDArray[np.float64]
_SEARCH, _FRESH = 0, 1
_PACHIRA_CELLS = 100
_ROUNDS = 40
_STALL = 3  # rounds without progress before the step is halved
_PROGRESS = 0.95
_GAP = 0.005
_DELTAS = 0.02, 10.0
_EVALUATIONS = 30
_NET = [(beta, place) for beta in (0.0, 0.5) for place in (0.0, 0.3, 0.7)]


@dataclass(frozen=True, slots=True, eq=False)
class SharePlay:
    """How a campaign goes in which a lottery tree draws the winner of one prize.

    Attributes
    ----------
    scheme : ShareTree
        Its share function is the lottery's.
    recruits, recruits_stderr : float
        Expected members, and the standard error given the beliefs.
    join, invite : ndarray of float64, shape (max_depth,)
        Chance to accept, and to make a given invitation, at depth d, at index d - 1.
    gap : float
        Largest distance of any of these from a best response, at depths that are reached.
    won : float
        Recruits that an invitation of a member wins; 1 if there is none.
    forests : tuple of ReferralForest
        Who recruited whom, in the worlds in which somebody joined; everybody contributes 1.
    sample : ndarray of int64, shape (replicates,)
        Recruits world by world.
    """

    scheme: ShareTree
    recruits: float
    recruits_stderr: float
    join: Reals
    invite: Reals
    gap: float
    won: float
    forests: tuple[ReferralForest, ...] = field(repr=False)
    sample: NDArray[np.int64] = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class ShareCampaign:
    """A share function improved by play and design in turn.

    Attributes
    ----------
    play, start : SharePlay
        The best one met, and the best Pachira found, where it started, on the same fresh worlds.
    designs : tuple of ShareDesign
        Those that were accepted, in order.
    history : tuple of float
        Recruits in the worlds of the search: of the start, then of each design that was tried.
    """

    play: SharePlay
    start: SharePlay
    designs: tuple[ShareDesign, ...]
    history: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        return {
            "scheme": self.play.scheme.to_dict(),
            "recruits": self.play.recruits,
            "recruits_stderr": self.play.recruits_stderr,
            "start": self.start.scheme.to_dict(),
            "start_recruits": self.start.recruits,
            "history": list(self.history),
            "designs": [one.to_dict() for one in self.designs],
        }

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        table = plain_table(("share function", "recruits", "s.e."))
        for name, one in (("best Pachira found", self.start), ("after designs", self.play)):
            table.add_row(name, f"{one.recruits:,.2f}", f"{one.recruits_stderr:.2f}")
        searched = ", ".join(f"{x:,.2f}" for x in self.history)
        return render("Lottery trees on fresh worlds", table, footer=(f"in the search: {searched}",))


def play_shares(
    campaign: Campaign,
    scheme: ShareTree,
    *,
    prize: float,
    replicates: int = 64,
    rng: Rng,
    engine: int | Engine | None = None,
) -> SharePlay:
    """Find the equilibrium of a campaign in which all members take part in a lottery tree.

    Parameters
    ----------
    campaign : Campaign
        Network, team and largest depth; what it recruits for plays no part. Without response times, and people
        care for their own profit only.
    scheme : ShareTree
        The share function; the budget plays no part.
    prize : float
        Money above 0.
    replicates : int
        Worlds, at least 1.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator
        Names the worlds.
    engine : int, Engine or distributed.Client, optional
        Number of threads, or a Dask cluster.

    Raises
    ------
    InvalidInputError
        If an argument is out of range.
    UnsupportedProblemError
        If the campaign has response times or other motives.

    Notes
    -----
    Everybody contributes 1. Members of depth d expect of joining the mean chance of all members there, and of an
    invitation what the recruits of their depth bring their recruiters (`solvers.share_payoffs`) over the
    invitations made there; at depths that no world reaches, as at the deepest one reached. Decisions move toward
    the best response, by smaller steps where that stalls. Cost: some tens of times `replicates` worlds.
    """
    _check_scheme(scheme)
    worlds = _worlds(campaign, child(seed_sequence(rng), _SEARCH), engine)
    return _play(worlds, scheme, _money(prize), whole(replicates, argument="replicates"))


def improve_shares(
    campaign: Campaign,
    *,
    prize: float,
    replicates: int = 64,
    steps: int = 3,
    grid: int | None = None,
    sybil_proof: Kind = "superadditive",
    fair_share: Number = 0,
    rng: Rng,
    engine: int | Engine | None = None,
) -> ShareCampaign:
    """Play and design in turn, from the best member of the Pachira family; accept only improvements.

    Parameters
    ----------
    campaign, prize, replicates, rng, engine
        As `play_shares` has them.
    steps : int
        Most designs tried, at least 1.
    grid : int, optional
        Cells, N; by default one per member of the largest forest at the start, at most 300.
    sybil_proof, fair_share
        As `solvers.design_shares` has them.

    Raises
    ------
    SolveError
        If nobody joins under any member of the family tried.

    Notes
    -----
    A design maximises the probability of the forests that were seen, not the recruits of those to come: a
    heuristic step, so it is played on the common worlds of the search, and kept only if it recruits more there. The
    first that does not ends the search. Both ends are then measured on fresh worlds.
    """
    money, replicates = _money(prize), whole(replicates, argument="replicates")
    steps = whole(steps, argument="steps")
    seed = seed_sequence(rng)
    worlds = _worlds(campaign, child(seed, _SEARCH), engine)
    fair = float(number(fair_share, argument="fair_share", allowed="a fraction in [0, 1]"))
    if not 0 <= fair <= 1:
        raise InvalidInputError("fair_share", fair_share, allowed="a fraction in [0, 1]")
    cells = _PACHIRA_CELLS if grid is None else whole(grid, argument="grid", least=2)
    best = start = _best_pachira(worlds, money, replicates, cells=cells, fair=fair)
    if not start.forests:
        raise SolveError("nobody joins under any Pachira lottery tried: pay more")
    cells = natural_grid(start.forests) if grid is None else cells
    designs, history = [], [start.recruits]
    for _ in range(steps):
        design = design_shares(
            best.forests,
            join=campaign.network.join,
            invite=campaign.network.invite,
            prize=money,
            grid=max(cells, 2),
            sybil_proof=sybil_proof,
            fair_share=fair_share,
            won=best.won,
        )
        found = _play(worlds, design.scheme, money, replicates)
        history.append(found.recruits)
        if found.recruits <= best.recruits:
            break
        best = found
        designs.append(design)
    fresh = _worlds(campaign, child(seed, _FRESH), engine)
    ends = [_play(fresh, one.scheme, money, replicates) for one in (best, start)]
    return ShareCampaign(ends[0], ends[1], tuple(designs), tuple(history))


def _best_pachira(worlds: Worlds, prize: float, replicates: int, *, cells: int, fair: float) -> SharePlay:
    """Return the member of the Pachira family that recruits most: a net, then a simplex search from its best."""
    from scipy.optimize import minimize

    met: list[SharePlay] = []

    def loss(point: Reals) -> float:
        beta, place = np.clip(point, 0.0, 1.0)
        low, high = np.log(_DELTAS)
        delta = round(float(np.exp(low + (high - low) * place)), 6)
        scheme = ShareTree.from_pachira(round(max(fair, float(beta)), 6), delta, cells=cells)
        met.append(_play(worlds, scheme, prize, replicates))
        return -met[-1].recruits

    best = min(_NET, key=lambda point: loss(np.array(point)))
    corners = np.array([best, (best[0] + 0.2, best[1]), (best[0], best[1] + 0.1)])
    minimize(
        loss,
        np.array(best),
        method="Nelder-Mead",
        options={"initial_simplex": corners, "maxfev": _EVALUATIONS, "xatol": 1e-3, "fatol": 1e-9},
    )
    return max(met, key=lambda one: one.recruits)


def _play(worlds: Worlds, scheme: ShareTree, prize: float, replicates: int) -> SharePlay:
    """Return the decisions nearest to a best response that the search meets, and what they lead to."""
    profile, step, stalled = Profile.full(worlds.max_depth), 1.0, 0
    best, response = _measured(worlds, scheme, prize, replicates, profile)
    for _ in range(_ROUNDS):
        if best.gap < _GAP:
            break
        profile = profile.toward(response, step)
        found, response = _measured(worlds, scheme, prize, replicates, profile)
        stalled = stalled + 1 if found.gap >= _PROGRESS * best.gap else 0
        best = min(best, found, key=lambda one: one.gap)
        if stalled >= _STALL:
            step, stalled = step / 2, 0
    return best


def _measured(
    worlds: Worlds, scheme: ShareTree, prize: float, replicates: int, profile: Profile
) -> tuple[SharePlay, Profile]:
    """Return what decisions lead to, and the best response to it."""
    values = np.array([float(x) for x in scheme.values])
    counts = worlds.play(profile.join, profile.invite, replicates=replicates)
    grown = (_forest(worlds, profile, replicate=r) for r in range(replicates))
    forests = tuple(forest for forest in grown if forest is not None)
    response, won = _response(worlds, forests, values, prize, counts.invitations.sum(axis=0), profile)
    sample = counts.members.sum(axis=1)
    error = float(sample.std(ddof=1) / np.sqrt(replicates)) if replicates > 1 else float("nan")
    mean, gap = float(sample.mean()), profile.gap(response)
    play = SharePlay(scheme, mean, error, profile.join, profile.invite, gap, won, forests, sample)
    return play, response


def _forest(worlds: Worlds, profile: Profile, *, replicate: int) -> ReferralForest | None:
    """Return who recruited whom in a world, None if nobody joined."""
    depth, recruiter = worlds.tree(profile.join, profile.invite, replicate=replicate)
    members = np.flatnonzero(depth >= 1)
    if not len(members):
        return None
    place = np.full(len(depth), -1, dtype=np.int64)  # the team stays there
    place[members] = np.arange(len(members))
    return ReferralForest(place[recruiter[members]], np.ones(len(members)))


def _response(
    worlds: Worlds,
    forests: tuple[ReferralForest, ...],
    values: Reals,
    prize: float,
    invitations: Reals,
    profile: Profile,
) -> tuple[Profile, float]:
    """Return the best response to what decisions lead to, and how many recruits an invitation wins."""
    depth, points = worlds.max_depth, np.linspace(0, 1, len(values))
    members, earned, recruits, brought = (np.zeros(depth) for _ in range(4))
    for forest in forests:
        shares, place, parents = subtree_shares(forest), forest.depths - 1, forest.parents
        weight = np.interp(shares, points, values)
        below = np.flatnonzero(parents >= 0)
        above = parents[below]
        chance = weight.copy()
        np.subtract.at(chance, above, weight[below])
        slack = weight[above] - np.interp(shares[above] - shares[below], points, values) - weight[below]
        np.add.at(members, place, 1.0)
        np.add.at(earned, place, prize * chance)
        np.add.at(recruits, place[above], 1.0)
        np.add.at(brought, place[above], prize * slack)
    network = worlds.campaign.network
    join, invite = profile.join.copy(), profile.invite.copy()
    for decision, law, paid, count in (
        (join, network.join, earned, members),
        (invite, network.invite, brought, invitations),
    ):
        reached = np.flatnonzero(count > 0)
        if len(reached):
            decision[reached] = law.cdf(np.maximum(paid[reached] / count[reached], 0.0))
            decision[reached[-1] + 1 :] = decision[reached[-1]]
        else:
            decision[:] = law.cdf(0.0)
    invite[-1] = 0.0
    made = float(invitations.sum())
    return Profile(join, invite), min(float(recruits.sum()) / made, 1.0) if made and recruits.sum() else 1.0


def _worlds(campaign: Campaign, seed: np.random.SeedSequence, engine: int | Engine | None) -> Worlds:
    if not isinstance(campaign, Campaign):
        raise InvalidInputError("campaign", campaign, allowed="a Campaign")
    if campaign.response is not None:
        raise UnsupportedProblemError("lottery trees are played in rounds, without response times")
    worlds = Worlds(campaign, seed, engine=engine)
    if worlds.motives.tolist() != [[1.0, 0.0, 0.0, 0.0]]:
        raise UnsupportedProblemError("lottery trees are played by people who care for their own profit only")
    return worlds


def _check_scheme(scheme: ShareTree) -> None:
    if not isinstance(scheme, ShareTree):
        raise InvalidInputError("scheme", scheme, allowed="a ShareTree")
    if not scheme.is_superadditive:
        raise InvalidInputError("scheme", scheme, allowed="superadditive: else its chances are none")


def _money(prize: float) -> float:
    money = float(number(prize, argument="prize", allowed="an amount of money above 0"))
    if money <= 0:
        raise InvalidInputError("prize", prize, allowed="an amount of money above 0")
    return money
