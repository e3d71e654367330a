"""What the engines share: tables of calls, and how blocks come to them.

A `correlator` is prepared for a kernel and called with blocks. For a block of a geometry
that it has not seen it makes a `program`: rows of addresses and arguments, which compiled
code walks without the GIL, with scratch of the thread. `edges` tells where the cells of a
padded block come from, so that it need not be made. `local_cache` keeps programs.
"""
