"""Products of a large sparse matrix with vectors, on several threads to the same bits."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = ["RowBlocks"]

_LEAST = 250_000  # arcs per thread, below which handing them out costs more than it brings


class RowBlocks:
    """A sparse matrix cut into blocks of rows, each multiplied by a thread of its own.

    Parameters
    ----------
    matrix : scipy.sparse.csr_array, shape (n, n)
        The matrix; its arrays are shared, not copied.
    dtype : dtype, optional
        Precision of the values, that of the matrix by default.

    Notes
    -----
    Every row is summed by one thread in the order of its entries: the result does not depend on the number of threads.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> (RowBlocks(csr_array([[0.0, 2.0], [1.0, 0.0]])) @ np.array([1.0, 10.0])).tolist()
    [20.0, 1.0]
    """

    __slots__ = ("blocks", "dtype", "matrix", "shape")

    def __init__(self, matrix: Any, dtype: DTypeLike | None = None) -> None:
        from scipy.sparse import csr_array

        if dtype is not None and matrix.dtype != dtype:
            matrix = csr_array((matrix.data.astype(dtype), matrix.indices, matrix.indptr), shape=matrix.shape)
        threads = max(1, min(_cores(), matrix.nnz // _LEAST))
        goals = np.arange(1, threads) * (matrix.nnz // threads)
        cuts = [0, *np.searchsorted(matrix.indptr, goals).tolist(), matrix.shape[0]]
        self.blocks = [matrix] if threads == 1 else []
        for first, last in pairwise(cuts) if threads > 1 else ():
            begin, end = int(matrix.indptr[first]), int(matrix.indptr[last])
            rows = (
                matrix.data[begin:end],
                matrix.indices[begin:end],
                matrix.indptr[first : last + 1] - begin,
            )
            self.blocks.append(csr_array(rows, shape=(last - first, matrix.shape[1])))
        self.matrix = matrix
        self.shape = matrix.shape
        self.dtype = np.dtype(matrix.dtype)

    def __matmul__(self, vector: NDArray[Any]) -> NDArray[Any]:
        if len(self.blocks) == 1:
            return np.asarray(self.blocks[0] @ vector)
        others = [_pool().submit(block.__matmul__, vector) for block in self.blocks[1:]]
        return np.concatenate((self.blocks[0] @ vector, *(one.result() for one in others)))

    def among(self, chosen: NDArray[np.int64]) -> RowBlocks:
        """Return the rows and columns of those chosen, in increasing order; O(n + their entries)."""
        from scipy.sparse import csr_array

        from solvers.kernels.principal import principal

        whole, number = self.matrix, len(chosen)
        place = np.full(self.shape[0], -1, dtype=np.int32)
        place[chosen] = np.arange(number, dtype=np.int32)
        room = int(np.diff(whole.indptr)[chosen].sum()) + 1
        pointers = np.zeros(number + 1, dtype=np.int64)
        people, values = np.empty(room, dtype=np.int32), np.empty(room, dtype=self.dtype)
        principal(whole.indptr, whole.indices, whole.data, chosen, place, pointers, people, values)
        kept = int(pointers[-1])
        pointers = pointers.astype(whole.indptr.dtype, copy=False)
        return RowBlocks(csr_array((values[:kept], people[:kept], pointers), shape=(number, number)))


def _cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_cores(), thread_name_prefix="products")
