"""A page that stands alone: who qualified and why, and whether it holds."""

from fireflower.report.data import (
    Change,
    Criterion,
    DataSummary,
    DefinitionReport,
    Doer,
    Evidence,
    KeptAside,
    Lead,
    LeftOut,
    ReportData,
    Unmoved,
)
from fireflower.report.page import render

__all__ = [
    "Change", "Criterion", "DataSummary", "DefinitionReport", "Doer", "Evidence", "KeptAside", "Lead", "LeftOut",
    "ReportData", "Unmoved", "render",
]  # fmt: skip
