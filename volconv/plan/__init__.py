"""Decisions: chunks, blocks, memory. Opens nothing, allocates nothing."""
