"""An airdrop with labelled sybils: how much of a referral budget would they take under each reward scheme?

    python -m benchmarks.studies.airdrop --out airdrop.svg

Hop's airdrop of 2022 removed 14,195 of 43,052 addresses as sybils. Whoever was sent money by another address is
taken to be recruited by the one that sent most often; every address with a tie finds the target equally likely, and
the scheme pays it and those above it. Recruits of the same schemes come from a campaign on the largest component.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import click
import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from benchmarks.studies import panels, write
from mechanism import (
    Campaign,
    CostModel,
    Graph,
    IncentiveNetwork,
    PathTable,
    Recursive,
    ReferralForest,
    Search,
    TopDegree,
    datasets,
)
from mechanism.schemes import PathScheme
from proofs import sybil_gain
from solvers import frontier, recruit
from solvers.design_frontier import FrontierRow
from solvers.labels import place_labels
from solvers.plots import BLUE, GREY
from solvers.seeds import child, seed_sequence
from solvers.tables import percent, plain_table, render

DEPTH = 10  # longest chain that the campaign, and so a designed table, pays
CUT = 3
EPSILONS = (0.0, 0.1, 0.25)
SEED = 7
SHOWN = ("recursive 0.5", "equal split", "finder takes all", "double geometric 0.5")
QUOTED = {"recursive 0.5": 0.62, "double geometric 0.5": 0.36}
HALVES, DRAWS = 100, 1000


def transfers() -> tuple[pd.DataFrame, np.ndarray]:
    """Return the transfers, and for each address whether it is labelled a sybil."""
    nodes, ties = (
        pd.read_csv(datasets.path(f"sybil/hop_{name}"), sep="\t", comment="#")
        for name in ("nodes", "transfers")
    )
    return ties, nodes.set_index("node")["sybil"].sort_index().to_numpy() == 1


def funders(ties: pd.DataFrame, n: int) -> np.ndarray:
    """Return who funded each most often (the smallest number on ties), -1 for nobody; cycles lose their rarest link."""
    best = ties.sort_values(["dst", "count", "src"], ascending=[True, False, True]).drop_duplicates("dst")
    parents, count = np.full(n, -1), np.zeros(n, dtype=np.int64)
    parents[best["dst"]] = best["src"]
    count[best["dst"]] = best["count"]
    linked = np.flatnonzero(parents >= 0)
    arcs = coo_array((np.ones(len(linked)), (linked, parents[linked])), shape=(n, n))
    loop = connected_components(arcs, directed=True, connection="strong")[1]
    inside = np.flatnonzero(np.bincount(loop)[loop] > 1)
    inside = inside[np.lexsort((inside, count[inside], loop[inside]))]
    parents[inside[np.unique(loop[inside], return_index=True)[1]]] = -1
    return parents


@dataclass(frozen=True)
class Forest:
    """A referral forest of the addresses with a tie, and who of them is labelled a sybil."""

    parents: np.ndarray
    depths: np.ndarray
    sybil: np.ndarray

    @classmethod
    def of(cls, ties: pd.DataFrame, sybil: np.ndarray) -> Forest:
        tied = np.unique(ties[["src", "dst"]])
        place = np.full(len(sybil), -1)
        place[tied] = np.arange(len(tied))
        recruiter = funders(ties, len(sybil))[tied]
        parents = np.where(recruiter >= 0, place[recruiter], -1)
        return cls(parents, ReferralForest(parents).depths, sybil[tied])

    @property
    def trees(self) -> np.ndarray:
        """The number of the tree of each, from 0."""
        root = np.arange(len(self.parents))
        for _ in range(int(self.depths.max())):
            root = np.where(self.parents[root] >= 0, self.parents[root], root)
        return np.unique(root, return_inverse=True)[1]

    def sybils_above(self, longest: int) -> np.ndarray:
        """Return whether the payee at each distance of each finder is a sybil, bool of shape (n, longest)."""
        found = np.zeros((len(self.parents), longest), dtype=bool)
        payee = np.arange(len(self.parents))
        for distance in range(longest):
            found[:, distance] = (payee >= 0) & self.sybil[payee]
            payee = np.where(payee >= 0, self.parents[payee], -1)
        return found

    def payments(self, scheme: PathScheme, longest: int) -> tuple[np.ndarray, np.ndarray]:
        """Return what each finder's chain is paid, and what of it goes to sybils, in prizes; nothing if too long."""
        table = scheme.table(longest)
        rewards = np.where(
            (self.depths <= longest)[:, None], table[np.minimum(self.depths, longest) - 1], 0.0
        )
        return rewards.sum(axis=1), (rewards * self.sybils_above(longest)).sum(axis=1)

    def sybil_share(self, longest: int) -> np.ndarray:
        """Return the share of sybils at each place, [depth - 1, distance]; NaN where there is nobody."""
        above, short = self.sybils_above(longest), self.depths <= longest
        finders = np.bincount(self.depths[short] - 1, minlength=longest)
        counts = np.zeros((longest, longest))
        np.add.at(counts, self.depths[short] - 1, above[short])
        with np.errstate(invalid="ignore"):
            return np.where(np.tri(longest, dtype=bool), counts / finders[:, None], np.nan)


def captured(forest: Forest, scheme: PathScheme, longest: int) -> float:
    """Return the share of all expected payments that goes to sybils if every member finds equally likely."""
    paid, lost = forest.payments(scheme, longest)
    return float(lost.sum() / paid.sum())


def interval(forest: Forest, scheme: PathScheme, longest: int) -> tuple[float, float]:
    """Return the 95 % interval of the captured share over draws of trees."""
    trees = forest.trees
    paid, lost = (np.bincount(trees, values) for values in forest.payments(scheme, longest))
    rng, found = np.random.default_rng(5), []
    for _ in range(DRAWS):
        weight = np.bincount(rng.integers(len(paid), size=len(paid)), minlength=len(paid))
        found.append(weight @ lost / (weight @ paid))
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def errors_between_halves(forest: Forest, schemes: list[PathScheme]) -> tuple[np.ndarray, np.ndarray]:
    """Return mean absolute errors of the captured share of one half of the trees, foretold from the other half.

    First from the share of sybils at every place of the other half and the lengths of this one, then naively, the
    share of sybils among the members of the other half whatever the scheme; one number for each scheme.
    """
    rng, trees = np.random.default_rng(3), forest.trees
    errors = np.zeros((HALVES, 2, len(schemes)))
    for draw in range(HALVES):
        side = rng.permutation(trees.max() + 1) % 2 == 0
        known, new = (
            Forest(forest.parents, np.where(side[trees] == here, forest.depths, DEPTH + 1), forest.sybil)
            for here in (True, False)
        )
        place = np.nan_to_num(known.sybil_share(DEPTH))
        base = known.sybil[known.depths <= DEPTH].mean()
        finders = np.bincount(new.depths, minlength=DEPTH + 2)[1 : DEPTH + 1]
        for number, scheme in enumerate(schemes):
            weights = finders[:, None] * scheme.table(DEPTH)
            truth = captured(new, scheme, DEPTH)
            foretold = (weights * place).sum() / weights.sum()
            errors[draw, :, number] = abs(foretold - truth), abs(base - truth)
    model, naive = errors.mean(axis=0)
    return model, naive


def campaign(ties: pd.DataFrame, n: int) -> tuple[Campaign, np.ndarray]:
    """Return the campaign on the largest component of the ties, and who is in it."""
    arcs = csr_array((np.ones(len(ties)), (ties["src"], ties["dst"])), shape=(n, n))
    component = connected_components(arcs, directed=False)[1]
    people = np.flatnonzero(component == np.bincount(component).argmax())
    inside = arcs[people][:, people]
    network = IncentiveNetwork(
        Graph.from_scipy(inside, directed=False), contact=0.5,
        join=CostModel.exponential(mean=0.8), invite=CostModel.exponential(mean=0.12),
    )  # fmt: skip
    return Campaign(network, Search(prize=4000, find=1e-3), team=TopDegree(5), max_depth=DEPTH), people


def compared(where: Campaign) -> list[FrontierRow]:
    """Return the known schemes and our designs on the same fresh worlds; of one also a version that pays short chains.

    It tells what a designed table owes to paying no long chains, where most sybils are.
    """
    rows = [
        row
        for row in frontier(where, EPSILONS, rng=SEED).rows
        if row.kind == "designed" or row.scheme.label in SHOWN
    ]
    mit = next(row for row in rows if row.scheme.label == "recursive 0.5")
    short = PathTable(Recursive(Fraction(1, 2)).exact_table(CUT))
    fresh = child(seed_sequence(SEED), 1)
    met = recruit(where, short, replicates=mit.recruitment.replicates, rng=fresh)
    gain = float(sybil_gain(short, max_depth=DEPTH).gain)
    cut = replace(mit, name=f"recursive 1/2, up to depth {CUT}", scheme=short, recruitment=met, gain=gain)
    return [*rows[:2], cut, *rows[2:]]


def tables(forest: Forest, rows: list[FrontierRow], where: Campaign, inside: float) -> str:
    """Return what every scheme loses to sybils beside what it recruits, and how well that is foretold."""
    deepest = int(forest.depths.max())
    model, naive = errors_between_halves(forest, [row.scheme for row in rows])
    table = plain_table(
        ("scheme", "cheater gains", "all chains", "quoted", f"up to {DEPTH}", "95 %", "paid", "recruits", "s.e.",
         "P(found)", "error", "naive")
    )  # fmt: skip
    for place, row in enumerate(rows):
        low, high = interval(forest, row.scheme, DEPTH)
        whole = "-" if isinstance(row.scheme, PathTable) else f"{captured(forest, row.scheme, deepest):.3f}"
        paid = forest.payments(row.scheme, DEPTH)[0].mean()
        quoted = QUOTED.get(row.scheme.label)
        found = row.recruitment
        table.add_row(
            row.name, percent(row.gain), whole, "" if quoted is None else f"{quoted:.2f}",
            f"{captured(forest, row.scheme, DEPTH):.3f}", f"{low:.3f}..{high:.3f}", f"{paid:.3f}",
            f"{found.recruits:.1f}", f"{found.recruits_stderr:.1f}", f"{found.found:.3f}",
            f"{model[place]:.3f}", f"{naive[place]:.3f}",
        )  # fmt: skip
    share = forest.sybil_share(DEPTH)
    members = np.bincount(forest.depths, minlength=DEPTH + 1)[1 : DEPTH + 1]
    places = plain_table(("depth", "members", *(f"{j} above" if j else "finder" for j in range(6))), left=0)
    for depth in range(DEPTH):
        cells = ["" if np.isnan(x) else f"{x:.2f}" for x in share[depth, :6]]
        places.add_row(str(depth + 1), f"{members[depth]:,}", *cells)
    graph = where.network.graph
    return "\n\n".join(
        (
            render("Share of a referral budget that labelled sybils take, and recruits", table, footer=(
                f"{len(forest.parents):,} members, {100 * forest.sybil.mean():.1f} % sybils, chains up to {deepest}.",
                f"all chains, up to {DEPTH}: share taken; chains that a table does not hold pay nobody.",
                "paid: of a prize for each finder; 95 %: over draws of trees.",
                "error: of the share foretold for half of the trees from the places of sybils in the other half;",
                "naive: from the share of sybils there, whatever the scheme.",
                f"recruits: contact 0.5, join 0.8, invite 0.12, prize 4000, find 1e-3, {graph.n:,} people, of whom",
                f"{100 * inside:.1f} % are sybils.",
            )),
            render("Share of sybils at each place of a chain", places),
            "\n".join(verdict(forest, rows)),
        )
    )  # fmt: skip


def verdict(forest: Forest, rows: list[FrontierRow]) -> list[str]:
    """Say what the designs save and what that costs in recruits, beside the two schemes that are quoted."""
    rivals = [row for row in rows if row.scheme.label in QUOTED or row.name.endswith(f"up to depth {CUT}")]
    lines = []
    for row in rows:
        if row.kind != "designed":
            continue
        own = captured(forest, row.scheme, DEPTH)
        for other in rivals:
            gap = row.recruitment.difference(other.recruitment)
            lost = own - captured(forest, other.scheme, DEPTH)
            lines.append(
                f"{row.name} less {other.name}: {100 * lost:+.1f} points of the budget to sybils, "
                f"{gap.mean:+.1f} recruits ({gap.low:+.1f}..{gap.high:+.1f})."
            )
    return lines


def picture(forest: Forest, rows: list[FrontierRow], out: Path | None) -> None:
    """Draw what sybils take against recruits, and where in a chain they stand."""
    figure, (left, right) = panels(2)
    points = [(row.recruitment.recruits, 100 * captured(forest, row.scheme, DEPTH)) for row in rows]
    for (x, y), row in zip(points, rows, strict=True):
        ours = row.kind == "designed"
        left.plot(x, y, "o" if ours else "D", color=BLUE if ours else GREY, markersize=6 if ours else 5)
    left.margins(0.2)
    left.set_xlabel("expected recruits")
    left.set_ylabel("share of the budget that sybils take (%)")
    names = [row.name.replace("designed, epsilon", "designed,") for row in rows]
    place_labels(left, points, names, color=GREY, size=8)
    share = 100 * forest.sybil_share(DEPTH)
    image = right.imshow(share, cmap="cividis", vmin=0, vmax=100, origin="upper", aspect="auto")
    right.grid(visible=False)
    right.set_xticks(range(DEPTH))
    right.set_yticks(range(DEPTH), range(1, DEPTH + 1))
    right.set_xlabel("steps above the finder")
    right.set_ylabel("depth of the finder")
    figure.colorbar(image, ax=right, label="sybils (%)")
    write(figure, out)


@click.command()
@click.option("--out", type=click.Path(path_type=Path), help="Where to write the figure: .svg, .png or .pdf.")
def main(out: Path | None) -> None:
    """Pay a referral budget on the forest of an airdrop with labelled sybils."""
    ties, sybil = transfers()
    forest = Forest.of(ties, sybil)
    where, people = campaign(ties, len(sybil))
    rows = compared(where)
    click.echo(tables(forest, rows, where, float(sybil[people].mean())))
    picture(forest, rows, out)


if __name__ == "__main__":
    main()
