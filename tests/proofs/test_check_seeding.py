"""The checker of seeding certificates: bounds that hold, claims that are refused, from a file alone."""

from __future__ import annotations

import json
import math
import runpy
import subprocess
import sys
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

import proofs.check_seeding
from proofs.check_seeding import FORMAT, Refused, check, guaranteed, load, main, spread_between

CHECKER = Path(proofs.check_seeding.__file__)
NO_NUMBERS = (
    *("", "1/0", "1/00", "nan", "inf", "1_0", " 1", "1 ", "+1", "1\n", "٣", "-1", "-0", "00", "01/2"),
    *(".5", "5.", "1/2/3", "1e9", "1e+9", "0x1", "1.5/2", "½", "1" * 32, "/2", "1/", "1e", "1/-2", "1e-1000"),
    *(1, 0.5, None, True, ["1"], {"1": "1"}),
)


def document(**changes):
    """8,000 sketches of either kind."""
    counts = {"choice": 8000, "prefix": 4000, "more": "90", "test": 8000, "covered": 3950}
    return {"format": FORMAT, "ratio": "0.85", "delta": "0.01", "round": 3} | counts | changes


def found(entry):
    whole = {name: entry[name] for name in ("choice", "prefix", "test", "covered")}
    delta, more = Fraction(entry["delta"]), Fraction(entry["more"])
    return guaranteed(delta=delta, number=entry["round"], more=more, **whole)


@st.composite
def documents(draw):
    """Counts of any size, and a ratio that they do not have to guarantee."""
    choice, test = (draw(st.integers(1, 10**6) | st.integers(1, 10**15)) for _ in range(2))
    return document(
        ratio=draw(st.sampled_from(["0", "0.5", "1", "1e-9"])),
        delta=draw(st.sampled_from(["0.01", "1/3", "1e-05", "0.999999", "5e-324", "1e-999"])),
        round=draw(st.integers(1, 60) | st.integers(1, 10**15)),
        choice=choice,
        prefix=draw(st.integers(0, choice)),
        more=draw(st.sampled_from(["0", "1/3", "90", "0.001", "1e-30", str(10**15)])),
        test=test,
        covered=draw(st.integers(0, test)),
    )


def precisely(entry):
    """The bounds of the paper to sixty digits: the ratio, the upper bound and the logarithm."""
    with localcontext() as context:
        context.prec = 60
        whole = {name: Decimal(entry[name]) for name in ("choice", "prefix", "test", "covered", "round")}
        delta, more = (Fraction(entry[name]) for name in ("delta", "more"))
        h = (2 * whole["round"] * (whole["round"] + 1) * delta.denominator / Decimal(delta.numerator)).ln()
        root = (whole["covered"] + 2 * h / 9).sqrt() - (h / 2).sqrt()
        low = max(root**2 - h / 18, Decimal(0)) if root > 0 else Decimal(0)
        most = whole["prefix"] + Decimal(more.numerator) / more.denominator
        high = ((most + h / 2).sqrt() + (h / 2).sqrt()) ** 2
        best = min(high / whole["choice"], Decimal(1))
        return Fraction(low / whole["test"] / best), Fraction(best), Fraction(h)


class TestBounds:
    @settings(max_examples=50)
    @given(documents())
    def test_beside_sixty_digits(self, entry):
        """Never above, hardly below."""
        exact, _, h = precisely(entry)
        ours = found(entry)
        assert 0 <= ours <= exact
        assert exact - ours <= Fraction(1, 10**6) * (exact + (1 + h) / entry["covered"] if exact else 1)

    @settings(max_examples=50)
    @given(documents())
    def test_the_logarithm_is_enclosed(self, entry):
        delta, number = Fraction(entry["delta"]), entry["round"]
        h, exact = proofs.check_seeding._hazard(delta, number), precisely(entry)[2]
        assert exact <= h <= exact + Fraction(3, 10**9)

    @given(st.fractions(0, 10**15, max_denominator=10**9))
    def test_roots_are_enclosed(self, value):
        low, high = (proofs.check_seeding._root(value, up=up) for up in (False, True))
        assert low**2 <= value <= high**2
        assert high - low == Fraction(1, 10**12)

    @settings(max_examples=50)
    @given(documents(), st.data())
    def test_monotone(self, entry, data):
        before = found(entry)
        name = data.draw(st.sampled_from(["covered", "prefix", "more", "round", "delta"]))
        if name == "covered":
            entry[name] = data.draw(st.integers(entry[name], entry["test"]))
            assert found(entry) >= before
        else:
            later = {
                "prefix": lambda: data.draw(st.integers(entry["prefix"], entry["choice"])),
                "more": lambda: str(Fraction(entry["more"]) + data.draw(st.integers(0, 1000))),
                "round": lambda: entry["round"] + data.draw(st.integers(0, 1000)),
                "delta": lambda: str(Fraction(entry["delta"]) / data.draw(st.integers(1, 1000))),
            }
            entry[name] = later[name]()
            assert found(entry) <= before + Fraction(1, 10**8)  # the logarithm is known to 1e-9

    @pytest.mark.parametrize("chance", [0.004, 0.05, 0.5, 0.97])
    @pytest.mark.parametrize("test", [40, 1000])
    @pytest.mark.parametrize("delta", [0.4, 0.05])
    def test_chances_of_failure(self, chance, test, delta):
        """Of binomial counts either bound fails as rarely as it says, and not never."""
        each = delta / 4  # of the first round
        counts = np.arange(test + 1)
        low, high = np.transpose(
            [spread_between(int(c), test, delta=Fraction(str(delta)), number=1) for c in counts]
        ).astype(float)
        chances = stats.binom.pmf(counts, test, chance)
        above, below = chances[low > chance].sum(), chances[high < chance].sum()
        assert max(above, below) <= each * (1 + 1e-9)
        if test == 1000 and chance < 0.1:
            assert above > each / 30

    def test_ends(self):
        assert found(document(covered=0)) == 0
        assert found(document(covered=1)) == 0
        assert found(document(choice=1, prefix=1)) == found(
            document(choice=2, prefix=2)
        )  # chances are at most 1
        low, high = spread_between(0, 10, delta=Fraction(1, 2), number=1)
        assert low == 0 < high < 1
        assert spread_between(10, 10, delta=Fraction(1, 2), number=1)[1] == 1

    def test_a_wrong_logarithm_is_noticed(self, monkeypatch):
        """The logarithm of the machine is a guess, which the series confirms."""
        monkeypatch.setattr(proofs.check_seeding, "log", lambda x: 0.999 * math.log(x))
        with pytest.raises(Refused, match=r"^the logarithm of delta could not be enclosed$"):
            check(document())


class TestClaims:
    @settings(max_examples=50)
    @given(documents())
    def test_what_the_counts_guarantee_and_no_more(self, entry):
        ratio = found(entry)
        millionths = math.floor(ratio * 10**6)
        assert check(entry | {"ratio": f"{millionths}/{10**6}"}) == ratio
        with pytest.raises(Refused, match=r"^the counts guarantee a ratio of "):
            check(entry | {"ratio": f"{millionths + 10}/{10**6}"})

    def test_to_the_last_digit(self):
        ratio = found(document())
        scaled = ratio * 10**29
        assert check(document(ratio=f"0.{math.floor(scaled):029}")) == ratio
        with pytest.raises(Refused):
            check(document(ratio=f"0.{math.floor(scaled) + 1:029}"))

    @pytest.mark.parametrize(
        "change", [{"covered": 3949}, {"prefix": 4001}, {"more": "91"}, {"round": 4}, {"delta": "0.009"}]
    )
    def test_every_count_matters(self, change):
        claim = document()
        claim["ratio"] = f"0.{math.floor(found(claim) * 10**8)}"
        check(claim)
        with pytest.raises(Refused, match="guarantee"):
            check(claim | change)

    def test_the_format_is_an_old_promise(self):
        assert FORMAT == "incentive-networks/seeding-certificate/1"


words = st.sampled_from([*document(), "", "note"])
texts = st.sampled_from([FORMAT, "0.5", "1/3", "1e-999", "9" * 31, "1/" + "9" * 31, *map(str, NO_NUMBERS)])
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | texts
    | st.text(max_size=5)
    | st.integers(1, 60),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=5,
)


class TestForms:
    @given(values | st.dictionaries(words | st.integers(), values) | st.builds(
        lambda changes: document(**changes), st.dictionaries(st.sampled_from([*document()]), values, max_size=4)
    ))  # fmt: skip
    @example({**document(), 1: 2})
    @example({1: 2, "format": FORMAT})
    def test_anything_else_is_refused(self, entry):
        try:
            ratio = check(entry)
        except Refused:
            return
        assert ratio >= Fraction(entry["ratio"])

    @pytest.mark.parametrize("name", [*document()])
    def test_fields(self, name):
        entry = document()
        del entry[name]
        for damaged in (entry, document(note="")):
            with pytest.raises(Refused, match=r"^a certificate has the fields format, ratio, "):
                check(damaged)

    @pytest.mark.parametrize("name", ["ratio", "delta", "more"])
    @pytest.mark.parametrize("text", NO_NUMBERS)
    def test_no_numbers(self, name, text):
        with pytest.raises(Refused, match=rf'^"{name}" is not a number in quotes'):
            check(document(**{name: text}))

    @pytest.mark.parametrize("name", ["round", "choice", "prefix", "test", "covered"])
    @pytest.mark.parametrize("value", [-1, 10**15 + 1, True, 1.0, "1", None, [1]])
    def test_no_counts(self, name, value):
        with pytest.raises(Refused, match=rf'^"{name}" is not a whole number from 0 to'):
            check(document(**{name: value}))

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"format": FORMAT + "0"}, "the format is not"),
            ({"delta": "0"}, '"delta" is not between'),
            ({"delta": "1"}, '"delta" is not between'),
            ({"delta": "3/2"}, '"delta" is not between'),
            ({"more": "1000000000000001"}, '"more" is above'),
            ({"ratio": "9" * 31}, '"ratio" is above'),
            ({"round": 0}, '"round", "choice" and "test" are at least 1'),
            ({"choice": 0, "prefix": 0}, '"round", "choice" and "test" are at least 1'),
            ({"test": 0, "covered": 0}, '"round", "choice" and "test" are at least 1'),
            ({"prefix": 8001}, "more sketches are covered than there are"),
            ({"covered": 8001}, "more sketches are covered than there are"),
        ],
    )
    def test_messages(self, changes, message):
        with pytest.raises(Refused, match=f"^{message}"):
            check(document(**changes))

    @pytest.mark.parametrize("text", ["0.01", "1/100", "1e-2", "0.1e-1", "2/200", "1e-02"])
    def test_spellings(self, text):
        assert check(document(delta=text)) == check(document())


class TestFiles:
    def run(self, *arguments):
        command = [sys.executable, "-I", "-S", str(CHECKER), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")

    def test_a_bare_file_accepts_and_refuses(self, tmp_path):
        path = tmp_path / "certificate.json"
        path.write_text(json.dumps(document()), encoding="utf-8")
        done = self.run(path)
        assert (done.returncode, done.stderr) == (0, "")
        millionths = math.floor(found(document()) * 10**6)
        assert done.stdout == f"accepted: the counts guarantee 0.{millionths} of the best spread\n"
        path.write_text(json.dumps(document(ratio="0.99")), encoding="utf-8")
        done = self.run(path)
        assert (done.returncode, done.stderr) == (1, "")
        assert done.stdout.startswith("refused: the counts guarantee a ratio of 0.8")

    def test_exit_codes(self, tmp_path, capsys, monkeypatch):
        path = tmp_path / "certificate.json"
        path.write_text(json.dumps(document()), encoding="utf-8")
        assert main([str(path)]) == 0
        monkeypatch.setattr(sys, "argv", ["check_seeding", str(path)])
        with pytest.raises(SystemExit) as left:
            runpy.run_path(str(CHECKER), run_name="__main__")
        assert left.value.code == 0
        assert capsys.readouterr().out.count("accepted: ") == 2
        for arguments in ([], [str(path), str(path)]):
            assert main(arguments) == 2
            assert capsys.readouterr().err.startswith("usage: ")
        for content in (b"{", b"[" * 100_000, b'"\xed\xa0\x80"', b"\xff", b"1" * 5000):
            path.write_bytes(content)
            assert main([str(path)]) == 2
            assert capsys.readouterr().err.startswith("cannot be read: ")
        assert main([str(tmp_path / "none.json")]) == 2
        path.write_text("NaN", encoding="utf-8")
        assert main([str(path)]) == 1

    def test_repeated_names(self, tmp_path, capsys):
        """What a reader sees first is not what a parser keeps."""
        path = tmp_path / "certificate.json"
        path.write_text('{"ratio": "0.99", ' + json.dumps(document())[1:], encoding="utf-8")
        with pytest.raises(Refused, match="repeats a name"):
            load(str(path))
        assert main([str(path)]) == 1
        assert capsys.readouterr().out.startswith("refused: ")

    def test_at_most_200_lines(self):
        assert len(CHECKER.read_text(encoding="utf-8").splitlines()) <= 200
