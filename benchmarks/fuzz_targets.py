"""What is fed with broken and hostile files, from which valid ones, and how what is accepted is checked anew.

Edge lists        the fast and the careful reader, if both accept, read the same graph.
.npz              a memory map and a copy in memory are the same graph.
documents         what is read can be written again, and is then read as the same.
check             what the claim says of chains of length <= 5, as `mechanism` pays them.
check_tree, check_share   budget, balance, RPC and siblings on forests of 1 to 4 members, as `mechanism` pays them.
check_linear      the value is what HiGHS finds for the program, written anew, within 1e-6.
check_seeding     the ratio, by the published formula in floating point, within 1e-9.
check_game        nobody gains more than is claimed, and best responses lead as near as is claimed, in floating point.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import inf, log, sqrt
from pathlib import Path
from typing import Any

import numpy as np

from mechanism import Graph, ReferralForest, games, readers, scheme_from_dict
from mechanism.arcs import Edges
from mechanism.campaign_file import load_campaign
from mechanism.errors import InvalidInputError, MechanismError
from mechanism.games import system_from_dict
from mechanism.message import Message
from mechanism.opinions import Opinions
from mechanism.response_times import ResponseTime
from mechanism.schemes.spelling import scheme_from_text
from proofs import check, check_game, check_linear, check_seeding, check_share, check_tree
from proofs.certificate import read_certificate, read_scheme

__all__ = ["Target", "Untrue", "targets"]


class Untrue(Exception):
    """What was accepted is not true; the message says why."""


class ByExitCode(MechanismError):
    """A checker refused, or could not read, a file, and said so."""


@dataclass(frozen=True)
class Target:
    """A reader or a checker."""

    name: str
    accept: Callable[[Path, bytes], None]
    seeds: tuple[bytes, ...]
    words: tuple[str, ...] = ()
    is_json: bool = False
    is_toml: bool = False
    weight: float = 1.0
    prepare: Callable[[Path], object] = lambda folder: None


def real(x: Any) -> float:
    """Return a number as a float, infinite if it is beyond the floats."""
    try:
        return float(x)
    except OverflowError:
        return inf


def require(holds: object, otherwise: str) -> None:
    if not holds:
        raise Untrue(otherwise)


def same(one: Graph, two: Graph) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(two, name)) for name in ("indptr", "indices", "labels")
    )


# Readers of files ------------------------------------------------------------------------------------------------


def edge_list(suffix: str) -> Callable[[Path, bytes], None]:
    def accept(folder: Path, data: bytes) -> None:
        path = folder / f"edges{suffix}"
        path.write_bytes(data)
        graph = Graph.from_file(path, self_loops="drop", duplicates="merge")
        careful = readers._read_with_care(path, readers.decompressed(path))
        labels, source, target = Edges(careful.source, careful.target).numbered()
        again = Graph.from_edges(labels[source], labels[target], self_loops="drop", duplicates="merge")
        require(same(graph, again), "the fast and the careful reader differ")

    return accept


def graph_file(suffix: str) -> Callable[[Path, bytes], None]:
    def accept(folder: Path, data: bytes) -> None:
        path = folder / f"graph{suffix}"
        path.write_bytes(data)
        graph = Graph.from_file(path)
        if suffix == ".npz":
            with contextlib.suppress(InvalidInputError):  # compressed
                require(same(graph, Graph.from_file(path, memory_map=True)), "the map is another graph")

    return accept


def saved(graph: Graph, name: str, **settings: Any) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        graph.save(Path(folder) / name, **settings)
        return (Path(folder) / name).read_bytes()


def forest(folder: Path, data: bytes) -> None:
    path = folder / "members.csv"
    path.write_bytes(data)
    found = ReferralForest.from_file(path, contribution="spent")
    require(
        ReferralForest(found.parents, found.contributions).to_dict() == found.to_dict(),
        "it changes when made anew",
    )
    require(int(found.depths.max()) <= found.size, "a member is below itself")


def campaign(folder: Path, data: bytes) -> None:
    path = folder / "campaign.toml"
    path.write_bytes(data)
    before = sorted(folder.iterdir())
    try:
        load_campaign(path)
    finally:
        require(sorted(folder.iterdir()) == before, "reading wrote a file")


# Documents -------------------------------------------------------------------------------------------------------


def document(made: Callable[[Any], Any]) -> Callable[[Path, bytes], None]:
    def accept(folder: Path, data: bytes) -> None:
        try:
            given = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise InvalidInputError("document", "JSON", allowed="JSON", verb="is no") from error
        found = made(given)
        told = found.to_dict()
        require(json.dumps(made(told).to_dict()) == json.dumps(told), "it is not read back as it was written")

    return accept


def file_of(name: str, read: Callable[[Path], object]) -> Callable[[Path, bytes], None]:
    def accept(folder: Path, data: bytes) -> None:
        (folder / name).write_bytes(data)
        read(folder / name)

    return accept


def spelled(folder: Path, data: bytes) -> None:
    scheme_from_text(data.decode("utf-8", "replace"))


# Checkers --------------------------------------------------------------------------------------------------------


def checker(
    main: Callable[[list[str]], int], load: Callable[[str], Any], true: Callable[..., None]
) -> Callable[..., None]:
    """Return what runs a checker as its command does; the file holds all its documents, one on each line."""

    def accept(folder: Path, data: bytes) -> None:
        paths = []
        for number, text in enumerate(split(data)):
            path = folder / f"{number}.json"
            path.write_bytes(text)
            paths.append(str(path))
        said, failed = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(failed):
            code = main(paths)
        require(code in (0, 1, 2), f"the exit code is {code}")
        if code:
            words = (said.getvalue() + failed.getvalue()).strip()
            require(words.startswith(("refused: ", "cannot be read: ", "usage: ")), f"it says {words[:80]!r}")
            raise ByExitCode(words)
        require(said.getvalue().startswith("accepted"), "it accepts without a word")
        true(*map(load, paths))

    return accept


def split(data: bytes) -> list[bytes]:
    """Return the documents of an input: of a JSON array that holds them, or as they are."""
    try:
        documents = json.loads(data)
    except (ValueError, RecursionError):
        half = len(data) // 2
        return [data[:half], data[half:]]
    if isinstance(documents, list):
        return [json.dumps(one).encode("utf-8", "surrogatepass") for one in documents]
    return [data]


def both(*documents: Any) -> bytes:
    return json.dumps(documents).encode()


def path_claims(scheme: Any, certificate: Any) -> None:
    """Check the inequalities of every claim for short chains, as the library pays them."""
    depth = 5
    table = scheme_from_dict(scheme).exact_table(depth)
    for claim in (entry["claim"] for entry in certificate["claims"]):
        last = min(depth, claim["max_depth"] or depth)
        given = {key: Fraction(x) for key, x in claim.items() if isinstance(x, str) and key != "property"}
        most, name = claim.get("identities"), claim["property"]
        for n in range(1, last + 1):
            row = table[n - 1]
            if name == "within_budget":
                require(sum(row) <= given.get("budget", 1), "a chain is paid more")
            elif name == "budget_balanced":
                require(sum(row) == 1, "a chain is not paid 1")
            elif name == "finder_share":
                require(row[0] >= given["gamma"], "a finder is paid less")
            elif name == "reward_cap":
                require(max(row) <= given["cap"], "somebody is paid more")
            elif name == "individual_rationality":
                require(min(row) >= given["cost"], "somebody is paid less")
            elif name == "monotone":
                require(sorted(row, reverse=True) == row, "somebody above is paid more")
            elif name == "recruiter_share" and "delta" in given:
                require(
                    all(y >= given["delta"] * x for x, y in pairwise(row)),
                    "a recruiter is paid less",
                )
            elif name == "sybil_proof":
                for k in range(1, min(last - n, last if most is None else most) + 1):
                    for j in range(n):
                        several = sum(table[n + k - 1][j : j + k + 1])
                        paid = (1 + given["epsilon"]) * row[j] + k * given.get("identity_cost", 0)
                        require(several <= paid, "identities earn more")


FORESTS = [
    ReferralForest(parents, amounts)
    for parents in (
        [-1],
        [-1, -1],
        [-1, 0],
        [-1, 0, 0],
        [-1, 0, 1],
        [-1, 0, 0, 1],
        [-1, 0, 1, 2],
        [-1, -1, 0, 1],
    )
    for amounts in ([1, 1, 1, 1][: len(parents)], [Fraction(1, 2), 3, 2, Fraction(1, 3)][: len(parents)])
]


def tree_claims(scheme: Any, certificate: Any) -> None:
    """Check budget, balance, proportional rewards and what siblings gain, in small forests."""
    rule = scheme_from_dict(scheme)
    lottery = scheme["scheme"] in ("pachira", "luxor", "share_lottery")
    for claim in (entry["claim"] for entry in certificate["claims"]):
        name = claim.get("property")
        for one in FORESTS if not lottery else ():
            paid = [float(x) for x in rule.rewards(one)]
            total, own = float(one.total), [float(x) for x in one.contributions]
            if name == "budget_constraint":
                require(
                    sum(paid) <= real(Fraction(claim["budget"])) * total + 1e-9,
                    "more is paid than the budget",
                )
            elif name == "budget_balance":
                require(abs(sum(paid) - total) < 1e-9, "the budget is not balanced")
            elif name == "proportional_reward":
                least = real(Fraction(claim["fraction"]))
                require(
                    all(x >= least * c - 1e-9 for x, c in zip(paid, own, strict=True)),
                    "somebody is paid less",
                )
            elif name == "unprofitable_sybil_attack" and claim["structure"] != "chain":
                whole = ReferralForest([-1, 0], [2, 1])
                parts = ReferralForest([-1, -1, 0], [1, 1, 1])
                cost = real(Fraction(claim["identity_cost"]))
                gain = sum(map(float, rule.rewards(parts)[:2])) - float(rule.rewards(whole)[0])
                require(gain <= cost + 1e-9, "siblings earn more")


def linear_claims(certificate: Any) -> None:
    """Solve the program anew, in floating point."""
    from scipy.optimize import linprog

    for claim in (entry["claim"] for entry in certificate["claims"]):
        n = claim["max_depth"]
        place = {
            (at, j): number
            for number, (at, j) in enumerate((at, j) for at in range(1, n + 1) for j in range(at))
        }
        width, rows, most = len(place) + 1, [], []

        def add(entries: dict[int, float], right: float, width=width, rows=rows, most=most) -> None:
            row = np.zeros(width)
            for at, value in entries.items():
                row[at] += value
            rows.append(row)
            most.append(right)

        epsilon, cost, budget = (
            real(Fraction(claim[name])) for name in ("epsilon", "identity_cost", "budget")
        )
        chosen = (
            [tuple(pair) for pair in claim["positions"]]
            if isinstance(claim["positions"], list)
            else [at for at in place if claim["positions"] == "all" or 1 <= at[1] <= at[0] - 2]
        )
        for at in range(1, n + 1):
            add({place[at, j]: 1.0 for j in range(at)}, budget)
            for k in range(1, n - at + 1):
                for j in range(at):
                    after = {place[at + k, j + i]: 1.0 for i in range(k + 1)}
                    add(after | {place[at, j]: -1 - epsilon}, k * cost)
                    if claim["collusion"] is not None:
                        merge = 1 + real(Fraction(claim["collusion"]))
                        add(dict.fromkeys(after, -merge) | {place[at, j]: 1.0}, 0.0)
        goal = np.zeros(width)
        if claim["objective"] == "least":
            goal[-1] = -1
            for at in chosen:
                add({width - 1: 1.0, place[at]: -1.0}, 0.0)
        else:
            goal[[place[at] for at in chosen]] = -1
        found = linprog(goal, np.array(rows), most, method="highs")
        value = real(Fraction(claim["value"]))
        require(
            found.status == 0 and abs(-found.fun - value) <= 1e-6 * max(1, value), "the optimum is another"
        )


def seeding_claim(certificate: Any) -> None:
    i, delta = certificate["round"], real(Fraction(certificate["delta"]))
    h = log(2 * i * (i + 1)) - log(delta)
    covered, test = certificate["covered"], certificate["test"]
    low = max(sqrt(covered + 2 * h / 9) - sqrt(h / 2), 0) ** 2 - h / 18
    reached = certificate["prefix"] + real(Fraction(certificate["more"]))
    high = min((sqrt(reached + h / 2) + sqrt(h / 2)) ** 2 / certificate["choice"], 1)
    require(real(Fraction(certificate["ratio"])) <= max(low, 0) / test / high + 1e-9, "the ratio is too high")


def game_claims(system: Any, certificate: Any) -> None:
    """Check gains, and how far best responses lead, in floating point."""
    plain = json.loads(json.dumps(system, default=real))
    for one in (plain, plain.get("base", {})):  # names do not matter, and the checker does not look at them
        one["graph"] = (
            {"indptr": [0]}
            | one.get("graph", {})
            | {"labels": list(range(len(one.get("graph", plain["graph"])["labels"])))}
        )
    game = system_from_dict(plain)
    actions = np.array([float(x) for x in np.broadcast_to(certificate["actions"], (game.n,)).tolist()])
    if plain["system"] == "interdependent":
        return  # of which the gains need an inverse
    for claim in certificate["claims"]:
        if claim["claim"] == "equilibrium":
            gain = float(np.max(game.gains(actions)))
            require(gain <= real(claim["gain"]) + 1e-9 * max(1, abs(gain)), f"somebody gains {gain:g}")
        elif claim["claim"] == "error":
            x = actions
            for _ in range(300):
                x = game.best_response(x)
            far = float(np.linalg.norm(x - game.best_response(x)))
            if far < 1e-12:
                away = float(np.abs(x - actions).max())
                require(away <= real(claim["bound"]) + 1e-9, f"the equilibrium is {away:g} away")


# All of them -----------------------------------------------------------------------------------------------------


def targets() -> list[Target]:
    """Return every target, in the order of the table."""
    from benchmarks.fuzz_seeds import seeds

    made = seeds()
    plain, numbers = made["text edges"], made["edges"]
    lists = (
        "1",
        "2",
        "-3",
        "ann",
        "bob",
        "source",
        "target",
        "#",
        "{",
        '"',
        "0.5",
        "nan",
        "99999999999999999999",
    )
    matrix = (
        "%%MatrixMarket matrix",
        "coordinate",
        "array",
        "general",
        "symmetric",
        "pattern",
        "real",
        "integer",
        "%",
    )
    matrix = (*matrix, "3 3 1\n", "1 2\n", "-1", "0.5")
    toml = made["campaign words"]
    network = lambda folder: (folder / "net.tsv").write_text("ann bob\nbob cem\ncem dan\n")  # noqa: E731
    keys = tuple(sorted({key for text in made["systems"] for key in json.loads(text)}))
    everything = (
        *keys,
        *toml,
        "claim",
        "claims",
        "format",
        "property",
        "multipliers",
        "indptr",
        "indices",
        "labels",
    )
    classes = {
        "system_from_dict": system_from_dict,
        "NormalForm": games.NormalForm.from_dict,
        "Polymatrix": games.Polymatrix.from_dict,
        "PeerPressure": games.PeerPressure.from_dict,
        "QueryNetwork": games.QueryNetwork.from_dict,
        "Opinions": Opinions.from_dict,
        "Message": Message.from_dict,
        "ResponseTime": ResponseTime.from_dict,
        "scheme_from_dict": scheme_from_dict,
    }
    by_key = {"system_from_dict": "systems", "scheme_from_dict": "schemes"}
    about = {
        "check": (check, path_claims),
        "check_tree": (check_tree, tree_claims),
        "check_share": (check_share, tree_claims),
        "check_linear": (check_linear, linear_claims),
        "check_game": (check_game, game_claims),
        "check_seeding": (check_seeding, seeding_claim),
    }
    return [
        Target("edge list", edge_list(".txt"), plain + numbers, lists, weight=3),
        Target("edge list .csv", edge_list(".csv"), plain + numbers, lists),
        Target(
            "edge list .gz", edge_list(".tsv.gz"), tuple(gzip.compress(x, mtime=0) for x in plain + numbers)
        ),
        Target(".npz", graph_file(".npz"), made[".npz"], weight=2),
        Target(".parquet", graph_file(".parquet"), made[".parquet"], weight=0.02),
        Target(".mtx", graph_file(".mtx"), made[".mtx"], matrix, weight=2),
        Target(
            ".mtx.gz",
            graph_file(".mtx.gz"),
            tuple(gzip.compress(x, mtime=0) for x in made[".mtx"]),
            weight=0.5,
        ),
        Target(
            "forest",
            forest,
            made["forest"],
            ("id", "recruiter", "spent", "ann", "bob", "1", "-2", "1/3", '"'),
            weight=2,
        ),
        Target("campaign TOML", campaign, made["campaign"], toml, is_toml=True, weight=2, prepare=network),
        Target(
            "scheme text", spelled, made["scheme texts"], (*made["scheme words"], ":", ",", "=", "1/2", "0.5")
        ),
        Target("scheme file", file_of("s.json", read_scheme), made["schemes"], everything, is_json=True),
        Target(
            "certificate file",
            file_of("c.json", read_certificate),
            made["certificates"],
            everything,
            is_json=True,
        ),
        *(
            Target(name, document(read), made[by_key.get(name, name)], everything, is_json=True)
            for name, read in classes.items()
        ),
        *(
            Target(name, checker(one.main, one.load, true), made[name], everything, is_json=True, weight=3)
            for name, (one, true) in about.items()
        ),
    ]
