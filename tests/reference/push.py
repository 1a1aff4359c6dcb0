"""Slow twins of the push kernel: the same pushes one at a time, and the exact inverse in fractions."""

from __future__ import annotations

from fractions import Fraction


def row(arcs, vector, person, target):
    """Push until the weight of what is left is at most the target; return (row, pushes, arcs)."""
    value, residual, order = {}, {person: 1.0}, [person]
    pushes = crossed = 0
    while (weight := sum(abs(residual[k]) * vector[k] for k in order)) > target:
        threshold = 0.1 * weight / len(order)
        for k in order:  # grows while it is walked
            amount = residual[k]
            if abs(amount) * vector[k] > threshold:
                residual[k] = 0.0
                value[k] = value.get(k, 0.0) + amount
                pushes += 1
                for j, a in arcs[k]:
                    if j not in residual:
                        residual[j] = 0.0
                        order.append(j)
                    residual[j] += a * amount
                    crossed += 1
    return value, pushes, crossed


def inverse(arcs):
    """Return (I - A)^-1 as rows of fractions, by Gauss and Jordan; the floats are taken as they are."""
    n = len(arcs)
    rows = [[Fraction(int(i == j)) for j in range(2 * n)] for i in range(n)]
    for i in range(n):
        rows[i][n:] = [Fraction(int(i == j)) for j in range(n)]
        for j, a in arcs[i]:
            rows[i][j] -= Fraction(a)
    for i in range(n):
        pivot = next(k for k in range(i, n) if rows[k][i])
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [x / rows[i][i] for x in rows[i]]
        for k in range(n):
            if k != i and rows[k][i]:
                rows[k] = [x - rows[k][i] * y for x, y in zip(rows[k], rows[i], strict=True)]
    return [one[n:] for one in rows]
