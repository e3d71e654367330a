"""Engines compiled for the machine at hand: LLVM IR emitted here, no compiler needed."""
