"""The search for a team: challengers race in common worlds, under the equilibria that they lead to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mechanism import Budget, Campaign, Graph, Members, Objective, Search, TopDegree
from mechanism.errors import InvalidInputError
from mechanism.numbers import whole
from mechanism.schemes import PathScheme
from solvers.design_problem import DesignProblem
from solvers.engine import Engine, engine_of
from solvers.fixed_point import Equilibrium, solve
from solvers.precision import Difference, check_replicates
from solvers.progress import Stages
from solvers.recruitment import Recruitment, measure, settle
from solvers.seed_baselines import Baseline, baseline_seeds
from solvers.seeding import seed
from solvers.seeds import child
from solvers.worlds import Counts, Worlds

__all__ = ["RULES", "Reason", "TeamFigure", "TeamRound", "TeamSearch", "decided", "first_team", "with_team"]

Ids = NDArray[np.int32]
Reals = NDArray[np.float64]
Reason = Literal["settled", "rounds", "interrupted"]
RULES: tuple[Baseline, ...] = ("degree", "pagerank", "random")
"""Rules of thumb that teams are compared with."""
_SEARCH, _FRESH, _SKETCHES, _DRAWS, _RANDOM = range(5)  # children of the seed
_HEAT = 128  # worlds of the first heat of a race
_ROUGH = 2e-3  # drift at which the equilibria of a race are near enough
_OVERFIT = 0.1  # of the teams from sketches
_BLOCKS = 32  # of worlds, for standard errors
_LEVEL = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class TeamFigure:
    """What one team leads to on the worlds of the report.

    Attributes
    ----------
    name : str
        "designed", "before", or the rule of thumb.
    team : tuple of int or str
        Labels of its members.
    recruitment : Recruitment
        The equilibrium.
    value, stderr : float
        The objective, and its standard error given the beliefs.
    ahead : Difference
        By how much the designed team does better on the same worlds.
    """

    name: str
    team: tuple[int | str, ...]
    recruitment: Recruitment
    value: float
    stderr: float
    ahead: Difference

    def to_dict(self) -> dict[str, Any]:
        """Return the figure as plain Python values, ready for JSON."""
        return {
            "name": self.name,
            "team": list(self.team),
            "value": self.value,
            "stderr": self.stderr,
            "ahead": self.ahead.mean,
            "ahead_stderr": self.ahead.stderr,
            "recruits": self.recruitment.recruits,
            "recruits_stderr": self.recruitment.recruits_stderr,
            "mean_depth": self.recruitment.mean_depth,
            "found": self.recruitment.found if self.recruitment.is_search else None,
        }


@dataclass(frozen=True, slots=True, eq=False)
class TeamRound:
    """One round of the search.

    Attributes
    ----------
    kind : str
        Where the best challenger came from: "sketches", "exchange", "draw", or a rule of thumb.
    team : tuple of int or str
        Its labels.
    challengers : int
        How many there were.
    value : float
        Its objective on the worlds of the search.
    gain : Difference
        By how much it does better there than the team until then.
    accepted : bool
        Whether it took the place of that team.
    """

    kind: str
    team: tuple[int | str, ...]
    challengers: int
    value: float
    gain: Difference
    accepted: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the round as plain Python values, ready for JSON."""
        return {
            "kind": self.kind,
            "team": list(self.team),
            "challengers": self.challengers,
            "value": self.value,
            "gain": self.gain.mean,
            "gain_stderr": self.gain.stderr,
            "accepted": self.accepted,
        }


class TeamSearch:
    """The worlds on which teams of k people are compared under one scheme.

    Parameters
    ----------
    campaign, scheme, k, objective, replicates, engine
        As in `seeded_team`.
    rng : numpy.random.SeedSequence
        Names worlds, sketches and draws.

    Attributes
    ----------
    start : ndarray of int32, shape (k,)
        The team of the campaign if it has k people, else those with most contacts.
    problem : DesignProblem
        The objective.
    """

    def __init__(
        self,
        campaign: Campaign,
        scheme: PathScheme,
        k: int,
        *,
        objective: Objective | None,
        replicates: int,
        rng: np.random.SeedSequence,
        engine: int | Engine | None,
    ) -> None:
        if not isinstance(campaign, Campaign):
            raise InvalidInputError("campaign", campaign, allowed="a Campaign")
        if not isinstance(scheme, PathScheme):
            raise InvalidInputError("scheme", scheme, allowed="a path scheme such as Recursive(1/2)")
        aim = Objective.recruits() if objective is None else objective
        if not isinstance(aim, Objective):
            raise InvalidInputError(
                "objective", objective, allowed="an objective such as Objective.recruits()"
            )
        self.start = first_team(campaign, k)
        self.k = len(self.start)
        self.campaign, self.scheme, self.rng = campaign, scheme, rng
        self.engine = engine_of(engine)
        self.table = scheme.table(campaign.max_depth)
        worlds = (self._worlds(self.start, child(rng, _SEARCH)),)
        self.problem = DesignProblem(
            worlds, (1.0,), False, aim, Budget.worst_case(), check_replicates(replicates)
        )
        self._settled: dict[tuple[int, ...], Equilibrium] = {}

    def _worlds(self, nodes: Ids, seed: np.random.SeedSequence) -> Worlds:
        return Worlds(with_team(self.campaign, nodes), seed, engine=self.engine)

    def labels(self, nodes: Ids) -> tuple[int | str, ...]:
        """Return the labels of some people."""
        return tuple(self.campaign.network.graph.labels[nodes].tolist())

    def at(self, nodes: Ids) -> Equilibrium:
        """Return the equilibrium with a team on all worlds of the search."""
        key = _key(nodes)
        if key not in self._settled:
            worlds = self._worlds(nodes, child(self.rng, _SEARCH))
            self._settled[key] = settle(worlds, self.table, replicates=self.problem.replicates)[0]
            if self._settled[key].interrupted:
                del self._settled[key]
                raise KeyboardInterrupt
        return self._settled[key]

    def run(
        self, start: Ids, max_rounds: int, *, tries: int, epsilon: float, stages: Stages
    ) -> tuple[Ids, list[TeamRound], Reason]:
        """Let challengers race until none is better; return the best team, the rounds, and why they ended."""
        tries = whole(tries, argument="tries", least=0)
        draws = np.random.default_rng(child(self.rng, _DRAWS))
        best, history = start, list[TeamRound]()
        try:
            for number in range(max_rounds):
                stages.tick(f"teams, round {number + 1}")
                teams = self._challengers(best, number, tries, epsilon, draws)
                if not teams:
                    return best, history, "settled"
                kind, nodes = self._race(teams)
                gain = self.gain(self.at(nodes).counts, self.at(best).counts)
                better = gain.low > 0
                value = self.problem.value(0, self.at(nodes).counts)
                history.append(TeamRound(kind, self.labels(nodes), len(teams), value, gain, better))
                if not better:
                    return best, history, "settled"
                best = nodes
        except KeyboardInterrupt:
            return best, history, "interrupted"
        return best, history, "rounds"

    def _challengers(
        self, best: Ids, number: int, tries: int, epsilon: float, draws: np.random.Generator
    ) -> list[tuple[str, Ids]]:
        """Return teams of other people than the best team until now, each once."""
        graph, k = self.campaign.network.graph, self.k
        sketches = child(child(self.rng, _SKETCHES), number)
        named = [("sketches", self.sketched(best, epsilon=epsilon, rng=sketches))]
        if number == 0:
            named += [(rule, baseline_seeds(graph, k, rule)) for rule in RULES if rule != "random"]
        outside = np.setdiff1d(np.arange(graph.n, dtype=np.int32), best)
        for turn in range(tries if len(outside) else 0):
            if turn % 2:
                named.append(("draw", draws.choice(graph.n, k, replace=False).astype(np.int32)))
                continue
            exchanged = best.copy()
            exchanged[draws.integers(k)] = draws.choice(outside)
            named.append(("exchange", exchanged))
        others = dict[tuple[int, ...], tuple[str, Ids]]()
        for kind, nodes in named:
            others.setdefault(_key(nodes), (kind, nodes))
        others.pop(_key(best), None)
        return list(others.values())

    def _race(self, teams: list[tuple[str, Ids]]) -> tuple[str, Ids]:
        """Return the challenger that is left when only the best third stays, each time after twice as many worlds."""
        worlds = min(_HEAT, self.problem.replicates)
        while len(teams) > 1:
            scores = [self._score(nodes, worlds) for _, nodes in teams]
            order = np.argsort(-np.array(scores), kind="stable")
            left = 1 if worlds == self.problem.replicates else -(-len(teams) // 3)
            teams = [teams[place] for place in order[:left]]
            worlds = min(2 * worlds, self.problem.replicates)
        return teams[0]

    def _score(self, nodes: Ids, replicates: int) -> float:
        worlds = self._worlds(nodes, child(self.rng, _SEARCH))
        found = solve(worlds, self.table, replicates=replicates, tolerance=_ROUGH)
        return self.problem.value(0, found.counts)

    def sketched(self, best: Ids, *, epsilon: float, rng: np.random.SeedSequence) -> Ids:
        """Return the team that spreads furthest while people decide as they do with the best one until now."""
        n = self.campaign.network.graph.n
        graph, chances = decided(self.campaign, self.at(best))
        joined, hired = np.arange(n, 2 * n), np.arange(2 * n, 3 * n)
        worth = np.zeros(3 * n)
        worth[joined] = 1.0
        found = seed(
            graph, self.k, probability=chances, weights=worth, candidates=hired, overfit=_OVERFIT,
            max_depth=2 * self.campaign.max_depth + 1, epsilon=epsilon, rng=rng, engine=self.engine,
        )  # fmt: skip
        return np.asarray(found.seeds - 2 * n, dtype=np.int32)

    def gain(self, first: Counts, second: Counts) -> Difference:
        """Return by how much the objective is larger in the first of two plays of the same worlds."""
        from scipy.special import ndtri

        gap = self._parts(first) - self._parts(second)
        mean, stderr = float(gap[0]), _stderr(gap)
        reach = float(ndtri(0.5 + _LEVEL / 2)) * stderr
        return Difference(mean, stderr, mean - reach, mean + reach, _LEVEL, len(first.members))

    def _parts(self, counts: Counts) -> Reals:
        """Return the objective in all worlds, then without each block of them (jackknife)."""
        worlds = len(counts.members)
        blocks = np.array_split(np.arange(worlds), min(_BLOCKS, worlds))
        left = [self.problem.value(0, counts.without(block)) for block in blocks]
        return np.array([self.problem.value(0, counts), *left])

    def report(self, best: Ids, stages: Stages) -> tuple[TeamFigure, ...]:
        """Return what the best team, that of the campaign and those of rules of thumb lead to in fresh worlds."""
        graph, rng = self.campaign.network.graph, child(self.rng, _RANDOM)
        teams = {"designed": best, "before": self.campaign.team_nodes}
        teams |= {rule: baseline_seeds(graph, self.k, rule, rng=rng) for rule in RULES}
        figures = list[TeamFigure]()
        first: Counts | None = None
        for name, nodes in teams.items():
            stages.tick(f"report, {name}")
            recruitment, counts = self.fresh(nodes)
            first = counts if first is None else first
            value, stderr = self.figure(counts)
            ahead = self.gain(first, counts)
            figures.append(TeamFigure(name, self.labels(nodes), recruitment, value, stderr, ahead))
        return tuple(figures)

    def fresh(self, nodes: Ids) -> tuple[Recruitment, Counts]:
        """Return what a team leads to in worlds that no choice has seen."""
        worlds = self._worlds(nodes, child(self.rng, _FRESH))
        found, stop = settle(worlds, self.table, replicates=self.problem.replicates)
        return measure(worlds, self.scheme, found, stop=stop), found.counts

    def figure(self, counts: Counts) -> tuple[float, float]:
        """Return the objective in played worlds, and its standard error given the beliefs."""
        parts = self._parts(counts)
        return float(parts[0]), _stderr(parts)


def decided(campaign: Campaign, equilibrium: Equilibrium) -> tuple[Graph, Reals]:
    """Return the diffusion that a campaign is while people decide as in an equilibrium.

    Returns
    -------
    graph : Graph
        On 3 n nodes: person v asked, joined at n + v, hired at 2 n + v.
    chances : ndarray of float64, one per arc
        Asked to joined, the mean chance to join of the person's kind over those asked. Joined to asked, the mean
        chance over all members that the invitation is made and arrives, less where invitations are limited. Hired
        to joined 1, and hired to asked what the organiser's team, who make all invitations, adds to that.

    Notes
    -----
    Depth d is reached by 2 d + 1 arcs. A joined node of a hired person counts one more than is recruited.
    """
    graph, n = campaign.network.graph, campaign.network.graph.n
    join, kind, invite = _decisions(campaign, equilibrium)
    people = np.arange(n)
    contact = np.broadcast_to(np.asarray(campaign.network.contact, dtype=np.float64), graph.m)
    made = np.full(n, invite)
    if campaign.max_invites is not None:
        made = np.minimum(made, campaign.max_invites / np.maximum(graph.out_degree, 1))
    fires = contact * np.repeat(made, graph.out_degree)
    more = np.divide(contact - fires, 1 - fires, out=np.zeros(graph.m), where=fires < 1)
    doubled = Graph(
        np.concatenate((people, n + graph.indptr[:-1], n + graph.m + graph.indptr + np.arange(n + 1))),
        np.concatenate(
            (n + people, graph.indices, np.insert(graph.indices, graph.indptr[1:], n + people))
        ).astype(np.int32),
        np.arange(3 * n),
    )
    return doubled, np.concatenate(
        (np.broadcast_to(join[kind], n), fires, np.insert(more, graph.indptr[1:], 1.0))
    )


def _decisions(campaign: Campaign, equilibrium: Equilibrium) -> tuple[Reals, Ids, float]:
    """Return the mean chance to join of each kind over those asked, everybody's kind, and that to invite."""
    weights, kind = campaign.network.motives.kinds()
    members = equilibrium.odds.members
    join = np.broadcast_to(equilibrium.profile.join, (len(weights), len(members)))
    accepted = np.bincount(kind, minlength=len(weights)) / len(kind) @ join
    asked = np.divide(members, accepted, out=np.zeros_like(members), where=accepted > 0)
    if not asked.any():  # nobody joins: what the first one would meet
        asked[0] = 1.0
        members = asked
    return join @ asked / asked.sum(), kind, float(equilibrium.profile.invite @ members / members.sum())


def _stderr(parts: Reals) -> float:
    """Return the standard error of a figure from its values without each block."""
    return float(np.std(parts[1:]) * np.sqrt(len(parts) - 2))


def _key(nodes: Ids) -> tuple[int, ...]:
    return tuple(sorted(nodes.tolist()))


def first_team(campaign: Campaign, k: int) -> Ids:
    """Return the team of a campaign if it has k people, else the k people with most contacts."""
    size, graph = whole(k, argument="k"), campaign.network.graph
    if size > graph.n:
        raise InvalidInputError("k", k, allowed=f"at most the {graph.n} people of the network")
    return campaign.team_nodes if len(campaign.team_nodes) == size else TopDegree(size).select(graph)


def with_team(campaign: Campaign, nodes: Ids, *, prize: float | None = None) -> Campaign:
    """Return the campaign with another team, and with another prize if it is a search."""
    task = campaign.task
    if prize is not None and isinstance(task, Search):
        task = replace(task, prize=prize)
    return Campaign(
        campaign.network,
        task,
        team=Members(campaign.network.graph.labels[nodes].tolist()),
        max_depth=campaign.max_depth,
        max_invites=campaign.max_invites,
        response=campaign.response,
        horizon=campaign.horizon if np.isfinite(campaign.horizon) else None,
    )
