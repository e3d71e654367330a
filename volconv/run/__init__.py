"""Carries a plan out on a Dask client."""
