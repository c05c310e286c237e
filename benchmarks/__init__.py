"""Benchmarks: one world at any size, and the same question put to fireflower and to its rivals."""
