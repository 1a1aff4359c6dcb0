"""Slow twins: every inequality of a claim written out densely, and optima by trying all vertices."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations


def positions_of(claim):
    depth = claim["max_depth"]
    triangle = [(length, j) for length in range(1, depth + 1) for j in range(length)]
    if claim["positions"] == "all":
        return triangle
    if claim["positions"] == "interior":
        return [(length, j) for length, j in triangle if j != 0 and j < length - 1]
    return [tuple(pair) for pair in claim["positions"]]


def dense(claim):
    """Return (unknowns, objective, rows by name, bounds by name); the last unknown is t."""
    depth = claim["max_depth"]
    unknowns = [(length, j) for length in range(1, depth + 1) for j in range(length)] + ["t"]
    split = 1 + Fraction(claim["epsilon"])
    cost, budget = Fraction(claim["identity_cost"]), Fraction(claim["budget"])
    rows, bounds = {}, {}

    def put(name, bound, *terms):
        row = [Fraction(0)] * len(unknowns)
        for unknown, coefficient in terms:
            row[unknowns.index(unknown)] += coefficient
        rows[name], bounds[name] = row, Fraction(bound)

    for length in range(1, depth + 1):
        put(f"budget({length})", budget, *(((length, j), 1) for j in range(length)))
        for j in range(length):
            for k in range(1, depth - length + 1):
                split_up = [((length + k, i), 1) for i in range(j, j + k + 1)]
                put(f"sybil({length}, {j}, {k})", k * cost, ((length, j), -split), *split_up)
                if claim["collusion"] is not None:
                    merge = 1 + Fraction(claim["collusion"])
                    merged = [(unknown, -merge) for unknown, _ in split_up]
                    put(f"collusion({length}, {j}, {k})", 0, ((length, j), 1), *merged)
    objective = [Fraction(0)] * len(unknowns)
    for place in positions_of(claim):
        if claim["objective"] == "least":
            put(f"paid({place[0]}, {place[1]})", 0, ("t", 1), (place, -1))
            objective[-1] = Fraction(1)
        else:
            objective[unknowns.index(place)] = Fraction(1)
    return unknowns, objective, rows, bounds


def is_proof(entry):
    """Return whether rewards and multipliers prove the value of a claim, by dense sums."""
    claim = entry["claim"]
    depth, value = claim["max_depth"], Fraction(claim["value"])
    places = positions_of(claim)
    if not places or any(not 0 <= j < length <= depth for length, j in places):
        return False
    if len(set(places)) < len(places) or places != sorted(places):
        return False
    unknowns, objective, rows, bounds = dense(claim)
    table = [[Fraction(x) for x in row] for row in entry["rewards"]]
    if [len(row) for row in table] != list(range(1, depth + 1)):
        return False
    paid = [table[length - 1][j] for length, j in places]
    point = [x for row in table for x in row] + [min(paid) if claim["objective"] == "least" else Fraction(0)]
    factors = {name: Fraction(text) for name, text in entry["multipliers"].items()}
    if any(name not in rows for name in factors) or min([*point, *factors.values()]) < 0:
        return False
    if any(dot(row, point) > bounds[name] for name, row in rows.items()):
        return False
    combined = [
        sum((y * rows[name][i] for name, y in factors.items()), Fraction(0)) for i in range(len(unknowns))
    ]
    if any(have < want for have, want in zip(combined, objective, strict=True)):
        return False
    return (
        dot(objective, point) == value == sum((y * bounds[name] for name, y in factors.items()), Fraction(0))
    )


def dot(row, point):
    return sum((a * x for a, x in zip(row, point, strict=True)), Fraction(0))


def best_vertex(objective, rows, bounds):
    """Return the largest objective over all vertices of {x >= 0 : rows x <= bounds}; None without a vertex."""
    n = len(objective)
    walls = list(zip(rows, bounds, strict=True))
    walls += [([-Fraction(int(i == j)) for i in range(n)], Fraction(0)) for j in range(n)]
    best = None
    for chosen in combinations(walls, n):
        point = solve([row for row, _ in chosen], [bound for _, bound in chosen])
        if point is None or any(dot(row, point) > bound for row, bound in walls):
            continue
        worth = dot(objective, point)
        best = worth if best is None or worth > best else best
    return best


def solve(matrix, right):
    """Return the solution of a square system by Gauss elimination, None if it is singular."""
    n = len(matrix)
    work = [[Fraction(x) for x in row] + [Fraction(b)] for row, b in zip(matrix, right, strict=True)]
    for i in range(n):
        pivot = next((r for r in range(i, n) if work[r][i] != 0), None)
        if pivot is None:
            return None
        work[i], work[pivot] = work[pivot], work[i]
        work[i] = [x / work[i][i] for x in work[i]]
        for r in range(n):
            if r != i:
                work[r] = [x - work[r][i] * y for x, y in zip(work[r], work[i], strict=True)]
    return [row[n] for row in work]
