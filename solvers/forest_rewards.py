"""Rewards on large referral forests."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mechanism.errors import InvalidInputError, UnsupportedProblemError
from mechanism.forest import ReferralForest
from mechanism.schemes import AdditiveTree, TreeScheme

__all__ = ["tree_rewards"]


def tree_rewards(scheme: TreeScheme, forest: ReferralForest) -> NDArray[np.float64]:
    """Return the reward of every member under a tree scheme, compiled: for forests of millions.

    Parameters
    ----------
    scheme : TreeScheme
        Of the catalogue or your own; exact parameters are rounded to float64.
    forest : ReferralForest
        Exact contributions are rounded to float64.

    Returns
    -------
    ndarray of float64, shape (n,)
        In the unit of the contributions; bit for bit what ``scheme.rewards(forest)`` returns for floats.

    Raises
    ------
    InvalidInputError
        If the arguments are no tree scheme and no forest.
    UnsupportedProblemError
        If numba cannot compile the functions of the scheme.

    Examples
    --------
    >>> from mechanism import CDRM1
    >>> tree_rewards(CDRM1(0.5, 0.25), ReferralForest([-1, 0], [2.0, 1.0])).tolist()
    [0.875, 0.375]

    Notes
    -----
    The scheme's own `message` and `pay` are compiled, a second or so for each family and process. Cost: one
    visit per member, 8 (width + 1) bytes per member beside the forest's own 16, and 8 for depths unless the
    scheme is local; members that come before their recruiters cost another 8 and a sort by depth.
    """
    if not isinstance(scheme, TreeScheme):
        raise InvalidInputError("scheme", scheme, allowed="a tree scheme")
    if not isinstance(forest, ReferralForest):
        raise InvalidInputError("forest", forest, allowed="a ReferralForest")
    from numba.core.errors import NumbaError

    from solvers.kernels.forest import add_levels, compiled_walk

    order = np.empty(0, dtype=np.int64) if forest.is_ordered else forest.order
    contributions = forest.contributions.astype(np.float64, copy=False)
    below = np.zeros((forest.size, scheme.width))
    rewards = np.empty(forest.size)
    if isinstance(scheme, AdditiveTree):
        table = scheme.table.table(scheme.width)
        add_levels(forest.parents, order, contributions, table, below, rewards)
        return rewards
    parameters = tuple(float(x) for x in scheme.parameters)
    family = type(scheme)
    walk = compiled_walk(family.message, family.pay, local=family.local, width=family.width)
    try:
        walk(forest.parents, order, contributions, parameters, below, rewards)
    except NumbaError as error:
        raise UnsupportedProblemError(
            f"numba cannot compile the functions of {family.__name__}: use its method rewards instead"
        ) from error
    return rewards
