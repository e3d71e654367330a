"""Ratios of volconv's time to that of other libraries, and to the machine's limits."""
