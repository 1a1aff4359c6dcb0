"""The checker of tree schemes: its arithmetic, its inequalities, and what it refuses to read."""

from __future__ import annotations

from fractions import Fraction
from math import log
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import proofs.check_tree
from mechanism.schemes import CDRM1, CDRM2, TDRM, GeometricTree, LinearPachira, scheme_from_dict
from proofs.check_tree import (
    FORMAT,
    NOTHING,
    PARAMETERS,
    UNIT,
    C,
    E,
    Fold,
    H,
    Refused,
    S,
    T,
    Value,
    check,
    check_fold,
    fold,
    is_nonnegative,
    read_claim,
)
from proofs.enclosure import enclose

F = Fraction
TINY = F(1, 10**30)
CHECKER = Path(proofs.check_tree.__file__)
ROOT = CHECKER.parent.parent
HALF = F(1, 2)
NO_NUMBERS = (
    *("", "1/0", "1/00", "nan", "inf", "1_0", " 1", "1 ", "+1", "1\n", "٣", "-1", "-0"),
    *(".5", "5.", "1/2/3", "1e9999", "0x1", "1.5/2", "½", "1" * 5000, "/2", "1/", "1e", "1/-2"),
    *(1, 0.5, None, True, ["1"], {"1": "1"}),
)
GEOMETRIC = {"scheme": "geometric_tree", "decay": "1/3", "share": "1/3"}
BUDGET = {"property": "budget_constraint", "budget": "1/2"}
SPLIT = {"property": "unprofitable_sybil_attack", "structure": "any", "identity_cost": "0"}


def certificate(claim, multipliers=None):
    multipliers = {} if multipliers is None else multipliers
    return {"format": FORMAT, "claims": [{"claim": claim, "multipliers": multipliers}]}


def accepts(document, claim, multipliers=None):
    try:
        return bool(check(document, certificate(claim, multipliers)))
    except Refused:
        return False


def named(name, **given):
    return {"property": name} | given


def at(value, theta, *point):
    """Return a value at a point, as a fraction, and the argument of its logarithm."""

    def polynomial(p):
        total = F(0)
        for exponents, x in p.items():
            for z, e in zip(point, exponents, strict=True):
                x = x * F(z) ** e
            total += x
        return total

    return polynomial(value.above) / polynomial(value.below), polynomial(value.top) / polynomial(value.bottom)


POINTS = [(F(a), F(b), F(c), F(0)) for a in (0, 1, 7) for b in (0, HALF) for c in (0, F(1, 3), 50)]


class TestFormulas:
    """The checker's own formulas are those of the catalogue."""

    @pytest.mark.parametrize(
        "scheme",
        [
            GeometricTree(F(1, 3), F(2, 3)),
            scheme_from_dict({"scheme": "multi_level", "decay": "1/3", "share": "2/3"}),
            scheme_from_dict({"scheme": "linear_luxor", "budget": "1/3", "climb": "3/4"}),
            CDRM1(F(3, 4), F(1, 3)),
            CDRM2(F(3, 4), F(1, 3)),
            TDRM(F(1, 3), F(1, 5), F(1, 7), F(8)),
            scheme_from_dict({"scheme": "capped_rate", "floor": "1/3", "slope": "0", "cap": "1/2"}),
            scheme_from_dict({"scheme": "capped_rate", "floor": "1/3", "slope": "1", "cap": "1/3"}),
            LinearPachira(F(1, 3), F(1), F(2)),
        ],
        ids=str,
    )
    def test_folds(self, scheme):
        p = [F(x) for x in scheme.parameters]
        form = fold(scheme.kind, p)
        for point in POINTS:
            c, _, s, _ = point
            if not scheme.local:
                assert at(form.reward(C, S), 0, *point)[0] == p[0] * c
                continue
            sent = at(form.message(C, S), 0, *point)[0]
            if scheme.kind != "capped_rate" and (c > 0 or not isinstance(scheme, TDRM)):
                assert sent == scheme.message(p, c, [s], None, None)[0]
            rational, argument = at(form.reward(C, S), form.theta, *point)
            if form.theta:
                paid = scheme.pay([*map(enclose, p)], enclose(c), [enclose(s)], None, None)
                assert (enclose(rational) + enclose(form.theta) * enclose(argument).log()).overlaps(paid)
            else:
                assert (rational, argument) == (scheme.pay(p, c, [s], None, None), 1)
        assert form.largest == (8 if isinstance(scheme, TDRM) else None)

    def test_other_families_are_no_folds(self):
        for kind, p in (
            ("capped_rate", [F(0), F(1), F(1)]),
            ("linear_pachira", [F(1), F(0), F(1)]),
            ("pachira", [F(1), F(1)]),
            ("luxor", [F(0)]),
            ("shapley_tree", []),
        ):
            assert fold(kind, p) is None


terms = st.dictionaries(
    st.tuples(*[st.integers(0, 2)] * 3, st.just(0)), st.builds(F, st.integers(-2, 5), st.just(2)), max_size=4
)
bodies = st.dictionaries(
    st.tuples(*[st.integers(0, 1)] * 3, st.just(0)), st.builds(F, st.integers(0, 3)), max_size=2
).map(lambda p: p | UNIT)
quotients = st.builds(Value, terms, bodies)
values = st.builds(Value, terms, bodies, bodies, bodies)


class TestArithmetic:
    @given(quotients, quotients, values, values)
    def test_operations_are_those_of_numbers(self, x, y, u, v):
        for point in POINTS[::3]:
            (a, _), (b, _) = at(x, 0, *point), at(y, 0, *point)
            assert at(x * y, 0, *point) == (a * b, 1)
            assert at(x * HALF, 0, *point) == (a / 2, 1)
            (c, m), (d, n) = at(u, 1, *point), at(v, 1, *point)
            assert at(u + v, 1, *point) == (c + d, m * n)
            assert at(u - v, 1, *point) == (c - d, m / n)
            divisor = Value(v.below, v.top)
            assert at(x / divisor, 0, *point)[0] * at(divisor, 0, *point)[0] == a

    @settings(max_examples=300)
    @given(values, st.sampled_from([F(0), HALF, F(3)]), st.sets(st.integers(0, 2)))
    def test_what_is_nonnegative_is(self, value, theta, strict):
        if is_nonnegative(value, theta, strict):
            for point in POINTS:
                rational, argument = at(value, theta, *point)
                sign = rational + theta * F(log(argument)) if theta else rational
                assert sign >= -(TINY**HALF)
                if strict and all(point[i] > 0 for i in strict):
                    assert sign > 0

    def test_strict_only_where_variables_are_positive(self):
        product = C * S
        assert is_nonnegative(product, F(0), set())
        assert not is_nonnegative(product, F(0), {0})
        assert is_nonnegative(product, F(0), {0, 2})
        assert is_nonnegative(product + C, F(0), {0})
        assert is_nonnegative(E, F(0), {0})
        assert not is_nonnegative(C - S, F(0), set())
        assert is_nonnegative(NOTHING, F(0), set())
        assert not is_nonnegative(NOTHING, F(0), {0})
        assert not is_nonnegative(C - C * (1 + TINY), F(0), set())

    def test_logarithms(self):
        """C - log(1 + C) > 0 for C > 0 although the bound C - C is 0; log(1 + C) - C is not."""
        below, above = (
            Value(C.above, UNIT, UNIT, (E + C).above),
            Value((NOTHING - C).above, UNIT, (E + C).above),
        )
        assert is_nonnegative(below, F(1), {0})
        assert is_nonnegative(Value({}, UNIT, (E + C).above), F(1), {0})
        assert not is_nonnegative(Value({}, UNIT, UNIT, (E + C).above), F(1), set())
        assert not is_nonnegative(Value({}, UNIT, (E + C).above, (E + S).above), F(1), set())
        assert not is_nonnegative(above, F(1), set())
        tight = Value((NOTHING - C).above, (E + C).above, (E + C).above)  # log(1 + C) - C / (1 + C)
        assert is_nonnegative(tight, F(1), {0})
        assert not is_nonnegative(below, 1 + TINY, set())
        assert not is_nonnegative(below, F(1), {1})
        assert not is_nonnegative(Value({}, UNIT, (E + C).above), F(0), {0})
        # The argument of the logarithm may lie on both sides of 1 if the rest makes up for it.
        mixed = Value((C + S).above, UNIT, (E + C).above, (E + S).above)
        assert is_nonnegative(mixed, F(1), {0})


def bilinear(f1, f2, g1, g2, g3=0, *, f3=0, largest=None):
    """Return f = f1 c + f2 s + f3 c s and g = g1 c + g2 s + g3 c s."""

    def function(own, received, both):
        return lambda c, s: c * F(own) + s * F(received) + c * s * F(both)

    return Fold(function(f1, f2, f3), function(g1, g2, g3), largest=largest)


def squares(x):
    """Return f = c + s, g = c - x s^2: absorbing pays, uniting siblings does not."""
    return Fold(lambda c, s: c + s, lambda c, s: c - s * s * F(x))


def follows(form, claim, multipliers=None):
    denied = "not" in claim
    told = read_claim(claim["not"] if denied else claim)
    told = told._replace(name=f"not {told.name}") if denied else told
    try:
        check_fold(form, told, {} if multipliers is None else multipliers)
    except Refused:
        return False
    return True


RISE = {"kappa": "1/2", "tau": "1", "rho": "1/2"}
BOUND = {"phi": "1", "kappa": "1/2", "tau": "1", "rho": "1/4"}
URO, PO = named("unbounded_reward", max_children=None), named("profitable_opportunity")
URO2 = named("unbounded_reward", max_children=2)
CCI, CSI = named("contribution_incentive"), named("solicitation_incentive")
RPC, BB, DLD = named("proportional_reward", fraction="1/2"), named("budget_balance"), named("additivity")
CHAIN, SIBLINGS = SPLIT | {"structure": "chain"}, SPLIT | {"structure": "siblings"}
UGSA = named("unprofitable_generalized_sybil_attack")


class TestEveryInequalityCounts:
    """On folds of no family: each inequality broken by a hair while all others hold."""

    @pytest.mark.parametrize(
        ("claim", "multipliers", "form"),
        [  # the form holds for e >= 0 and not for e < 0
            (BUDGET, {"potential": "1/4"}, lambda e: bilinear(1, HALF, F(1, 4) - e, F(1, 8))),
            (BUDGET, {"potential": "1/4"}, lambda e: bilinear(1, HALF, F(1, 4), F(1, 8) - e)),
            (BUDGET, {"potential": "1/4"}, lambda e: bilinear(1 - e, HALF, F(1, 4), F(1, 8))),
            (BUDGET, {"potential": "1/4"}, lambda e: bilinear(1, HALF - e, F(1, 4), F(1, 8))),
            (URO, RISE, lambda e: bilinear(1, HALF, 0, HALF + e)),
            (URO, RISE, lambda e: bilinear(1, HALF, 0, 0, HALF + e)),
            (URO, RISE, lambda e: bilinear(1 + e, HALF, 0, HALF)),
            (URO, RISE, lambda e: bilinear(1, HALF + e, 0, HALF)),
            (URO, RISE, lambda e: bilinear(1, HALF, e, HALF)),
            (URO2, RISE, lambda e: bilinear(1, HALF + e, 0, HALF)),
            (PO, RISE, lambda e: bilinear(1, HALF, 0, HALF + e)),
            (PO, RISE, lambda e: bilinear(1, HALF + e, 0, HALF)),
            (PO, {}, lambda e: bilinear(1, 0, 1 + e, 0)),
            ({"not": URO2}, BOUND, lambda e: bilinear(1, F(1, 4), 1 - e, HALF)),
            ({"not": URO2}, BOUND, lambda e: bilinear(1, F(1, 4), 1, HALF - e)),
            ({"not": URO2}, BOUND, lambda e: bilinear(1 - e, F(1, 4), 1, HALF)),
            ({"not": URO2}, BOUND, lambda e: bilinear(1, F(1, 4) - e, 1, HALF)),
            ({"not": URO}, BOUND | {"kappa": "0"}, lambda e: bilinear(1, 0, 1, -e)),
            ({"not": PO}, {}, lambda e: bilinear(1, 1, 1 - TINY - e, 0)),
            ({"not": PO}, {}, lambda e: bilinear(1, 1, HALF, -e)),
            (BB, {}, lambda e: bilinear(1, 0, 1, min(0, e))),
            (BB, {}, lambda e: bilinear(1, 0, 1, max(0, -e))),
            (DLD, {}, lambda e: bilinear(1, 1, 1, 1, min(0, e))),
            (DLD, {}, lambda e: bilinear(1, 1, 1, 1, max(0, -e))),
            (DLD, {}, lambda e: bilinear(1, 1, 1, 1, f3=min(0, e))),
            (DLD, {}, lambda e: bilinear(1, 1, 1, 1, f3=max(0, -e))),
            (CCI, {}, lambda e: bilinear(1, 1, TINY + e, 1)),
            (CCI, {}, lambda e: bilinear(1, 1, 1, 1, e)),
            (CSI, {}, lambda e: bilinear(TINY + e, 1, 0, 1)),
            (CSI, {}, lambda e: bilinear(1, TINY + e, 0, 1)),
            (CSI, {}, lambda e: bilinear(1, 1, 0, TINY + e)),
            (CSI, {}, lambda e: bilinear(1, 1, 0, 0, TINY + e)),
            (CSI, {}, lambda e: bilinear(1, 1, 0, e, 1)),
            (RPC, {}, lambda e: bilinear(1, 1, HALF + e, 0)),
            (RPC, {}, lambda e: bilinear(1, 1, HALF, e)),
            (CHAIN, {}, lambda e: bilinear(1, 1, 1, -e)),
            (CHAIN, {}, lambda e: bilinear(0, 1 - e, 1, 0, 1)),
            (CHAIN, {}, lambda e: bilinear(1, 1, 1, 0, -e)),
            (SIBLINGS, {}, lambda e: bilinear(1, 1, 1, 1, e)),
            (SPLIT, {}, lambda e: bilinear(1, 1, 1, -e)),
            (SPLIT, {}, lambda e: bilinear(0, 1 - e, 1, 0, 1)),
            (SPLIT, {}, lambda e: bilinear(1, 1, 1, 0, min(0, e))),
            (UGSA, {}, lambda e: bilinear(1, 1, 1 - e, 0)),
            (UGSA, {}, lambda e: bilinear(1, 1, 1, -e)),
            (UGSA, {}, lambda e: bilinear(1, 1, HALF, 0, max(0, -e))),
            (UGSA, {}, lambda e: squares(max(0, -e))),
        ],
    )
    def test_a_hair(self, claim, multipliers, form):
        assert [follows(form(e), claim, multipliers) for e in (TINY, F(0), -TINY)] == [True, True, False]

    @pytest.mark.parametrize(
        ("form", "chain", "siblings", "split"),
        [
            (lambda: bilinear(1, 1, 1, 0), True, True, True),
            (lambda: bilinear(1, 1, 1, 1), False, True, False),
            (lambda: squares(1), True, False, False),
            (lambda: bilinear(1, 1, 1, 0, -1), True, False, False),  # others' messages weigh on who absorbs
            (lambda: bilinear(0, 1, 0, 0, 1), True, True, True),
            (lambda: Fold(lambda c, s: c, lambda c, s: c * c * c + c * s * s), True, True, False),
        ],
    )
    def test_a_split_of_any_structure_needs_both_conditions(self, form, chain, siblings, split):
        known = [follows(form(), claim) for claim in (CHAIN, SIBLINGS, SPLIT)]
        assert known == [chain, siblings, split]
        assert follows(form(), SPLIT | {"identity_cost": "7"}) is split

    def test_what_others_send_counts_unless_identities_are_a_path(self):
        form = bilinear(1, 1, 1, 0, -1)
        assert is_nonnegative(g_excess(form, C, H, S, NOTHING), F(0), set())
        assert not is_nonnegative(g_excess(form, C, H, S, T), F(0), set())

    def test_the_largest_contribution(self):
        """g = c^2 is within a budget of 1 up to contributions of 1."""
        for largest, holds in ((F(1), True), (1 + TINY, False), (None, False)):
            form = Fold(lambda c, s: c, lambda c, s: c * c, F(0), largest)
            assert follows(form, BUDGET | {"budget": "1"}, {"potential": "0"}) is holds

    def test_messages_that_fall_and_rewards_without_recruits(self):
        assert not follows(Fold(lambda c, s: c + E / (E + s), lambda c, s: c * s), CSI)
        assert not follows(bilinear(1, 0, 0, 0, 1), PO)
        assert follows(bilinear(0, 1, HALF, 0), UGSA)

    def test_no_inequality_is_no_proof(self):
        for name in ("zero_value_root", "subtree_locality", "symmetry", "unprofitable_bypassing"):
            assert not follows(bilinear(0, 0, 1, 0), named(name))

    @pytest.mark.parametrize(
        ("claim", "form", "good"),
        [
            (BUDGET, bilinear(1, HALF, F(1, 4), F(1, 8)), {"potential": "1/4"}),
            (URO2, bilinear(1, HALF, 0, HALF), RISE),
            ({"not": URO2}, bilinear(1, F(1, 4), 1, HALF), BOUND),
        ],
    )
    def test_wrong_multipliers(self, claim, form, good):
        assert follows(form, claim, good)
        assert not follows(form, claim, {})
        assert not follows(form, claim, [])
        assert not follows(form, claim, good | {"more": "1"})
        for name in good:
            assert not follows(form, claim, {key: x for key, x in good.items() if key != name})
            for text in NO_NUMBERS:
                assert not follows(form, claim, good | {name: text})
        assert not follows(form, claim, good | {next(iter(good)): "0"})
        assert not follows(form, claim, good | {"potential" if "potential" in good else "tau": "7"}) or (
            "not" in claim
        )

    def test_multipliers_at_their_limits(self):
        still = bilinear(0, HALF, 0, HALF)  # nobody sends anything of its own
        assert not follows(still, URO, RISE | {"tau": "0"})
        assert not follows(bilinear(1, HALF, 1, 0), URO, RISE | {"kappa": "0"})
        assert follows(bilinear(1, 0, 0, 1), URO, RISE | {"rho": "0"})
        three = named("unbounded_reward", max_children=3)
        third = {"rho": str(F(1, 3))}
        assert follows(bilinear(1, F(1, 3), 0, 1), three, RISE | third)
        assert not follows(bilinear(1, HALF, 0, 1), three, RISE | {"rho": str(F(1, 3) - TINY)})
        assert not follows(bilinear(1, F(1, 3), 1, HALF), {"not": three}, BOUND | third)
        assert follows(bilinear(1, 0, 1, HALF), {"not": three}, BOUND | {"rho": str(F(1, 3) - TINY)})
        assert not follows(bilinear(1, 0, 1, HALF), {"not": URO}, BOUND)
        assert follows(bilinear(1, 1, 1, 0), {"not": URO2}, BOUND | {"kappa": "0", "rho": "1"})

    @pytest.mark.parametrize(
        "claim", [BB, CCI, CSI, RPC, DLD, SPLIT, UGSA, PO, {"not": PO}, named("zero_value_root")]
    )
    def test_multipliers_where_none_belong(self, claim):
        good = bilinear(1, 1, 1, 1)
        for multipliers in ({"potential": "0"}, [1], "1", None):
            with pytest.raises(Refused):
                check_fold(good, read_claim(claim.get("not", claim)), multipliers or {"": "0"})

    @pytest.mark.parametrize("name", sorted(set(PARAMETERS) - {"profitable_opportunity", "unbounded_reward"}))
    def test_other_properties_are_never_denied(self, name):
        claim = named(name, **dict.fromkeys(PARAMETERS[name], "1"))
        claim |= {"structure": "any"} if "structure" in claim else {}
        for document in (GEOMETRIC, {"scheme": "shapley_tree"}, {"scheme": "luxor", "climb": "1/2"}):
            assert not accepts(document, {"not": claim})


def g_excess(form, c, h, s, t):
    g, f = form.reward, form.message
    return g(c + h, t + s) - g(c, t + f(h, s)) - g(h, s)
