"""Input brought to scratch: converted, parted by stride, padded on the way.

`pack` emits the copy of rows of cells for a pair of dtypes. `padded` turns lines that run
over the edge into rows of a table that call it, piece by piece. `copies` makes programs
that convert whole volumes.
"""
