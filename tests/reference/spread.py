"""Slow twins of the spread kernels: plain Python on the same coins, written from the models' rules."""

from __future__ import annotations

from math import floor, inf, log, log1p

from tests.reference.worlds import PERSON, uniform

SPREAD = 0xEB44ACCAB455D165


def layers(contacts, seeds, max_depth, reached):
    """Grow an active set layer by layer; `reached` yields the ends of the arcs of a node that fire."""
    active, order, sizes = set(seeds), list(seeds), [len(seeds)]
    layer = order
    while layer and len(sizes) <= max_depth:
        following = []
        for node in layer:
            for other in reached(node, contacts[node], active):
                if other not in active:
                    active.add(other)
                    following.append(other)
        order += following
        sizes.append(len(following))
        layer = following
    while sizes[-1] == 0:
        sizes.pop()
    return sizes


def coins(contacts, chances, seeds, key, replicate, max_depth):
    """One coin per arc of an active node, numbered as they are met; return (layers, arcs, fired)."""
    tossed = fired = 0

    def reached(node, others, active):
        nonlocal tossed, fired
        for other, chance in zip(others, chances[node], strict=True):
            if uniform(key, replicate, SPREAD, tossed) < chance:
                fired += 1
                yield other
            tossed += 1

    return layers(contacts, seeds, max_depth, reached), tossed, fired


def alike(contacts, chance, seeds, key, replicate, max_depth):
    """One chance for all arcs: gaps between successes along the arcs in the order in which they are met."""

    def gap(number):
        draw = uniform(key, replicate, SPREAD, number)
        if chance == 1:
            return 0
        return floor(-log(1 - draw) * (-1 / log1p(-chance))) if chance else inf

    drawn, met = 1, 0
    success = gap(0)

    def reached(node, others, active):
        nonlocal drawn, met, success
        for other in others:
            if met == success:
                success += 1 + gap(drawn)
                drawn += 1
                yield other
            met += 1

    return layers(contacts, seeds, max_depth, reached), met, drawn - 1


def thresholds(contacts, weights, seeds, key, replicate, max_depth):
    """Join once the weights of active contacts reach a threshold drawn once per node."""
    influence: dict[int, float] = {}
    met = pushed = 0

    def reached(node, others, active):
        nonlocal met, pushed
        for other, weight in zip(others, weights[node], strict=True):
            met += 1
            if other not in active:
                pushed += 1
                influence[other] = influence.get(other, 0.0) + weight
                if influence[other] >= 1 - uniform(key, replicate, PERSON, other):
                    yield other

    return layers(contacts, seeds, max_depth, reached), met, pushed
