"""Design of the share function of a lottery tree for given referral forests: Pachira's successor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from mechanism.costs import CostModel
from mechanism.errors import InvalidInputError, SolveError, UnsupportedProblemError
from mechanism.forest import ReferralForest
from mechanism.numbers import Number, exact, number, whole
from mechanism.schemes import ShareLottery, ShareTree
from proofs import (
    BudgetConstraint,
    ProportionalReward,
    TreeProperty,
    UnprofitableSybilAttack,
    Verdict,
    certificate_of,
    verify,
)
from solvers.share_payoffs import SharePayoffs, natural_grid, share_payoffs
from solvers.share_program import Kind, best_shares, exact_shares

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["PachiraRival", "ShareDesign", "best_pachira", "design_shares"]

Reals = NDArray[np.float64]
_DELTAS = (0.01, 30.0)
_BETA_STEPS, _DELTA_STEPS, _POLISHED = 9, 13, 2


@dataclass(frozen=True, slots=True)
class PachiraRival:
    """The best member of the Pachira family under the same demands.

    Attributes
    ----------
    beta, delta : float
        Its parameters, up to rounding.
    scheme : ShareTree
        On the grid, with exact values.
    value : float
        Its objective; -inf if every member of the family leaves some decision without a chance.
    """

    beta: float
    delta: float
    scheme: ShareTree
    value: float


@dataclass(frozen=True, slots=True, eq=False)
class ShareDesign:
    """A designed share function with its proofs, and the best of the Pachira family beside it.

    Attributes
    ----------
    scheme : ShareTree
        The rewards, exactly; with a prize, in parts such that the prize is what all contribute.
    prize : float or None
        Money, or None if contributions are paid back.
    budget : Fraction
        Of all contributions, 1 with a prize.
    sybil_proof : {"superadditive", "convex"}
        What pi had to be.
    fair_share : Fraction
        What everybody is paid at least, of its own contribution; with a prize, chance over own share.
    value : float
        Log-probability that everybody in a forest joins and invites, on average over the forests.
    bound : float
        No share function on the grid that meets the demands has a larger one, up to the error of a linear program.
    rival : PachiraRival
        The best member of the Pachira family on the same grid.
    payoffs : SharePayoffs
        Who decides what, and what it brings.
    verdicts : tuple of Verdict
        Proofs, in every referral forest.
    rounds : int
        Linear programs solved.
    """

    scheme: ShareTree
    prize: float | None
    budget: Fraction
    sybil_proof: Kind
    fair_share: Fraction
    value: float
    bound: float
    rival: PachiraRival
    payoffs: SharePayoffs = field(repr=False)
    verdicts: tuple[Verdict, ...]
    rounds: int

    @property
    def lottery(self) -> ShareLottery:
        """The lottery whose winner takes the prize."""
        return ShareLottery(self.scheme.values)

    @property
    def certificate(self) -> dict[str, Any]:
        """The certificate of all claims, as `proofs.check_share` reads it."""
        return certificate_of(self.verdicts)

    def __str__(self) -> str:
        from solvers.tables import percent, plain_table, render

        names = ("decision", "depth", "people", "payoff", "chance", "with Pachira", "chance")
        table = plain_table(names)
        mine, theirs = (np.array([float(x) for x in one.values]) for one in (self.scheme, self.rival.scheme))
        columns = (
            self.payoffs.decisions,
            self.payoffs.payoffs(mine),
            self.payoffs.chances(mine),
            self.payoffs.payoffs(theirs),
            self.payoffs.chances(theirs),
        )
        for one, paid, chance, other, odds in zip(*columns, strict=True):
            cells = f"{one.weight:,.4g}", f"{paid:,.4g}", f"{chance:.4f}", f"{other:,.4g}", f"{odds:.4f}"
            table.add_row(one.kind, str(one.depth), *cells)
        paid_for = (
            f"a prize of {self.prize:,.6g}"
            if self.prize
            else f"{percent(float(self.budget))} of contributions"
        )
        rival = self.rival
        return render(
            f"Designed share function on {self.scheme.cells} cells, {self.sybil_proof}, for {paid_for}",
            table,
            footer=(
                f"objective      {self.value:,.6g}, the log-probability that all of a forest join and invite",
                f"bound          {self.bound:,.6g} on this grid",
                f"best Pachira   {rival.value:,.6g}, beta {rival.beta:.4g}, delta {rival.delta:.4g}",
                *(str(verdict) for verdict in self.verdicts),
            ),
        )

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw what a share is worth over the share itself, and the same for the best Pachira; return the axes."""
        from solvers.plots import BLUE, GREY, ORANGE, styled_axes

        with styled_axes(ax) as axes:
            for scheme, label, color, style in (
                (self.scheme, "designed", BLUE, "-"),
                (
                    self.rival.scheme,
                    f"Pachira ({self.rival.beta:.3g}, {self.rival.delta:.3g})",
                    ORANGE,
                    "--",
                ),
            ):
                x = np.arange(1, scheme.cells + 1) / scheme.cells
                rates = [float(value) / share for value, share in zip(scheme.values[1:], x, strict=True)]
                axes.plot(x, rates, color=color, linestyle=style, linewidth=2, label=label)
            axes.axhline(1.0, color=GREY, linestyle=":", linewidth=1, label="proportional")
            axes.set_xscale("log")
            axes.set_xlabel("share of all contributions that a subtree holds")
            axes.set_ylabel("what it is worth, over the share")
            axes.set_xlim(1 / self.scheme.cells, 1)
            axes.set_ylim(0, 1.02)
            axes.legend(loc="lower right")
            return axes

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        return {
            "scheme": self.scheme.to_dict(),
            "prize": self.prize,
            "budget": str(self.budget),
            "sybil_proof": self.sybil_proof,
            "fair_share": str(self.fair_share),
            "value": self.value,
            "bound": self.bound,
            "pachira": {
                "beta": self.rival.beta,
                "delta": self.rival.delta,
                "value": self.rival.value if np.isfinite(self.rival.value) else None,
                "scheme": self.rival.scheme.to_dict(),
            },
            "rounds": self.rounds,
            "certificate": self.certificate,
        }


def design_shares(
    forests: ReferralForest | Sequence[ReferralForest],
    *,
    join: CostModel,
    invite: CostModel | None = None,
    prize: float | None = None,
    budget: Number | None = None,
    grid: int | None = None,
    sybil_proof: Kind = "superadditive",
    fair_share: Number = 0,
    by: Literal["depth", "member"] = "depth",
    won: float = 1.0,
) -> ShareDesign:
    """Design the share function under which referral forests are most likely to come about.

    Parameters
    ----------
    forests : ReferralForest or sequence of ReferralForest
        Who recruited whom and contributed what: observed, or simulated. Each with a contribution above 0.
    join : CostModel
        What joining costs a member, money.
    invite : CostModel, optional
        What an invitation costs, money; by default inviting is free.
    prize : float, optional
        A prize that one of a forest wins, money above 0. Either this or `budget`.
    budget : float or Fraction, optional
        In (0, 1], the fraction of all contributions that is paid back; contributions are money.
    grid : int, optional
        Cells of the grid on which pi is given, N; by default one for every least contribution in the largest
        forest, at most 300.
    sybil_proof : {"superadditive", "convex"}
        Splitting never gains if and only if pi is superadditive; convex is more: nobody ever loses by a recruit.
    fair_share : float or Fraction
        Everybody is paid at least this fraction of its own contribution, at most the budget; with a prize its
        chance is at least this fraction of its share of all contributions, at most 1.
    by : {"depth", "member"}
        Members expect the mean at their depth over all forests, or know their place and all forests.
    won : float
        Recruits that an invitation wins on average, in (0, 1].

    Returns
    -------
    ShareDesign

    Raises
    ------
    InvalidInputError
        If an argument is out of range, or the grid so coarse that some decision is worth nothing on it.
    UnsupportedProblemError
        If a cost is not log-concave.
    SolveError
        If no share function gives every decision a chance, or a linear program fails.

    Notes
    -----
    The objective is the sum over members of log F_join(expected reward), plus the sum over recruits of log
    F_invite(what their subtree brings their recruiter), per forest (`solvers.share_payoffs`). Payoffs are
    linear in pi and log F is concave: the optimum is global, for the grid and the forests given
    (`solvers.share_program`). The forests are what is evaluated: that another pi would lead to other forests is left to
    `solvers.share_play`. The exact scheme loses less than the error of the program. Pachira on the grid is convex,
    so superadditive: one point of the polytope, and never better; should rounding make it so, it is what is returned.

    Examples
    --------
    >>> forest = ReferralForest([-1, 0, 0, 1])
    >>> cost = CostModel.exponential(mean=1.0)
    >>> design = design_shares(forest, join=cost, invite=cost, prize=4.0)
    >>> [round(float(x), 3) for x in design.scheme.values], design.scheme.is_superadditive
    ([0.0, 0.089, 0.408, 0.497, 1.0], True)
    >>> bool(design.value > design.rival.value)
    True
    """
    given = _forests(forests)
    for name, law in (("join", join), ("invite", invite)):
        if not isinstance(law, CostModel) and (name == "join" or law is not None):
            raise InvalidInputError(name, law, allowed="a CostModel")
        if law is not None and not law.is_log_concave:
            raise UnsupportedProblemError(f"{name} is not log-concave: use its log_concave_majorant()")
    money, fraction = _paid(prize, budget)
    allowed = f"a fraction in [0, {fraction}]"
    fair = exact(number(fair_share, argument="fair_share", allowed=allowed))
    if not 0 <= fair <= fraction:
        raise InvalidInputError("fair_share", fair_share, allowed=allowed)
    if sybil_proof not in ("superadditive", "convex"):
        raise InvalidInputError("sybil_proof", sybil_proof, allowed='"superadditive" or "convex"')
    if by not in ("depth", "member"):
        raise InvalidInputError("by", by, allowed='"depth" or "member"')
    rate = float(number(won, argument="won", allowed="a number in (0, 1]"))
    if not 0 < rate <= 1:
        raise InvalidInputError("won", won, allowed="a number in (0, 1]")
    cells = natural_grid(given) if grid is None else whole(grid, argument="grid", least=2)
    totals = [float(forest.total) for forest in given]
    amounts = [money if money is not None else float(fraction) * total for total in totals]
    payoffs = share_payoffs(given, cells=cells, amounts=amounts, join=join, invite=invite, by=by, won=rate)
    slope = fair / fraction
    rival = best_pachira(payoffs, slope=slope, budget=fraction)
    optimum = best_shares(payoffs, kind=sybil_proof, slope=float(slope))
    scheme = ShareTree(exact_shares(optimum.values, kind=sybil_proof, slope=slope), fraction)
    value = payoffs.value(_floats(scheme))
    if rival.value > value:
        scheme, value = rival.scheme, rival.value
    claims = UnprofitableSybilAttack(), BudgetConstraint(fraction), ProportionalReward(fair)
    return ShareDesign(
        scheme=scheme,
        prize=money,
        budget=fraction,
        sybil_proof=sybil_proof,
        fair_share=fair,
        value=value,
        bound=max(optimum.bound, value),
        rival=rival,
        payoffs=payoffs,
        verdicts=tuple(_proved(scheme, claim) for claim in claims),
        rounds=optimum.rounds,
    )


def best_pachira(payoffs: SharePayoffs, *, slope: Fraction = Fraction(0), budget: Number = 1) -> PachiraRival:
    """Return the best member of the Pachira family on a grid: all of a coarse net, the best ones polished.

    Parameters
    ----------
    payoffs : SharePayoffs
        The objective and the grid.
    slope : Fraction
        pi(x) >= slope x.
    budget : float or Fraction
        Of the scheme returned.

    Notes
    -----
    delta is in [0.01, 30], beta between what the slope demands and 1. Cost: some hundred evaluations.
    """
    from scipy.optimize import minimize

    cells = payoffs.matrix.shape[1] - 1
    x = np.arange(cells + 1) / cells
    low, high = np.log(_DELTAS)

    def parameters(point: Reals) -> tuple[float, float]:
        delta = float(np.exp(low + (high - low) * np.clip(point[1], 0, 1)))
        first = cells**-delta  # N pi(1/N) at beta = 0
        least = max(0.0, (float(slope) - first) / (1 - first)) if first < 1 else 0.0
        return least + (1 - least) * float(np.clip(point[0], 0, 1)), delta

    def loss(point: Reals) -> float:
        beta, delta = parameters(point)
        value = payoffs.value(beta * x + (1 - beta) * x ** (1 + delta))
        return -value if np.isfinite(value) else 1e300

    steps = np.linspace(0, 1, _BETA_STEPS), np.linspace(0, 1, _DELTA_STEPS)
    net = sorted((loss(np.array([b, d])), b, d) for b in steps[0] for d in steps[1])
    tried = [np.array(point[1:]) for point in net[:_POLISHED]]
    tried += [
        np.asarray(
            minimize(loss, start, method="Nelder-Mead", bounds=[(0, 1)] * 2, options={"xatol": 1e-7}).x
        )
        for start in list(tried)
    ]
    beta, delta = parameters(min(tried, key=loss))
    values = exact_shares(beta * x + (1 - beta) * x ** (1 + delta), kind="convex", slope=slope)
    scheme = ShareTree(values, budget)
    return PachiraRival(beta, delta, scheme, payoffs.value(_floats(scheme)))


def _forests(forests: ReferralForest | Sequence[ReferralForest]) -> list[ReferralForest]:
    given = [forests] if isinstance(forests, ReferralForest) else list(forests)
    if not given:
        raise InvalidInputError("forests", 0, index="length", allowed="at least 1")
    for index, forest in enumerate(given):
        if not isinstance(forest, ReferralForest):
            raise InvalidInputError("forests", forest, index=index, allowed="a ReferralForest")
        if not forest.total > 0:
            raise InvalidInputError(
                "forests", forest, index=index, allowed="a forest with a contribution above 0"
            )
    return given


def _paid(prize: float | None, budget: Number | None) -> tuple[float | None, Fraction]:
    """Return the prize, and the fraction of contributions that is paid."""
    if (prize is None) is (budget is None):
        raise InvalidInputError("prize", prize, allowed="given if the budget is not, and only then")
    if prize is not None:
        money = float(number(prize, argument="prize", allowed="an amount of money above 0"))
        if money <= 0:
            raise InvalidInputError("prize", prize, allowed="an amount of money above 0")
        return money, Fraction(1)
    allowed = "a fraction in (0, 1]"
    fraction = exact(number(budget, argument="budget", allowed=allowed))
    if not 0 < fraction <= 1:
        raise InvalidInputError("budget", budget, allowed=allowed)
    return None, fraction


def _proved(scheme: ShareTree, claim: TreeProperty) -> Verdict:
    verdict = verify(scheme, claim)
    if verdict.holds is not True:
        raise SolveError(f"the designed scheme is not what was asked for: {verdict}", solution=scheme)
    return verdict


def _floats(scheme: ShareTree) -> Reals:
    return np.array([float(x) for x in scheme.values])
