"""Properties of tree schemes word by word: members have names, attacks are all tried, nothing is left out as equal."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

from mechanism.forest import ReferralForest


def named(forest):
    """Return (recruiters, contributions) of numbered members as two mappings from names."""
    return dict(enumerate(forest[0])), dict(enumerate(forest[1]))


def numbered(above, amounts):
    """Return a forest of named members with everybody after its recruiter, and the number of each."""
    order = []
    while len(order) < len(above):
        order += [u for u in above if u not in order and (above[u] == -1 or above[u] in order)]
    place = {u: i for i, u in enumerate(order)}
    parents = tuple(-1 if above[u] == -1 else place[above[u]] for u in order)
    return (parents, tuple(amounts[u] for u in order)), place


def rewards(rule, above, amounts):
    """Return what a rule pays to each named member."""
    (parents, contributions), place = numbered(above, amounts)
    paid = rule(ReferralForest(parents, contributions))
    return {u: paid[place[u]] for u in above}


def below(above, u):
    """Return a member and all who descend from it."""

    def path(v):
        return [] if v == -1 else [v, *path(above[v])]

    return {v for v in above if u in path(v)}


def canonical(above, amounts, marked=()):
    """Return a forest up to isomorphism, some of its members marked."""

    def tree(u):
        return (amounts[u], u in marked, tuple(sorted(tree(v) for v in above if above[v] == u)))

    return tuple(sorted(tree(u) for u in above if above[u] == -1))


def all_splits(forest, u, identities, factor=Fraction(1), structure="any"):
    """Yield every split of a member: any forest on its identities, any amounts, any assignment of its recruits."""
    above, amounts = named(forest)
    fakes = [f"identity {i}" for i in range(identities)]
    recruits = [v for v in above if above[v] == u]
    step = amounts[u] * factor / (2 * identities)
    for recruiters in product([above[u], *fakes], repeat=identities):
        inside = dict(zip(fakes, recruiters, strict=True))
        if any(circular(inside, fake) for fake in fakes):
            continue
        if structure == "siblings" and any(recruiter in fakes for recruiter in recruiters):
            continue
        ends = [fake for fake in fakes if fake not in recruiters]
        tops = [fake for fake in fakes if inside[fake] not in fakes]
        if structure == "chain" and (len(ends), len(tops)) != (1, 1):
            continue
        for parts in product(range(2 * identities + 1), repeat=identities):
            if sum(parts) != 2 * identities:
                continue
            for homes in product(ends if structure == "chain" else fakes, repeat=len(recruits)):
                after = (
                    {v: above[v] for v in above if v != u} | inside | dict(zip(recruits, homes, strict=True))
                )
                given = {v: amounts[v] for v in above if v != u}
                given |= {fake: step * part for fake, part in zip(fakes, parts, strict=True)}
                yield after, given, fakes


def circular(inside, fake):
    """Return whether an identity recruits itself through others."""
    seen = set()
    while fake in inside and fake not in seen:
        seen.add(fake)
        fake = inside[fake]
    return fake in seen


def breaks(rule, claimed, forest, added):
    """Return whom a property fails for on a forest, by changes that add so many members; None stands for nobody."""
    above, amounts = named(forest)
    paid, total = rewards(rule, above, amounts), sum(amounts.values())
    match claimed.code:
        case "BC":
            return {None} if sum(paid.values()) > claimed.budget * total else set()
        case "BB":
            return {None} if sum(paid.values()) != total else set()
        case "ZVR":
            return {None} if sum(paid.values()) != 1 else set()
        case "RPC":
            return {u for u in above if paid[u] < claimed.fraction * amounts[u]}
        case "CCI":
            return {
                u
                for u in above
                for more in (Fraction(1, 2), 1, 2)
                if rewards(rule, above, amounts | {u: amounts[u] + more})[u] <= paid[u]
            }
        case "CSI":
            return {
                u
                for u in above
                if amounts[u] > 0
                for under in below(above, u)
                for joiner in (Fraction(1, 2), Fraction(1), Fraction(2))
                if rewards(rule, above | {"new": under}, amounts | {"new": joiner})[u] <= paid[u]
            }
        case "SL":
            return {u for u in above if alone(rule, above, amounts, u) != paid[u]}
        case "USB":
            return {
                u
                for u in above
                for solicitor in [-1, *(above.keys() - below(above, u))]
                if rewards(rule, above | {u: solicitor}, amounts)[u] != paid[u]
            }
        case "USA":
            cost = added * claimed.identity_cost
            return {
                u
                for u in above
                for after, given, fakes in all_splits(forest, u, added + 1, structure=claimed.structure)
                if total_of(rewards(rule, after, given), fakes) > paid[u] + cost
            }
        case "UGSA":
            return {
                u
                for u in above
                for factor in (Fraction(1), Fraction(5, 4), Fraction(3, 2), Fraction(2))
                for after, given, fakes in all_splits(forest, u, added + 1, factor)
                if total_of(rewards(rule, after, given), fakes) - total_of(given, fakes)
                > paid[u] - amounts[u]
            }
    raise ValueError(claimed.code)


def total_of(values, members):
    """Return the sum of what some members get or give."""
    return sum(values[u] for u in members)


def alone(rule, above, amounts, u):
    """Return what a member would be paid if nobody stood outside its subtree."""
    inside = below(above, u)
    return rewards(rule, {v: above[v] if v != u else -1 for v in inside}, {v: amounts[v] for v in inside})[u]


def is_additive(rule, forests):
    """Return whether some weights of levels explain all rewards: by elimination on one equation per member."""
    rows = []
    for forest in forests:
        above, amounts = named(forest)
        paid = rewards(rule, above, amounts)
        for u in above:
            levels = [Fraction(0)] * len(above)
            for v in below(above, u):
                steps, w = 0, v
                while w != u:
                    w, steps = above[w], steps + 1
                levels[steps] += amounts[v]
            rows.append((levels, paid[u]))
    width = max(len(levels) for levels, _ in rows)
    equations = [[*levels, *[Fraction(0)] * (width - len(levels)), paid] for levels, paid in rows]
    for column in range(width):
        pivot = next((row for row in equations if row[column]), None)
        if pivot is None:
            continue
        equations.remove(pivot)
        equations = [
            [x - row[column] / pivot[column] * y for x, y in zip(row, pivot, strict=True)]
            for row in equations
        ]
    return not any(row[-1] for row in equations)
