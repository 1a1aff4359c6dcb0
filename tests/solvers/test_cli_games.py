"""The commands of games, seeds, inference and benchmarks, on tiny networks."""

import dataclasses
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from mechanism import Graph, LinearQuadratic, Logit, Participation
from solvers import cli_bench
from solvers.cli import main
from solvers.interventions import target
from solvers.motive_inference import infer_motives
from solvers.network_equilibrium import equilibrium
from solvers.network_inference import infer_network
from solvers.rate_inference import infer_rates
from solvers.retention import sustain
from solvers.seeding import seed

# A triangle with a tail of two.
EDGES = "ann bob\nbob cem\ncem ann\ncem dan\ndan eve\n"
CAMPAIGN = """\
seed = 5
max_depth = 2
scheme = "recursive:1/2"
network = {file = "edges.tsv", directed = false, contact = 0.5, support = 1.0}
costs = {join = 0.5, invite = 0.125}
task = {kind = "search", prize = 400, find = 0.25}
team = {members = ["eve"]}
"""
PEOPLE = "person,cost,fun\nbob,2,1\nann,1,0.5\ncem,2,0\ndan,2,0\neve,2,0\n"
JOIN = ("--game", "participation", "--benefit", "0", "--cost", "2")
LABELS = ["ann", "bob", "cem", "dan", "eve"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    (tmp_path / "edges.tsv").write_text(EDGES)
    (tmp_path / "c.toml").write_text(CAMPAIGN)
    (tmp_path / "people.csv").write_text(PEOPLE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(capsys):
    def command(*words):
        code = main([word for text in words for word in str(text).split()])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


@pytest.fixture
def graph():
    return Graph.from_file("edges.tsv", directed=False)


def as_json(run, *words):
    code, out, err = run(*words, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def same(found, expected):
    """Whether JSON is what a result tells, with whatever is told besides."""
    told = json.loads(json.dumps(expected.to_dict()))
    return {key: found[key] for key in told} == told


class TestEquilibrium:
    def test_games(self, run, graph):
        games = {
            "participation --benefit 0 --cost 2 --support 1 --start upper": (
                Participation(graph, 0.0, support=1.0, cost=2.0),
                "upper",
            ),
            "logit --benefit 0 --cost 2 --support 1 --rationality 2": (
                Logit(graph, 0.0, support=1.0, cost=2.0, rationality=2.0),
                None,
            ),
            "linear-quadratic --standalone 1 --interaction 0.2 --upper 1.5": (
                LinearQuadratic(graph, 1.0, interaction=0.2, upper=1.5),
                None,
            ),
        }
        for words, (system, start) in games.items():
            found = as_json(run, "equilibrium edges.tsv --undirected --game", words)
            assert same(found, equilibrium(system, start=start))
            assert found["labels"] == LABELS

    def test_numbers_from_a_table(self, run, graph):
        found = as_json(
            run,
            "equilibrium edges.tsv --undirected --game participation --benefit people.csv:fun",
            "--cost people.csv:cost --support 1",
        )
        system = Participation(graph, [0.5, 1, 0, 0, 0], support=1.0, cost=[1, 2, 2, 2, 2])
        assert same(found, equilibrium(system))

    def test_the_layer_of_a_campaign(self, run, graph):
        found = as_json(run, "equilibrium --campaign c.toml --start upper", *JOIN)
        assert same(found, equilibrium(Participation(graph, 0.0, support=1.0, cost=2.0), start="upper"))
        weaker = as_json(run, "equilibrium --campaign c.toml --start upper --support 0.5", *JOIN)
        assert sum(weaker["actions"]) < sum(found["actions"])

    def test_the_table(self, run):
        code, out, _ = run("equilibrium --campaign c.toml", *JOIN, "--out e.txt")
        assert code == 0
        assert out.startswith("Equilibrium of a participation game: 5 people, 10 arcs")
        assert out.startswith(Path("e.txt").read_text())

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            ("--game chess", "'chess' is not one of"),
            ("", "Missing option '--game'"),
            ("edges.tsv --game participation --benefit 0 --cost 2", "--support is missing"),
            (
                "edges.tsv --game participation --benefit 0 --cost 2 --rationality 1",
                "--rationality is of another game",
            ),
            ("edges.tsv --game linear-quadratic --standalone 1", "--interaction is missing"),
            (
                "edges.tsv --game logit --benefit x --cost 2 --support 1 --rationality 1",
                "--benefit is 'x'; it must be",
            ),
            ("edges.tsv --game logit --benefit nan --cost 2 --support 1 --rationality 1", "--benefit is nan"),
            (
                "edges.tsv --game logit --benefit 0 --cost 2 --support 1 --rationality -1",
                "--rationality is -1.0",
            ),
            ("--game participation --benefit 0 --cost 2 --support 1", "EDGE_LIST is missing"),
            ("nobody.tsv --game participation --benefit 0 --cost 2 --support 1", "EDGE_LIST is 'nobody.tsv'"),
            (
                "edges.tsv --game participation --benefit 0 --cost no.csv:cost --support 1",
                "--cost: cost is 'no.csv'",
            ),
            (
                "edges.tsv --game participation --benefit 0 --cost people.csv:age --support 1",
                "--cost: column is 'age'; it must be one of ['person', 'cost', 'fun']",
            ),
            (
                "edges.tsv --game participation --benefit 0 --cost 2 --support 1 --tolerance 2",
                "--tolerance is 2.0",
            ),
            ("edges.tsv --game participation --benefit 0 --cost 2 --support -1", "support"),
        ],
    )
    def test_wrong_words(self, run, words, message):
        code, out, err = run("equilibrium", words)
        assert (code, out) == (2, "")
        assert message in err

    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ("bob,2", "bill,2", "--cost: cost[people.csv, line 2] is 'bill'; it must be one of the 5 labels"),
            ("cem,2", "cem,two", "--cost: cost[people.csv, line 4] is 'two'; it must be a number"),
            (
                "cem,2",
                "ann,2",
                "--cost: cost[people.csv, line 4] is '2'; it must be given once for person ann",
            ),
            ("dan,2,0\n", "", "--cost: cost is not given for person 'dan' in people.csv"),
        ],
    )
    def test_a_wrong_table_is_named_with_its_line(self, run, folder, old, new, message):
        (folder / "people.csv").write_text(PEOPLE.replace(old, new))
        code, _, err = run(
            "equilibrium --campaign c.toml --game participation --benefit 0 --cost people.csv:cost"
        )
        assert code == 2
        assert message in err


class TestTarget:
    def test_json(self, run, graph):
        words = (
            "target edges.tsv --undirected --standalone 1 --interaction 0.2 --budget 3 --objective actions"
        )
        found = as_json(run, words, "--price people.csv:cost")
        system = LinearQuadratic(graph, 1.0, interaction=0.2)
        assert same(found, target(system, 3.0, objective="actions", price=[1, 2, 2, 2, 2]))

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            ("--standalone 1 --interaction 0.2", "Missing option '--budget'"),
            ("--standalone 1 --interaction 0.2 --budget -1", "--budget is -1.0; it must be"),
            ("--standalone 1 --interaction 0.2 --budget 1 --price 0", "--price[0] is 0.0; it must be"),
            ("--standalone 1 --interaction 0.2 --budget 1 --objective fame", "'fame' is not one of"),
            ("--standalone 1 --interaction 0.9 --budget 1", "mechanism: "),
        ],
    )
    def test_wrong_words(self, run, words, message):
        code, out, err = run("target edges.tsv --undirected", words)
        assert (code, out) == (2, "")
        assert message in err


class TestSustain:
    def test_who_takes_part(self, run, graph):
        system = Participation(graph, 0.0, support=1.0, cost=2.0)
        found = as_json(run, "sustain --campaign c.toml --periods 4 --burst all", *JOIN)
        assert same(found, sustain(system, np.ones(5), periods=4))
        assert found["members"] == [5, 4, 3, 3, 3]
        found = as_json(
            run, "sustain --campaign c.toml --discount 0.5 --residual 1 --burst members:bob,dan", *JOIN
        )
        assert same(found, sustain(system, [0, 1, 0, 1, 0], discount=0.5, residual=1.0))

    def test_a_burst_of_the_campaign(self, run):
        found = as_json(run, "sustain --campaign c.toml --burst campaign", *JOIN)
        assert 0 < sum(found["burst"]) < 5
        assert found["burst"][LABELS.index("eve")] == 0  # the team is not among the recruits
        assert found == as_json(run, "sustain --campaign c.toml --burst campaign --seed 5", *JOIN)

    def test_a_logit_game(self, run, graph):
        words = (
            "--game logit --benefit 0 --cost 2 --rationality 1 --replicates 8 --periods 3 --returns --seed 4"
        )
        found = as_json(run, "sustain --campaign c.toml --burst all", words)
        system = Logit(graph, 0.0, support=1.0, cost=2.0, rationality=1.0)
        assert same(found, sustain(system, np.ones(5), periods=3, returns=True, replicates=8, rng=4))

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            ("--burst some", "--burst is 'some'; it must be all, members:LABEL,... or campaign"),
            ("--burst members:ann,zoe", "--burst is 'members:ann,zoe': label is 'zoe'"),
            ("--burst members:", "burst"),
            ("--burst all --periods 0", "--periods is 0; it must be"),
            ("--burst all --discount 2", "--discount is 2.0; it must be a number in (0, 1]"),
            ("--burst all --replicates 9", "--replicates is 9; it must be left out"),
            ("--burst all --residual nan", "--residual is nan"),
        ],
    )
    def test_wrong_words(self, run, words, message):
        code, out, err = run("sustain --campaign c.toml", *JOIN, words)
        assert (code, out) == (2, "")
        assert message in err

    def test_a_campaign_burst_needs_a_campaign(self, run):
        code, _, err = run("sustain edges.tsv --support 1 --burst campaign", *JOIN)
        assert code == 2
        assert "--burst campaign needs a --campaign FILE.toml with a path scheme" in err


class TestSeed:
    def test_json(self, run, graph):
        words = "seed edges.tsv --undirected -k 2 --probability 0.3 --seed 9 --epsilon 0.2 --max-depth 1 --blocked cem"
        expected = seed(graph, 2, probability=0.3, rng=9, epsilon=0.2, max_depth=1, blocked=[2])
        assert same(as_json(run, words), expected)
        words = "seed edges.tsv --undirected -k 1 --probability weighted --model threshold"
        assert same(as_json(run, words), seed(graph, 1, probability="weighted", model="threshold", rng=0))

    def test_a_campaign(self, run, graph):
        assert same(as_json(run, "seed --campaign c.toml -k 1"), seed(graph, 1, probability=0.5, rng=5))

    def test_an_interruption_shows_the_best(self, run, monkeypatch):
        def stopped(*words, **settings):
            return dataclasses.replace(seed(*words, **settings), reason="interrupted")

        monkeypatch.setattr("solvers.seeding.seed", stopped)
        code, out, err = run("seed --campaign c.toml -k 1 --json")
        assert (code, json.loads(out)["reason"]) == (130, "interrupted")
        assert err.startswith("mechanism: interrupted: what was reached is shown above")

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            ("-k 1", "--probability is missing"),
            ("--probability 0.1", "Missing option '-k'"),
            (
                "-k 1 --probability often",
                "--probability is 'often'; it must be a chance in [0, 1], or weighted",
            ),
            ("-k 1 --probability 1.5", "--probability is 1.5"),
            ("-k 0 --probability 0.5", "-k is 0; it must be"),
            ("-k 1 --probability 0.5 --blocked zoe", "--blocked is 'zoe': label is 'zoe'"),
            ("-k 1 --probability 0.5 --epsilon 2", "--epsilon is 2.0"),
            ("-k 1 --probability 0.5 --seed -1", "--seed is -1"),
        ],
    )
    def test_wrong_words(self, run, words, message):
        code, out, err = run("seed edges.tsv", words)
        assert (code, out) == (2, "")
        assert message in err


OFFERS = "profit\tcharity\tjoined\tasked\tvillage\n" + "".join(
    f"{profit}\t{charity}\t{joined}\t100\t{village}\n"
    for profit, charity, joined, village in (
        (1, 0, 20, "a"),
        (2, 0, 50, "b"),
        (1, 1, 80, "c"),
        (0, 1, 40, "d"),
    )
)
PAYOFFS = "infer motives offers.tsv --payoff profit --payoff charity --joined joined"


class TestMotives:
    @pytest.fixture(autouse=True)
    def offers(self, folder):
        (folder / "offers.tsv").write_text(OFFERS)

    def test_json(self, run):
        table = [[1, 0], [2, 0], [1, 1], [0, 1]], [20, 50, 80, 40]
        settings = {"names": ["profit", "charity"], "counts": [100] * 4}
        assert same(as_json(run, PAYOFFS, "--count asked"), infer_motives(*table, **settings))
        found = as_json(run, PAYOFFS, "--count asked --cost exponential --confidence 0.9 --cluster village")
        expected = infer_motives(
            *table, **settings, cost="exponential", confidence=0.9, clusters=list("abcd")
        )
        assert same(found, expected)

    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ("2\t0\t50", "2\t0\t5.5", "joined[offers.tsv, line 3] is '5.5'; it must be a whole number"),
            ("2\t0\t50", "two\t0\t50", "profit[offers.tsv, line 3] is 'two'; it must be a number"),
            ("2\t0\t50", "2\t0\t500", "joined"),
            ("2\t0\t50\t100\tb", "2\t0", "[offers.tsv, line 3]"),
            (OFFERS.partition("\n")[2], "", "TABLE is 'offers.tsv'; it must be a file with a row"),
        ],
    )
    def test_a_wrong_table_is_named_with_its_line(self, run, folder, old, new, message):
        (folder / "offers.tsv").write_text(OFFERS.replace(old, new))
        code, out, err = run(PAYOFFS, "--count asked")
        assert (code, out) == (2, "")
        assert message in err

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            ("infer motives nobody.tsv --payoff profit --joined joined", "TABLE is 'nobody.tsv'"),
            ("infer motives offers.tsv --payoff fun --joined joined", "--payoff is 'fun'; it must be one of"),
            (
                "infer motives offers.tsv --payoff profit --joined came",
                "--joined is 'came'; it must be one of",
            ),
            ("infer motives offers.tsv --payoff profit", "Missing option '--joined'"),
            (PAYOFFS + " --count asked --cost gauss", "--cost is 'gauss'"),
            (PAYOFFS + " --count asked --confidence 2", "--confidence is 2.0"),
            (PAYOFFS + " --count asked --numeraire fame", "--numeraire is 'fame'"),
        ],
    )
    def test_wrong_words(self, run, words, message):
        code, out, err = run(words)
        assert (code, out) == (2, "")
        assert message in err


class TestNetwork:
    @pytest.fixture(autouse=True)
    def games(self, folder):
        self.actions = np.random.default_rng(3).standard_normal((3, 6)).round(3)
        rows = [f"{LABELS[i]},g{k},{self.actions[i, k]}" for k in range(6) for i in (2, 0, 1)]
        self.text = "\n".join(["person,game,action", *rows, ""])
        (folder / "games.csv").write_text(self.text)

    def test_json(self, run):
        found = as_json(run, "infer network games.csv --interaction 0.5 --penalty 0.5")
        assert same(found, infer_network(self.actions, interaction=0.5, penalty=0.5))
        assert found["labels"] == ["ann", "bob", "cem"]
        found = as_json(run, "infer network games.csv --interaction 0.5 --penalty 0.5 --subtract-means")
        centred = self.actions - self.actions.mean(axis=1, keepdims=True)
        assert same(found, infer_network(centred, interaction=0.5, penalty=0.5))

    def test_the_table_names_people(self, run):
        code, out, _ = run("infer network games.csv --interaction 0.5 --penalty 0.5")
        assert code == 0
        assert out.endswith("people         0 ann, 1 bob, 2 cem\n")

    @pytest.mark.parametrize("new", ["ann,g1,7\n", "dan,g1,7\n"])
    def test_a_row_for_each_person_and_game(self, run, folder, new):
        (folder / "games.csv").write_text(self.text + new)
        code, _, err = run("infer network games.csv --interaction 0.5")
        assert code == 2
        assert "TABLE[games.csv] has 19 rows on" in err
        assert "it must be one row for each pair" in err

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            ("", "Missing option '--interaction'"),
            ("--interaction 0", "--interaction is 0.0"),
            ("--interaction 0.5 --penalty -1", "--penalty is -1.0"),
            ("--interaction 0.5 --action effort", "--action is 'effort'; it must be one of"),
        ],
    )
    def test_wrong_words(self, run, words, message):
        code, out, err = run("infer network games.csv", words)
        assert (code, out) == (2, "")
        assert message in err


class TestRates:
    ROWS = (("x", "ann", 0.0), ("x", "bob", 1.0), ("y", "ann", 0.0), ("y", "bob", 3.0), ("z", "ann", 0.0))

    @pytest.fixture(autouse=True)
    def adoptions(self, folder):
        rows = "".join(f"{cascade};{person};{time}\n" for cascade, person, time in self.ROWS)
        (folder / "adoptions.csv").write_text("cascade;person;time\n" + rows)

    def test_json(self, run):
        found = as_json(run, "infer rates adoptions.csv --horizon 4")
        assert same(found, infer_rates(tuple(zip(*self.ROWS, strict=True)), horizon=4))
        assert (found["rates"], found["labels"]) == ([0.25], ["ann", "bob"])

    def test_candidates_with_numbers(self, run, folder):
        text = (folder / "adoptions.csv").read_text().replace("ann", "10").replace("bob", "9")
        (folder / "numbered.csv").write_text(text)
        (folder / "follows.tsv").write_text("10 9\n9 11\n")
        found = as_json(run, "infer rates numbered.csv --horizon 4 --candidates follows.tsv --delay rayleigh")
        assert found["labels"] == [9, 10, 11]

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            ("adoptions.csv", "Missing option '--horizon'"),
            ("adoptions.csv --horizon 2", "horizon"),
            ("adoptions.csv --horizon 4 --delay never", "'never' is not one of"),
            ("adoptions.csv --horizon 4 --delay power", "--shortest is None"),
            ("adoptions.csv --horizon 4 --time when", "--time is 'when'; it must be one of"),
            ("adoptions.csv --horizon 4 --candidates nobody.tsv", "'nobody.tsv'"),
            ("nobody.csv --horizon 4", "TABLE is 'nobody.csv'; it must be an existing file"),
        ],
    )
    def test_wrong_words(self, run, words, message):
        code, out, err = run("infer rates", words)
        assert (code, out) == (2, "")
        assert message in err


class TestBench:
    @pytest.fixture
    def suite(self, folder, monkeypatch):
        place = folder / "benchmarks"
        place.mkdir()
        (place / "workloads.py").write_text("")
        (place / "test_sums.py").write_text(
            "def test_right(benchmark):\n    assert benchmark.pedantic(sum, args=([1, 2],), rounds=2) == 3\n"
            "def test_wrong(benchmark):\n    assert benchmark.pedantic(sum, args=([1, 2],), rounds=2) == 4\n"
        )
        monkeypatch.setattr(cli_bench, "suite_folder", lambda: place)

    def test_json(self, run, suite):
        pytest.importorskip("pytest_benchmark")
        code, out, err = run("bench -k right --json --out speed.json")
        assert (code, err) == (0, "Wrote speed.json.\n")
        assert [one["name"] for one in json.loads(out)["benchmarks"]] == ["test_right"]
        assert json.loads(Path("speed.json").read_text()) == json.loads(out)
        assert not list(Path().rglob("__pycache__"))
        assert sorted(path.name for path in Path().iterdir()) == [
            "benchmarks",
            "c.toml",
            "edges.tsv",
            "people.csv",
            "speed.json",
        ]

    @pytest.mark.parametrize(
        ("returned", "code", "message"),
        [
            (1, 1, "the benchmarks failed: pytest returned 1 it broke"),
            (5, 2, "-k is 'x'; it must match the name"),
        ],
    )
    def test_what_fails(self, run, suite, monkeypatch, returned, code, message):
        pytest.importorskip("pytest_benchmark")
        done = subprocess.CompletedProcess([], returned, b"it broke\n")
        monkeypatch.setattr("subprocess.run", lambda *words, **settings: done)
        found, out, err = run("bench -k x --json")
        assert (found, out) == (code, "")
        assert message in err

    def test_without_a_suite(self, run, monkeypatch, folder):
        monkeypatch.setattr(cli_bench, "suite_folder", lambda: folder / "nowhere")
        code, out, err = run("bench")
        assert (code, out) == (1, "")
        assert "there is no benchmark suite in" in err

    def test_without_the_plugin(self, run, suite, monkeypatch):
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        code, _, err = run("bench")
        assert code == 1
        assert "pip install 'incentive-networks[bench]'" in err

    def test_the_suite_stands_beside_the_packages(self):
        assert cli_bench.suite_folder() == Path(__file__).parents[2] / "benchmarks"
