"""Arrays between pages that nobody may touch."""

import ctypes
import mmap

import numpy as np

PAGE = mmap.PAGESIZE


libc = ctypes.CDLL(None, use_errno=True)


class Guarded:
    """An array that ends, or begins, at a page that must not be touched."""

    def __init__(self, shape, dtype, *, at_end):
        dtype = np.dtype(dtype)
        size = int(np.prod(shape)) * dtype.itemsize
        pages = max(1, -(-size // PAGE))
        self.map = mmap.mmap(-1, (pages + 2) * PAGE)
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self.map))
        raw = np.frombuffer(self.map, np.uint8)
        start = PAGE + (pages * PAGE - size if at_end else 0)
        self.array = raw[start : start + size].view(dtype).reshape(shape)
        self.last = self.address + (pages + 1) * PAGE

    def protect(self, access):
        for page in (self.address, self.last):
            assert libc.mprotect(ctypes.c_void_p(page), PAGE, access) == 0

    def __enter__(self):
        self.protect(0)
        return self.array

    def __exit__(self, *_):
        self.protect(3)


def guarded(correlator, block, expected, at_end):
    source = Guarded(block.shape, block.dtype, at_end=at_end)
    target = Guarded(expected.shape, correlator.compute_dtype, at_end=at_end)
    source.array[...] = block
    with source as src, target as dst:
        correlator(src, dst)
        got = dst.copy()
    np.testing.assert_array_equal(got, expected)
