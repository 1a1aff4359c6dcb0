"""Slow twins of peer pressure: utilities in plain Python, best actions and pressures by search, makers of fakes."""

from math import log

import numpy as np
from scipy.optimize import minimize_scalar


def enjoyed(game, person, x):
    a, k, q = game.value[person], game.price[person], game.curvature
    return a * log(x) - k * x if q == 1 else a * x ** (1 - q) / (1 - q) - k * x


def arcs_of(game):
    """Return (arc, peer, pressed) of every arc."""
    peers = np.repeat(np.arange(game.n), game.graph.out_degree).tolist()
    return list(zip(range(game.graph.m), peers, game.graph.indices.tolist(), strict=True))


def best_action(game, person, burden, subsidy):
    """Return what a person does under a total pressure and a subsidy, by search over its logarithm."""

    def loss(t):
        x = np.exp(t)
        return -(enjoyed(game, person, x) - x * burden - x * subsidy)

    return float(
        np.exp(minimize_scalar(loss, bounds=(-15, 15), method="bounded", options={"xatol": 1e-12}).x)
    )


def peer_gain(game, pressure, rewards, subsidies, arc, tried):
    """Return the most that a peer gains by another pressure on one person, who responds to it."""
    _, _, person = next(entry for entry in arcs_of(game) if entry[0] == arc)
    others = sum(pressure[a] for a, _, j in arcs_of(game) if j == person and a != arc)

    def gets(p):
        x = best_action(game, person, others + p, subsidies[person])
        return -(rewards[arc] + game.harm[arc]) * x - game.pressure_cost[arc] * p

    return max(gets(p) for p in tried) - gets(pressure[arc])


def most_by_fakes(role, *, value, price, curvature, start, now, reward, harm, cost, identity_cost, fakes):
    """Return the most that somebody gains by fakes that are taken for peers of a person, over what that person does.

    The role is "peer" (who presses now), "person" (who is pressed) or "outsider" (who does not, but could).
    """
    x = np.geomspace(1e-9 * start, start, 20_001)
    pressure = value / x**curvature - price
    present = value / now**curvature - price
    if role == "peer":
        honest = (reward + harm) * (start - x) - cost * pressure
        before = honest.max()
    elif role == "outsider":
        honest = np.where(x <= now, -cost * (pressure - present), -np.inf)
        before = 0.0
    else:
        honest = np.array([enjoyed_of(value, price, curvature, y) for y in x]) - present * x
        before = honest.max()
    return float((honest + fakes * reward * (start - x)).max() - before - fakes * identity_cost)


def enjoyed_of(value, price, curvature, x):
    if curvature == 1:
        return value * log(x) - price * x
    return value * x ** (1 - curvature) / (1 - curvature) - price * x
