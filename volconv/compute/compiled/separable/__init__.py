"""The separable engine: kernels that are outer products, a pass along each axis.

`factors` finds the product in the weights; `engine` prepares the passes. `fused` cuts a
block into tiles (`tiling`), and `work` makes the tables of one: planes into a slab, the
slab's rows into a few lines. `finish` chooses the last pass, along cells as they lie
(`cells`) or along lines of rows that are turned (`turned`, `turn`, `folds`).
"""
