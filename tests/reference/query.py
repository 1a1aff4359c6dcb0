"""Query incentive games by trying every offer, generation by generation, from the leaves upwards; slow and plain."""

from math import comb


def beyond(law, chance, child):
    """Return the chance that some child finds the answer, by summing over how many do."""
    finds = chance + (1 - chance) * child
    return sum(
        weight * comb(k, hits) * finds**hits * (1 - finds) ** (k - hits)
        for k, weight in enumerate(law)
        for hits in range(1, k + 1)
    )


def payments_by_search(laws, chance, grid):
    """Return, for each generation below the root, {offer: chance that the person finds the answer below}.

    Generation t has the law laws[t]; below the last law nobody has children. A person who is offered r and offers x,
    at least 1, has r - x - 1 of an answer from below, and 0 if it asks nobody. Who is indifferent asks for most.
    """
    below = dict.fromkeys(grid, 0)
    generations = [below]
    for law in reversed(laws[1:]):
        found = {x: beyond(law, chance, below[x]) for x in grid if x >= 1}
        below = {
            r: max([(0, 0)] + [((r - x - 1) * s, s) for x, s in found.items() if x < r])[1] for r in grid
        }
        generations.insert(0, below)
    return generations


def shares_by_search(laws, chance, reward, grid):
    """Return, for each generation below the root, {share kept: chance that the person finds the answer below}.

    The person who answers receives the reward; who keeps the share k of what it receives hands on the rest, and has
    k * received - 1. What is received from below is followed as an amount, not as a loss; a person takes the answer of
    one of the children that have one, each as likely.
    """
    below = dict.fromkeys(grid, (0, 0))
    generations = [dict.fromkeys(grid, 0)]
    for law in reversed(laws[1:]):
        offers = [(0, 0)]  # chance of an answer, and what comes of it on average over all cases
        for x in grid:
            s, received = below[x]
            if x * reward < 1:
                continue
            finds = chance + (1 - chance) * s
            handed_on = (1 - x) * (chance * reward + (1 - chance) * received) / finds
            found = beyond(law, chance, s)
            offers.append((found, found * handed_on))
        below = {k: max(offers, key=lambda one, k=k: (k * one[1] - one[0], one[0])) for k in grid}
        generations.insert(0, {k: below[k][0] for k in grid})
    return generations
