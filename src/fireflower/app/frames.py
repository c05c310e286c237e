"""Qualify data frames in memory, without a project folder."""

from __future__ import annotations

import shutil
import tempfile
import warnings
import weakref
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from fireflower.app.arguments import Moment, moment_from
from fireflower.model.errors import InputError, did_you_mean

if TYPE_CHECKING:
    import pyarrow as pa

    from fireflower.app.qualify import Qualification
    from fireflower.history.archive import Archive
    from fireflower.history.mapping import Mapping as Columns
    from fireflower.language.nodes import Definition, Settings

PARTS = {
    "events": ("time", "event", "person", "account", "anonymous", "message_id", "received"),
    "people": ("time", "person", "account", "role"),
    "accounts": ("time", "account"),
    "memberships": ("time", "person", "account", "role", "left"),
}
"""Columns that have a meaning by their name; all others are properties of events, or traits."""


class Frame(Protocol):
    """A data frame of pandas, polars or Arrow, or anything else that hands over its columns by the Arrow C stream."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object: ...


@dataclass(frozen=True, eq=False)
class InMemory:
    """A history that is not kept."""

    settings: Settings
    archive: Archive
    last_received: int | None = None


def qualify(
    definitions: Definition | str | Path | Sequence[Definition | str | Path],
    events: Frame,
    people: Frame | None = None,
    accounts: Frame | None = None,
    *,
    memberships: Frame | None = None,
    settings: Settings | str | Path | None = None,
    as_of: Moment | None = None,
) -> Qualification:
    """Who is qualified by these definitions in these data frames. Events, traits and properties that a definition names
    and the frames do not have are warned of.

    Parameters
    ----------
    definitions : nodes, YAML texts or files; one or several
    events : pandas, polars or Arrow, with the columns `event`, `time` and `person` (or `account`, or both);
        `message_id` and `received` have their meaning too, every other column is a property
    people, accounts : traits, with the column `person` or `account`; with a `time`, from when they hold, without it
        from the beginning. A people frame with an `account` makes members
    memberships : `person`, `account` and, if known, `role`, `time` (of joining) and `left`
    settings : nodes, YAML text or a fireflower.yaml
    as_of : ISO 8601 text, a datetime or date, or microseconds since 1970 (UTC); by default the time of the last event

    Raises
    ------
    DefinitionError
        With every fault of the definitions.
    InputError
        If a frame lacks a column, or a row of it cannot be read.
    FireflowerError
        If `as_of` is no moment.

    Examples
    --------
    >>> import pyarrow as pa
    >>> events = pa.table({"event": ["Login"] * 2, "time": ["2026-01-01", "2026-01-02"], "person": ["ann"] * 2})
    >>> definition = "definition: twice\\nsubject: person\\nvalue: count(Login) >= 2\\n"
    >>> [lead.subject for lead in qualify(definition, events).leads()]
    ['ann']
    """
    from fireflower.app.notes import misfits
    from fireflower.app.qualify import qualification

    moment, said = moment_from(as_of), _settings(settings)
    chosen = _definitions(definitions, said)
    frames = {"events": events, "people": people, "accounts": accounts, "memberships": memberships}
    history = _history(said, {table: frame for table, frame in frames.items() if frame is not None})
    found = qualification(history, chosen, as_of=moment)
    for note in misfits(history, chosen):
        warnings.warn(note, stacklevel=2)
    return found


def _settings(said: Settings | str | Path | None) -> Settings:
    from fireflower.language.loading import load_settings
    from fireflower.language.nodes import Settings

    if said is None:
        return Settings()
    return load_settings(said) if isinstance(said, (str, Path)) else said


def _definitions(said: Any, settings: Settings) -> tuple[Definition, ...]:
    from fireflower.language.loading import load_definition

    each: Iterable[Any] = said if isinstance(said, Sequence) and not isinstance(said, str) else [said]
    return tuple(load_definition(one, settings) if isinstance(one, (str, Path)) else one for one in each)


def _history(settings: Settings, frames: dict[str, Any]) -> InMemory:
    """The frames as an archive in a folder of its own, which goes when nobody holds the history any more."""
    from pyarrow import parquet

    folder = Path(tempfile.mkdtemp(prefix="fireflower-"))
    history = InMemory(settings, _archive(folder / "archive", settings))
    weakref.finalize(history, shutil.rmtree, folder, ignore_errors=True)
    for table, frame in frames.items():
        columns = _columns(table, frame)
        path = folder / f"{table}.parquet"
        mapping = _mapping(table, columns.column_names).naming(settings.account_email, settings.shared_domains)
        parquet.write_table(columns, path)
        _check_ids(table, mapping, path)
        try:
            history.archive.ingest([path], mapping, strict=True)
        except InputError as error:
            raise InputError(str(error).replace(str(path), f"the frame of {table}")) from None
        path.unlink()
    return history


def _archive(folder: Path, settings: Settings) -> Archive:
    from fireflower.history.archive import Archive

    return Archive.open(folder, attribution=settings.attribution, timeless=settings.timeless)


def _columns(table: str, frame: Any) -> pa.Table:
    import pyarrow as pa

    if type(frame).__name__ == "LazyFrame":
        raise InputError(f"{table}: this is a LazyFrame, which has no rows yet: call .collect() on it first.")
    if not hasattr(frame, "__arrow_c_stream__"):
        raise InputError(
            f"{table}: expected a data frame of pandas (2.2 or newer), polars or Arrow, got {type(frame).__name__}."
        )
    try:
        return pa.RecordBatchReader.from_stream(frame).read_all()
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        mixed = next((str(name) for name in getattr(frame, "columns", ()) if _is_mixed(frame[name])), "")
        where = f"the column {mixed!r}" if mixed else "a column"
        raise InputError(
            f"{table}: {where} mixes values of different types ({error.args[0]}). "
            f"Make them one type, for example text: frame[{mixed!r}].astype('string')."
        ) from None


def _is_mixed(column: Any) -> bool:
    import pyarrow as pa

    try:
        pa.array(column)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return True
    return False


def _check_ids(table: str, mapping: Columns, path: Path) -> None:
    """Refuse events without people where a column looks as if it said who they are: nobody would ever qualify."""
    from fireflower.history.readers.guessing import guess_mapping

    if table != "events" or mapping.person or mapping.anonymous:
        return
    found = guess_mapping(path).mapping.person
    if found and found not in mapping.columns().values():
        raise InputError(
            f"{table}: there is no column 'person', but {found!r} looks like one. Rename it to 'person'; if it is "
            "a property of the event, give it a name that does not look like a person's id."
        )


def _mapping(table: str, names: Sequence[str]) -> Columns:
    from fireflower.history.mapping import Mapping as Columns

    parts = {part: part for part in PARTS[table] if part in names}
    try:
        return Columns.parse({"table": table, **parts, "timeless": "time" not in parts})
    except InputError as error:
        near = "".join(did_you_mean(part, names) for part in PARTS[table] if part not in parts)
        raise InputError(f"{table}: {error} The frame has {', '.join(names)}.{near}") from None
