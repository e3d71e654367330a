"""Engines compiled for the machine at hand: LLVM IR emitted here, no compiler needed.

An engine lays its work on a block out as a table of calls, once for each geometry; only
the innermost loops are compiled, and one loop walks the table for all engines. The parts,
from the engines down to the machine, each of which imports only what stands below it:

- `separable`, `layers`, `fft`: engines for outer products, for channels, and transforms;
- `direct`: the engine for any taps, and how taps and outputs are cut and counted;
- `loops`, `packing`: the inner loops that sum, and those that bring input to scratch;
- `programs`: tables of calls, how engines are called, and where padded cells come from;
- `llvm`: text of LLVM IR, and from that to an address.
"""
