"""Pictures and tables of results: what stands in them, where, and that nothing covers anything."""

import io
from fractions import Fraction
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from mechanism import (
    Campaign,
    CostModel,
    DoubleGeometric,
    EqualSplit,
    FinderTakesAll,
    Geometric,
    Graph,
    IncentiveNetwork,
    PathTable,
    Recursive,
    Search,
    TopDegree,
)
from solvers import Frontier, FrontierRow, Recruitment, Status, design, recruit
from solvers.labels import place_labels
from solvers.plots import figure_bytes, plot_frontier, plot_members_by_depth, plot_rewards
from solvers.precision import Stop
from solvers.tables import frontier_table, percent

KNOWN = (
    ("finder takes all", FinderTakesAll(), 128.0, 0.0),
    ("recursive 1/2 (MIT)", Recursive(0.5), 1501.0, 0.998),
    ("geometric .7 * .3^j", Geometric(0.7, 0.3), 1604.0, 0.43),
    ("equal split", EqualSplit(), 1188.0, 2.0),
    ("double geometric 1/2", DoubleGeometric(0.5), 917.0, 0.0),
)


def measured(scheme, recruits):
    depth = 3
    return Recruitment(
        scheme=scheme,
        prize=4000.0,
        targets=1,
        replicates=400,
        recruits=recruits,
        recruits_stderr=1.3,
        members_by_depth=np.full(depth, recruits / depth),
        mean_depth=2.0,
        max_depth=depth,
        found=0.7,
        found_stderr=0.01,
        payout=0.6,
        payout_std=0.4,
        join=np.full(depth, 0.9),
        invite=np.array([0.8, 0.4, 0.0]),
        gap=0.001,
        status=Status.CONVERGED,
        sample=np.full(400, int(recruits)),
        winners_by_depth=np.full(depth, 0.1),
        world_key=(1, 2),
        stop=Stop.REPLICATES,
    )


def row(name, kind, epsilon, scheme, recruits, gain):
    return FrontierRow(
        name=name,
        kind=kind,
        epsilon=epsilon,
        scheme=scheme,
        recruitment=measured(scheme, recruits),
        gain=gain,
        gain_any_length=gain,
        verdict="proved" if gain == 0 else "refuted",
    )


@pytest.fixture(scope="module")
def campaign():
    network = IncentiveNetwork(
        Graph.from_edges([0, 0, 1, 2], [1, 2, 2, 3], directed=False),
        contact=0.9,
        join=CostModel.exponential(mean=1.0),
        invite=CostModel.exponential(mean=0.1),
    )
    return Campaign(network, Search(prize=100, find=0.2), team=TopDegree(1), max_depth=3)


@pytest.fixture
def result(campaign):
    """Return the comparison that the model's own reference figures make."""
    rows = [row(name, "known", None, scheme, recruits, gain) for name, scheme, recruits, gain in KNOWN]
    for epsilon, best, recruits in ((0, 1285, 1299), (Fraction(1, 10), 1404, 1451), (1, 1650, 1705)):
        table = PathTable([[1], [Fraction(1, 2), Fraction(1, 4)]])
        rows.append(
            row(
                f"best {epsilon}",
                "best of family",
                Fraction(epsilon),
                DoubleGeometric(0.15),
                best,
                float(epsilon),
            )
        )
        rows.append(
            row(f"designed {epsilon}", "designed", Fraction(epsilon), table, recruits, float(epsilon))
        )
    return Frontier(campaign, (Fraction(0), Fraction(1, 10), Fraction(1)), (), tuple(rows))


def boxes(axes):
    axes.figure.draw_without_rendering()
    return [np.array(text.get_window_extent().extents) for text in axes.texts]


def area(first, second):
    sides = np.minimum(first[2:], second[2:]) - np.maximum(first[:2], second[:2])
    return float(np.prod(np.maximum(sides, 0)))


def test_curves_show_the_designs_and_the_best_rivals(result):
    axes = plot_frontier(result)
    lines = {line.get_label(): line.get_xydata().tolist() for line in axes.get_lines()}
    # The best scheme of a known family that keeps to an epsilon may also be one that was published.
    assert lines["best member of any known family"] == [[0, 1285], [0.1, 1404], [1, 1650]]
    bars = axes.containers[0]
    assert bars.lines[0].get_xydata().tolist() == [[0, 1299], [0.1, 1451], [1, 1705]]
    for (low, high), recruits in zip(
        [path.vertices[:, 1] for path in bars.lines[2][0].get_paths()], (1299, 1451, 1705), strict=True
    ):
        assert (recruits - low, high - recruits) == pytest.approx((1.96 * 1.3, 1.96 * 1.3))


def test_a_published_scheme_may_be_the_best_rival(result, campaign):
    rows = tuple(item for item in result.rows if item.kind != "best of family")
    axes = plot_frontier(Frontier(campaign, result.epsilons, (), rows))
    lines = {line.get_label(): line.get_xydata().tolist() for line in axes.get_lines()}
    assert lines["best member of any known family"] == [[0, 917], [0.1, 917], [1, 1604]]


def test_every_known_scheme_is_named_once(result):
    texts = sorted(text.get_text() for text in plot_frontier(result).texts)
    assert texts == sorted(
        [
            "finder takes all",
            "recursive 1/2 (MIT)",
            "geometric .7 * .3^j",
            "equal split, 200 %",
            "double geometric 1/2",
        ]
    )


def test_no_label_covers_another_a_point_or_the_legend(result):
    axes = plot_frontier(result, title="generated")
    labels = boxes(axes)
    assert all(area(first, second) == 0 for first, second in combinations(labels, 2))
    legend = np.array(axes.get_legend().get_window_extent().extents)
    assert all(area(label, legend) == 0 for label in labels)
    points = [point for line in axes.get_lines() for point in axes.transData.transform(line.get_xydata())]
    for x, y in points:
        assert not any(label[0] <= x <= label[2] and label[1] <= y <= label[3] for label in labels)
    frame = np.array(axes.figure.bbox.extents)
    assert all(area(label, frame) == pytest.approx(area(label, label)) for label in labels)


def test_labels_of_crowded_points_are_kept_apart():
    axes = Figure(figsize=(6, 4)).add_subplot()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    points = [(0.5, 0.5), (0.5, 0.53), (0.52, 0.5), (0.99, 0.5), (0.01, 0.99)]
    place_labels(axes, points, [f"scheme {i}" for i in range(5)], color="black", size=8)
    labels = boxes(axes)
    assert all(area(first, second) == 0 for first, second in combinations(labels, 2))
    frame = np.array(axes.get_window_extent().extents)
    assert all(area(label, frame) == pytest.approx(area(label, label)) for label in labels)


def test_one_epsilon_and_an_unbounded_gain_can_be_drawn(campaign):
    rows = (
        row("leaks without end", "known", None, EqualSplit(), 90.0, float("inf")),
        row("designed", "designed", Fraction(0), PathTable([[1]]), 100.0, 0.0),
    )
    axes = plot_frontier(Frontier(campaign, (Fraction(0),), (), rows))
    assert [text.get_text() for text in axes.texts] == ["leaks without end, \N{INFINITY}"]
    assert figure_bytes(axes.figure, "png")


def test_curves_differ_without_colour(result):
    axes = plot_frontier(result)
    styles = {
        (line.get_marker(), line.get_linestyle()) for line in axes.get_lines() if len(line.get_xdata()) == 3
    }
    assert {("o", "-"), ("s", "--")} <= styles


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_the_same_picture_has_the_same_bytes(result, kind):
    first, second = (figure_bytes(plot_frontier(result).figure, kind) for _ in range(2))
    assert first == second
    assert b"<dc:date>" not in first
    assert b"CreationDate" not in first


def test_png_has_a_size_for_print(result):
    image = imread(io.BytesIO(figure_bytes(plot_frontier(result).figure, "png")))
    assert min(image.shape[:2]) > 700


def test_given_axes_are_used(result):
    axes = Figure().add_subplot()
    assert plot_frontier(result, ax=axes) is axes
    assert plot_members_by_depth(measured(EqualSplit(), 30.0), ax=axes) is axes
    assert plot_rewards(EqualSplit(), ax=axes) is axes


def test_settings_of_the_user_are_left_alone(result):
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    figure_bytes(result.plot().figure, "svg")
    assert dict(mpl.rcParams) == before


def test_bars_show_the_members_by_depth():
    axes = measured(EqualSplit(), 30.0).plot()
    assert [bar.get_height() for bar in axes.patches] == [10, 10, 10]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["1", "2", "3"]


def test_stacks_show_the_rewards():
    scheme = PathTable([[1], [0.5, 0.25], [0.25, 0, 0.125]])
    axes = plot_rewards(scheme)
    totals = np.zeros(3)
    for bar in axes.patches:
        totals[round(bar.get_x() + bar.get_width() / 2) - 1] += bar.get_height()
    assert totals == pytest.approx([1, 0.75, 0.375])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["finder", "1 above", "2 above"]


def test_a_scheme_that_pays_nobody_can_be_drawn():
    assert figure_bytes(plot_rewards(PathTable([[0], [0, 0]])).figure, "png")


def test_results_print_as_tables(campaign):
    found = recruit(campaign, Recursive(0.5), replicates=50, rng=1)
    text = str(found)
    assert text.startswith("Recruitment under recursive 0.5")
    assert f"{found.recruits:,.1f} ± {found.recruits_stderr:.1f} in 50 worlds" in text
    assert len([line for line in text.splitlines() if line.strip()[:1].isdigit()]) == campaign.max_depth


def test_a_design_prints_its_rewards_and_its_proofs(campaign):
    text = str(design(campaign, epsilon=0, rng=1))
    assert text.startswith("Designed scheme, in shares of the prize: sybil-proof, within budget")
    assert "Proved: sybil-proof in chains of every length." in text
    assert "Proved: within budget in chains of every length." in text
    assert "…" not in text


def test_the_comparison_is_one_aligned_table(result):
    text = frontier_table(result)
    assert text == str(result)
    lines = text.splitlines()
    header = next(line for line in lines if "recruits" in line)
    end = header.index("recruits") + len("recruits")
    for item in result.rows:
        line = next(line for line in lines if line.startswith(f" {item.name} "))
        assert line[:end].endswith(f"{item.recruitment.recruits:.1f}")
    assert text.isprintable() or all(line.isprintable() for line in lines)
    assert not any(line != line.rstrip() for line in lines)


def test_cells_are_never_cut(campaign):
    name = "a scheme with a very long name " * 5
    rows = (row(name.strip(), "designed", Fraction(0), PathTable([[1]]), 1e9, 0.0),)
    assert name.strip() in frontier_table(Frontier(campaign, (Fraction(0),), (), rows))


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0"),
        (0.25, "25 %"),
        (0.998, "99.8 %"),
        (2, "200 %"),
        (float("inf"), "unbounded"),
        (float("nan"), "unknown"),
    ],
)
def test_shares_are_percentages(share, text):
    assert percent(share) == text


def test_nobody_joining_is_a_dash(result):
    empty = measured(EqualSplit(), 0.0)
    nobody = SimpleNamespace(
        **{name: getattr(empty, name) for name in empty.__slots__}
        | {"mean_depth": float("nan"), "is_search": True}
    )
    from solvers.tables import recruitment_table

    assert "mean depth     -" in recruitment_table(nobody)
