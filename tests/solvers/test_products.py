"""Products on several threads: the bits of one."""

import numpy as np
import pytest
from scipy.sparse import csr_array, random_array

from solvers import products
from solvers.products import RowBlocks


@pytest.mark.parametrize("dtype", [None, np.float32])
@pytest.mark.parametrize("threads", [1, 2, 3, 7])
def test_blocks_of_rows(monkeypatch, threads, dtype):
    monkeypatch.setattr(products, "_LEAST", 100)
    monkeypatch.setattr(products, "_cores", lambda: threads)
    rng = np.random.default_rng(threads)
    matrix = csr_array(random_array((300, 300), density=0.02, rng=rng))
    blocks = RowBlocks(matrix, dtype)
    assert len(blocks.blocks) == threads
    x = rng.normal(size=300).astype(blocks.dtype)
    whole = csr_array((matrix.data.astype(blocks.dtype), matrix.indices, matrix.indptr), shape=(300, 300))
    assert ((blocks @ x) == (whole @ x)).all()
    assert (blocks @ x).dtype == blocks.dtype


def test_rows_without_entries_and_small_matrices():
    empty = RowBlocks(csr_array((4, 4)))
    assert (empty @ np.ones(4)).tolist() == [0.0] * 4
    assert len(empty.blocks) == 1


@pytest.mark.parametrize("dtype", [None, np.float32])
def test_rows_and_columns_of_some(dtype):
    rng = np.random.default_rng(3)
    matrix = csr_array(random_array((80, 80), density=0.1, rng=rng))
    for chosen in (np.flatnonzero(rng.random(80) < 0.4), np.arange(80), np.arange(0), np.array([79])):
        part = RowBlocks(matrix, dtype).among(chosen)
        wanted = matrix.astype(part.dtype)[chosen][:, chosen]
        assert part.dtype == (dtype or np.float64)
        assert (part.matrix.toarray() == wanted.toarray()).all()
        assert part.matrix.nnz == wanted.nnz
