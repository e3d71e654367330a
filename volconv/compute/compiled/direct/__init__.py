"""The direct engine, and how taps and outputs are cut and counted for any engine.

A kernel becomes `taps` in the order in which they are summed, and a geometry a `layout`:
which axis is that of vectors, rows and planes. Outputs are cut into `strips`. Input is
read where it lies, or packed into a ring of planes (`slabs`) by the cells and lines of a
`grid`; `sums` writes the rows of the table that call the loops. `engine` puts it together.
"""
