"""The commands of campaigns: a file in place of options, JSON, files that are written whole, and interruptions."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from mechanism import Campaign, Contribution, Recursive, Search
from mechanism.errors import SolveError
from solvers import cli_output
from solvers.cli import cli, main
from solvers.recruitment import Status, recruit

ROOT = Path(__file__).parents[2]
RING = "".join(f"{u}\t{(u + 1) % 12}\n" for u in range(12))
CAMPAIGN = """\
seed = 3
max_depth = 3

[network]
file = "ring.tsv"
directed = false
contact = 0.75

[costs]
join = 0.5
invite = 0.125

[task]
kind = "search"
prize = 400
find = 0.25

[team]
members = [4, 7]

[scheme]
scheme = "recursive"
ratio = "1/2"
"""
AS_OPTIONS = (  # what the file says
    "ring.tsv --undirected --contact 0.75 --join-cost 0.5 --invite-cost 0.125 --max-depth 3 --prize 400 "
    "--find 0.25 --team members:4,7 --scheme recursive:1/2 --seed 3"
)
PLAY = ("--replicates", "32")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "ring.tsv").write_text(RING)
    (tmp_path / "c.toml").write_text(CAMPAIGN)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(capsys):
    def command(*words):
        code = main(list(map(str, words)))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


class _Shown:
    """A result that prints, and tells what it was asked for."""

    def __init__(self, asked):
        self.asked = asked

    def __str__(self):
        return "a table"

    def to_dict(self):
        return {"asked": {key: str(value) for key, value in self.asked.items()}, "gain": float("inf")}


@pytest.fixture
def asked(monkeypatch):
    """Replace the long computations by ones that tell their arguments."""
    seen = {}

    def note(name):
        def stand_in(campaign, *words, **settings):
            seen.update(settings, campaign=campaign, words=words, name=name)
            return _Shown({**settings, "words": words})

        return stand_in

    for name in ("scheme_design.design", "design_frontier.frontier", "design_surface.surface"):
        monkeypatch.setattr(f"solvers.{name}", note(name))
    return seen


class TestCampaignFile:
    def test_it_stands_for_the_options(self, folder, run):
        run("recruit", "--campaign", "c.toml", *PLAY, "--json")  # the first time it may say that it compiles
        code, from_file, err = run("recruit", "--campaign", "c.toml", *PLAY, "--json")
        assert (code, err) == (0, "")
        words = AS_OPTIONS.split()
        assert run("recruit", *words, *PLAY, "--json") == (0, from_file, "")

    @pytest.mark.parametrize(
        ("words", "check"),
        [
            (["--prize", "5"], lambda c: c.task == Search(prize=5, find=0.25)),
            (["--amount", "25"], lambda c: c.task == Contribution(amount=25)),
            (["--team", "3"], lambda c: len(c.team_nodes) == 3),
            (["--max-depth", "2"], lambda c: c.max_depth == 2),
            (["--max-invites", "1"], lambda c: c.max_invites == 1),
            (["--join-cost", "uniform:0:2"], lambda c: c.network.join.mean == 1),
            (["--motive", "charity=0.5"], lambda c: c.network.motives.weights[0, 1] == 0.5),
            (["--response", "exponential:2", "--horizon", "9"], lambda c: c.horizon == 9),
            (["--directed"], lambda c: c.network.graph.m == 12),
            (["--contact", "1"], lambda c: c.network.contact == 1),
        ],
    )
    def test_options_stand_before_it(self, folder, run, asked, words, check):
        assert run("frontier", "--campaign", "c.toml")[0] == 0
        before = asked["campaign"]
        assert not check(before)
        assert run("frontier", "--campaign", "c.toml", *words)[0] == 0
        assert check(asked["campaign"])
        assert asked["campaign"].network.graph.n == before.network.graph.n

    def test_an_edge_list_stands_before_it(self, folder, run, asked):
        (folder / "inner").mkdir()
        (folder / "inner" / "c.toml").write_text(CAMPAIGN)
        (folder / "path.tsv").write_text("4 7\n7 9\n")
        assert run("frontier", "path.tsv", "--campaign", "inner/c.toml")[0] == 0
        assert asked["campaign"].network.graph.m == 4

    def test_its_seed_and_the_typed_one(self, folder, run, asked):
        run("frontier", "--campaign", "c.toml")
        assert asked["rng"] == 3
        run("frontier", "--campaign", "c.toml", "--seed", "0")
        assert asked["rng"] == 0

    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ("prize = 400", "prize = -1", "task.prize[c.toml, line 15] is -1.0; it must be a finite amount"),
            (
                "contact",
                "contacts",
                "network.contacts[c.toml, line 7] is no known key; it must be one of file",
            ),
            ("join = 0.5\n", "", "costs.join[c.toml, line 9] is not given; it must be a mean"),
            ("find = 0.25", "find 0.25", "campaign[c.toml, line 16] is no TOML: "),
            (
                "ring.tsv",
                "nobody.tsv",
                "network.file[c.toml, line 5] is 'nobody.tsv'; it must be an existing file",
            ),
            ("ratio = ", "rate = ", "scheme.rate[c.toml, line 23] is no parameter of recursive"),
        ],
    )
    def test_what_is_wrong_is_named(self, folder, run, old, new, message):
        (folder / "c.toml").write_text(CAMPAIGN.replace(old, new))
        code, out, err = run("recruit", "--campaign", "c.toml", *PLAY)
        assert (code, out) == (2, "")
        assert err.startswith(f"mechanism: {message}")

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            ("--campaign nobody.toml", "--campaign is 'nobody.toml'; it must be an existing file"),
            ("--campaign c.toml --prize -1", "--prize is -1.0; it must be"),
            ("--campaign c.toml --team members:99", "--team[0] is 99; it must be one of the 12 labels"),
            ("--campaign c.toml --amount 3 --prize 4", "--prize is of a search, --amount of a contribution"),
            ("--campaign c.toml --amount -3", "--amount is -3.0; it must be"),
            ("--campaign c.toml --motive fun=1", "--motive is 'fun=1'; it must be one of profit, charity"),
            ("--campaign c.toml --motive charity", "--motive is 'charity'"),
            ("--campaign c.toml --horizon 3", "--horizon is 3.0; it must be left out"),
            ("--campaign c.toml --response gauss:1", "--response is 'gauss:1'; it must be exponential:MEAN"),
            ("--campaign c.toml --replicates 1", "--replicates is 1; it must be"),
            ("--campaign c.toml --scheme recursive:2", "ratio is 2; it must be"),
            ("--campaign c.toml --scheme shapley_tree", "--scheme is ShapleyTree"),
            ("ring.tsv", "--scheme is missing"),
        ],
    )
    def test_wrong_options_are_named(self, folder, run, words, message):
        code, out, err = run("recruit", *words.split())
        assert (code, out) == (2, "")
        assert err.startswith(f"mechanism: {message}")

    def test_verify_takes_the_scheme_and_the_depth(self, folder, run):
        code, out, _ = run("verify", "--campaign", "c.toml", "SP", "--json")
        assert code == 1
        assert json.loads(out)["counterexample"]["gain"] == "1/4"
        assert "length at most 3" in run("verify", "--campaign", "c.toml", "SP")[1]
        assert run("verify", "--campaign", "c.toml", "sybil_proof:epsilon=1")[0] == 0

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            ("verify --campaign c.toml recursive:1/2 SP", "SCHEME is 'recursive:1/2'; it must be left out"),
            ("verify SP", "PROPERTY is missing"),
            ("verify --campaign plain.toml SP", "--campaign: plain.toml has no scheme"),
        ],
    )
    def test_verify_is_asked_wrongly(self, folder, run, words, message):
        (folder / "plain.toml").write_text(CAMPAIGN.partition("[scheme]")[0])
        code, _, err = run(*words.split())
        assert code == 2
        assert message in err


class TestRecruit:
    def test_json_is_the_result(self, folder, run):
        code, out, err = run("recruit", "--campaign", "c.toml", *PLAY, "--json", "--out", "deep/play.json")
        assert (code, err) == (0, f"Wrote {Path('deep/play.json')}.\n")
        found = json.loads(out)
        assert found == json.loads((folder / "deep" / "play.json").read_text())
        assert (found["scheme"], found["replicates"]) == (Recursive(1 / 2).to_dict() | {"ratio": "1/2"}, 32)
        assert found["recruits"] == pytest.approx(sum(found["members_by_depth"]))

    def test_the_table_and_the_files(self, folder, run):
        code, table, err = run("recruit", "--campaign", "c.toml", *PLAY, "--out", "play.txt")
        assert (code, err) == (0, "")
        assert (folder / "play.txt").read_text() == table.removesuffix("Wrote play.txt.\n")
        assert run("recruit", "--campaign", "c.toml", *PLAY, "--out", "play.svg")[0] == 0
        assert b"<svg" in (folder / "play.svg").read_bytes()
        assert set(contents(folder)) == {"ring.tsv", "c.toml", "play.txt", "play.svg"}

    def test_nothing_is_replaced_without_force(self, folder, run):
        (folder / "play.json").write_text("mine")
        words = ("recruit", "--campaign", "c.toml", *PLAY, "--out", "play.json")
        code, out, err = run(*words)
        assert (code, out) == (2, "")
        assert err == "mechanism: --out: play.json exists; --force replaces it\n"
        assert (folder / "play.json").read_text() == "mine"
        assert run(*words, "--force")[0] == 0
        assert json.loads((folder / "play.json").read_text())["replicates"] == 32

    def test_a_failure_while_writing_keeps_the_earlier_file(self, folder, run, monkeypatch):
        (folder / "play.json").write_text("mine")
        before = contents(folder)

        def full(*words):
            raise OSError("no space left on the disk")

        monkeypatch.setattr(Path, "replace", full)
        code, _, err = run("recruit", "--campaign", "c.toml", *PLAY, "--out", "play.json", "--force")
        assert (code, err) == (1, "mechanism: no space left on the disk\n")
        assert contents(folder) == before

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("play.csv", "must end in .json, .txt, .svg"),
            ("inner", "must end in"),
            ("x.json", "x.json is a folder"),
        ],
    )
    def test_where_nothing_can_be_written(self, folder, run, name, message):
        (folder / "x.json").mkdir()
        code, _, err = run("recruit", "--campaign", "c.toml", "--out", name, "--force")
        assert code == 2
        assert message in err

    def test_an_interruption_shows_the_best(self, folder, run, monkeypatch):
        def stopped(*words, **settings):
            return dataclasses.replace(recruit(*words, **settings), status=Status.INTERRUPTED)

        monkeypatch.setattr("solvers.recruitment.recruit", stopped)
        code, out, err = run("recruit", "--campaign", "c.toml", *PLAY, "--json", "--out", "play.json")
        assert code == 130
        assert (
            json.loads(out)["status"]
            == "interrupted"
            == json.loads((folder / "play.json").read_text())["status"]
        )
        assert err.splitlines()[-1] == (
            "mechanism: interrupted: what was reached is shown above; to go on, repeat the command"
        )


class TestDesigns:
    def test_a_design(self, folder, run):
        words = ("--campaign", "c.toml", "--max-depth", "1", "--out", "d.json")
        code, out, _ = run("design", *words, "--epsilon", "0.5", "--json")
        assert code == 0
        found = json.loads(out)
        assert found == json.loads((folder / "d.json").read_text())
        assert (found["epsilon"], found["scheme"]["scheme"]) == ("1/2", "path_table")
        assert found["certificate"]["claims"]

    def test_the_arguments_of_a_design(self, folder, run, asked):
        words = "--subject-to SEC:1/4 --budget tail:0.5:0.9 --unit 0.01 --effort 2"
        code, out, _ = run("design", "--campaign", "c.toml", *words.split())
        assert (code, out) == (0, "a table\n")
        assert str(asked["subject_to"][0]).startswith("paying the finder")
        assert (asked["budget"].level, asked["unit"], asked["effort"], asked["epsilon"]) == (
            0.9,
            0.01,
            2,
            None,
        )
        assert isinstance(asked["campaign"], Campaign)

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            ("design --budget 0.5", "--budget is '0.5'; it must be worst_case:SHARE"),
            ("design --budget tail:0.5", "--budget is 'tail:0.5'"),
            ("design --subject-to SPQ", "property is 'SPQ'; it must be one of"),
            ("design --effort 0", "--effort is 0; it must be at least 1"),
            ("frontier --epsilon -1", "--epsilon is -1.0; it must be"),
            ("frontier --effort 0", "--effort is 0"),
            ("surface --effort 0", "--effort is 0"),
            ("frontier --frobnicate", "No such option"),
        ],
    )
    def test_wrong_words(self, folder, run, asked, words, message):
        code, out, err = run(*words.split(), "--campaign", "c.toml")
        assert (code, out) == (2, "")
        assert message in err
        assert not asked

    def test_infinite_numbers_are_texts(self, folder, run, asked):
        code, out, _ = run("frontier", "--campaign", "c.toml", "--epsilon", "0", "--json")
        assert code == 0
        assert json.loads(out)["gain"] == "inf"
        assert str(asked["words"]) == "([Fraction(0, 1)],)"

    def test_numbers_that_are_unknown_are_null(self):
        assert json.loads(
            cli_output.to_json({"a": [float("nan"), -float("inf")], "b": (1.5, True, None)})
        ) == {
            "a": [None, "-inf"],
            "b": [1.5, True, None],
        }

    def test_a_grid(self, folder, run, asked):
        words = "--epsilon 0 --epsilon 1 --identity-cost 0.5 --finder-share 0.25 --keep points"
        assert run("surface", "--campaign", "c.toml", *words.split())[0] == 0
        assert (asked["epsilons"], asked["identity_costs"]) == ((0.0, 1.0), (0.5,))
        assert (asked["finder_shares"], asked["recruiter_shares"]) == ((0.25,), (0.0,))
        assert asked["folder"] == Path("points")

    def test_an_interrupted_grid_says_what_is_kept(self, folder, run, monkeypatch):
        def stopped(*words, **settings):
            settings["folder"].mkdir()
            (settings["folder"] / "point-1.json").write_text("{}")
            raise KeyboardInterrupt

        monkeypatch.setattr("solvers.design_surface.surface", stopped)
        code, _, err = run("surface", "--campaign", "c.toml", "--keep", "points")
        assert code == 130
        assert err.endswith(
            "mechanism: interrupted: 1 finished climbs are kept in points; the same command goes on from there\n"
        )

    @pytest.mark.parametrize(
        ("error", "code", "message"),
        [
            (KeyboardInterrupt, 130, "interrupted, nothing was written"),
            (SolveError("no table has all the properties"), 1, "no table has all the properties"),
        ],
    )
    def test_what_ends_a_run(self, folder, run, monkeypatch, error, code, message):
        def end(*words, **settings):
            raise error

        monkeypatch.setattr("solvers.design_frontier.frontier", end)
        found, _, err = run("frontier", "--campaign", "c.toml", "--out", "f.json")
        assert found == code
        assert err.endswith(f"mechanism: {message}\n")
        assert set(contents(folder)) == {"ring.tsv", "c.toml"}

    def test_solve_prints_json(self, folder, run, asked, monkeypatch):
        monkeypatch.setattr(
            "solvers.export.write_frontier", lambda result, place, **words: [place / "table.txt"]
        )
        code, out, err = run("solve", "--campaign", "c.toml", "--epsilon", "0", "--out", "result", "--json")
        assert (code, json.loads(out)["gain"]) == (0, "inf")
        assert err.startswith("Network: ring.tsv, 12 people, 12 edges.")
        assert "exponential:0.5, of an invitation exponential:0.125" in err
        assert "Wrote table.txt to result" in err


class TestProofs:
    def test_matrix_as_json(self, run):
        code, out, err = run("matrix", "--of", "paths", "--json")
        assert (code, err) == (0, "")
        assert json.loads(out)

    @pytest.mark.parametrize("words", [["matrix", "--of", "paths"], ["verify", "double_geometric:1/3", "SP"]])
    def test_nothing_is_replaced_without_force(self, folder, run, words):
        name = "m.md" if words[0] == "matrix" else "scheme.json"
        (folder / name).write_text("mine")
        out = name if words[0] == "matrix" else "."
        code, printed, err = run(*words, "--out", out)
        assert (code, printed) == (2, "")
        assert f"{name} exists; --force replaces it" in err
        assert (folder / name).read_text() == "mine"
        assert run(*words, "--out", out, "--force")[0] == 0
        assert (folder / name).read_text() != "mine"


def commands(group, above=()):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*above, name))
        else:
            yield (*above, name)


@pytest.mark.parametrize("words", list(commands(cli)), ids=" ".join)
def test_every_command_has_examples_json_and_refuses_what_it_does_not_know(words):
    done = CliRunner().invoke(cli, [*words, "--help"])
    assert done.exit_code == 0
    assert "Examples:\n  mechanism " + " ".join(words) in done.output
    assert "--json" in done.output or words == ("report",)  # which writes a page
    assert "--out" in done.output
    done = CliRunner().invoke(cli, [*words, "--frobnicate"])
    assert done.exit_code == 2
    assert "No such option" in done.output


@pytest.mark.parametrize("words", list(commands(cli)), ids=" ".join)
def test_examples_name_options_that_there_are(words):
    command = cli
    for word in words:
        command = command.commands[word]
    known = {
        option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)
    }
    for line in command.examples:
        assert {word for word in line.split() if word.startswith("-")} <= known


def test_the_help_tells_codes_and_completion():
    printed = CliRunner().invoke(cli, ["--help"]).output
    assert "130" in printed
    assert "_MECHANISM_COMPLETE=bash_source" in printed


def test_the_shell_completes_words():
    settings = os.environ | {
        "_MECHANISM_COMPLETE": "bash_complete",
        "COMP_WORDS": "mechanism rec",
        "COMP_CWORD": "1",
    }
    command = [sys.executable, "-m", "solvers.cli"]
    done = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, check=False)
    assert done.stdout == "plain,recruit\n"


def test_the_help_loads_no_back_end():
    code = (
        "import sys\nfrom solvers.cli import main\nmain(['--help'])\n"
        "print(*sorted(name.partition('.')[0] for name in sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    heavy = {
        "cvxpy",
        "distributed",
        "highspy",
        "hypothesis",
        "matplotlib",
        "numba",
        "polars",
        "rich",
        "scipy",
    }
    assert not heavy & set(done.stderr.split())
