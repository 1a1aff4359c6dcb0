"""Principal submatrices: arc by arc what scipy's indexing gives."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from solvers.kernels.principal import principal


@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_arcs_among_the_chosen(n, seed):
    rng = np.random.default_rng(seed)
    matrix = csr_array(rng.normal(size=(n, n)) * (rng.random((n, n)) < 0.5))
    chosen = np.flatnonzero(rng.random(n) < 0.6)
    place = np.full(n, -1, dtype=np.int32)
    place[chosen] = np.arange(len(chosen), dtype=np.int32)
    room = int(np.diff(matrix.indptr)[chosen].sum()) + 1
    pointers = np.zeros(len(chosen) + 1, dtype=np.int64)
    people, values = np.empty(room, dtype=np.int32), np.empty(room)
    principal(matrix.indptr, matrix.indices, matrix.data, chosen, place, pointers, people, values)
    kept = int(pointers[-1])
    found = csr_array((values[:kept], people[:kept], pointers), shape=(len(chosen),) * 2)
    assert (found.toarray() == matrix.toarray()[np.ix_(chosen, chosen)]).all()
