"""Rewards on large forests: what cannot be compiled is said, and millions of members take little memory."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import Any, ClassVar

import numba
import pytest

from mechanism import ReferralForest, TreeScheme
from mechanism.errors import UnsupportedProblemError
from solvers import tree_rewards


@dataclass(frozen=True, slots=True)
class Text(TreeScheme):
    kind: ClassVar[str] = "text"

    @staticmethod
    def message(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> tuple[Any, ...]:
        return (below[0],)

    @staticmethod
    def pay(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> Any:
        return float(str(contribution).strip("1")[:0] + "7")

    @property
    def label(self) -> str:
        return "text"


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled")
def test_what_cannot_be_compiled():
    with pytest.raises(UnsupportedProblemError, match="use its method rewards"):
        tree_rewards(Text(), ReferralForest([-1], [1.0]))
    assert Text().rewards(ReferralForest([-1], [1.0])).tolist() == [7.0]


MEASURE = """
import resource
from mechanism import GeometricTree, ReferralForest
from solvers import tree_rewards
def peak():
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
tree_rewards(GeometricTree(0.3, 0.3), ReferralForest.random_recursive(10, rng=1))
before = peak()
paid = tree_rewards(GeometricTree(0.3, 0.3), ReferralForest.random_recursive({n}, rng=1))
print((peak() - before) / {n})
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="peak memory is measured on Linux")
def test_memory_is_linear():
    """At most 80 bytes per member: recruiters, contributions, messages, rewards, and what makes them."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE.format(n=2_000_000)], capture_output=True, text=True, check=True
    )
    assert float(done.stdout) < 80
