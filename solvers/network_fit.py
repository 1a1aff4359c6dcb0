"""Fits of a payoff network to joint actions: standalone values eliminated or alternated with, settings validated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from solvers.network_program import NetworkProgram

__all__ = ["FOLDS", "ROUGH", "Fit", "Method", "Setting", "fit", "penalised", "validated"]

Reals = NDArray[np.float64]
Method = Literal["auto", "first-order", "cvxpy"]
FOLDS = 4
"""Parts of the games, each kept aside in turn."""
ROUGH = 1e-4
"""Relative gap of fits that only serve to compare."""
_CONE = 60  # people up to whom the conic solver is a second resort
_PENALTIES = np.geomspace(100.0, 1e-3, 11)  # tried, in units of the mean curvature of the data
_UNKNOWN = 1e-12  # precision that is taken for none
_SWEEPS = 1000  # of the alternation


@dataclass(frozen=True, slots=True)
class Setting:
    """What a fit is asked for; the fields are the arguments of `infer_network`."""

    interaction: float
    penalty: float
    effort_penalty: float
    homophilous: bool
    method: Method
    tolerance: float

    @property
    def weight(self) -> float:
        """The factor of ||(I - beta G) X||^2 that is left once independent standalone values are eliminated."""
        return self.effort_penalty / (1 + self.effort_penalty)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A network with standalone values; the fields are those of `NetworkEstimate`."""

    network: Reals
    standalone: Reals
    gap: float
    method: Literal["first-order", "cvxpy"]
    steps: int
    spectrum: Reals


def penalised(network: Reals, standalone: Reals, *, homophilous: bool) -> float:
    """Return ||B||^2, or tr(B'LB) with the Laplacian L of the network for homophilous values."""
    if not homophilous:
        return float(np.vdot(standalone, standalone))
    return float(np.vdot(_laplacian(network) @ standalone, standalone))


def _laplacian(network: Reals) -> Reals:
    return np.asarray(np.diag(network.sum(axis=1)) - network)


def fit(actions: Reals, setting: Setting, start: Reals | None = None) -> Fit:
    """Return the best network, or for homophilous standalone values one that no alternation improves.

    Parameters
    ----------
    actions : ndarray of float64, shape (n, K)
        X.
    setting : Setting
        The objective and how to minimise it.
    start : ndarray of float64, shape (n, n), optional
        A network to begin with; the uniform one by default.
    """
    n, games = actions.shape
    wide = games >= n
    products = actions @ actions.T if 2 * games >= n else None
    spectrum = np.linalg.eigvalsh(products if products is not None and wide else actions.T @ actions)[::-1]
    spectrum = np.maximum(spectrum, 0.0)
    if start is None:
        start = np.full((n, n), 1 / (n - 1))
        np.fill_diagonal(start, 0.0)
    beta, weight = setting.interaction, setting.weight
    squares = float(np.vdot(actions, actions))
    program = NetworkProgram(
        actions=actions, products=products, largest=float(spectrum[0]),
        linear=-2 * beta * weight * (actions @ actions.T if products is None else products),
        curvature=weight * beta * beta, ridge=setting.penalty, constant=weight * squares,
    )  # fmt: skip
    if not setting.homophilous:
        network, gap, method, steps = _solve(program, start, setting.method, setting.tolerance)
        values = (actions - beta * (network @ actions)) / (1 + setting.effort_penalty)
        return Fit(network, values, gap, method, steps, spectrum)
    return _alternate(replace(program, curvature=beta * beta), start, setting, spectrum)


def _alternate(program: NetworkProgram, start: Reals, setting: Setting, spectrum: Reals) -> Fit:
    """Alternate between the best standalone values for a network and the best network for these."""
    actions, beta, total = program.actions, setting.interaction, 0
    network, after = start, start
    before = np.inf
    for sweep in range(_SWEEPS + 1):
        penalty = np.eye(len(start)) + setting.effort_penalty * _laplacian(after)
        values = np.asarray(np.linalg.solve(penalty, actions - beta * (after @ actions)), dtype=np.float64)
        cross = (actions - values) @ actions.T
        squares = (values * values).sum(axis=1)
        apart = squares[:, None] + squares - 2 * (values @ values.T)
        rest = actions - values
        trial = replace(
            program,
            linear=setting.effort_penalty / 2 * apart - beta * (cross + cross.T),
            constant=float(np.vdot(rest, rest)),
        )
        value = trial.value(after)
        if value > before:  # by rounding: what was before is kept
            break
        network, standalone, before, gap = after, values, value, trial.gap(after)
        if gap <= setting.tolerance * value or sweep == _SWEEPS:
            break
        after, _, steps = trial.solve(network, tolerance=setting.tolerance / 10)
        total += steps
    return Fit(network, standalone, gap, "first-order", total, spectrum)


def _solve(
    program: NetworkProgram, start: Reals, method: Method, tolerance: float
) -> tuple[Reals, float, Literal["first-order", "cvxpy"], int]:
    if method != "cvxpy":
        network, gap, steps = program.solve(start, tolerance=tolerance)
        enough = gap <= tolerance * program.value(network)
        if enough or method == "first-order" or len(network) > _CONE:
            return network, gap, "first-order", steps
    network, gap, steps = program.solve_by_cvxpy()
    return network, gap, "cvxpy", steps


def validated(
    actions: Reals, setting: Setting, interactions: Sequence[float]
) -> Iterator[tuple[float, float, float]]:
    """Yield interactions, penalties and the error at predicting games kept aside, relative to that of predicting 0.

    Notes
    -----
    If (I - beta G) x is normal with precision M, the best prediction of x_i from all other actions misses by
    (P x)_i / P_ii, where P = (I - beta G) M (I - beta G). M is the identity for independent standalone values, else
    I - (I + effort_penalty L)^-1: what the best standalone values leave of the objective; there a
    person without links is predicted to do 0. The penalty is scaled with
    the number of games, so that what is chosen holds for all of them.
    """
    n, games = actions.shape
    fold = np.arange(games) % FOLDS
    penalties = [setting.penalty] if setting.penalty else None
    for beta in interactions:
        unit = beta * beta * float(np.vdot(actions, actions)) / n
        unit *= 1.0 if setting.homophilous else setting.weight
        tried = penalties or (unit * _PENALTIES).tolist()
        errors = np.zeros(len(tried))
        for part in range(FOLDS):
            kept = np.ascontiguousarray(actions[:, fold != part])
            network = None
            for place, penalty in enumerate(tried):  # from strong to weak, each from the one before
                rough = replace(
                    setting, interaction=beta, penalty=penalty * kept.shape[1] / games, tolerance=ROUGH
                )
                network = fit(kept, rough, network).network
                errors[place] += _missed(network, actions[:, fold == part], rough)
        for penalty, error in zip(tried, errors.tolist(), strict=True):
            yield beta, penalty, error / float(np.vdot(actions, actions))


def _missed(network: Reals, actions: Reals, setting: Setting) -> float:
    """Return the sum of squared errors at predicting each action from all others."""
    own = np.eye(len(network)) - setting.interaction * network
    precision = own @ own
    if setting.homophilous:
        smooth = np.linalg.inv(np.eye(len(network)) + setting.effort_penalty * _laplacian(network))
        precision -= own @ smooth @ own
    own_precision = np.diag(precision)[:, None]
    known = own_precision > _UNKNOWN
    off = np.where(known, (precision @ actions) / np.where(known, own_precision, 1.0), actions)
    return float(np.vdot(off, off))
