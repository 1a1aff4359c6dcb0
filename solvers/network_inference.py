"""Who matters to whom: a payoff network estimated from what people do together in equilibrium."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism.errors import InvalidInputError, SolveError
from mechanism.graph import Graph
from mechanism.layers import Layer
from mechanism.numbers import number
from solvers.network_fit import FOLDS, ROUGH, Method, Setting, fit, penalised, validated

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["NetworkEstimate", "auc", "infer_network"]

Reals = NDArray[np.float64]
_ROWS = 24  # links shown one by one
_RELIABLE, _UNRELIABLE = 0.8, 0.5
_ZERO = 1e-10  # relative eigenvalue of XX' that is taken for 0


@dataclass(frozen=True, slots=True, eq=False)
class NetworkEstimate:
    """A payoff network that explains joint actions, and how far they determine it.

    Attributes
    ----------
    actions : ndarray of float64, shape (n, K)
        What each did in each of K games.
    network : ndarray of float64, shape (n, n)
        G: symmetric, at least 0, diagonal 0, sum n.
    standalone : ndarray of float64, shape (n, K)
        B, what actions are worth by themselves in each game.
    interaction : float
        beta: a unit of j's action adds beta g_ij to the worth of i's.
    penalty, effort_penalty : float
        Weights of ||G||^2 and of the penalty on B.
    homophilous : bool
        Whether people who matter to one another are taken to have like standalone values.
    gap : float
        How much lower than here the objective may be: a bound for independent standalone values, for homophilous ones
        only to first order, as their problem is not convex.
    method : {"first-order", "cvxpy"}
        What solved the quadratic programs.
    steps : int
        How many steps it made.
    spectrum : ndarray of float64, shape (min(n, K),)
        Eigenvalues of XX', decreasing: the sum of squares of each mode of the actions.
    agreement : float or None
        Correlation between the networks of the odd and of the even games; None if not asked for, or with K < 4.
    validation : tuple of (float, float, float)
        Every interaction and penalty tried, and the error at predicting actions in games kept aside, relative to that
        of predicting 0.
    """

    actions: Reals
    network: Reals
    standalone: Reals
    interaction: float
    penalty: float
    effort_penalty: float
    homophilous: bool
    gap: float
    method: Literal["first-order", "cvxpy"]
    steps: int
    spectrum: Reals
    agreement: float | None
    validation: tuple[tuple[float, float, float], ...]

    @property
    def n(self) -> int:
        """Number of people."""
        return len(self.network)

    @property
    def objective(self) -> float:
        """||(I - beta G) X - B||^2 + penalty ||G||^2 + effort_penalty ||B||^2, or tr(B'LB) in the last term."""
        rest = self.actions - self.interaction * (self.network @ self.actions) - self.standalone
        return float(
            np.vdot(rest, rest)
            + self.penalty * np.vdot(self.network, self.network)
            + self.effort_penalty * penalised(self.network, self.standalone, homophilous=self.homophilous)
        )

    @property
    def radius(self) -> float:
        """Spectral radius of beta G; below 1 actions do not raise one another without end. O(n^3)."""
        return float(abs(self.interaction) * np.linalg.eigvalsh(self.network)[-1])

    @property
    def rank(self) -> int:
        """Rank of the actions."""
        return int((self.spectrum > _ZERO * self.spectrum[0]).sum())

    @property
    def effective_rank(self) -> float:
        """How many modes of equal size would spread the actions as much: (sum s)^2 / sum s^2."""
        return float(self.spectrum.sum() ** 2 / (self.spectrum**2).sum())

    @property
    def first_share(self) -> float:
        """Share of the first mode in the sum of squares of the actions."""
        return float(self.spectrum[0] / self.spectrum.sum())

    @property
    def modes(self) -> int:
        """Number of modes in which the data bend the objective more than the penalty does."""
        bend = self.interaction**2 * self.spectrum
        if not self.homophilous:
            bend = bend * self.effort_penalty / (1 + self.effort_penalty)
        return int((bend >= self.penalty).sum())

    @property
    def reliability(self) -> float | None:
        """Expected correlation with the network of infinitely many such games, sqrt(2 r / (1 + r)) (Spearman-Brown)."""
        if self.agreement is None:
            return None
        r = max(self.agreement, 0.0)
        return float(np.sqrt(2 * r / (1 + r)))

    @property
    def identified(self) -> bool | None:
        """Whether the data determine the network, if the interaction is right: True, False, or None for unknown."""
        return self._verdict()[0]

    @property
    def reason(self) -> str:
        """Why the network is taken to be identified, or not."""
        return self._verdict()[1]

    def _verdict(self) -> tuple[bool | None, str]:
        reliability = self.reliability
        if self.modes <= 1:
            return False, (
                f"the penalty outweighs the data in all but {self.modes} of {self.n} modes of the actions; "
                f"the first holds {100 * self.first_share:.0f} % of their squares"
            )
        if reliability is not None and reliability < _UNRELIABLE:
            return False, f"odd and even games give different networks: reliability {reliability:.2f}"
        if self.rank < self.n:
            return None, (
                f"{self.rank} independent games for {self.n} people: without penalty and signs many networks fit "
                "them equally"
            )
        if reliability is None:
            return None, "whether other games would give the same network was not looked at"
        if self.radius >= 1:
            return None, (
                f"beta G has spectral radius {self.radius:.3g}: the game has no stable equilibrium, so the "
                "interaction is set too high"
            )
        if reliability < _RELIABLE:
            return None, f"odd and even games agree in part only: reliability {reliability:.2f}"
        return True, (
            f"odd and even games give the same network, if the interaction is right: reliability {reliability:.2f}"
        )

    @property
    def layer(self) -> Layer:
        """The links with weights beta g_ij, for games on the estimated network."""
        from scipy.sparse import csr_array

        matrix = csr_array(self.interaction * self.network)
        return Layer(Graph.from_scipy(matrix), matrix.data)

    def links(self) -> list[tuple[int, int, float]]:
        """Return all links (i, j, g_ij) with i < j, the strongest first."""
        i, j = np.nonzero(np.triu(self.network, 1))
        weight = self.network[i, j]
        order = np.argsort(-weight, kind="stable")
        return list(zip(i[order].tolist(), j[order].tolist(), weight[order].tolist(), strict=True))

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        table = plain_table(("person", "and", "weight", "beta x weight"), left=0)
        links = self.links()
        for i, j, weight in links[:_ROWS]:
            table.add_row(str(i), str(j), f"{weight:.4g}", f"{self.interaction * weight:.4g}")
        if len(links) > _ROWS:
            table.add_row(f"{len(links) - _ROWS:,} more", "", "", "")
        kind = "homophilous" if self.homophilous else "independent"
        certificate = "stationary to" if self.homophilous else "at most"
        above = "to first order; a local optimum" if self.homophilous else "above the least possible"
        verdict = {True: "yes", False: "no", None: "unknown"}[self.identified]
        chosen = f", chosen among {len(self.validation)} pairs" if self.validation else ""
        modes = (
            f"actions        effective rank {self.effective_rank:.1f} of {self.rank}, first mode "
            f"{100 * self.first_share:.0f} % of squares, {self.modes} modes outweigh the penalty"
        )
        return render(
            f"Payoff network of {self.n:,} people from {self.actions.shape[1]:,} games, {kind} standalone values",
            table,
            footer=(
                f"links          {len(links):,} of {self.n * (self.n - 1) // 2:,} pairs",
                f"settings       interaction {self.interaction:.4g}, penalty {self.penalty:.4g}{chosen}",
                f"objective      {self.objective:,.6g}, {certificate} {self.gap:.1g} {above}",
                modes,
                f"identified     {verdict}: {self.reason}",
                "scale          the sum of weights is set to the number of people; only beta times weight has meaning",
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        links = self.links()
        names = (
            "n", "interaction", "penalty", "effort_penalty", "homophilous", "objective", "gap", "method", "steps",
            "radius", "rank", "effective_rank", "first_share", "modes", "agreement", "reliability", "identified",
            "reason",
        )  # fmt: skip
        return {
            **{name: getattr(self, name) for name in names},
            "links": [list(link) for link in links],
            "standalone": self.standalone.tolist(),
            "validation": [list(row) for row in self.validation],
        }

    def plot(self, *, truth: ArrayLike | None = None, ax: Axes | None = None) -> Axes:
        """Draw the weights as a heat map; with a true network, that one below the diagonal, scaled to the same sum."""
        from solvers.plots import styled_axes

        shown = np.array(self.network)
        if truth is not None:
            other = _square("truth", truth, self.n)
            scaled = other * (self.n / other.sum())
            shown = np.triu(shown) + np.tril(scaled)
        with styled_axes(ax) as axes:
            top = float(np.quantile(shown[shown > 0], 0.98))
            image = axes.imshow(shown, cmap="cividis", vmin=0.0, vmax=top, interpolation="nearest")
            axes.grid(visible=False)
            axes.figure.colorbar(
                image, ax=axes, label="weight (sum over all pairs = number of people)", extend="max"
            )
            axes.set_xlabel(
                "person" if truth is None else "person (above the diagonal: estimate; below: truth)"
            )
            axes.set_ylabel("person")
            return axes


def _square(argument: str, given: ArrayLike, n: int | None = None) -> Reals:
    matrix = np.asarray(given.toarray() if hasattr(given, "toarray") else given)
    if matrix.dtype.kind not in "fiub" or matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise InvalidInputError(argument, matrix.shape, index="shape", allowed="a square matrix of numbers")
    if n is not None and len(matrix) != n:
        raise InvalidInputError(argument, matrix.shape, index="shape", allowed=f"({n}, {n})")
    if not np.isfinite(matrix).all():
        raise InvalidInputError(argument, "not finite", verb="is", allowed="finite")
    return matrix.astype(np.float64)


def auc(estimate: ArrayLike, truth: ArrayLike) -> float:
    """Return the chance that a pair with a true link has more weight than one without; ties count half.

    Parameters
    ----------
    estimate : array_like of float, shape (n, n)
        Weights; those of (i, j) and (j, i) are added.
    truth : array_like, shape (n, n)
        Links where an entry, or the one across the diagonal, is not 0.

    Raises
    ------
    InvalidInputError
        If a matrix is not square, the sizes differ, or all pairs are linked or none.

    Examples
    --------
    >>> auc([[0, 3, 1], [3, 0, 2], [1, 2, 0]], [[0, 1, 0], [1, 0, 0], [0, 0, 0]])
    1.0
    """
    from scipy.stats import rankdata

    weights = _square("estimate", estimate)
    links = _square("truth", truth, len(weights)) != 0
    pairs = np.triu_indices(len(weights), 1)
    linked = (links | links.T)[pairs]
    ones = int(linked.sum())
    if not 0 < ones < linked.size:
        raise InvalidInputError(
            "truth", f"{ones} links", verb="has", allowed="some pairs linked and some not"
        )
    ranks = rankdata((weights + weights.T)[pairs])
    return float((ranks[linked].sum() - ones * (ones + 1) / 2) / (ones * (linked.size - ones)))


def infer_network(
    actions: ArrayLike,
    *,
    interaction: float | ArrayLike,
    penalty: float | Literal["validated"] = "validated",
    effort_penalty: float = 1.0,
    homophilous: bool = False,
    method: Method = "auto",
    compare_halves: bool = True,
    tolerance: float = 1e-7,
) -> NetworkEstimate:
    r"""Return the network on which joint actions are likely equilibria of linear-quadratic games.

    Parameters
    ----------
    actions : array_like of float, shape (n, K)
        What n people did in K games on the same network, measured from what is usual: standalone values are taken to
        scatter about 0, so subtract means first.
    interaction : float or array_like of float, shape (candidates,)
        beta, not 0: above for complements, below for substitutes. Only beta G enters the game and the weights of G sum
        to n, so beta sets the mean strength of all links, beta / (n - 1). Of several candidates that which predicts
        best is taken.
    penalty : float or "validated"
        Weight of ||G||^2, above 0, which spreads the weights; or that which predicts best.
    effort_penalty : float
        Weight of the penalty on standalone values, above 0. For independent ones only
        ``penalty * (1 + 1 / effort_penalty)`` matters to the network.
    homophilous : bool
        Penalise sum_ij g_ij ||b_i - b_j||^2 / 2 instead of ||B||^2.
    method : {"auto", "first-order", "cvxpy"}
        Accelerated projected gradients, a conic solver (slow beyond 60 people; independent values only), or the second
        where the first fails.
    compare_halves : bool
        Whether to fit odd and even games apart, to see how far they agree.
    tolerance : float
        Gap to reach, relative to the objective, above 0.

    Returns
    -------
    NetworkEstimate

    Raises
    ------
    InvalidInputError
        If an argument is out of range.
    SolveError
        If the tolerance is not reached; the estimate is attached.

    Notes
    -----
    In equilibrium x = b + beta G x. The objective is that of Leng et al.,

        min over G, B of ||(I - beta G) X - B||^2 + penalty ||G||^2 + effort_penalty ||B||^2

    with G symmetric, non-negative, of diagonal 0 and sum n. The best B is (I - beta G) X / (1 + effort_penalty), which
    leaves a convex quadratic program in G. The gap is its Frank-Wolfe gap, computed from G alone. For homophilous
    values the last term is effort_penalty tr(B'LB), L = diag(G1) - G. Then B = (I + effort_penalty L)^-1 (I - beta G) X
    and the program in G alternate; no step raises the objective, and where they end is a local optimum.

    "validated": with B of independent normal entries an action is predicted from those of the others by the precision
    (I - beta G)^2 (with L' between the factors for homophilous values); 4 folds of games, 11 penalties.

    *What cannot be identified*. The program bends by penalty and by beta^2 (s_k + s_l) between modes k and l of XX'.
    Near the critical strength the first mode holds nearly all of the actions' squares: a penalty that is moderate
    beside their sum then outweighs all other modes, and the answer is what the first mode alone tells, however many the
    games. An interaction set too high shows in a radius above 1; one set too low only in the errors at prediction: give
    several. With few games, or weak interaction, links drown in noise, which halves of the data show.

    O(n^2 min(n, 2 K)) for a step.

    References
    ----------
    Leng, Dong, Wu and Pentland, "Learning quadratic games on networks", ICML 2020.

    Examples
    --------
    >>> ring = np.roll(np.eye(6), 1, axis=1) + np.roll(np.eye(6), -1, axis=1)
    >>> truth = ring / 2  # sums to 6
    >>> b = np.random.default_rng(0).standard_normal((6, 400))
    >>> x = np.linalg.solve(np.eye(6) - 0.5 * truth, b)
    >>> estimate = infer_network(x, interaction=0.5)
    >>> auc(estimate.network, truth), estimate.identified
    (1.0, True)
    """
    x = np.array(actions, dtype=np.float64) if np.asarray(actions).dtype.kind in "fiu" else np.zeros(0)
    if x.ndim != 2 or len(x) < 3 or not x.size:
        raise InvalidInputError(
            "actions", np.shape(actions), index="shape", allowed="numbers of shape (n, K), n at least 3"
        )
    if not np.isfinite(x).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(x))[0])
        raise InvalidInputError("actions", float(x[where]), index=where, allowed="finite")
    if not x.any():
        raise InvalidInputError("actions", 0, verb="are all", allowed="different from 0 somewhere")
    strengths = [
        _positive("interaction", value, signed=True)
        for value in (np.ravel(np.asarray(interaction)).tolist() if np.ndim(interaction) else [interaction])
    ]
    if not strengths:
        raise InvalidInputError("interaction", interaction, allowed="at least one number above 0")
    weight = 0.0 if isinstance(penalty, str) else _positive("penalty", penalty)
    if isinstance(penalty, str) and penalty != "validated":
        raise InvalidInputError("penalty", penalty, allowed='a number above 0, or "validated"')
    if method not in ("auto", "first-order", "cvxpy"):
        raise InvalidInputError("method", method, allowed='"auto", "first-order" or "cvxpy"')
    if homophilous and method == "cvxpy":
        raise InvalidInputError(
            "method", method, allowed="another: its networks are too inexact to alternate with"
        )
    games = x.shape[1]
    choice = len(strengths) > 1 or isinstance(penalty, str)
    if choice and games < FOLDS:
        raise InvalidInputError(
            "penalty", penalty, allowed=f"a number, as the interaction: {games} games are too few to validate"
        )
    setting = Setting(
        strengths[0], weight, _positive("effort_penalty", effort_penalty), bool(homophilous), method,
        _positive("tolerance", tolerance),
    )  # fmt: skip
    tried: tuple[tuple[float, float, float], ...] = ()
    if choice:
        tried = tuple(validated(x, setting, strengths))
        beta, weight, _ = min(tried, key=lambda row: row[2])
        setting = replace(setting, interaction=beta, penalty=weight)
    found = fit(x, setting)
    agreement = None
    if compare_halves and games >= FOLDS:
        rough = replace(setting, penalty=setting.penalty / 2, tolerance=max(ROUGH, setting.tolerance))
        halves = [fit(x[:, part::2], rough, found.network).network for part in (0, 1)]
        pairs = np.triu_indices(len(x), 1)
        one, two = (half[pairs] - half[pairs].mean() for half in halves)
        size = float(np.linalg.norm(one) * np.linalg.norm(two))
        agreement = float(one @ two) / size if size > 0 else 0.0
    for array in (x, found.network, found.standalone, found.spectrum):
        array.flags.writeable = False
    result = NetworkEstimate(
        actions=x, network=found.network, standalone=found.standalone, interaction=setting.interaction,
        penalty=setting.penalty, effort_penalty=setting.effort_penalty, homophilous=setting.homophilous,
        gap=found.gap, method=found.method, steps=found.steps, spectrum=found.spectrum, agreement=agreement,
        validation=tried,
    )  # fmt: skip
    if found.gap > setting.tolerance * result.objective:
        raise SolveError(f"the tolerance was not reached: the gap is {found.gap:.2g}", solution=result)
    return result


def _positive(name: str, given: Any, *, signed: bool = False) -> float:
    allowed = "a finite number other than 0" if signed else "a finite number above 0"
    value = float(number(given, argument=name, allowed=allowed))
    if value == 0 or (value < 0 and not signed):
        raise InvalidInputError(name, given, allowed=allowed)
    return value
