"""From loops to machine code; nothing here knows of windows.

`emit` writes IR as text: names, loops, vectors. `shuffle` and `streams` are functions
written with it that others paste into their modules. `jit` compiles a module for the
`Machine` at hand, once per process and key, and gives the address of its function; the
address and an array of int64 arguments are all that a table of calls needs.
"""
