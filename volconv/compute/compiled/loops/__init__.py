"""The inner loops: sums of taps over lines of input that lie ready.

`items` says what a loop is compiled for and what a call tells it. `columns` covers a
block of outputs with `tiles`, each some rows by some vectors held in registers; where the
taps of a column have one weight, with `boxtiles`, which add by `doubling`.
"""
