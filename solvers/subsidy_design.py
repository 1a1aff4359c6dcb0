"""Subsidies: the least payments for which those who are wanted take part, and nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, nan
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism import Participation
from mechanism.errors import InvalidInputError, SolveError, UnsupportedProblemError
from mechanism.numbers import number, whole
from mechanism.vectors import one_each
from solvers.joining_order import Needs, joining_order
from solvers.posted_offers import posted_offer

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Subsidies", "subsidies", "wanted_profile"]

Reals = NDArray[np.float64]
_ROUNDING = 4 * np.finfo(np.float64).eps
_TOLERANCE = 1e-9  # relative
_ROWS = 24  # people shown one by one


@dataclass(frozen=True, slots=True, eq=False)
class Subsidies:
    """Payments, what they cost, and what they add.

    Attributes
    ----------
    system : Participation
        The game without payments.
    profile : ndarray of float64, shape (n,)
        Who is wanted to take part, 1 or 0.
    own : ndarray of float64, shape (n,)
        What each is offered for taking part, money, at least 0.
    peer : ndarray of float64, shape (m,)
        What i is offered if it takes part and j does, too, for every arc i -> j, money, at least 0.
    order : ndarray of int64, or None
        Those wanted in, in an order in which each wants to join given those before; None if it was not asked for.
    bound : float
        No payments of the kind that was asked for cost less, money.
    is_posted : bool
        Whether the same was to be offered to everybody.
    before : int
        How many of those wanted in take part without payments: if `order` is given those who join from nobody, else
        those who stay when payments stop.
    """

    system: Participation
    profile: Reals
    own: Reals
    peer: Reals
    order: NDArray[np.int64] | None
    bound: float
    is_posted: bool
    before: int

    @property
    def game(self) -> Participation:
        """The game with the payments."""
        old = self.system
        return Participation(
            old.graph, old.benefit + self.own, support=_by_arc(old) + self.peer, cost=old.cost
        )

    @property
    def paid(self) -> Reals:
        """What each is paid if all who are wanted take part, money, float64 of shape (n,)."""
        rewards = np.bincount(_sources(self.system), self.peer * self._both, minlength=self.system.n)
        return np.asarray(self.profile * self.own + rewards)

    @property
    def _both(self) -> Reals:
        return np.asarray(self.profile[_sources(self.system)] * self.profile[self.system.graph.indices])

    @property
    def cost(self) -> float:
        """What is paid in all, money."""
        return float(self.paid.sum())

    @property
    def is_least(self) -> bool:
        """Whether no payments of this kind cost less, up to 1e-9 of the cost."""
        return self.cost - self.bound <= _TOLERANCE * max(self.cost, abs(self.bound))

    @property
    def added(self) -> int:
        """How many take part only for the payments."""
        return int(self.profile.sum()) - self.before

    @property
    def cost_per_added(self) -> float:
        """Money paid in all for each of these; NaN if there are none."""
        return self.cost / self.added if self.added else nan

    def gain_by_fakes(self, fakes: int, *, identity_cost: float) -> float:
        """Return what so many fake identities bring the person who gains most by them, money.

        Parameters
        ----------
        fakes : int
            How many, at least 0.
        identity_cost : float
            What each costs, money.

        Returns
        -------
        float
            Below 0 if they cost more than they bring; see the notes of `subsidies`.
        """
        count = whole(fakes, argument="fakes", least=0)
        rate = float((self.peer * self._both).max(initial=0.0))
        if self.is_posted:
            rate = float(self.own[0]) + (count + 1) * float(self.peer.max(initial=0.0))
        return count * (rate - identity_cost)

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        table = plain_table(("person", "joins", "own subsidy", "peer rewards", "paid"))
        place = {} if self.order is None else {int(i): k for k, i in enumerate(self.order, start=1)}
        paid = self.paid
        receivers = np.flatnonzero(paid)
        rows = receivers[np.argsort(-paid[receivers], kind="stable")]
        for i in rows[:_ROWS]:
            own = float(self.own[i] * self.profile[i])
            cells = (own, paid[i] - own, paid[i])
            name, joins = str(self.system.graph.labels[i]), str(place.get(int(i), "-"))
            table.add_row(name, joins, *(f"{x:,.5g}" for x in cells))
        if len(rows) > _ROWS:
            table.add_row(f"{len(rows) - _ROWS:,} more", "", "", "", f"{paid[rows[_ROWS:]].sum():,.5g}")
        wanted = int(self.profile.sum())
        each = f"{self.cost_per_added:,.5g}" if self.added else "-"
        found = "no payments of this kind cost less" if self.is_least else f"none below {self.bound:,.5g}"
        kind = "an equilibrium" if self.order is None else "the least equilibrium, reached from nobody"
        return render(
            f"Payments for which {wanted:,} of {self.system.n:,} people take part",
            table,
            footer=(
                f"cost           {self.cost:,.6g} to {len(rows):,} people; {found}",
                f"added          {self.added:,} people, {each} each",
                f"the profile is {kind}",
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        return {
            "profile": self.profile.astype(int).tolist(),
            "own": self.own.tolist(),
            "peer": self.peer.tolist(),
            "order": None if self.order is None else self.order.tolist(),
            "posted": self.is_posted,
            "cost": self.cost,
            "bound": self.bound,
            "added": self.added,
            "cost_per_added": None if not self.added else self.cost_per_added,
        }

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw what each is paid, in the order of joining, or the largest payment first; return the axes."""
        from solvers.plots import BLUE, ORANGE, styled_axes

        paid = self.paid
        members = np.flatnonzero(self.profile)
        people = members[np.argsort(-paid[members], kind="stable")] if self.order is None else self.order
        own, place = (self.own * self.profile)[people], np.arange(1, len(people) + 1)
        with styled_axes(ax) as axes:
            axes.bar(place, own, width=0.9, color=BLUE, label="own subsidy")
            if self.peer.any():
                rewards = paid[people] - own
                axes.bar(
                    place, rewards, bottom=own, width=0.9, color=ORANGE, hatch="//", label="peer rewards"
                )
                axes.legend()
            axes.set_xlabel("place in the order of " + ("payments" if self.order is None else "joining"))
            axes.set_ylabel("paid to the person (money)")
        return axes


def subsidies(
    system: Participation,
    profile: ArrayLike,
    *,
    peers: bool = False,
    posted: bool = False,
    robust: bool = False,
    most: float | ArrayLike = inf,
    identity_cost: float = inf,
    identities: int | None = None,
    exact: int = 16,
) -> Subsidies:
    """Return the least payments that make a wanted profile an equilibrium, or the least equilibrium.

    Parameters
    ----------
    system : Participation
        The game.
    profile : array_like of 0 and 1, shape () or (n,)
        Who is wanted to take part; 1 for everybody.
    peers : bool
        Whether to reward people for others, too: i may be paid for every arc i -> j if both take part. Who is paid
        whether or not it takes part itself decides as if it were not paid.
    posted : bool
        Whether the same is offered to everybody, fake identities included: one own subsidy, and one reward for every
        arc. By default each of the people gets an offer of its own, and nobody else.
    robust : bool
        Whether the profile is to be the least equilibrium, so that those wanted in join one after the other from
        nobody; by default it is to be an equilibrium, perhaps one of several.
    most : float or array_like of float, shape () or (n,)
        Largest own subsidy, money, at least 0; one number if `posted`.
    identity_cost : float
        What a fake identity costs its maker, money, at least 0: no number of them is to pay. Infinite: nobody can make
        any.
    identities : int, optional
        How many fakes somebody can make at most; any number by default. For posted offers alone: else it does not
        matter.
    exact : int
        With `robust`: how many people who wait for one another are ordered exactly, in [1, 20].

    Returns
    -------
    Subsidies
        Checked anew: the profile is an equilibrium of ``result.game``, or what a cascade from nobody ends at. Payments
        are a few units in the last place above what is just enough, and limits hold up to these.

    Raises
    ------
    InvalidInputError
        If an argument is out of range.
    SolveError
        If no payments do: somebody who is wanted out wants in anyway, or limits are too low.
    UnsupportedProblemError
        If `robust` is asked for with support below 0, with posted peer rewards, or with limits where more people wait
        for one another than `exact`.

    Notes
    -----
    *Equilibrium*. Those wanted in must be at least indifferent, those wanted out at most. A unit paid to i costs a unit
    and raises what taking part is worth to i by a unit, whether it is paid for i itself or for a friend, so the least
    cost is the sum of what each lacks, max(0, c_i - b_i - sum_j w_ij x_j), and peer rewards serve where own subsidies
    are limited: they take what is left over, equally by arc. Posted payments are a linear program in two numbers; its
    bound is recomputed from the multipliers.

    *Least equilibrium*. If i joins after the set P, it lacks max(0, c_i - b_i - sum_(j in P) w_ij): an order of joining
    is to be found, see `solvers.joining_order`, and who is wanted out must not be indifferent. Bernstein and Winter
    (2012) solve the case in which everybody is wanted, and everybody lacks something. Offers could do with the first,
    cheaper sum if i was compensated for friends who do *not* take part: such promises are never called on, but must be
    believed.

    *Fakes*. A fake identity costs kappa to make, takes part for free, supports nobody, and links to its maker and to
    other fakes; people do not link to fakes of others.

    1. Offers to people: a fake gets none, but counts as a friend. i gains k (r_i - kappa) by k fakes, where r_i is the
       largest of its rewards. So no number of fakes pays if and only if all peer rewards are at most kappa.
    2. Posted offers, s for oneself and r per friend: k fakes that are linked with one another and with their maker get
       s each and r for k friends each, and the maker gets r for each: k s + r k (k + 1) - k kappa in all, and fewer
       links bring less. The gain per fake, s + r (k + 1) - kappa, rises with k. So no number up to K pays if and only
       if s + r (K + 1) <= kappa; with any number possible, only if r = 0 and s <= kappa.

    References
    ----------
    Segal, "Coordination and discrimination in contracting with externalities: divide and conquer?", Journal of Economic
    Theory 113, 2003.
    Bernstein and Winter, "Contracting with heterogeneous externalities", American Economic Journal: Microeconomics 4,
    2012.

    Examples
    --------
    >>> from mechanism import Graph
    >>> path = Graph.from_edges(["ann", "bob"], ["bob", "cem"], directed=False)
    >>> game = Participation(path, 0.0, support=1.0, cost=1.5)
    >>> plan = subsidies(game, 1)  # bob has support enough
    >>> plan.own.round(6).tolist(), plan.added, round(plan.cost_per_added, 6)
    ([0.5, 0.0, 0.5], 3, 0.333333)
    >>> robust = subsidies(game, 1, robust=True)  # somebody has to be the first
    >>> game.graph.labels[robust.order].tolist(), round(robust.cost, 6)
    (['ann', 'bob', 'cem'], 2.5)
    """
    if not isinstance(system, Participation):
        raise InvalidInputError("system", system, allowed="a Participation game")
    wanted = wanted_profile(system, profile)
    limit = one_each("most", most, system.n, least=0.0, infinite=True)
    if posted and np.ndim(most):
        raise InvalidInputError("most", most, allowed="one number for posted offers")
    kappa = _cost_of_a_fake(identity_cost)
    if identities is not None and not (posted and isfinite(kappa)):
        raise InvalidInputError(
            "identities", identities, allowed="given with posted offers and an identity_cost"
        )
    fakes = None if identities is None else whole(identities, argument="identities")
    if whole(exact, argument="exact") > 20:
        raise InvalidInputError("exact", exact, allowed="an integer in [1, 20]")
    if robust and (_by_arc(system) < 0).any():
        raise UnsupportedProblemError("with support below 0 a game may have no least equilibrium")
    slack = _slack(system)
    _refuse_unwanted(system, wanted, slack if not robust else -slack)
    order: NDArray[np.int64] | None = None
    if posted:
        offer = posted_offer(
            system, wanted, slack, peers=peers, robust=robust,
            most=float(limit[0]), identity_cost=kappa, identities=fakes,
        )  # fmt: skip
        own, peer = np.full(system.n, offer.own), np.full(system.graph.m, offer.peer)
        order, bound, slack = offer.order, offer.bound, slack + offer.rounding
    else:
        place = None
        if robust:
            needs, members = _needs(system, wanted, limit, slack, kappa if peers else 0.0)
            found = joining_order(needs, exact=exact)
            order, bound, lacks = members[found.order], found.bound, np.zeros(system.n)
            lacks[members] = found.missing
            place = np.full(system.n, system.n)
            place[order] = np.arange(len(order))
        else:
            lacks = wanted * np.maximum(-system.margin(wanted), 0.0)
            lacks[lacks <= slack] = 0.0
            bound = float(lacks.sum())
        lacks += slack * (lacks > 0)
        own, peer = _spread(system, wanted, lacks, limit + slack, kappa if peers else 0.0, place)
    before = wanted * _settled(system, np.zeros(system.n) if robust else wanted, slack)
    result = Subsidies(system, wanted, _frozen(own), _frozen(peer), order, bound, posted, int(before.sum()))
    _verify(result, slack)
    return result


def wanted_profile(system: Participation, profile: ArrayLike) -> Reals:
    """Return a profile as an array of 0 and 1, one for each person; one given number stands for all."""
    array = one_each("profile", profile, system.n)
    wrong = (array != 0) & (array != 1)
    if wrong.any():
        first = int(np.argmax(wrong))
        raise InvalidInputError("profile", float(array[first]), index=first, allowed="0 or 1")
    return array


def _cost_of_a_fake(identity_cost: float) -> float:
    if identity_cost == inf:
        return inf
    allowed = "a number of at least 0, or infinite"
    value = float(number(identity_cost, argument="identity_cost", allowed=allowed))
    if value < 0:
        raise InvalidInputError("identity_cost", identity_cost, allowed=allowed)
    return value


def _by_arc(system: Participation) -> Reals:
    return system.layer.by_arc


def _sources(system: Participation) -> NDArray[np.int64]:
    return np.repeat(np.arange(system.n), system.graph.out_degree)


def _slack(system: Participation) -> Reals:
    """Return what rounding may change about the margin of each."""
    total = np.bincount(_sources(system), np.abs(_by_arc(system)), minlength=system.n)
    sizes = np.abs(system.benefit) + np.abs(system.cost) + total
    return np.asarray(_ROUNDING * (system.graph.out_degree + 4) * sizes)


def _refuse_unwanted(system: Participation, wanted: Reals, slack: Reals) -> None:
    wants_in = (wanted == 0) & (system.margin(wanted) > slack)
    if wants_in.any():
        first = int(np.argmax(wants_in))
        raise SolveError(
            f"person {system.graph.labels[first]} is wanted out but wants in: no payments of at least 0 help",
            solution=np.flatnonzero(wants_in).tolist(),
        )


def _needs(
    system: Participation, wanted: Reals, limit: Reals, slack: Reals, reward: float
) -> tuple[Needs, NDArray[np.int64]]:
    """Return what those wanted in need, and who they are; `reward` is the largest one per arc."""
    from scipy.sparse import csr_array

    members = np.flatnonzero(wanted)
    place = np.full(system.n, -1)
    place[members] = np.arange(len(members))
    sources, targets = place[_sources(system)], place[system.graph.indices]
    kept = (sources >= 0) & (targets >= 0)
    support = csr_array(
        (_by_arc(system)[kept], (sources[kept], targets[kept])), shape=(len(members), len(members))
    )
    need = (system.cost - system.benefit)[members]
    more = min(reward, float(np.maximum(need, 0.0).max(initial=0.0))) if np.isfinite(limit).any() else 0.0
    needs = Needs(need, support, limit[members], np.full(support.nnz, more), slack[members])
    lack = needs.short_at_end - needs.most - more * np.diff(support.indptr) > needs.slack
    if lack.any():
        raise _too_little(system, members[lack])
    return needs, members


def _spread(
    system: Participation, wanted: Reals, lacks: Reals, limit: Reals, reward: float, place: Any
) -> tuple[Reals, Reals]:
    """Return own subsidies up to their limits, and the rest as equal rewards for friends who have joined before."""
    sources, targets = _sources(system), system.graph.indices
    friends = wanted[sources] * wanted[targets]
    if place is not None:
        friends = friends * (place[targets] < place[sources])
    own = np.minimum(lacks, limit)
    rest = lacks - own
    count = np.bincount(sources, friends, minlength=system.n)
    each = np.divide(rest, count, out=np.zeros(system.n), where=count > 0)
    over = (rest > 0) & ((count == 0) | (each > reward * (1 + _TOLERANCE)))
    if over.any():
        raise _too_little(system, np.flatnonzero(over))
    return own, each[sources] * friends


def _too_little(system: Participation, people: NDArray[np.int64]) -> SolveError:
    return SolveError(
        f"the limits of the payments are too low for person {system.graph.labels[people[0]]}",
        solution=people.tolist(),
    )


def _settled(system: Participation, start: Reals, slack: Reals) -> Reals:
    """Return who takes part in the end, 0 or 1, if from nobody people join, or else those who do not want to leave."""
    matrix, alone = system.matrix, system.benefit - system.cost
    actions = start.copy()
    joining = not start.any()
    while True:
        margin = alone + matrix @ actions
        change = (margin >= -slack) & (actions == 0) if joining else (margin < -slack) & (actions == 1)
        if not change.any():
            return actions
        actions[change] = 1.0 if joining else 0.0


def _verify(result: Subsidies, slack: Reals) -> None:
    """Refuse payments that do not do what they are for."""
    game, wanted, order = result.game, result.profile, result.order
    margin = game.margin(wanted)
    wants_in = margin > slack
    if (
        order is not None
    ):  # each joins given those before, so that nobody wanted in is missing in any equilibrium
        wants_in = margin >= -slack
        place = np.full(game.n, game.n)
        place[order] = np.arange(len(order))
        sources, targets = _sources(game), game.graph.indices
        given = _by_arc(game) * (place[targets] < place[sources])
        margin = game.benefit + np.bincount(sources, given, minlength=game.n) - game.cost
    if ((margin < -slack) & (wanted == 1) | wants_in & (wanted == 0)).any():
        raise SolveError("the payments that were found do not bring about the profile", solution=result)


def _frozen(array: Reals) -> Reals:
    array.flags.writeable = False
    return array
