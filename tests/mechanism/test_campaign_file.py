"""Campaign files: what they say, and errors that name the line and the key."""

import tomllib
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanism import Contribution, Recursive, Search
from mechanism.campaign_file import campaign_toml, load_campaign
from mechanism.errors import InvalidInputError
from mechanism.response_times import LognormalTime

FULL = '''\
# a campaign
seed = 7
max_depth = 4
max_invites = 3
response = "lognormal:1:1.5"
horizon = 30.0

[network]
file = "friends.tsv"  # beside this file
directed = false
self_loops = "refuse"
duplicates = "merge"
contact = 0.5
support = 0.25
altruism = 0.125

[costs]
join = "uniform:0:2"
invite = [
  0.1,
  0.3,
]

[motives]
profit = 1
charity = 0.5
reciprocity = 0.25
entertainment = [0, 0, 0, 1.5]

[task]
kind = "search"
prize = 4000
targets = 10
find = 0.001

[team]
members = ["bob"]

[scheme]
scheme = "geometric"
first = """0.5"""
ratio = 0.25
'''
# A wrong value for every key, and what the message says is allowed.
WRONG = {
    "seed": ("-1", "an integer of at least 0"),
    "max_depth": ("2.5", "an integer of at least 1"),
    "max_invites": ("0", "an integer of at least 1"),
    "response": ('"pareto:1"', "pareto:LEAST:EXPONENT"),
    "horizon": ("-1", "a finite time above 0"),
    "network.file": ('"nobody.tsv"', "an existing file"),
    "network.directed": ('"no"', "true or false"),
    "network.self_loops": ('"keep"', "drop"),
    "network.duplicates": ("7", "merge"),
    "network.contact": ("1.5", "a probability in [0, 1]"),
    "network.support": ("nan", "a finite number"),
    "network.altruism": ('"much"', "a finite number"),
    "costs.join": ('"uniform:2:1"', "a law whose high is"),
    "costs.invite": ("0", "a law whose mean is"),
    "motives.profit": ("-1", "a finite number of at least 0"),
    "motives.charity": ("inf", "a finite number of at least 0"),
    "motives.reciprocity": ("[0, -1, 0, 0]", "a finite number of at least 0"),
    "motives.entertainment": ('"fun"', "a finite number of at least 0"),
    "task.kind": ('"hunt"', "search or contribution"),
    "task.prize": ("-4000", "a finite amount of money above 0"),
    "task.targets": ("true", "an integer of at least 1"),
    "task.find": ("1.5", "a probability in (0, 1]"),
    "team.members": ('["bob", "eve"]', "one of the 4 labels of the graph"),
    "scheme.scheme": ('"pyramid"', "one of"),
    "scheme.first": ("-1", "a number in"),
    "scheme.ratio": ('"half"', '"1/5"'),
}
REQUIRED = [
    "max_depth", "network.file", "network.contact", "costs.join", "costs.invite", "task.kind", "task.prize",
    "task.find", "team.members", "scheme.first",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("campaign")
    (path / "friends.tsv").write_text("ann bob\nbob cem\ncem dan\nbob ann\n")
    return path


def written(folder, text, name="campaign.toml"):
    path = folder / name
    path.write_text(text)
    return path


def refusal(folder, text, **settings):
    with pytest.raises(InvalidInputError) as caught:
        load_campaign(written(folder, text), **settings)
    return str(caught.value)


def statement(key):
    """Return the lines that set a key in the full file, and the number of the first."""
    lines = FULL.splitlines()
    table, name = key.rpartition(".")[::2]
    begin = lines.index(f"[{table}]") + 1 if table else 0
    first = next(n for n in range(begin, len(lines)) if lines[n].startswith(f"{name} ="))
    last = first if not lines[first].endswith("[") else lines.index("]", first)
    return first, last


def replaced(key, *new):
    first, last = statement(key)
    lines = FULL.splitlines()
    return "\n".join([*lines[:first], *new, *lines[last + 1 :]]), first + 1


def test_everything_is_read(folder):
    loaded = load_campaign(written(folder, FULL))
    campaign, network = loaded.campaign, loaded.campaign.network
    assert (loaded.seed, campaign.max_depth, campaign.max_invites, campaign.horizon) == (7, 4, 3, 30.0)
    assert campaign.response == LognormalTime(1.0, 1.5)
    assert (network.graph.n, network.graph.m, network.contact) == (4, 6, 0.5)
    assert (network.support.weights, network.altruism.weights) == (0.25, 0.125)
    assert (network.join.low, network.join.high, network.invite.mean) == (0.0, 2.0, pytest.approx(0.2))
    assert network.motives.weights[:, :3].tolist() == [[1, 0.5, 0.25]] * 4
    assert network.motives.weights[:, 3].tolist() == [0, 0, 0, 1.5]
    assert campaign.task == Search(prize=4000, targets=10, find=0.001)
    assert campaign.team_nodes.tolist() == [1]
    assert loaded.scheme.to_dict() == {"scheme": "geometric", "first": "0.5", "ratio": "0.25"}
    assert loaded.settings["task"]["prize"] == 4000


def test_what_need_not_be_said(folder):
    text = (
        'max_depth = 2\nscheme = "recursive:1/2"\nnetwork = {file = "friends.tsv", contact = 1}\n'
        "costs = {join = 1, invite = 0.5}\nteam.top_degree = 1\n"
        'task = {kind = "contribution", amount = 25}\n'
    )
    loaded = load_campaign(written(folder, text))
    assert loaded.scheme == Recursive(Fraction(1, 2))
    assert (loaded.seed, loaded.campaign.max_invites, loaded.campaign.response) == (None, None, None)
    assert loaded.campaign.network.graph.m == 4
    assert loaded.campaign.network.motives.is_profit_alone
    assert loaded.campaign.task == Contribution(amount=25)


def test_nothing_is_written_and_folders_may_be_left(folder, tmp_path):
    text = FULL.replace('"friends.tsv"', f'"../{folder.name}/friends.tsv"')
    inner = folder.parent / "elsewhere"
    inner.mkdir(exist_ok=True)
    path = written(inner, text)
    before = sorted(folder.parent.rglob("*"))
    assert load_campaign(path).campaign.network.graph.n == 4
    assert sorted(folder.parent.rglob("*")) == before


@pytest.mark.parametrize("key", WRONG)
def test_a_wrong_value_is_named_with_its_line(key, folder):
    value, allowed = WRONG[key]
    text, line = replaced(key, f"{key.rpartition('.')[2]} = {value}")
    message = refusal(folder, text)
    assert message.startswith(f"{key}[campaign.toml, line {line}")
    assert allowed in message


@settings(max_examples=60)
@given(st.sampled_from(sorted(WRONG)), st.integers(0, 3), st.booleans(), st.booleans())
def test_lines_are_found_in_any_layout(folder, key, blank, quoted, windows):
    name = key.rpartition(".")[2]
    word = f'"{name}"' if quoted else name
    text, line = replaced(key, *["# [team]"] * blank, f"  {word}={WRONG[key][0]} # = ]")
    message = refusal(folder, text.replace("\n", "\r\n") if windows else text)
    assert message.startswith(f"{key}[campaign.toml, line {line + blank}")


@settings(max_examples=60)
@given(st.sampled_from(sorted(WRONG)), st.text("abcdxyz_", min_size=1, max_size=6))
def test_an_unknown_key_is_named_with_its_line(folder, key, ending):
    table, name = key.rpartition(".")[::2]
    if table == "scheme":
        return
    wrong = f"{name}_{ending}"
    text, line = replaced(key, *FULL.splitlines()[slice(*np.add(statement(key), (0, 1)))], f"{wrong} = 1")
    line += statement(key)[1] - statement(key)[0] + 1
    message = refusal(folder, text)
    assert f"{wrong}[campaign.toml, line {line}] is no known key; it must be one of " in message
    assert name in message.partition("must be one of")[2]


@pytest.mark.parametrize("key", REQUIRED)
def test_a_missing_key_is_named_with_its_table(key, folder):
    text, _ = replaced(key)
    table = key.rpartition(".")[0]
    line = text.splitlines().index(f"[{table}]") + 1 if table else 1
    message = refusal(folder, text)
    assert message.startswith(key if table != "team" else table)
    assert f"[campaign.toml, line {line}] is" in message


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[costs]", "[prices]", "prices[campaign.toml, line 17] is no known key"),
        (
            "[team]\n",
            "[[team]]\n",
            "team[campaign.toml, line 36] is [{'members': ['bob']}]; it must be a table",
        ),
        ("[team]", "[team]\ntop_degree = 2", "team[campaign.toml, line 36] is not one rule"),
        ("prize = 4000", "amount = 4000", "task.amount[campaign.toml, line 32] is no key of a search"),
        (
            "ratio = 0.25",
            "c = 0.25",
            "scheme.c[campaign.toml, line 42] is no parameter of geometric; it must be one of first",
        ),
        ("[0, 0, 0, 1.5]", "[0, 1.5]", "motives[campaign.toml, line 24] is 2; it must be weights"),
        ("seed = 7", "seed = 1979-05-27", "seed[campaign.toml, line 2] is datetime.date"),
    ],
)
def test_a_wrong_structure_is_named_with_its_line(old, new, message, folder):
    assert refusal(folder, FULL.replace(old, new)).startswith(message)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("max_depth = 4", "max_depth = ", 3, "'max_depth ='"),
        ("prize = 4000", "prize 4000", 32, "'prize 4000'"),
        ("prize = 4000", "prize = 4000\nprize = 1", 33, "'prize = 1'"),
        ('members = ["bob"]', 'members = ["bob]', 37, "'members = "),
        ("ratio = 0.25\n", 'ratio = """0.25\n', 42, "ratio = "),
    ],
)
def test_what_is_no_toml_is_shown_with_its_line(old, new, line, words, folder):
    message = refusal(folder, FULL.replace(old, new))
    assert message.startswith(f"campaign[campaign.toml, line {line}] is no TOML: ")
    assert words in message


def test_a_wrong_edge_is_named_with_both_lines(folder):
    (folder / "odd.tsv").write_text("1 2\n3\n")
    message = refusal(folder, FULL.replace("friends.tsv", "odd.tsv"))
    assert message.startswith(
        "network.file[campaign.toml, line 9: odd.tsv, line 2] is '3'; it must be two columns"
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"seed = 1 # " + b"x" * 1_000_000, "at most 1,000,000 bytes"),
        (b"seed = '\xff'", "a text file in UTF-8 (byte 8 is not)"),
        (b"seed = " + b"[" * 100_000, "nested less deeply"),
    ],
)
def test_files_that_are_no_such_text(data, words, folder):
    path = folder / "odd.toml"
    path.write_bytes(data)
    with pytest.raises(InvalidInputError) as caught:
        load_campaign(path)
    assert words in str(caught.value)


@pytest.mark.parametrize("name", ["nobody.toml", "."])
def test_a_missing_file(name, folder):
    with pytest.raises(InvalidInputError, match="an existing file"):
        load_campaign(folder / name)


def test_overrides_stand_before_the_file(folder):
    path = written(folder, FULL)
    given_ones = {"task.prize": 5, "team": {"top_degree": 2}, "network.contact": 1.0}
    campaign = load_campaign(path, overrides=given_ones).campaign
    assert (campaign.task.prize, len(campaign.team_nodes), campaign.network.contact) == (5.0, 2, 1.0)
    # an override has no line
    with pytest.raises(InvalidInputError, match=r"^task\.prize is -5\.0; it must be"):
        load_campaign(path, overrides={"task.prize": -5})
    with pytest.raises(InvalidInputError, match=r"^network\.fail is no known key"):
        load_campaign(path, overrides={"network.fail": -5})


def test_a_wrong_value_may_be_overridden(folder):
    text, _ = replaced("task.prize", "prize = -1")
    assert load_campaign(written(folder, text), overrides={"task.prize": 3}).campaign.task.prize == 3.0


def test_all_may_be_overrides(folder):
    given_ones = {**tomllib.loads(FULL)}
    given_ones["network"]["file"] = str(folder / "friends.tsv")
    assert load_campaign(None, overrides=given_ones).campaign.max_depth == 4
    del given_ones["task"]["find"]
    with pytest.raises(InvalidInputError, match=r"^task\.find is not given; it must be a probability"):
        load_campaign(None, overrides=given_ones)


plain = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=("Cs",))),
)


@settings(max_examples=60)
@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=("Cs",))), plain | st.lists(plain, max_size=3), max_size=4
    ),
    st.dictionaries(
        st.text("ab.' \n", max_size=3), st.dictionaries(st.text(max_size=3), plain, max_size=3), max_size=3
    ),
)
def test_written_settings_are_read_again(values, tables):
    written_ones = {**{f"v{key}": value for key, value in values.items()}, **tables}
    assert tomllib.loads(campaign_toml(written_ones)) == written_ones


def test_a_written_campaign_is_the_same(folder):
    first = load_campaign(written(folder, FULL))
    second = load_campaign(written(folder, campaign_toml(first.settings)))
    assert second.settings == first.settings
    assert second.scheme == first.scheme
    assert second.campaign.task == first.campaign.task
