"""Networks, tasks, teams and campaigns: what they hold and what they refuse."""

import numpy as np
import pytest

from mechanism import (
    Campaign,
    CostModel,
    Graph,
    IncentiveNetwork,
    InvalidInputError,
    Members,
    Search,
    TopDegree,
)

GRAPH = Graph.from_edges([1, 1, 2, 3], [2, 3, 3, 4])
COST = CostModel.exponential(mean=1)


def network(contact=0.5, join=COST, invite=COST, graph=GRAPH):
    return IncentiveNetwork(graph, contact=contact, join=join, invite=invite)


def campaign(team=None, max_depth=3, net=None, task=None):
    net, task = net or network(), task or Search(prize=10, find=0.1)
    return Campaign(net, task, team=team or TopDegree(1), max_depth=max_depth)


class Chosen:
    """A team of a user's own."""

    def __init__(self, nodes):
        self.nodes = nodes

    def select(self, graph):
        return self.nodes


def test_a_team_of_ones_own_is_copied():
    nodes = np.array([1, 2])
    chosen = campaign(team=Chosen(nodes))
    nodes[0] = 3
    assert chosen.team_nodes.tolist() == [1, 2]
    assert chosen.team_nodes.dtype == np.int32


def test_numbers_of_numpy_become_plain_ones():
    task = Search(prize=np.float32(2), find=np.float64(0.5), targets=np.int64(3))
    assert (type(task.prize), type(task.find), type(task.targets)) == (float, float, int)
    assert type(campaign(max_depth=np.int64(3)).max_depth) is int
    assert type(TopDegree(np.int32(2)).k) is int


def test_a_campaign_picks_its_team_once():
    assert campaign().team_nodes.tolist() == [0]
    named = campaign(team=Members([4, 2]))
    assert named.team_nodes.tolist() == [3, 1]
    with pytest.raises(ValueError, match="read-only"):
        named.team_nodes[0] = 0


def test_contact_may_differ_by_arc_and_is_copied():
    chances = np.array([0.1, 0.2, 0.3, 0.4])
    net = network(contact=chances)
    chances[0] = 9
    assert net.contact.tolist() == [0.1, 0.2, 0.3, 0.4]
    with pytest.raises(ValueError, match="read-only"):
        net.contact[0] = 0


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: network(contact=1.2), r"contact is 1.2; .*\[0, 1\]"),
        (lambda: network(contact=float("nan")), "contact is nan"),
        (lambda: network(contact="often"), "contact is 'often'"),
        (lambda: network(contact=[0.1, 0.2, -0.3, 2]), r"contact\[2\] is -0.3"),
        (lambda: network(contact=[0.1, 0.2]), r"shape \(4,\)"),
        (lambda: network(join=0.8), "join is 0.8"),
        (lambda: network(invite=None), "invite is None"),
        (lambda: network(graph="graph.txt"), "graph is 'graph.txt'"),
        (lambda: Search(prize=-1, find=0.1), "prize is -1"),
        (lambda: Search(prize=float("nan"), find=0.1), "prize is nan"),
        (lambda: Search(prize=1, find=0), "find is 0"),
        (lambda: Search(prize=1, find=1.2), "find is 1.2"),
        (lambda: Search(prize=1, find=0.1, targets=0), "targets is 0"),
        (lambda: Search(prize=1, find=0.1, targets=1.5), "targets is 1.5"),
        (lambda: TopDegree(0), "k is 0"),
        (lambda: campaign(team=TopDegree(9)), "team is 9; .*4 people"),
        (lambda: campaign(team=Members([])), "at least one label"),
        (lambda: campaign(team=Members([2, 7])), r"team\[1\] is 7"),
        (lambda: campaign(team=Members(["2"])), r"team\[0\] is '2'"),
        (lambda: campaign(team=Members([2, 2])), "named once"),
        (lambda: campaign(team=[0]), "team is"),
        (lambda: campaign(max_depth=0), "max_depth is 0"),
        (lambda: campaign(max_depth=2.0), "max_depth is 2.0"),
        (lambda: campaign(net=GRAPH), "network is"),
        (lambda: campaign(task="search"), "task is 'search'"),
        (lambda: network(contact="0.5"), "contact is '0.5'"),
        (lambda: network(contact=True), "contact is True"),
        (lambda: network(contact=[[0.1], [0.2, 0.3]]), "contact is"),
        (lambda: Search(prize="10", find=0.1), "prize is '10'"),
        (lambda: Members("ann"), "a sequence of labels"),
        (lambda: campaign(team=Chosen([4])), "distinct nodes"),
        (lambda: campaign(team=Chosen([-1])), "distinct nodes"),
        (lambda: campaign(team=Chosen([1, 1])), "distinct nodes"),
        (lambda: campaign(team=Chosen([])), "distinct nodes"),
        (lambda: campaign(team=Chosen([0.5])), "distinct nodes"),
    ],
)
def test_wrong_arguments_are_named_in_one_sentence(build, words):
    with pytest.raises(InvalidInputError, match=words) as caught:
        build()
    assert "\n" not in str(caught.value)
