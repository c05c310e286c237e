"""What others would have people use, given the same history. Each as plain as its users use it."""

from benchmarks.proving.rivals.rival import LISTED, Learned, Rival, missing, run

__all__ = ["LISTED", "Learned", "Rival", "missing", "run"]
