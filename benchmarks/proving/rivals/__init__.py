"""What others would have people use, given the same history. Each is as plain as its users use it, and scored like
ours."""

from benchmarks.proving.rivals.rival import LISTED, Learned, Rival, missing, run

__all__ = ["LISTED", "Learned", "Rival", "missing", "run"]
