"""Campaign design: whom to hire and what to pay, in turns that never make the campaign worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mechanism import Budget, Campaign, Objective
from mechanism.budgets import ExpectedBudget, TailBudget
from mechanism.numbers import Number, whole
from mechanism.schemes import PathTable
from proofs import Property
from solvers.engine import Engine
from solvers.precision import Difference
from solvers.progress import Progress, Stages
from solvers.recruitment import Recruitment
from solvers.scheme_design import Design, design
from solvers.seeds import Rng, child, seed_sequence
from solvers.team_search import Reason, TeamSearch, first_team, with_team

__all__ = ["CampaignDesign", "CampaignStep", "design_campaign"]

Ids = NDArray[np.int32]
_TEAMS, _SCHEMES = 0, 1  # children of the seed
_TEAM_ROUNDS = 5  # of each search for a team
_EPSILON = 0.2  # of its sketches


@dataclass(frozen=True, slots=True, eq=False)
class CampaignStep:
    """One step.

    Attributes
    ----------
    kind : {"scheme", "team", "team and scheme"}
        What was changed.
    team : tuple of int or str
        Labels of the team.
    scheme : PathTable
        The scheme.
    gain : Difference or None
        By how much the objective is larger than before on the worlds of the search; None for the first step.
    accepted : bool
        Whether the change was made: it is surely better there, by a 95 % interval.
    recruitment : Recruitment
        What team and scheme lead to on fresh worlds.
    value, stderr : float
        The objective there, and its standard error given the beliefs.
    """

    kind: str
    team: tuple[int | str, ...]
    scheme: PathTable = field(repr=False)
    gain: Difference | None
    accepted: bool
    recruitment: Recruitment = field(repr=False)
    value: float
    stderr: float

    def to_dict(self) -> dict[str, Any]:
        """Return the step as plain Python values, ready for JSON."""
        return {
            "kind": self.kind,
            "team": list(self.team),
            "scheme": self.scheme.to_dict(),
            "gain": None if self.gain is None else self.gain.mean,
            "gain_stderr": None if self.gain is None else self.gain.stderr,
            "accepted": self.accepted,
            "value": self.value,
            "stderr": self.stderr,
        }


@dataclass(frozen=True, slots=True, eq=False)
class CampaignDesign:
    """A team and a reward scheme, each chosen for the other.

    Attributes
    ----------
    campaign : Campaign
        The campaign with the team.
    design : Design
        The scheme with its proofs, as it was designed; its own figures are those of the team of that step.
    objective : Objective
        What was to be large.
    steps : tuple of CampaignStep
        All steps, refused ones too.
    reason : {"settled", "rounds", "interrupted"}
        Whether no step was better, as many rounds were made as asked for, or a search was interrupted.
    """

    campaign: Campaign
    design: Design
    objective: Objective
    steps: tuple[CampaignStep, ...]
    reason: Reason

    @property
    def scheme(self) -> PathTable:
        """The reward scheme."""
        return self.design.scheme

    @property
    def certificate(self) -> dict[str, Any]:
        """The certificate of what was asked of the scheme, which does not depend on the team."""
        return self.design.certificate

    @property
    def final(self) -> CampaignStep:
        """The last step that was accepted."""
        return [step for step in self.steps if step.accepted][-1]

    @property
    def team(self) -> tuple[int | str, ...]:
        """Labels of the team."""
        return self.final.team

    @property
    def recruitment(self) -> Recruitment:
        """The equilibrium with team and scheme, on fresh worlds."""
        return self.final.recruitment

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        table = plain_table(
            ("step", "changed", str(self.objective), "s.e.", "gain in the search", "s.e.", "kept"), left=2
        )
        for number, step in enumerate(self.steps, start=1):
            gain = ("", "") if step.gain is None else (f"{step.gain.mean:+,.4g}", f"{step.gain.stderr:.2g}")
            kept = "yes" if step.accepted else "no"
            table.add_row(str(number), step.kind, f"{step.value:,.5g}", f"{step.stderr:.2g}", *gain, kept)
        shown = ", ".join(map(str, self.team[:12])) + (", ..." if len(self.team) > 12 else "")
        footer = (
            f"team     {shown}",
            f"scheme   {', '.join(map(str, self.design.properties))}",
            f"ended    {self.reason}",
        )
        return render(f"A team of {len(self.team)} and a scheme for it", table, footer=footer)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        return {
            "team": list(self.team),
            "objective": str(self.objective),
            "steps": [step.to_dict() for step in self.steps],
            "reason": self.reason,
            "design": self.design.to_dict(),
            "recruitment": self.recruitment.to_dict(),
        }


def design_campaign(
    campaign: Campaign,
    k: int,
    *,
    rounds: int = 3,
    epsilon: Number | None = None,
    subject_to: Sequence[Property] = (),
    budget: Budget | None = None,
    objective: Objective | None = None,
    unit: float | None = None,
    effort: int = 1,
    tries: int = 16,
    replicates: int = 1024,
    rng: Rng,
    engine: int | Engine | None = None,
    progress: Progress | None = None,
) -> CampaignDesign:
    """Choose the team of k people and the reward scheme for each other.

    Parameters
    ----------
    campaign : Campaign
        Network, task, largest depth, and the team to start from.
    k : int
        People of the team.
    rounds : int
        Most rounds, each a team and then a scheme, at least 1.
    epsilon, subject_to, budget, unit, effort
        Of the scheme, as in `design`.
    objective : Objective, optional
        What is to be large; recruits by default.
    tries, replicates
        Of the team, as in `seeded_team`.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator
        Names all worlds and draws.
    engine : int, Engine or distributed.Client, optional
        Number of threads, or a Dask cluster; all cores by default. The result does not depend on it.
    progress : callable, optional
        Called with (stage, done, total).

    Returns
    -------
    CampaignDesign

    Raises
    ------
    InvalidInputError, UnsupportedProblemError, SolveError
        As `design` and `seeded_team` do.

    Notes
    -----
    First the scheme is designed for the team of the campaign (or the k people with most contacts, if it has not k
    members). Then a team is searched for the scheme and a scheme designed for the team, in turns. A change is kept
    if the equilibrium is better in the same worlds by the lower end of a 95 % interval, so no step makes the campaign
    worse there; the search ends with the first round that does not change both. Under a budget on chances what is
    spent depends on the team, so there team and scheme are changed together or not at all.

    Examples
    --------
    >>> from mechanism import CostModel, Graph, IncentiveNetwork, Members, Search
    >>> stars = Graph.from_edges([0] * 9 + [20] * 30, [*range(1, 10), *range(21, 51)])
    >>> network = IncentiveNetwork(stars, contact=0.5, join=CostModel.exponential(mean=0.5),
    ...                            invite=CostModel.exponential(mean=0.1))
    >>> campaign = Campaign(network, Search(prize=100, find=0.01), team=Members([0]), max_depth=2)
    >>> found = design_campaign(campaign, 1, rounds=1, replicates=256, rng=7)
    >>> found.team, found.steps[1].kind, found.steps[1].accepted
    ((20,), 'team', True)
    """
    most = whole(rounds, argument="rounds")
    root = seed_sequence(rng)
    aim = Objective.recruits() if objective is None else objective
    stages = Stages(progress, 2 * most + 2)

    def planned(nodes: Ids) -> Design:
        stages.tick("scheme")
        return design(
            with_team(campaign, nodes), epsilon=epsilon, subject_to=subject_to, budget=budget, objective=aim,
            unit=unit, effort=effort, rng=child(root, _SCHEMES), engine=engine,
        )  # fmt: skip

    def under(plan: Design) -> TeamSearch:
        return TeamSearch(
            campaign,
            plan.scheme,
            k,
            objective=aim,
            replicates=replicates,
            rng=child(root, _TEAMS),
            engine=engine,
        )

    def step(
        kind: str, search: TeamSearch, plan: Design, nodes: Ids, gain: Difference | None
    ) -> CampaignStep:
        recruitment, counts = search.fresh(nodes)
        accepted = gain is None or gain.low > 0
        value = search.figure(counts)
        return CampaignStep(kind, search.labels(nodes), plan.scheme, gain, accepted, recruitment, *value)

    stages_of_team = Stages(None, _TEAM_ROUNDS)
    on_chances = isinstance(budget, (ExpectedBudget, TailBudget))
    nodes = first_team(campaign, k)
    plan = planned(nodes)
    search = under(plan)
    steps = [step("scheme", search, plan, nodes, None)]
    reason: Reason = "rounds"
    for _ in range(most):
        stages.tick("team")
        found, _, ended = search.run(
            nodes, _TEAM_ROUNDS, tries=tries, epsilon=_EPSILON, stages=stages_of_team
        )
        reason = "interrupted" if ended == "interrupted" else "settled"
        if found is nodes:
            break
        before = search.at(nodes).counts
        if not on_chances:
            steps.append(step("team", search, plan, found, search.gain(search.at(found).counts, before)))
            if not steps[-1].accepted:
                break
            nodes, before = found, search.at(found).counts
        if ended == "interrupted":
            break
        other = planned(found)
        rival = under(other)
        kind = "team and scheme" if on_chances else "scheme"
        steps.append(step(kind, rival, other, found, rival.gain(rival.at(found).counts, before)))
        if not steps[-1].accepted:
            break
        nodes, plan, search, reason = found, other, rival, "rounds"
    stages.done()
    return CampaignDesign(with_team(campaign, nodes), plan, aim, tuple(steps), reason)
