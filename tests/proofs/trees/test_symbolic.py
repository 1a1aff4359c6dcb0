"""Proofs for every forest: a claim is proved if and only if it is true, by hand and by brute force."""

from __future__ import annotations

from dataclasses import fields
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanism.schemes import (
    CDRM1,
    CDRM2,
    TDRM,
    TREE_FAMILIES,
    CappedRate,
    GeometricTree,
    LinearLuxor,
    LinearPachira,
    Luxor,
    MultiLevel,
    Pachira,
    ShapleyTree,
)
from proofs.check_tree import FAMILIES
from proofs.trees import (
    TREE_PROPERTIES,
    Additivity,
    BudgetBalance,
    BudgetConstraint,
    ContributionIncentive,
    ProfitableOpportunity,
    ProportionalReward,
    SolicitationIncentive,
    SubtreeLocality,
    Symmetry,
    UnboundedReward,
    UnprofitableBypassing,
    UnprofitableGeneralizedSybilAttack,
    UnprofitableSybilAttack,
    ZeroValueRoot,
)
from proofs.trees.rule import Rule
from proofs.trees.search import Reach, search
from proofs.trees.symbolic import prove, refute
from proofs.trees.witness import witness

F = Fraction
HALF, THIRD = F(1, 2), F(1, 3)
TINY = F(1, 10**30)


def truth(scheme, claimed):
    """Return whether a property holds in every forest: the exact conditions, family by family."""
    p = tuple(scheme.parameters)
    match scheme:
        case CappedRate(floor=share, slope=slope, cap=cap) if slope == 0 or share == cap:
            return linear(F(0), share, F(0), claimed)
        case LinearPachira(budget=share, beta=1):
            return linear(F(0), share, F(0), claimed)
        case GeometricTree(decay=a, share=b):
            return linear(a, b, a * b, claimed)
        case LinearLuxor(budget=budget, climb=a):
            return linear(a, budget * (1 - a), a * budget * (1 - a), claimed)
        case MultiLevel(decay=a, share=b):
            return linear(a, F(0), b, claimed)
        case CDRM1(budget=top, penalty=theta) | CDRM2(budget=top, penalty=theta):
            known = {"BC": lambda x: top <= x, "RPC": lambda x: x <= top - theta}
            never = ("BB", "PO", "URO", "DLD", "ZVR")
        case TDRM(decay=a, slope=slope, base=base):
            known = {"BC": lambda x: slope / (1 - a) + base <= x, "RPC": lambda x: x <= base}
            known["URO"] = lambda most: most != 1
            never = ("BB", "UGSA", "DLD", "ZVR")
        case CappedRate(floor=floor, cap=cap):
            known = {"BC": lambda x: cap <= x, "RPC": lambda x: x <= floor}
            known |= {"PO": lambda: cap == 1, "UGSA": lambda: 2 * cap <= 1 + floor}
            never = ("BB", "CSI", "URO", "DLD", "ZVR")
        case LinearPachira(budget=budget, beta=beta, delta=delta):
            known = {"BC": lambda x: budget <= x, "RPC": lambda x: x <= beta * budget}
            known |= {"URO": lambda most: most != 1}
            known |= {"UGSA": lambda: budget * (beta + (1 - beta) * (1 + delta)) <= 1}
            never = ("BB", "SL", "DLD", "ZVR")
        case Pachira() | Luxor():
            known = {"RPC": lambda x: x == 0, "ZVR": lambda: p[0] == (1 if len(p) == 2 else 0)}
            if len(p) == 1:
                known["USA"] = lambda shape, cost: shape == "siblings" or p[0] * (1 - p[0]) <= cost
            never = ("BC", "BB", "CCI", "CSI", "PO", "URO", "SL", "UGSA", "DLD")
        case ShapleyTree():
            known = {"BC": lambda x: x >= 1, "RPC": lambda x: x == 0, "USA": lambda s, c: s == "siblings"}
            never = ("SL", "USB", "UGSA", "DLD", "ZVR")
    code = claimed.code
    return code not in never and (code not in known or known[code](*arguments(claimed)))


def linear(sent, own, received, claimed):
    """Return whether f = c + sent s, g = own c + received s have a property."""
    usable = received > 0
    known = {
        "BC": lambda x: own + received / (1 - sent) <= x if own else received <= x * (1 - sent),
        "BB": lambda: (own, received) == (1, 0),
        "CCI": lambda: own > 0,
        "CSI": lambda: usable and sent > 0,
        "RPC": lambda x: x <= own,
        "PO": lambda: usable or own >= 1,
        "URO": lambda most: usable and (most is None or sent * most >= 1),
        "USA": lambda shape, cost: shape == "siblings" or not usable,
        "UGSA": lambda: not usable and own <= 1,
        "ZVR": lambda: False,
    }
    return known.get(claimed.code, lambda: True)(*arguments(claimed))


def arguments(claimed):
    return [getattr(claimed, item.name) for item in fields(claimed)]


hairs = st.sampled_from([-TINY, F(0), TINY])
eighths = st.builds(F, st.integers(0, 8), st.just(8))
inner = st.builds(F, st.integers(1, 7), st.just(8))
decays = st.builds(F, st.integers(0, 7), st.just(8))
positive = st.sampled_from([F(1, 8), HALF, F(1), F(2)])
schemes = st.one_of(
    st.builds(GeometricTree, decays, st.builds(F, st.integers(0, 12), st.just(8))),
    st.builds(MultiLevel, decays, eighths),
    st.builds(LinearLuxor, st.builds(F, st.integers(1, 8), st.just(8)), decays),
    *(
        st.tuples(inner | st.just(F(1)), inner | st.just(F(1))).map(lambda t, k=k: k(max(t), min(t)))
        for k in (CDRM1, CDRM2)
    ),
    st.builds(TDRM, inner, positive, eighths, positive),
    st.builds(LinearPachira, st.builds(F, st.integers(1, 8), st.just(8)), eighths, positive),
    st.tuples(eighths, eighths, eighths).map(lambda t: CappedRate(min(t[:2]), t[2], max(t[:2]))),
    st.just(ShapleyTree()),
    st.builds(Luxor, decays),
    st.builds(Pachira, eighths, positive),
)
sixteenths = st.builds(lambda n, hair: max(F(n, 16) + hair, F(0)), st.integers(0, 40), hairs)
properties = st.one_of(
    st.builds(BudgetConstraint, sixteenths.filter(bool)),
    st.builds(ProportionalReward, sixteenths),
    st.builds(UnboundedReward, st.none() | st.integers(1, 9)),
    st.builds(
        UnprofitableSybilAttack,
        st.sampled_from(["any", "chain", "siblings"]),
        identity_cost=sixteenths,
    ),
    st.sampled_from(
        [
            BudgetBalance(),
            ContributionIncentive(),
            SolicitationIncentive(),
            ProfitableOpportunity(),
            SubtreeLocality(),
            UnprofitableBypassing(),
            UnprofitableGeneralizedSybilAttack(),
            Symmetry(),
            Additivity(),
            ZeroValueRoot(),
        ]
    ),
)


def test_every_family_and_every_property_is_known():
    assert set(FAMILIES) == set(TREE_FAMILIES)
    assert {len(family[0]) for family in FAMILIES.values()} == {0, 1, 2, 3, 4}
    for kind, family in TREE_FAMILIES.items():
        assert FAMILIES[kind][0] == [item.name for item in fields(family)]
    assert len(TREE_PROPERTIES) == 14


@settings(max_examples=500)
@given(schemes, properties)
def test_what_is_true_is_proved_and_nothing_else(scheme, claimed):
    proved = prove(scheme, claimed)
    assert (proved is not None) is truth(scheme, claimed)
    ceiling = refute(scheme, claimed)
    promise = isinstance(claimed, (ProfitableOpportunity, UnboundedReward))
    assert (ceiling is not None) is (promise and proved is None)


@pytest.mark.parametrize(
    ("scheme", "claimed"),
    [
        (lambda e: GeometricTree(HALF, HALF + e), BudgetConstraint()),
        (lambda e: GeometricTree(HALF + e, HALF), BudgetConstraint()),
        (lambda e: LinearLuxor(HALF + e, THIRD), BudgetConstraint(HALF)),
        (lambda e: MultiLevel(HALF, HALF + e), BudgetConstraint()),
        (lambda e: MultiLevel(HALF + e, HALF), BudgetConstraint()),
        (lambda e: TDRM(HALF + e, F(1, 5), F(1, 10), F(3)), BudgetConstraint(HALF)),
        (lambda e: TDRM(HALF, F(1, 5) + e, F(1, 10), F(3)), BudgetConstraint(HALF)),
        (lambda e: TDRM(HALF, F(1, 5), F(1, 10) + e, F(3)), BudgetConstraint(HALF)),
        (lambda e: CDRM1(HALF + e, F(1, 4)), BudgetConstraint(HALF)),
        (lambda e: CDRM2(HALF + e, F(1, 4)), BudgetConstraint(HALF)),
        (lambda e: LinearPachira(HALF + e, F(1, 4), HALF), BudgetConstraint(HALF)),
        (lambda e: CappedRate(F(1, 4), F(1), HALF + e), BudgetConstraint(HALF)),
        (lambda e: CappedRate(HALF + e, F(0), F(1)), BudgetConstraint(HALF)),
        (lambda e: GeometricTree(HALF, HALF - e), ProportionalReward(HALF)),
        (lambda e: CDRM1(HALF - e, F(1, 4)), ProportionalReward(F(1, 4))),
        (lambda e: CDRM1(HALF, F(1, 4) + e), ProportionalReward(F(1, 4))),
        (lambda e: CDRM2(HALF, F(1, 4) + e), ProportionalReward(F(1, 4))),
        (lambda e: TDRM(HALF, F(1, 5), F(1, 10) - e, F(3)), ProportionalReward(F(1, 10))),
        (lambda e: LinearPachira(HALF, HALF - e, HALF), ProportionalReward(F(1, 4))),
        (lambda e: CappedRate(F(1, 4) - e, F(1), HALF), ProportionalReward(F(1, 4))),
        (lambda e: LinearPachira(HALF + e, HALF, F(2)), UnprofitableGeneralizedSybilAttack()),
        (lambda e: LinearPachira(HALF, HALF - e, F(2)), UnprofitableGeneralizedSybilAttack()),
        (lambda e: LinearPachira(HALF, HALF, F(2) + e), UnprofitableGeneralizedSybilAttack()),
        (lambda e: CappedRate(HALF, F(1), F(3, 4) + e), UnprofitableGeneralizedSybilAttack()),
        (lambda e: CappedRate(HALF - e, F(1), F(3, 4)), UnprofitableGeneralizedSybilAttack()),
        (lambda e: GeometricTree(F(0), 1 + e), UnprofitableGeneralizedSybilAttack()),
        (lambda e: GeometricTree(HALF - e, F(1, 4)), UnboundedReward(2)),
        (lambda e: MultiLevel(THIRD - e, F(1, 4)), UnboundedReward(3)),
        (lambda e: GeometricTree(F(0), 1 - e), ProfitableOpportunity()),
    ],
)
def test_a_hair_within_the_condition_and_beyond(scheme, claimed):
    known = [prove(scheme(hair), claimed) is not None for hair in (-TINY, F(0), TINY)]
    assert known == [True, True, False]


@pytest.mark.parametrize("hair", [-TINY, F(0), TINY])
def test_a_price_of_identities(hair):
    claimed = UnprofitableSybilAttack(identity_cost=F(3, 16) + hair)
    assert (prove(Luxor(F(1, 4)), claimed) is not None) is (hair >= 0)


SAMPLES = [
    GeometricTree(THIRD, THIRD),
    GeometricTree(F(0), F(3, 2)),
    GeometricTree(HALF, F(0)),
    LinearLuxor(F(1), F(0)),
    LinearLuxor(HALF, HALF),
    MultiLevel(HALF, F(1, 4)),
    MultiLevel(F(0), HALF),
    CDRM1(HALF, F(1, 4)),
    CDRM1(F(1), F(1)),
    CDRM2(HALF, F(1, 4)),
    CDRM2(F(1), F(1)),
    TDRM(HALF, F(1, 5), F(1, 10), F(1)),
    TDRM(F(1, 10), F(1, 5), F(0), F(3)),
    CappedRate(F(1, 4), F(1, 8), HALF),
    CappedRate(F(1, 5), F(1), F(7, 10)),
    CappedRate(HALF, F(0), F(1)),
    CappedRate(HALF, HALF, HALF),
    CappedRate(F(0), HALF, F(1)),
    LinearPachira(F(9, 10), F(1, 5), HALF),
    LinearPachira(F(1), F(0), F(2)),
    LinearPachira(HALF, F(1), HALF),
    ShapleyTree(),
    Luxor(HALF),
    Luxor(F(0)),
    Pachira(HALF, F(1)),
    Pachira(F(1), HALF),
]
CLAIMS = [
    *map(BudgetConstraint, (F(1, 10), F(2, 5), HALF, F(1), F(2))),
    BudgetBalance(),
    ContributionIncentive(),
    SolicitationIncentive(),
    *map(ProportionalReward, (F(0), F(1, 10), F(1, 4), F(1, 3), F(1))),
    SubtreeLocality(),
    UnprofitableBypassing(),
    *(UnprofitableSybilAttack(s, identity_cost=c) for s in ("any", "chain", "siblings") for c in (0, 1)),
    UnprofitableGeneralizedSybilAttack(),
    Symmetry(),
    Additivity(),
    ZeroValueRoot(),
]


@pytest.mark.parametrize("scheme", SAMPLES, ids=str)
def test_the_whole_table(scheme):
    promises = [ProfitableOpportunity(), *map(UnboundedReward, (None, 1, 2, 3))]
    for claimed in [*CLAIMS, *promises]:
        true = truth(scheme, claimed)
        proved, denied = prove(scheme, claimed) is not None, refute(scheme, claimed) is not None
        assert proved is true, claimed
        assert denied is (not true and claimed in promises), claimed


@pytest.mark.parametrize("scheme", SAMPLES, ids=str)
def test_proofs_and_counterexamples_share_out_all_claims(scheme):
    """What is not proved has a counterexample, evaluated exactly; what is proved has none within reach."""
    rule = Rule(scheme)
    for claimed in CLAIMS:
        near = search(rule, claimed, Reach(members=2, brooms=3))
        if prove(scheme, claimed) is not None:
            assert near is None, claimed
        elif near is None:
            far = witness(scheme, claimed) or scaled_up(scheme, claimed)
            assert far or search(rule, claimed, Reach(members=4, brooms=4)), claimed


def scaled_up(scheme, claimed):
    """Return whether splitting gains more than identities cost where contributions are a thousand times as large."""
    amounts = (F(1000), F(2000))
    return search(Rule(scheme), claimed, Reach(members=3, amounts=amounts, brooms=3))


amounts = st.sampled_from([F(0), F(1, 1000), THIRD, F(1), F(7, 2), F(100)])


@settings(max_examples=200)
@given(schemes, properties, st.lists(st.tuples(st.integers(-1, 4), amounts), min_size=1, max_size=5))
def test_no_forest_contradicts_a_proof(scheme, claimed, members):
    """Contributions of nothing, little and much, where the formula is defined for them."""
    if prove(scheme, claimed) is None or (isinstance(scheme, TDRM) and scheme.unit < 1):
        return
    nothing = THIRD if not scheme.local else F(0)
    forest = (
        tuple(min(above, i - 1) for i, (above, _) in enumerate(members)),
        tuple(c or nothing for _, c in members),
    )
    for added in claimed.added[:1]:
        assert next(claimed.violations(Rule(scheme), forest, added), None) is None


@settings(max_examples=100)
@given(schemes, st.sampled_from([None, 2, 3]), st.sampled_from([F(1, 7), F(1), F(5, 2)]))
def test_promised_rewards_are_reached_and_denied_ones_never(scheme, most, own):
    """Full trees of equal contributions, and of nothing in between, as wide as allowed and deeper and deeper."""
    claimed = UnboundedReward(most)
    proved = prove(scheme, claimed) is not None
    reached = [F(0)]
    rule = Rule(scheme)
    for depth in range(1, 6):
        width = 4**depth if most is None else most
        for between in (own, F(0)):
            forest = full_tree(width, 2 if most is None else depth + 1, own, between)
            if scheme.local or between:
                reached.append(max(reached[-1], number(rule(forest)[0])))
        if len(forest[0]) > 600:
            break
    if proved:
        assert reached[-1] > reached[1]
    else:
        assert reached[-1] <= ceiling(scheme, most) * own


def number(x):
    return x if isinstance(x, F) else F(float(x.mid()))


def ceiling(scheme, most):
    """Return a bound on rewards per unit contributed, 7 for chances."""
    if isinstance(scheme, (Luxor, Pachira)):
        return 7
    if isinstance(scheme, (GeometricTree, MultiLevel, LinearLuxor)):
        a = scheme.parameters[1 if isinstance(scheme, LinearLuxor) else 0]
        return most / (1 - a * most) if most is not None and a * most < 1 else 2
    return 1


def full_tree(width, levels, own, between):
    parents, contributions, last = [-1], [own], [0]
    for level in range(1, levels):
        row = []
        for u in last:
            for _ in range(width):
                row.append(len(parents))
                parents.append(u)
                contributions.append(own if level == levels - 1 else between)
        last = row
    return tuple(parents), tuple(contributions)
