"""Correlation by transforms, for a pair of tiles at a time.

`tilecode` says how tiles lie in memory, `spectrum` emits what is done to a pair: forward,
times the kernel's transform, back. Transforms along an axis are `passes`, one in each
lane of a vector, of small ones written out (`butterflies`). `peaks` finds how large cells
are, which tells whether a transform keeps their digits.
"""
