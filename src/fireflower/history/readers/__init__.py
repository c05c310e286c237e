"""Files of every format and form, read into batches of records. What cannot be read is kept aside with its reason."""

from __future__ import annotations

from pathlib import Path

from fireflower.history.mapping import Mapping
from fireflower.history.readers.batches import Source
from fireflower.history.readers.files import detect

__all__ = ["open_source"]


def open_source(
    path: Path, mapping: Mapping, learned_at: int | None = None, scratch: Path | None = None
) -> Source:  # fmt: skip
    """Open a file for reading.

    Parameters
    ----------
    learned_at : the moment from which rows without a time hold
    scratch : a folder for what does not fit into memory, and for a copy that can be read where the file cannot

    Raises
    ------
    InputError
        If the file is empty or damaged, or is not what the mapping says.
    """
    from fireflower.history.readers.messages import rows_as_objects
    from fireflower.history.readers.objects import JsonSource, Shape, objects
    from fireflower.history.readers.plain import PlainShape, RecordShape
    from fireflower.history.readers.posthog import PostHogShape
    from fireflower.history.readers.records import RecordFile
    from fireflower.history.readers.segment import SegmentShape
    from fireflower.history.readers.tables import TableSource

    format, compression = detect(path)
    mapping.checked()
    if format != "json" and mapping.form == "flat" and mapping.table != "records":
        return TableSource(path, format, compression, mapping, learned_at, scratch)
    if format == "parquet" and mapping.table == "records" and RecordFile.is_one(path):
        return RecordFile(path)
    shape: Shape
    if mapping.form == "segment":
        shape = SegmentShape(mapping)
    elif mapping.form == "posthog":
        shape = PostHogShape(mapping)
    else:
        shape = RecordShape(mapping) if mapping.table == "records" else PlainShape(mapping, learned_at)
    if format == "json":
        return JsonSource(objects(path, compression), shape, timeless=mapping.timeless)
    texts = rows_as_objects(path, format, compression, scratch, camel=mapping.form == "segment", whole=True)
    return JsonSource(texts, shape, timeless=mapping.timeless)
