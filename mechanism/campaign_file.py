"""A campaign in one TOML file: the network, its people, the task, the team, and how they are paid."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from os import PathLike
from pathlib import Path
from typing import Any, NoReturn

from mechanism.campaign import Campaign, Members, Team, TopDegree
from mechanism.costs import CostModel
from mechanism.errors import InvalidInputError
from mechanism.graph import Graph
from mechanism.motives import Motives
from mechanism.network import IncentiveNetwork
from mechanism.numbers import parse, spell, whole
from mechanism.response_times import ResponseTime
from mechanism.schemes import FAMILIES, PathScheme, TreeScheme, scheme_from_dict
from mechanism.schemes.spelling import scheme_from_text
from mechanism.tasks import Contribution, Search

__all__ = ["CampaignFile", "campaign_toml", "load_campaign"]

Key = tuple[str, ...]
_LARGEST = 1_000_000  # bytes
_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_CLOSERS = ("]", '"""', "'''")  # what a value of several lines ends with
_TASKS: dict[str, tuple[str, ...]] = {
    "search": ("kind", "prize", "targets", "find"),
    "contribution": ("kind", "amount"),
}
_KEYS: dict[str, tuple[str, ...]] = {
    "network": ("file", "directed", "self_loops", "duplicates", "contact", "support", "altruism"),
    "costs": ("join", "invite"),
    "motives": ("profit", "charity", "reciprocity", "entertainment"),
    "task": tuple(dict.fromkeys(key for keys in _TASKS.values() for key in keys)),
    "team": ("top_degree", "members"),
    "scheme": (),  # those of its family
}
_PLAIN = ("seed", "max_depth", "max_invites", "response", "horizon")
_REQUIRED = {
    "network.file": "the name of a network file",
    "network.contact": "a probability in [0, 1]",
    "costs.join": "a mean, or a law such as uniform:0:2",
    "costs.invite": "a mean, or a law such as uniform:0:2",
    "task.kind": "search or contribution",
    "max_depth": "an integer of at least 1",
}
_OF_TASK = {
    "task.prize": "a finite amount of money above 0",
    "task.find": "a probability in (0, 1]",
    "task.amount": "a finite amount of money above 0",
}


@dataclass(frozen=True, slots=True, eq=False)
class CampaignFile:
    """What a campaign file says.

    Attributes
    ----------
    campaign : Campaign
        Network, task, team and the rules of the race.
    scheme : PathScheme, TreeScheme or None
        How recruits are paid, if the file says so.
    seed : int or None
        The seed of random numbers, if the file says so.
    settings : dict
        All that was given, plain values by key and table.
    """

    campaign: Campaign
    scheme: PathScheme | TreeScheme | None
    seed: int | None
    settings: dict[str, Any]


def load_campaign(
    path: str | PathLike[str] | None,
    *,
    overrides: Mapping[str, Any] | None = None,
    graph: Graph | None = None,
) -> CampaignFile:
    r"""Read a campaign from a TOML file; nothing is ever written.

    Parameters
    ----------
    path : path or None
        A text of at most 1 MB; None if all is in `overrides`.
    overrides : mapping of str to object, optional
        Values that stand in for those of the file, by key with dots, such as ``{"task.prize": 500}``, or whole tables,
        ``{"team": {"top_degree": 3}}``; the team may be a `Team`. Here ``network.file`` counts from the working
        directory.
    graph : Graph, optional
        The network, instead of ``network.file``.

    Returns
    -------
    CampaignFile

    Raises
    ------
    InvalidInputError
        If the file is no such TOML, a key is unknown or missing, or a value is out of range: the message names the
        file, the line, the key, and what is allowed.

    Notes
    -----
    Above all tables stand ``max_depth``, and if need be ``max_invites``, ``response`` (a law such as
    ``"lognormal:1:1.5"``), ``horizon`` and ``seed``. The tables:

    - ``[network]``: ``file``, from the folder of the TOML file; ``directed`` (true unless given), ``self_loops`` and
      ``duplicates`` as in `Graph.from_file`; ``contact``; ``support`` and ``altruism`` if need be.
    - ``[costs]``: ``join`` and ``invite``, each a mean, a law such as ``"uniform:0:2"``, or a list of observed costs.
    - ``[motives]``, if need be: ``profit``, ``charity``, ``reciprocity``, ``entertainment``.
    - ``[task]``: ``kind = "search"`` with ``prize``, ``find`` and ``targets`` (1 unless given), or
      ``kind = "contribution"`` with ``amount``.
    - ``[team]``: ``top_degree``, or ``members``, a list of labels.
    - ``[scheme]``, if need be: ``scheme``, the family, and its parameters, as a scheme's ``to_dict`` writes them; or
      ``scheme = "recursive:1/2"`` above the tables.

    Numbers may be lists, one for each person (motives) or arc (contact, support, altruism), in the order of the graph.
    O(size of the file), and what reading the network takes.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "friends.tsv").write_text("ann bob\nbob cem\n")
    >>> _ = (folder / "c.toml").write_text('''
    ... max_depth = 10
    ... network = {file = "friends.tsv", directed = false, contact = 0.5}
    ... costs = {join = 0.8, invite = "uniform:0:0.2"}
    ... team = {members = ["bob"]}
    ... [task]
    ... kind = "search"
    ... prize = -1
    ... find = 0.001
    ... ''')
    >>> load_campaign(folder / "c.toml")
    Traceback (most recent call last):
    ...
    mechanism.errors.InvalidInputError: task.prize[c.toml, line 8] is -1.0; it must be a finite amount of money above 0
    >>> load_campaign(folder / "c.toml", overrides={"task.prize": 4000}).campaign.task
    Search(prize=4000.0, targets=1, find=0.001)
    """
    document = _Document.read(path)
    document.replace({} if overrides is None else overrides)
    document.check_keys(has_graph=graph is not None)
    return document.campaign_file(graph)


def campaign_toml(settings: Mapping[str, Any]) -> str:
    """Return the TOML text of settings, which `load_campaign` reads to the same campaign.

    Examples
    --------
    >>> print(campaign_toml({"team": {"members": ["ann"]}, "max_depth": 3}), end="")
    max_depth = 3
    <BLANKLINE>
    [team]
    members = ["ann"]
    """
    tables = {key: value for key, value in settings.items() if isinstance(value, Mapping)}
    lines = [f"{_word(key)} = {_toml(value)}" for key, value in settings.items() if key not in tables]
    for name, table in tables.items():
        lines += ["", f"[{_word(name)}]", *(f"{_word(key)} = {_toml(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


class _Document:
    """Settings, and where they stand in their file."""

    def __init__(self, values: dict[str, Any], places: dict[Key, int], path: Path | None) -> None:
        self.values, self.places, self.path = values, places, path

    @classmethod
    def read(cls, path: str | PathLike[str] | None) -> _Document:
        """Return what a file says."""
        if path is None:
            return cls({}, {}, None)
        file = Path(path)
        try:
            data = file.read_bytes() if file.is_file() and file.stat().st_size <= _LARGEST else None
            text = None if data is None else data.decode("utf-8")
        except OSError as error:
            raise InvalidInputError("campaign", str(path), allowed=f"a readable file ({error})") from error
        except UnicodeDecodeError as error:
            raise InvalidInputError(
                "campaign", str(path), allowed=f"a text file in UTF-8 (byte {error.start} is not)"
            ) from error
        if text is None:
            raise InvalidInputError(
                "campaign", str(path), allowed=f"an existing file of at most {_LARGEST:,} bytes"
            )
        try:
            return cls(tomllib.loads(text), _lines_of(text), file)
        except tomllib.TOMLDecodeError as error:
            _refuse_text(file, text, str(error))
        except RecursionError as error:
            raise InvalidInputError("campaign", str(path), allowed="nested less deeply") from error

    def replace(self, overrides: Mapping[str, Any]) -> None:
        """Put other values in place of those of the file."""
        for key, value in overrides.items():
            name, dot, rest = key.partition(".")
            if not dot:
                self.values[name] = dict(value) if isinstance(value, Mapping) else value
            else:
                table = self.values.get(name)
                self.values[name] = {**table, rest: value} if isinstance(table, Mapping) else {rest: value}
            kept = (name, rest) if dot else (name,)
            self.places = {at: line for at, line in self.places.items() if at[: len(kept)] != kept}

    def check_keys(self, *, has_graph: bool) -> None:
        """Refuse unknown keys, whatever is no table, and missing keys."""
        for key, value in self.values.items():
            if key not in (*_PLAIN, *_KEYS):
                self.refuse((key,), "known key", f"one of {', '.join((*_PLAIN, *_KEYS))}", verb="is no")
            if key in _KEYS and key != "scheme" and not hasattr(value, "select"):
                self._check_table(key, value)
        required = dict(_REQUIRED)
        kind = self.get("task.kind")
        if kind is not None:
            if not isinstance(kind, str) or kind not in _TASKS:
                self.refuse(("task", "kind"), kind, "search or contribution")
            for key in self.values["task"]:
                if key not in _TASKS[kind]:
                    allowed = f"one of {', '.join(_TASKS[kind])}"
                    self.refuse(("task", key), f"key of a {kind}", allowed, verb="is no")
            required |= {key: allowed for key, allowed in _OF_TASK.items() if key[5:] in _TASKS[kind]}
        if has_graph:
            del required["network.file"]
        for key, allowed in required.items():
            if self.get(key) is None:
                self.refuse(tuple(key.split(".")), "given", allowed, verb="is not")
        team = self.values.get("team", ())
        if not hasattr(team, "select") and len(team) != 1:
            self.refuse(("team",), "one rule", "top_degree = 5, or members = a list of labels", verb="is not")

    def _check_table(self, name: str, table: object) -> None:
        if not isinstance(table, Mapping):
            self.refuse((name,), table, f"a table with keys of {', '.join(_KEYS[name])}")
        for key in table:
            if key not in _KEYS[name]:
                self.refuse((name, key), "known key", f"one of {', '.join(_KEYS[name])}", verb="is no")

    def campaign_file(self, graph: Graph | None) -> CampaignFile:
        """Return what the settings describe; the network is read last."""
        seed = self.get("seed")
        with self.reading({"seed": "seed"}):
            seed = None if seed is None else whole(seed, argument="seed", least=0)
        scheme = self._scheme()
        join, invite = self._cost("costs.join"), self._cost("costs.invite")
        with self.reading({key: f"task.{key}" for key in _KEYS["task"]}):
            given = {key: value for key, value in self.values["task"].items() if key != "kind"}
            task = (Search if self.get("task.kind") == "search" else Contribution)(**given)
        with self.reading({key: f"motives.{key}" for key in _KEYS["motives"]}):
            motives = Motives(**self.values.get("motives", {}))
        response = self._response()
        team, named = self._team()
        table = self.values["network"]
        layers = {key: table[key] for key in ("contact", "support", "altruism") if key in table}
        with self.reading({key: f"network.{key}" for key in layers} | {"motives": "motives"}):
            network = IncentiveNetwork(
                graph or self._graph(), join=join, invite=invite, motives=motives, **layers
            )
        race = {
            key: self.values[key] for key in ("max_depth", "max_invites", "horizon") if key in self.values
        }
        with self.reading({key: key for key in race} | {"team": named}):
            campaign = Campaign(network, task, team=team, response=response, **race)
        if named == "team":
            self.values["team"] = {"members": network.graph.labels[campaign.team_nodes].tolist()}
        return CampaignFile(campaign, scheme, seed, self.values)

    def get(self, key: str) -> Any:
        """Return a value by its key with dots, None if it is not given."""
        name, dot, rest = key.partition(".")
        found = self.values.get(name)
        return found.get(rest) if dot and isinstance(found, Mapping) else None if dot else found

    def refuse(
        self,
        key: Key,
        value: object,
        allowed: str,
        *,
        verb: str = "is",
        index: int | str | tuple[int, ...] | None = None,
    ) -> NoReturn:
        """Refuse a value: name the key, and the line it stands on, or that of the table that it is missed in."""
        ends = range(len(key), 0, -1) if verb == "is not" else (len(key),)
        line = next((self.places[key[:n]] for n in ends if key[:n] in self.places), None)
        inner = ", ".join(map(str, index)) if isinstance(index, tuple) else index
        if self.path is not None and (line is not None or verb == "is not"):
            where = f"{self.path.name}, line {line or 1}"
            inner = where if inner is None else f"{where}: {inner}"
        raise InvalidInputError(".".join(key), value, index=inner, allowed=allowed, verb=verb)

    @contextmanager
    def reading(self, keys: Mapping[str, str], *, other: str | None = None) -> Iterator[None]:
        """Name the key, by the argument that was refused, and its line in errors."""
        try:
            yield
        except InvalidInputError as error:
            key = keys.get(error.argument, other)
            if key is None:
                raise
            self.refuse(tuple(key.split(".")), error.value, error.allowed, verb=error.verb, index=error.index)

    def _team(self) -> tuple[Team, str]:
        """Return the team, and the key that names it."""
        given = self.values["team"]
        if hasattr(given, "select"):
            return given, "team"
        rule, value = next(iter(given.items()))
        with self.reading({"k": "team.top_degree", "team": "team.members"}):
            return (TopDegree(value) if rule == "top_degree" else Members(value)), f"team.{rule}"

    def _cost(self, key: str) -> CostModel:
        given = self.get(key)
        try:
            if isinstance(given, list):
                return CostModel.empirical(given)
            if isinstance(given, str):
                return CostModel.parse(given)
            return CostModel.exponential(mean=given)
        except InvalidInputError as error:
            allowed = (
                error.allowed
                if error.argument == "cost"
                else f"a law whose {error.argument} is {error.allowed}"
            )
            self.refuse(tuple(key.split(".")), given, allowed, index=error.index)

    def _response(self) -> ResponseTime | None:
        given = self.get("response")
        try:
            return None if given is None else ResponseTime.parse(given)
        except InvalidInputError as error:
            known = error.argument == "response time"
            self.refuse(
                ("response",),
                given,
                error.allowed if known else f"a law whose {error.argument} is {error.allowed}",
            )

    def _scheme(self) -> PathScheme | TreeScheme | None:
        given = self.get("scheme")
        if given is None:
            return None
        if not isinstance(given, (str, Mapping)):
            self.refuse(("scheme",), given, "a table, or a text such as recursive:1/2")
        spelled = (
            {key: self._spelled(key, value) for key, value in given.items()}
            if isinstance(given, Mapping)
            else {}
        )
        try:
            return scheme_from_text(given) if isinstance(given, str) else scheme_from_dict(spelled)
        except InvalidInputError as error:
            if isinstance(given, Mapping):
                self._check_parameters(given)
            named = isinstance(given, Mapping) and error.argument in given
            key: Key = ("scheme", error.argument) if named else ("scheme",)
            self.refuse(key, error.value, error.allowed, verb=error.verb, index=error.index)

    def _check_parameters(self, given: Mapping[str, Any]) -> None:
        """Refuse parameters that are not those of the family, if there is such a family."""
        kind = given.get("scheme")
        if kind is None:
            self.refuse(("scheme", "scheme"), "given", f"one of {', '.join(sorted(FAMILIES))}", verb="is not")
        if not isinstance(kind, str) or kind not in FAMILIES:
            return
        names = [item.name for item in fields(FAMILIES[kind]) if item.init and item.repr]
        for key in given:
            if key not in ("scheme", *names):
                allowed = f"one of {', '.join(names)}" if names else f"{kind} alone"
                self.refuse(("scheme", key), f"parameter of {kind}", allowed, verb="is no")
        for name in names:
            if name not in given:
                self.refuse(("scheme", name), "given", f"a parameter of {kind}", verb="is not")

    def _spelled(self, key: str, value: object) -> object:
        """Return a parameter as `scheme_from_dict` reads it: numbers as texts."""
        if isinstance(value, list):
            return [self._spelled(key, one) for one in value]
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            value = spell(value)
        if key != "scheme" and isinstance(value, str):
            with self.reading({"number": f"scheme.{key}"}):
                parse(value)
        return value

    def _graph(self) -> Graph:
        table = self.values["network"]
        name = table["file"]
        if not isinstance(name, (str, Path)):
            self.refuse(("network", "file"), name, "the name of a network file")
        if not isinstance(table.get("directed", True), bool):
            self.refuse(("network", "directed"), table["directed"], "true or false")
        from_file = self.path is not None and ("network", "file") in self.places
        folder = self.path.parent if self.path is not None and from_file else Path()
        settings = {key: table[key] for key in ("directed", "self_loops", "duplicates") if key in table}
        with self.reading({key: f"network.{key}" for key in settings}, other="network.file"):
            return Graph.from_file(folder / name, **settings)


def _refuse_text(file: Path, text: str, reason: str) -> NoReturn:
    """Refuse a text that is no TOML; name the line and show it."""
    lines = text.split("\n")
    found = _PLACE.search(reason)
    line = int(found[1]) if found and found[1] else len(text.rstrip().split("\n"))
    shown = f"{reason[: found.start()] if found else reason}, in {lines[line - 1].strip()!r}"
    raise InvalidInputError(
        "campaign",
        shown,
        index=f"{file.name}, line {line}",
        allowed='lines such as key = "value"',
        verb="is no TOML:",
    )


def _lines_of(text: str) -> dict[Key, int]:
    """Return the line on which each key and each table of a valid TOML text begins."""
    places: dict[Key, int] = {}
    table: Key = ()
    statement, start = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        if not statement:
            start = number
        elif not any(mark in line for mark in _CLOSERS):  # it goes on: no need to try
            statement += line + "\n"
            continue
        statement += line + "\n"
        try:
            parsed = tomllib.loads(statement)
        except tomllib.TOMLDecodeError:  # it goes on
            continue
        if statement.lstrip().startswith("["):
            table = _header(parsed)
            parsed = {}
            for n in range(1, len(table) + 1):
                places.setdefault(table[:n], start)
        _note(parsed, table, start, places)
        statement = ""
    return places


def _header(parsed: Mapping[str, Any]) -> Key:
    """Return the keys of the table that a line such as ``[a.b]`` begins."""
    keys: list[str] = []
    inner: object = parsed
    while isinstance(inner, Mapping) and inner:
        keys += inner
        inner = inner[keys[-1]]
    return tuple(keys)


def _note(parsed: Mapping[str, Any], above: Key, line: int, places: dict[Key, int]) -> None:
    for key, value in parsed.items():
        places.setdefault((*above, key), line)
        if isinstance(value, Mapping):
            _note(value, (*above, key), line, places)


def _word(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _toml(key)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, int | float):
        return repr(value)
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
