"""Slow twins of inference: likelihood of cascades in plain loops, published objectives as written, by cvxpy."""

from math import inf, isfinite, log

import numpy as np

HAZARDS = {
    "exponential": lambda d, _: 1.0,
    "power": lambda d, shortest: 1 / d if d > shortest else 0.0,
    "rayleigh": lambda d, _: d,
}
TOTALS = {
    "exponential": lambda d, _: d,
    "power": lambda d, shortest: log(d / shortest) if d > shortest else 0.0,
    "rayleigh": lambda d, _: d * d / 2,
}


def cascade_log_likelihood(rates, times, horizon, delay="exponential", shortest=None):
    """Return the log-likelihood of cascades; rates[j][i] for j -> i, times[c][i] infinite or NaN for never."""
    hazard, total = HAZARDS[delay], TOTALS[delay]
    value = 0.0
    for cascade in times:
        for i, given in enumerate(cascade):
            infected = isfinite(given)
            until = given if infected else horizon
            before = [j for j, t in enumerate(cascade) if j != i and isfinite(t) and t < until]
            value -= sum(rates[j][i] * total(until - cascade[j], shortest) for j in before)
            possible = [j for j in before if hazard(until - cascade[j], shortest) > 0]
            if infected and possible:
                force = sum(rates[j][i] * hazard(until - cascade[j], shortest) for j in possible)
                value += log(force) if force > 0 else -inf
    return value


def most_likely_rates(times, horizon, delay="exponential", shortest=None):
    """Return rates, shape (n, n), by cvxpy from the likelihood as it stands, and its maximum."""
    import cvxpy as cp

    hazard, total = HAZARDS[delay], TOTALS[delay]
    n = len(times[0])
    rates, value = np.zeros((n, n)), 0.0
    for i in range(n):
        cost, rows = np.zeros(n), []
        for cascade in times:
            until = cascade[i] if isfinite(cascade[i]) else horizon
            row = np.zeros(n)
            for j in range(n):
                if j != i and isfinite(cascade[j]) and cascade[j] < until:
                    cost[j] += total(until - cascade[j], shortest)
                    row[j] = hazard(until - cascade[j], shortest)
            if isfinite(cascade[i]) and row.any():
                rows.append(row)
        if rows:
            table = np.array(rows)
            free = np.flatnonzero(table.any(axis=0))
            column = cp.Variable(len(free), nonneg=True)
            aim = cp.sum(cp.log(table[:, free] @ column)) - cost[free] @ column
            value += cp.Problem(cp.Maximize(aim)).solve(solver="CLARABEL")
            rates[free, i] = column.value
    return rates, value


def first_arrivals(delays, sources, horizon):
    """Return when each is reached, by relaxing all arcs until nothing changes; delays[j][i] infinite for no arc."""
    n = len(delays)
    times = [0.0 if i in sources else inf for i in range(n)]
    for _ in range(n):
        for j in range(n):
            for i in range(n):
                times[i] = min(times[i], times[j] + delays[j][i])
    return [t if t <= horizon else inf for t in times]


def payoff_network(actions, beta, penalty, effort_penalty):
    """Return the network and the objective of independent standalone values: G and B together, by cvxpy."""
    import cvxpy as cp

    n, games = actions.shape
    network = cp.Variable((n, n), symmetric=True)
    values = cp.Variable((n, games))
    aim = (
        cp.sum_squares(actions - beta * network @ actions - values)
        + penalty * cp.sum_squares(network)
        + effort_penalty * cp.sum_squares(values)
    )
    limits = [network >= 0, cp.diag(network) == 0, cp.sum(network) == n]
    value = cp.Problem(cp.Minimize(aim), limits).solve(solver="CLARABEL")
    return network.value, value


def network_objective(network, values, actions, beta, penalty, effort_penalty, homophilous):
    """Return the published objective of a network and standalone values, in plain loops."""
    n, games = actions.shape
    total = penalty * sum(float(g) ** 2 for g in network.ravel())
    for k in range(games):
        for i in range(n):
            pull = sum(network[i, j] * actions[j, k] for j in range(n))
            total += (actions[i, k] - beta * pull - values[i, k]) ** 2
            if homophilous:
                total += effort_penalty * sum(
                    network[i, j] * (values[i, k] - values[j, k]) ** 2 / 2 for j in range(n)
                )
            else:
                total += effort_penalty * values[i, k] ** 2
    return total


def project_by_sorting(entries, total):
    """Return the nearest point with entries of at least 0 that sum to a total."""
    ordered = np.sort(entries)[::-1]
    over = (np.cumsum(ordered) - total) / np.arange(1, len(ordered) + 1)
    return np.maximum(entries - over[np.flatnonzero(ordered > over)[-1]], 0)


def predicted_from_others(covariance, action):
    """Return the conditional mean of every entry given all others, of a normal vector of mean 0."""
    n = len(action)
    result = np.zeros(n)
    for i in range(n):
        rest = np.arange(n) != i
        weights = np.linalg.solve(covariance[np.ix_(rest, rest)], covariance[rest, i])
        result[i] = weights @ action[rest]
    return result


def rank_by_pairs(weights, links):
    """Return the share of (linked, unlinked) pairs in which the linked has more weight, ties as halves."""
    n = len(weights)
    pairs = [(weights[i, j], links[i, j] != 0) for i in range(n) for j in range(i + 1, n)]
    wins = [1.0 if a > b else 0.5 if a == b else 0.0 for a, yes in pairs if yes for b, no in pairs if not no]
    return sum(wins) / len(wins)
