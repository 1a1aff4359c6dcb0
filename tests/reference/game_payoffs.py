"""Payoffs of documents in rational numbers, straight from their definitions, and all equilibria of small games."""

from __future__ import annotations

from fractions import Fraction
from itertools import product


def rational(x):
    return Fraction(repr(x)) if isinstance(x, float) else Fraction(x)


def arcs_of(graph, weights):
    """Return the weights as a dictionary from pairs (i, j)."""
    pointers, ends = graph["indptr"], graph["indices"]
    each = weights if isinstance(weights, list) else [weights] * len(ends)
    return {
        (i, ends[arc]): rational(each[arc])
        for i in range(len(pointers) - 1)
        for arc in range(pointers[i], pointers[i + 1])
    }


def solved(matrix, right):
    """Solve a linear system by Gauss-Jordan with pivots."""
    n = len(matrix)
    rows = [[*row, b] for row, b in zip(matrix, right, strict=True)]
    for k in range(n):
        pivot = next(i for i in range(k, n) if rows[i][k] != 0)
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for i in range(n):
            if i != k:
                rows[i] = [x - rows[i][k] * y for x, y in zip(rows[i], rows[k], strict=True)]
    return [row[-1] for row in rows]


def utilities(document, x):
    """Return what everybody maximises."""
    if document["system"] == "interdependent":
        payoffs, n = utilities(document["base"], x), len(x)
        altruism = arcs_of(document["graph"], document["altruism"])
        return solved(
            [[Fraction(i == j) - altruism.get((i, j), 0) for j in range(n)] for i in range(n)], payoffs
        )
    if document["system"] == "linear_quadratic":
        weights = arcs_of(document["graph"], document["interaction"])
        own = [rational(b) * a - a * a / 2 for b, a in zip(document["standalone"], x, strict=True)]
    else:
        weights = arcs_of(document["graph"], document["support"])
        prices = zip(document["benefit"], document["cost"], x, strict=True)
        own = [(rational(b) - rational(c)) * a for b, c, a in prices]
    for (i, j), w in weights.items():
        own[i] += x[i] * w * x[j]
    return own


def with_action(x, i, action):
    return [action if j == i else a for j, a in enumerate(x)]


def best_and_gain(document, x, i):
    """Return the best action of a person and what it gains, from payoffs at three actions."""
    base = document["base"] if document["system"] == "interdependent" else document

    def worth(action):
        return utilities(document, with_action(x, i, action))[i]

    if base["system"] == "participation":
        best = Fraction(worth(Fraction(1)) >= worth(Fraction(0)))
        return best, max(worth(best) - worth(x[i]), Fraction(0))
    at, one, two = worth(Fraction(0)), worth(Fraction(1)), worth(Fraction(2))
    curve = two - 2 * one + at
    best = -(one - at - curve / 2) / curve
    low, high = base["lower"][i], base["upper"][i]
    if low is not None:
        best = max(best, rational(low))
    if high is not None:
        best = min(best, rational(high))
    return best, worth(best) - worth(x[i])


def slips(document, x):
    """Return the largest gain and the largest distance from a best action."""
    found = [best_and_gain(document, x, i) for i in range(len(x))]
    return max(gain for _, gain in found), max(abs(best - a) for (best, _), a in zip(found, x, strict=True))


def participation_equilibria(document):
    """Return all profiles in which nobody wants to change, and who is indifferent takes part."""
    n = len(document["graph"]["labels"])
    profiles = product([Fraction(0), Fraction(1)], repeat=n)
    return [list(x) for x in profiles if slips(document, list(x))[1] == 0]


def bounded_equilibria(document):
    """Return the equilibria of a linear-quadratic game with lower bounds of 0, by trying all supports."""
    n = len(document["standalone"])
    weights = arcs_of(document["graph"], document["interaction"])
    found = []
    for active in product([False, True], repeat=n):
        inside = [i for i in range(n) if active[i]]
        x = [Fraction(0)] * n
        values = solved(
            [[Fraction(i == j) - weights.get((i, j), 0) for j in inside] for i in inside],
            [rational(document["standalone"][i]) for i in inside],
        )
        for i, value in zip(inside, values, strict=True):
            x[i] = value
        if all(a >= 0 for a in x) and slips(document, x)[1] == 0 and x not in found:
            found.append(x)
    return found
