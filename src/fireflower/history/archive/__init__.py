"""The columnar archive: everything that was imported, in blocks, on disk."""

from fireflower.history.archive.archive import Archive
from fireflower.history.archive.importing import FileReport, ImportReport
from fireflower.history.archive.rejects import Rejected, RejectedKind
from fireflower.history.archive.summary import ImportedFile, Summary

__all__ = ["Archive", "FileReport", "ImportReport", "ImportedFile", "Rejected", "RejectedKind", "Summary"]
