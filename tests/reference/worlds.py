"""Slow twins of the cascade kernels: plain Python on the same coins, written from the model's rules."""

from __future__ import annotations

MASK = 2**64 - 1
ARC, PERSON, TIE, FORCED, COUPON, REACH = (
    0xD1342543DE82EF95,
    0xA0761D6478BD642F,
    0xE7037ED1A0B428DB,
    0x8EBC6AF09C88C6E3,
    0x589965CC75374CC3,
    0x1D8E4E27C47D124F,
)


def mix(word: int) -> int:
    """SplitMix64's finaliser on Python integers."""
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & MASK
    return word ^ (word >> 31)


def uniform(key: tuple[int, int], replicate: int, kind: int, item: int) -> float:
    """Draw number `item` of one kind in one replicate, in [0, 1)."""
    stream = mix(mix((key[0] + replicate * 0x9E3779B97F4A7C15) & MASK) ^ ((key[1] + kind) & MASK))
    return (mix((stream + (item + 1) * 0x9E3779B97F4A7C15) & MASK) >> 11) * 2.0**-53


class World:
    """One world of a small network, played with dictionaries.

    `arcs` is the list of (member, contact, contact probability), in the order of the kernel's arcs; `join` holds a
    row of chances by depth for each kind of people, `kinds` the kind of each person, `max_invites` 0 for no limit.
    """

    def __init__(self, arcs, team, join, invite, key, replicate, *, kinds=None, max_invites=0):
        self.arcs, self.join, self.invite = arcs, join, invite
        self.kind = (lambda v: kinds[v]) if kinds else (lambda v: 0)
        self.max_invites = max_invites
        self.max_depth = len(join[0]) - 1
        self.draw = lambda kind, item: uniform(key, replicate, kind, item)
        self.depth = dict.fromkeys(team, 0)
        self.via: dict[int, int] = {}
        self.members = [0] * self.max_depth
        self.invitations = [0.0] * self.max_depth
        for depth in range(1, self.max_depth + 1):
            joined, made = self.round(depth, [v for v, d in self.depth.items() if d == depth - 1])
            self.members[depth - 1] = len(joined)
            if depth > 1:
                self.invitations[depth - 2] = made

    def round(self, depth, inviters):
        """Let `inviters` invite: everybody decides on the members at the start of the round."""
        present = set(self.depth)
        reached: dict[int, list[int]] = {}
        made = 0.0
        chance = self.invite[depth - 1]
        if self.max_invites and depth > 1:
            for inviter in inviters:
                wanted = [
                    number
                    for number, (member, contact, _) in enumerate(self.arcs)
                    if member == inviter and contact not in present and self.draw(ARC, number) < chance
                ]
                wanted.sort(key=lambda number: self.draw(COUPON, number))
                for number in wanted[: self.max_invites]:
                    made += 1
                    if self.draw(REACH, number) < self.arcs[number][2]:
                        reached.setdefault(self.arcs[number][1], []).append(number)
        else:
            for number, (member, contact, probability) in enumerate(self.arcs):
                fires = self.draw(ARC, number) < chance * probability
                if member in inviters and contact not in present and fires:
                    made += 1 / probability
                    reached.setdefault(contact, []).append(number)
        joined = [v for v in reached if self.draw(PERSON, v) < self.join[self.kind(v)][depth]]
        for person in joined:
            self.depth[person] = depth
            self.via[person] = min(reached[person], key=lambda arc: self.draw(TIE, arc))
        return joined, made

    def force(self, deepest):
        """Force one person into each depth below `deepest`; return (followers, reach, pairs)."""
        followers = [[0] * self.max_depth for _ in range(self.max_depth)]
        reach = [0.0] * self.max_depth
        pairs = 0
        inviters = [v for v, d in self.depth.items() if d == deepest]
        for depth in range(deepest + 1, self.max_depth + 1):
            candidates = [
                number
                for number, (member, contact, _) in enumerate(self.arcs)
                if member in inviters and contact not in self.depth
            ]
            if depth == deepest + 1:
                pairs = len(candidates)
            if not candidates:
                break
            chosen = min(candidates, key=lambda arc: self.draw(FORCED, arc))
            forced = self.arcs[chosen][1]
            reach[depth - 1] = self.arcs[chosen][2]
            self.depth[forced] = depth
            before = dict(self.depth)
            followers[depth - 1][depth - 1] = 1
            line = [forced]
            for deeper in range(depth + 1, self.max_depth + 1):
                line, _ = self.round(deeper, line)
                followers[depth - 1][deeper - 1] = len(line)
            self.depth = before
            inviters = [forced]
        return followers, reach, pairs
