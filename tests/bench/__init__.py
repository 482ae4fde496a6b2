"""Benches: each figure is measured beside its floor in the same run (DESIGN section 7); never part of `make test`."""
