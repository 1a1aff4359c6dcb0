"""What the commands share: how a network, or a campaign on it, is described."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from mechanism.errors import InvalidInputError
from solvers.cli_output import KEYS, refuse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mechanism import Campaign, Graph
    from mechanism.campaign_file import CampaignFile

__all__ = ["CampaignRequest", "campaign_options", "labels_in", "network_options", "seed_of"]

Command = Callable[..., Any]
_GENERATED = "generated example network (not observed data)"
_MOTIVES = ("profit", "charity", "reciprocity", "entertainment")


@dataclass(frozen=True, slots=True)
class CampaignRequest:
    """A network or a campaign as the command line describes it."""

    options: Mapping[str, Any]
    typed: frozenset[str]

    @property
    def file(self) -> Path | None:
        """The campaign file."""
        path: Path | None = self.options["campaign"]
        return path

    def load(self) -> CampaignFile:
        """Return the campaign: the options that were typed stand before those of the file."""
        from mechanism import datasets
        from mechanism.campaign_file import load_campaign

        seed = self.options.get("seed", 0)
        if seed < 0:
            raise click.UsageError(f"--seed is {seed}; it must be at least 0")
        overrides, edge_list = self._overrides(), self.options["edge_list"]
        if edge_list is not None:
            overrides["network.file"] = edge_list
        graph = None
        if edge_list is None and self.file is None:
            if self.options["directed"]:
                raise click.UsageError("--directed needs an EDGE_LIST: the generated network is undirected")
            graph = datasets.example_graph()
        return load_campaign(self.file, overrides=overrides, graph=graph)

    def network(self) -> tuple[Graph, CampaignFile | None]:
        """Return the network alone, and the campaign if there is a file of it."""
        from mechanism import Graph

        if self.file is not None:
            loaded = self.load()
            return loaded.campaign.network.graph, loaded
        path: Path | None = self.options["edge_list"]
        if path is None:
            raise click.UsageError("EDGE_LIST is missing; it must be a network file, or --campaign FILE.toml")
        graph = Graph.from_file(
            path,
            directed=self.options["directed"] is not False,
            self_loops=self.options["self_loops"],
            duplicates=self.options["duplicates"],
        )
        return graph, None

    def _overrides(self) -> dict[str, Any]:
        given = {
            name: value
            for name, value in self.options.items()
            if name in self.typed or (self.file is None and value is not None)
        }
        overrides = {key: given[name] for name, key in KEYS.items() if name in given}
        overrides |= {f"motives.{name}": weight for name, weight in _motives(given.get("motive", ())).items()}
        if "amount" in given:
            if wrong := sorted({"prize", "targets", "find"} & self.typed):
                raise click.UsageError(f"--{wrong[0]} is of a search, --amount of a contribution: give one")
            overrides = {key: value for key, value in overrides.items() if not key.startswith("task.")}
            overrides["task"] = {"kind": "contribution", "amount": given["amount"]}
        elif self.file is None and "prize" in given:
            overrides["task.kind"] = "search"
        if "team" in given:
            overrides["team"] = _Team(given["team"])
        for name in ("join_cost", "invite_cost"):
            if name in given:
                from mechanism import CostModel

                with refuse(f"--{name.replace('_', '-')}"):
                    CostModel.parse(given[name])
        return overrides

    def title(self, loaded: CampaignFile) -> str:
        """Return the name of the network and its size."""
        name = loaded.settings["network"].get("file")
        return (
            f"{_GENERATED if name is None else Path(name).name}, {loaded.campaign.network.graph.n:,} people"
        )

    def heading(self, loaded: CampaignFile) -> str:
        """Return what is solved, in a few lines that are the same on every machine."""
        settings, campaign = loaded.settings, loaded.campaign
        graph, contact = campaign.network.graph, campaign.network.contact
        undirected = "file" not in settings["network"] or settings["network"].get("directed") is False
        size = f"{graph.m // 2:,} edges" if undirected else f"{graph.m:,} arcs"
        join, invite = (_cost(settings["costs"][key]) for key in ("join", "invite"))
        by_arc = f"{contact:g}" if isinstance(contact, float) else "given by arc"
        return (
            f"Network: {self.title(loaded)}, {size}.\n"
            f"Task: {_work(campaign)}.\n"
            f"People: contact {by_arc}, cost of joining {join}, of an invitation {invite}.\n"
            f"Campaign: team of {len(campaign.team_nodes)}, largest depth {campaign.max_depth}."
        )


def _work(campaign: Campaign) -> str:
    from mechanism import Search

    task = campaign.task
    if not isinstance(task, Search):
        return f"every recruit contributes {task.stake:g}"
    targets = "1 target" if task.targets == 1 else f"{task.targets:,} targets"
    return f"{targets}, prize {task.prize:g} each, seen by a member with probability {task.find:g}"


def _cost(given: object) -> str:
    if isinstance(given, list):
        return f"as observed {len(given):,} times"
    return str(given) if ":" in str(given) else f"exponential:{given}"


def _motives(words: Sequence[str]) -> dict[str, float]:
    weights = {}
    for word in words:
        name, _, weight = word.partition("=")
        try:
            weights[name] = float(weight)
        except ValueError:
            name = ""
        if name not in _MOTIVES:
            raise click.UsageError(
                f"--motive is {word!r}; it must be one of {', '.join(_MOTIVES)}, and =WEIGHT"
            )
    return weights


@dataclass(frozen=True, slots=True)
class _Team:
    """The team that ``5`` or ``members:ann,bob`` names."""

    text: str

    def select(self, graph: Graph) -> NDArray[Any]:
        """Return the nodes of the team."""
        from mechanism import Members, TopDegree

        kind, colon, names = self.text.partition(":")
        numeric = graph.labels.dtype.kind == "i"
        try:
            if not colon:
                return TopDegree(int(kind)).select(graph)
            if kind == "members":
                return Members(labels_in(names, numeric=numeric)).select(graph)
        except ValueError as error:
            if isinstance(error, InvalidInputError):
                raise
        raise click.UsageError(
            f"--team is {self.text!r}; it must be a whole number or members:LABEL,..."
            + (" with whole numbers as labels" if numeric and colon else "")
        )


def labels_in(text: str, *, numeric: bool) -> list[int | str]:
    """Return the labels in a text with commas; a ValueError says that one is no whole number."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    return [int(name) for name in names] if numeric else list(names)


_NETWORK = (
    click.argument("edge_list", required=False, type=click.Path(path_type=Path)),
    click.option(
        "--campaign",
        type=click.Path(path_type=Path),
        metavar="FILE.toml",
        help="Read network, people, task and team from a file; options that are typed stand before it.",
    ),
    click.option(
        "--directed/--undirected",
        default=None,
        help="Whether an edge u v lets only u contact v.  [default: directed]",
    ),
    click.option("--self-loops", type=click.Choice(["refuse", "drop"]), default="refuse", show_default=True),
    click.option(
        "--duplicates",
        type=click.Choice(["refuse", "merge"]),
        default="refuse",
        show_default=True,
        help="Repeated edges.",
    ),
)
_COST = "COST"
_PEOPLE = (
    click.option("--prize", type=float, default=4000.0, show_default=True, help="Money for each target."),
    click.option(
        "--targets", type=int, default=1, show_default=True, help="How many targets there are to find."
    ),
    click.option(
        "--find",
        type=float,
        default=1e-3,
        show_default=True,
        help="Chance that a member sees a given target.",
    ),
    click.option(
        "--amount", type=float, help="What every recruit contributes, money: the task is then no search."
    ),
    click.option(
        "--contact", type=float, default=0.5, show_default=True, help="Chance that an invitation arrives."
    ),
    click.option(
        "--join-cost",
        default="0.8",
        show_default=True,
        metavar=_COST,
        help="Private cost of joining, money: a mean, exponential:MEAN, uniform:LOW:HIGH, lognormal:MEDIAN:SIGMA, "
        "weibull:SCALE:SHAPE or logistic:MEAN:SCALE.",
    ),
    click.option(
        "--invite-cost",
        default="0.12",
        show_default=True,
        metavar=_COST,
        help="Effort of one invitation, likewise.",
    ),
    click.option(
        "--motive",
        multiple=True,
        metavar="NAME=WEIGHT",
        help="What moves people: profit (1 by default), charity, reciprocity, entertainment; may be repeated.",
    ),
    click.option(
        "--max-depth", type=int, default=10, show_default=True, help="Nobody joins deeper than this."
    ),
    click.option("--max-invites", type=int, help="Most invitations of a member.  [default: no limit]"),
    click.option(
        "--response",
        metavar="LAW",
        help="How long an answer takes: exponential:MEAN, gamma:SHAPE:MEAN, lognormal:MEDIAN:SIGMA or "
        "pareto:LEAST:EXPONENT; the race then runs by the clock.  [default: in rounds]",
    ),
    click.option("--horizon", type=float, help="Nobody joins later; with --response."),
    click.option(
        "--team",
        default="5",
        show_default=True,
        metavar="K|members:LABEL,...",
        help="The organiser's team: the K people with most contacts, or those named.",
    ),
    click.option(
        "--seed", type=int, default=0, show_default=True, help="The same seed gives the same result."
    ),
)


def seed_of(typed: int | None, loaded: CampaignFile | None) -> int:
    """Return the seed that was typed, else that of the campaign file, else 0."""
    if typed is not None:
        return typed
    return (loaded.seed or 0) if loaded is not None else 0


def network_options(function: Command) -> Command:
    """Add the edge list and the campaign file; the command gets them as `request`."""
    return _with(function, _NETWORK)


def campaign_options(function: Command) -> Command:
    """Add all that a campaign is made of; the command gets it as `request`."""
    return _with(function, _NETWORK + _PEOPLE)


def _with(function: Command, adders: Sequence[Callable[[Command], Command]]) -> Command:
    bare = click.Command("bare")  # tells the names of what is added
    for add in adders:
        add(bare)
    names = [parameter.name for parameter in bare.params]

    @wraps(function)
    @click.pass_context
    def run(context: click.Context, /, **given: Any) -> Any:
        mine = {name: given.pop(name) for name in names}
        default = (ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP)
        typed = frozenset(name for name in mine if context.get_parameter_source(name) not in default)
        return function(request=CampaignRequest(mine, typed), **given)

    added: Command = run
    for add in reversed(adders):
        added = add(added)
    return added
