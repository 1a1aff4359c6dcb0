"""The recruitment cascade: rounds of costly invitations and private joining costs.

Arrays shared by the kernels of this module (H is the largest depth):

=========== ==================== =============================================================
name        dtype, shape         meaning
=========== ==================== =============================================================
indptr      int64[n + 1]         the arcs of node u are ``indptr[u]:indptr[u + 1]``
indices     int32[m]             contact at the end of each arc
contact     float[1] or [m]      chance that an invitation reaches the contact, in either precision
team        int32[t]             the organiser's team: depth 0, never counted
kinds       int32[1] or [n]      kind of each person: its row of `join`; one for all where it is short
join        float64[T, H + 1]    chance that a person of a kind accepts at depth d (column 0 unused)
invite      float64[H + 1]       chance that a member of depth d makes a given invitation
max_invites int64                invitations that a member may give, 0 for no limit; the team has none
key         uint64[2]            names the family of worlds
member      uint64[n / 64 + 1]   scratch: one bit per person, the members before a round; 0 before and after
fresh       uint64[n / 64 + 1]   scratch: one bit per person, who joined in the round; 0 before and after
queue       int32[n]             scratch: the team, then the members in order of joining
via         int64[n] or [0]      scratch: the arc that recruited a member; [0] where nobody asks for it
rank        float64[c]           scratch: coupons, c at least `max_invites`
given       int64[c]             scratch: the arcs they go to
pending     int64[32]            scratch: arcs whose end is on its way from memory
=========== ==================== =============================================================

A world is ``(key, replicate)``. It fixes one uniform joining cost per person and one coin per arc
(inviting and reaching in one threshold, since a member considers an arc only once), whatever the
probabilities are: two schemes meet the same people in the same worlds. Where invitations are limited, the two
have coins of their own, since an invitation that does not arrive is given all the same.

Who has joined is kept in bits, which stay in a near cache where depths would not, and are wiped by walking the queue.
Counts do not depend on who of several recruiters wins a person: ties are drawn only where `via` is wanted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvers.kernels.binding import bind
from solvers.kernels.machine import lowest_bit, prefetch
from solvers.kernels.random import (
    ARC_STREAM,
    CHUNK,
    COUPON_STREAM,
    FORCED_STREAM,
    PERSON_STREAM,
    REACH_STREAM,
    TIE_STREAM,
    stream,
    uniform,
    which_fire,
    which_fire_alike,
)

__all__ = ["PENDING", "cascade", "play", "vanishing"]

Ids = NDArray[np.int32]
Longs = NDArray[np.int64]
Words = NDArray[np.uint64]
Reals = NDArray[np.float64]
Chances = NDArray[np.floating]

_AHEAD = 8  # members between the fetch of their row and its use
PENDING = 32  # invitations that arrive and wait for their end to come from memory
_LAST = PENDING - 1
_ONE = np.uint64(1)


def _has(marks: Words, person: int) -> bool:
    """Return whether a person is marked."""
    return bool(marks[person >> 6] >> np.uint64(person & 63) & _ONE)


has = bind(_has)


def _mark(marks: Words, person: int) -> None:
    marks[person >> 6] |= _ONE << np.uint64(person & 63)


mark = bind(_mark)


def _unmark(marks: Words, queue: Ids, low: int, high: int) -> None:
    """Take the marks from the people at places low .. high - 1 of the queue."""
    for position in range(low, high):
        person = queue[position]
        marks[person >> 6] &= ~(_ONE << np.uint64(person & 63))


unmark = bind(_unmark)


def _ask(
    arc: int,
    person: int,
    kinds: Ids,
    join: Reals,
    person_key: np.uint64,
    tie_key: np.uint64,
    depth: int,
    tail: int,
    fresh: Words,
    queue: Ids,
    via: Longs,
) -> int:
    """Let a person who is no member at the start of the round answer an invitation; return the new tail.

    One recruiter is drawn uniformly from all who reach a person in the round.
    """
    if has(fresh, person):
        if via.shape[0] > 0 and uniform(tie_key, arc) < uniform(tie_key, via[person]):
            via[person] = arc
        return tail
    kind = kinds[0 if kinds.shape[0] == 1 else person]
    if uniform(person_key, person) >= join[kind, depth]:
        return tail
    mark(fresh, person)
    if via.shape[0] > 0:
        via[person] = arc
    queue[tail] = person
    return tail + 1


ask = bind(_ask)


def _hand_out(
    begin: int,
    end: int,
    indices: Ids,
    chance: float,
    max_invites: int,
    arc_key: np.uint64,
    coupon_key: np.uint64,
    member: Words,
    rank: Reals,
    given: Longs,
) -> int:
    """Choose whom a member invites when invitations are limited; return how many.

    Of the contacts that it would invite and who are no members yet, a uniformly random set, as a
    random order of consideration would give: those with the smallest ranks.
    """
    held = 0
    for low in range(begin, end, CHUNK):
        mask = which_fire_alike(arc_key, low, min(end - low, CHUNK), chance)
        while mask:
            arc = low + lowest_bit(mask)
            mask &= mask - _ONE
            if has(member, indices[arc]):
                continue
            own = uniform(coupon_key, arc)
            place = held
            while place > 0 and rank[place - 1] > own:
                place -= 1
            if place == max_invites:
                continue
            held = min(held + 1, max_invites)
            for later in range(held - 1, place, -1):
                rank[later] = rank[later - 1]
                given[later] = given[later - 1]
            rank[place] = own
            given[place] = arc
    return held


hand_out = bind(_hand_out)


def _expand(
    indptr: Longs,
    indices: Ids,
    contact: Chances,
    kinds: Ids,
    join: Reals,
    chance: float,
    max_invites: int,
    key: Words,
    replicate: int,
    depth: int,
    low: int,
    high: int,
    tail: int,
    member: Words,
    fresh: Words,
    queue: Ids,
    via: Longs,
    rank: Reals,
    given: Longs,
    pending: Longs,
) -> tuple[int, float]:
    """Let the members ``queue[low:high]`` of depth - 1 invite; return (new tail, invitations).

    Contacts who are members at the start of the round are passed over; those who joined in this
    very round are still invited. Without a limit, invitations are counted as those that arrive, each for
    1 / (contact probability): unbiased, and only arcs that fire touch the memory of the person at their end.
    """
    invitations = 0.0
    if chance == 0.0:
        return tail, invitations
    single = contact.shape[0] == 1
    arrivals = 0
    begin_tail = tail
    arc_key = stream(key, replicate, ARC_STREAM)
    person_key = stream(key, replicate, PERSON_STREAM)
    tie_key = stream(key, replicate, TIE_STREAM)
    reach_key = stream(key, replicate, REACH_STREAM)
    coupon_key = stream(key, replicate, COUPON_STREAM)
    waiting = 0
    served = 0
    for position in range(low, high):
        if position + 2 * _AHEAD < high:
            prefetch(indptr, queue[position + 2 * _AHEAD])
        if position + _AHEAD < high and not single:
            row = indptr[queue[position + _AHEAD]]
            prefetch(contact, row)
            prefetch(contact, row + 16)
        inviter = queue[position]
        begin = indptr[inviter]
        end = indptr[inviter + 1]
        if max_invites > 0:
            held = hand_out(
                begin, end, indices, chance, max_invites, arc_key, coupon_key, member, rank, given
            )
            invitations += held
            for coupon in range(held):
                arc = given[coupon]
                if uniform(reach_key, arc) < contact[0 if single else arc]:
                    tail = ask(
                        arc, indices[arc], kinds, join, person_key, tie_key, depth, tail, fresh, queue, via
                    )
            continue
        for first in range(begin, end, CHUNK):
            count = min(end - first, CHUNK)
            if single:
                mask = which_fire_alike(arc_key, first, count, chance * contact[0])
            else:
                mask = which_fire(arc_key, first, count, contact, first, chance)
            while mask:
                arc = first + lowest_bit(mask)
                mask &= mask - _ONE
                prefetch(indices, arc)
                pending[waiting & _LAST] = arc
                waiting += 1
                if waiting - served == PENDING:
                    arc = pending[served & _LAST]
                    served += 1
                    person = indices[arc]
                    if not has(member, person):
                        if single:
                            arrivals += 1
                        else:
                            invitations += 1.0 / contact[arc]
                        tail = ask(
                            arc, person, kinds, join, person_key, tie_key, depth, tail, fresh, queue, via
                        )
    while served < waiting:
        arc = pending[served & _LAST]
        served += 1
        person = indices[arc]
        if not has(member, person):
            if single:
                arrivals += 1
            else:
                invitations += 1.0 / contact[arc]
            tail = ask(arc, person, kinds, join, person_key, tie_key, depth, tail, fresh, queue, via)
    if arrivals > 0:
        invitations += arrivals / contact[0]
    unmark(fresh, queue, begin_tail, tail)
    for position in range(begin_tail, tail):
        mark(member, queue[position])
    return tail, invitations


expand = bind(_expand)


def _play(
    indptr: Longs,
    indices: Ids,
    contact: Chances,
    team: Ids,
    kinds: Ids,
    join: Reals,
    invite: Reals,
    max_invites: int,
    key: Words,
    replicate: int,
    members: Longs,
    invitations: Reals,
    member: Words,
    fresh: Words,
    queue: Ids,
    via: Longs,
    rank: Reals,
    given: Longs,
    pending: Longs,
) -> int:
    """Play one world; return how many stand in the queue, the team among them. The marks are left in place.

    `members` (int64[H]) and `invitations` (float64[H]) receive the members of depth d and the
    invitations they made at index d - 1; nobody joins below H, and its members invite nobody.
    Cost: one coin per arc that leaves a member.
    """
    max_depth = join.shape[1] - 1
    tail = 0
    for agent in team:
        mark(member, agent)
        queue[tail] = agent
        tail += 1
    low = 0
    for depth in range(1, max_depth + 1):
        high = tail
        tail, made = expand(
            indptr, indices, contact, kinds, join, invite[depth - 1], max_invites if depth > 1 else 0,
            key, replicate, depth, low, high, tail, member, fresh, queue, via, rank, given, pending,
        )  # fmt: skip
        members[depth - 1] = tail - high
        if depth > 1:
            invitations[depth - 2] = made
        if tail == high:
            for empty in range(depth, max_depth):
                members[empty] = 0
                invitations[empty - 1] = 0.0
            break
        low = high
    invitations[max_depth - 1] = 0.0
    return tail


play = bind(_play)


def _cascade(
    indptr: Longs,
    indices: Ids,
    contact: Chances,
    team: Ids,
    kinds: Ids,
    join: Reals,
    invite: Reals,
    max_invites: int,
    key: Words,
    first: int,
    members: Longs,
    invitations: Reals,
    member: Words,
    fresh: Words,
    queue: Ids,
    via: Longs,
    rank: Reals,
    given: Longs,
    pending: Longs,
) -> None:
    """Play the worlds ``first .. first + members.shape[0] - 1``, one row of [R, H] counts each."""
    for row in range(members.shape[0]):
        tail = play(
            indptr, indices, contact, team, kinds, join, invite, max_invites, key, first + row,
            members[row], invitations[row], member, fresh, queue, via, rank, given, pending,
        )  # fmt: skip
        unmark(member, queue, 0, tail)


cascade = bind(_cascade)


def _vanishing(
    indptr: Longs,
    indices: Ids,
    contact: Chances,
    team: Ids,
    kinds: Ids,
    join: Reals,
    invite: Reals,
    max_invites: int,
    key: Words,
    replicates: Longs,
    deepest: int,
    members: Longs,
    followers: Longs,
    reach: Reals,
    pairs: Longs,
    member: Words,
    fresh: Words,
    queue: Ids,
    via: Longs,
    rank: Reals,
    given: Longs,
    pending: Longs,
) -> None:
    """Force one person into each empty depth: the limit of vanishing participation.

    `replicates` (int64[R]) are worlds whose deepest members stand at depth `deepest`. In each, one
    (member, contact) pair is drawn uniformly from the contacts that these members may still
    consider, and the contact joins at ``deepest + 1`` by force; natural play goes on from that
    person alone, is counted and taken back; then one of that person's contacts is forced in a step
    deeper, and so on down to H.

    `members` (int64[R, H]) receives the natural members by depth, `followers` (int64[R, H, H]) at
    [r, s - 1, d - 1] the members of depth d in the play that starts with the person forced in at
    depth s (that person included), `reach` (float64[R, H]) the contact probability of the forcing
    arc (0 where nobody could be forced in) and `pairs` (int64[R]) the number of pairs that the
    first one was drawn from: the weight of the world.
    """
    max_depth = join.shape[1] - 1
    invitations = np.zeros(max_depth)
    for row in range(replicates.shape[0]):
        replicate = replicates[row]
        followers[row] = 0
        reach[row] = 0.0
        pairs[row] = 0
        tail = play(
            indptr, indices, contact, team, kinds, join, invite, max_invites, key, replicate,
            members[row], invitations, member, fresh, queue, via, rank, given, pending,
        )  # fmt: skip
        forced_key = stream(key, replicate, FORCED_STREAM)
        low = 0
        high = team.shape[0]
        for depth in range(1, deepest + 1):
            low = high
            high += members[row, depth - 1]
        unmark(member, queue, high, tail)  # the list of worlds may stem from another order of play
        for depth in range(deepest + 1, max_depth + 1):
            chosen = -1
            smallest = 2.0
            for position in range(low, high):
                inviter = queue[position]
                for arc in range(indptr[inviter], indptr[inviter + 1]):
                    if has(member, indices[arc]):
                        continue
                    if depth == deepest + 1:
                        pairs[row] += 1
                    draw = uniform(forced_key, arc)
                    if draw < smallest:
                        smallest = draw
                        chosen = arc
            if chosen < 0:
                break
            person = indices[chosen]
            mark(member, person)
            queue[high] = person
            low = high
            high += 1
            reach[row, depth - 1] = contact[0 if contact.shape[0] == 1 else chosen]
            followers[row, depth - 1, depth - 1] = 1
            start, tail = low, high
            for deeper in range(depth + 1, max_depth + 1):
                end = tail
                tail, _ = expand(
                    indptr, indices, contact, kinds, join, invite[deeper - 1], max_invites, key, replicate,
                    deeper, start, end, tail, member, fresh, queue, via, rank, given, pending,
                )  # fmt: skip
                followers[row, depth - 1, deeper - 1] = tail - end
                if tail == end:
                    break
                start = end
            unmark(member, queue, high, tail)
        unmark(member, queue, 0, high)


vanishing = bind(_vanishing)
