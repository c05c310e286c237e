"""A page that stands alone: who qualified and why, and whether it holds."""

from fireflower.report.data import (
    Change,
    Contact,
    Criterion,
    DataSummary,
    DefinitionReport,
    Evidence,
    KeptAside,
    Lead,
    LeftOut,
    ReportData,
    Unmoved,
)
from fireflower.report.page import render

__all__ = [
    "Change", "Contact", "Criterion", "DataSummary", "DefinitionReport", "Evidence", "KeptAside", "Lead", "LeftOut",
    "ReportData", "Unmoved", "render",
]  # fmt: skip
