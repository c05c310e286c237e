"""What the columns of a file probably mean, by their names and by what is in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from collections.abc import Mapping as Object
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote
from typing import Any

from fireflower.history.mapping import Mapping
from fireflower.history.readers import open_source
from fireflower.history.readers.files import detect
from fireflower.history.readers.guessing_times import check_times, format_of, looks_like_times, time_form
from fireflower.history.readers.posthog import USUAL_GROUP_TYPES
from fireflower.history.readers.sampling import Row, keys_of, sample, values_of
from fireflower.model.errors import InputError
from fireflower.model.records import Kind

_FEW_VALUES = 200
"""Of how many values it is asked whether they are people."""
_FEW = 60
"""Up to how many different texts can be names of events."""
_LOOKED = 200_000
"""After how many rows of events one has seen enough of whom they are about."""

_NAMES: dict[str, tuple[str, ...]] = {
    "time": (
        "timestamp", "eventtime", "eventtimestamp", "occurredat", "time", "ts", "timestampms", "datetime",
        "happenedat", "originaltimestamp", "createdat", "created", "createdate", "creationtime", "creationdate",
        "signedupat", "signedup", "signupdate", "signupat", "registeredat", "joinedat", "joined", "joindate",
        "joinedon", "startedat", "closedate", "closedat", "closed", "wonat", "date", "day", "utcdate", "receivedat",
        "sentat",
    ),
    "event": (
        "event", "eventname", "eventtype", "eventtext", "action", "activity", "verb", "what", "whathappened", "stage",
        "dealstage", "status",
    ),
    "person": (
        "userid", "user", "personid", "person", "distinctid", "uid", "userref", "userkey", "whouid", "who", "username",
        "memberid", "contactid", "email", "useremail", "emailaddress", "visitorid", "actorid", "actor", "customerid",
    ),
    "anonymous": ("anonymousid", "anonid", "deviceid", "cookieid", "anonymous"),
    "account": (
        "accountid", "companyid", "organizationid", "organisationid", "orgid", "workspaceid", "teamid", "tenantid",
        "groupid", "contextgroupid", "account", "acct", "company", "organization", "organisation", "org", "workspace",
        "team", "tenant", "accountname", "companyname", "accountkey", "domain",
    ),
    "message_id": ("messageid", "eventid", "uuid", "eventuuid", "insertid"),
    "received": ("receivedat", "ingestedat", "loadedat", "received"),
    "properties": ("properties", "props", "eventproperties", "payload", "attributes"),
    "role": ("role", "memberrole", "userrole"),
    "left": ("leftat", "left", "removedat", "endedat", "until", "enddate"),
}  # fmt: skip
_DEALS = ("dealid", "dealname", "dealstage", "closedate", "opportunityid", "opportunity", "dealvalue")
_SEGMENT = ("track", "page", "screen", "identify", "group", "alias")

_UNTIMED = (
    "what the table says holds from the time of import or --learned-at, so no verdict as of an earlier moment can see "
    "it. Declare the traits `timeless` (or --map timeless=true) if they have always held."
)
"""What follows for a table without times."""


class NothingToGuessError(InputError):
    """Nothing in a file looks like what a row could be about."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A mapping that is probably right.

    Attributes
    ----------
    mapping : the mapping; it may lack something that only the user knows
    sure : whether it can be used without asking
    doubts : what to look at, in sentences
    columns : the columns of the file
    """

    mapping: Mapping
    sure: bool
    doubts: tuple[str, ...]
    columns: tuple[str, ...]

    def settings(self) -> dict[str, Any]:
        """What `Mapping.parse` takes."""
        return self.mapping.settings()


Known = Callable[[str], bool]
"""Whether the history has a person of this id."""


def guess_mapping(path: str | Path, said: Object[str, Any] | None = None, known: Known | None = None) -> Guess:
    """Guess what the columns of a file mean.

    Parameters
    ----------
    said : parts of the mapping that are not to be guessed, as `Mapping.parse` takes them
    known : tells of the people that have been imported; a column that names them is preferred

    Raises
    ------
    InputError
        If the file is empty or damaged, or the times of its events can be read in no known way.
    NothingToGuessError
        If nothing in it looks like people or accounts.
    """
    path = Path(path)
    said = said or {}
    rows = sample(path)
    if not rows:
        holds = "holds no JSON object that can be read" if detect(path)[0] == "json" else "has a header and no rows"
        raise InputError(f"{path} {holds}. There is nothing to import.")
    columns = tuple(dict.fromkeys(key for row in rows for key in row))
    message = None if said.keys() & _NAMES.keys() else _message_form(rows)
    if message is not None and message.form == "posthog" and not said.get("group_type"):
        type, several = _group_type(rows)
        return Guess(replace(message, group_type=type), not several, several, columns)
    if message is not None:
        return Guess(message, True, (), columns)
    return _guess_table(path, rows, columns, said, known)


def people_of_events(files: Iterable[tuple[Path, Mapping]]) -> set[str]:
    """Whom the events in some files are about, as far as the first of their rows tell."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found: set[str] = set()
    read = 0
    for path, mapping in files:
        if mapping.table != "events":
            continue
        for batch in open_source(path, mapping).batches() if read < _LOOKED else ():
            people = batch.columns.get("person")
            found.update(pc.unique(people.cast(pa.string())).to_pylist() if people is not None else ())
            read += batch.read
            if read >= _LOOKED:
                break
    return found


def untimed(path: str | Path, mapping: Mapping) -> str:
    """What follows where a table without a column of times is imported, and which columns could be one."""
    rows = sample(Path(path))
    columns = tuple(dict.fromkeys(key for row in rows for key in row))
    return _untimed(rows, columns, {*mapping.columns().values(), *mapping.ignore})


def _untimed(rows: Sequence[Row], columns: Sequence[str], taken: Collection[str]) -> str:
    free = [column for column in columns if column not in taken and looks_like_times(values_of(rows, column))]
    if not free:
        return f"No column holds times: {_UNTIMED}"
    which = f"{free[0]!r} looks" if len(free) == 1 else f"{', '.join(map(repr, free))} look"
    return (
        f"No column is taken for times, but {which} like them. If a row holds from then: --map time={quote(free[0])}. "
        f"Else {_UNTIMED}"
    )


def check_columns(path: str | Path, said: Object[str, Any]) -> None:
    """Refuse a mapping that names a column that is not there. Objects may lack a key that only some of them have.

    Parameters
    ----------
    said : part -> column, among other settings

    Raises
    ------
    InputError
        If a column is not there: with the nearest that is.
    """
    from fireflower.history.readers.columns import TableFile, no_column
    from fireflower.history.readers.database import connect_to_read

    path = Path(path)
    parts = {part: said[part] for part in _NAMES if said.get(part)}
    if not parts or said.get("form", "flat") != "flat" or said.get("table") == "records":
        return
    format, compression = detect(path)
    if format == "json":
        names = list(dict.fromkeys(name for row in sample(path) for name in keys_of(row)))
        subjects = parts.keys() & {"person", "anonymous", "account"}
        needed = {"time", "event", *(subjects if len(subjects) == 1 else ())}
    else:
        file = TableFile(connect_to_read("UTC", None), path, format, compression)
        names, needed = [column.path for column in file.columns], {*parts}
    for part, column in parts.items():
        is_there = any(name == column or name.startswith(f"{column}.") for name in names)
        if names and part in needed and not is_there:
            raise no_column(path, column, names)


def _message_form(rows: Sequence[Row]) -> Mapping | None:
    """The mapping of messages that need no columns, None if the rows are no such messages."""
    if _share(
        rows,
        lambda row: (
            str(row.get("type")) in _SEGMENT and ("messageId" in row or "userId" in row or "anonymousId" in row)
        ),
    ):
        return Mapping(form="segment")
    if _share(rows, lambda row: "event" in row and "distinct_id" in row and "properties" in row):
        return Mapping(form="posthog")
    kinds = {kind.name.lower().replace("_", " ") for kind in Kind}
    if _share(rows, lambda row: str(row.get("kind")).lower().replace("_", " ") in kinds and "time" in row):
        return Mapping(table="records")
    return None


def _share(rows: Sequence[Row], test: Any) -> bool:
    """Whether nearly all rows pass."""
    return sum(bool(test(row)) for row in rows) >= 0.9 * len(rows)


def guess_group_type(path: str | Path) -> tuple[str, tuple[str, ...]]:
    """Of the types of PostHog's groups in a file the one that is the account, "" for none, and what to look at."""
    return _group_type(sample(Path(path)))


def _group_type(rows: Sequence[Row]) -> tuple[str, tuple[str, ...]]:
    types = Counter(type for row in rows for type in _group_types(row))
    if len(types) < 2:
        return next(iter(types), ""), ()
    usual = [type for type in USUAL_GROUP_TYPES if type in types]
    chosen = usual[0] if usual else max(sorted(types), key=types.__getitem__)
    others = ", ".join(repr(type) for type in sorted(types) if type != chosen)
    return chosen, (
        f"There are groups of several types. Those of {chosen!r} are taken for accounts, and no others ({others}); to "
        "choose: --map group_type=TYPE (in fireflower.yaml: `group_type`).",
    )


def _group_types(row: Row) -> list[str]:
    import msgspec

    properties = row.get("properties")
    if isinstance(properties, str):  # in a table they stand as JSON
        try:
            properties = msgspec.json.decode(properties)
        except (msgspec.MsgspecError, RecursionError):
            return []
    if not isinstance(properties, dict):
        return []
    groups, type = properties.get("$groups"), properties.get("$group_type")
    return [*(groups if isinstance(groups, dict) else ()), *([type] if isinstance(type, str) else ())]


def _guess_table(
    path: Path, rows: Sequence[Row], columns: Sequence[str], said: Object[str, Any], known: Known | None
) -> Guess:
    given = {part: said[part] for part in _NAMES if said.get(part)}
    parts = _parts(rows, columns, given)
    doubts: list[str] = []
    if known is not None and "person" not in given:
        parts.update(_known_people(rows, columns, parts, known))
    if not _subject(parts) and "event" not in parts:
        parts.update(_unique_id(rows, columns, doubts))
    if not (_subject(parts) or parts.get("account")):
        raise NothingToGuessError(
            f"Nothing in {path} looks like people or accounts. Its columns are: {', '.join(columns)}."
            " Say which column names them, for example person: user_id."
        )
    table = said.get("table") or _table(rows, columns, parts)
    if known is not None and table in ("people", "memberships") and "person" in parts.keys() - given.keys():
        doubts += _strangers(rows, parts["person"], known)
    if table == "events" and "time" not in parts:
        parts.update(_called_time(columns, parts))
    if table == "events" and "time" in parts and not (said.get("time_format") or said.get("time_unit")):
        check_times(path, rows, parts["time"])
    parts = {part: column for part, column in parts.items() if part in _PARTS[table] or part in given}
    settings: dict[str, Any] = {"table": table, **parts}
    if table in ("memberships", "identities"):
        doubts += _unread(table, columns, {*parts.values(), *said.get("ignore", ())})
    if table == "events" and "event" not in parts and not said.get("event_name"):
        settings.update(_event_column(path, rows, columns, parts, doubts))
    elif table == "events" and "event" not in given and parts.get("event", "").lower() in ("status", "stage"):
        doubts.append(f"{settings['event']!r} is taken for the event's name.")
    if "time" in parts and not (said.get("time_format") or said.get("time_unit")):
        settings.update(time_form(rows, parts["time"], doubts))
    elif table == "events" and "time" not in parts:
        doubts.append("No column holds times: name it as time.")
    if table != "events" and "time" not in parts and not said.get("timeless"):
        doubts.append(_untimed(rows, columns, {*parts.values(), *said.get("ignore", ())}))
    return Guess(Mapping(**settings), not doubts, tuple(doubts), tuple(columns))


def _subject(parts: Object[str, str]) -> str:
    return parts.get("person") or parts.get("anonymous") or ""


def _known_people(rows: Sequence[Row], columns: Sequence[str], parts: Object[str, str], known: Known) -> dict[str, str]:
    """The column that names most of the people of the history, if it names more than the one taken so far."""

    def share(column: str) -> float:
        values = {str(value).strip() for value in values_of(rows, column)[:_FEW_VALUES]}
        return sum(map(known, values)) / len(values) if values else 0.0

    taken = {column for part, column in parts.items() if part != "person"}
    best = max((column for column in columns if column not in taken), key=share, default="")
    if best and share(best) > max(0.1, share(parts["person"]) if "person" in parts else 0.0):
        return {"person": best}
    return {}


def _unread(table: str, columns: Sequence[str], read: Collection[str]) -> list[str]:
    """A doubt about columns that a table without traits leaves behind."""
    left = ", ".join(repr(column) for column in columns if column not in read)
    return [f"A table of {table} has no traits; not read: {left}. To keep them: --kind people."] if left else []


def _strangers(rows: Sequence[Row], column: str, known: Known) -> list[str]:
    """A doubt whether a column names people, where the history has none of them."""
    if any(known(str(value).strip()) for value in values_of(rows, column)):
        return []
    return [
        f"Nobody whom {column!r} names is among the people of the events so far. If another column holds the ids that "
        "events have, name it: --map person=COLUMN; else one person may count as two."
    ]


def _event_column(
    path: Path, rows: Sequence[Row], columns: Sequence[str], parts: Object[str, str], doubts: list[str]
) -> dict[str, str]:
    """The one column of few different texts, as that of the events' names; else one name for all, of the file's."""
    few = [column for column in columns if column not in parts.values() and _few_texts(values_of(rows, column))]
    if len(few) == 1:
        doubts.append(f"{few[0]!r} is taken for the event's name because it has few different texts.")
        return {"event": few[0]}
    title = _title(path)
    if not title:
        return {}
    doubts.append(f"No column holds names of events: all are called {title!r}.")
    return {"event_name": title}


def _few_texts(values: Sequence[Any]) -> bool:
    different = set(map(str, values))
    words = sum(bool(re.search(r"[^\W\d_]{3}", text)) for text in different)
    return 1 < len(different) <= min(_FEW, len(values) // 5) and words == len(different)


_PARTS: dict[str, tuple[str, ...]] = {
    "events": ("time", "event", "person", "anonymous", "account", "message_id", "received", "properties"),
    "people": ("time", "person", "anonymous", "account", "role"),
    "accounts": ("time", "account"),
    "memberships": ("time", "person", "account", "role", "left"),
    "deals": ("time", "event", "person", "account", "message_id"),
    "identities": ("time", "person", "anonymous"),
}


def _parts(rows: Sequence[Row], columns: Sequence[str], given: Object[str, str]) -> dict[str, str]:
    """Part -> column, by name; where several names fit, the one that is listed first and has fitting contents. What is
    given stays."""
    plain = {re.sub(r"[^a-z0-9]", "", column.lower()): column for column in reversed(columns)}
    parts = dict(given)
    for part, names in _NAMES.items():
        for name in names if part not in given else ():
            column = plain.get(name)
            if column is not None and column not in parts.values() and _fits(part, rows, column):
                parts[part] = column
                break
    return parts


def _called_time(columns: Sequence[str], parts: Object[str, str]) -> dict[str, str]:
    """A column that is called like one of times, whatever is in it."""
    plain = {re.sub(r"[^a-z0-9]", "", column.lower()): column for column in reversed(columns)}
    named = [plain[name] for name in _NAMES["time"] if name in plain and plain[name] not in parts.values()]
    return {"time": named[0]} if named else {}


def _fits(part: str, rows: Sequence[Row], column: str) -> bool:
    values = values_of(rows, column)
    if not values:
        return False
    if part in ("time", "received", "left"):
        return format_of(values) is not None and not {str(value) for value in values} <= {"0", "1"}
    if part == "properties":
        return all(isinstance(value, dict) or str(value).lstrip().startswith("{") for value in values)
    return not any(isinstance(value, dict | list) for value in values)


def _unique_id(rows: Sequence[Row], columns: Sequence[str], doubts: list[str]) -> dict[str, str]:
    """A column of ids that names each row, as the person; none if an account's name does so."""
    for column in columns:
        values = [str(value) for value in values_of(rows, column)]
        unique = len(values) == len(rows) == len(set(values))
        if (
            unique
            and re.search(r"(^|_|\b)(id|key)$", column.lower())
            and re.sub(r"[^a-z0-9]", "", column.lower()) not in _NAMES["account"]
        ):
            doubts.append(f"{column!r} is taken for the person because every row has another one.")
            return {"person": column}
    return {}


def _table(rows: Sequence[Row], columns: Sequence[str], parts: dict[str, str]) -> str:
    """What a row is."""
    plain = {re.sub(r"[^a-z0-9]", "", column.lower()) for column in columns}
    if plain & set(_DEALS):
        return "deals"
    timed = "time" in parts or _called_time(columns, parts)
    if "event" in parts and timed and parts["event"].lower() not in ("status", "stage"):
        return "events"
    person, account = parts.get("person") or parts.get("anonymous"), parts.get("account")
    others = len(columns) - len(parts)
    plainly = "role" in parts or "left" in parts or len(columns) <= 3
    of_people = others and "left" not in parts and _names_each_row(rows, person or "")
    if person and account and others <= 1 and plainly and not of_people:
        return "memberships"
    if parts.get("person") and parts.get("anonymous") and len(columns) <= 3:
        return "identities"
    if _names_each_row(rows, person or account or ""):
        return "people" if person else "accounts"
    return "events"


def _names_each_row(rows: Sequence[Row], column: str) -> bool:
    """Whether nearly every row names another subject."""
    values = [str(value) for value in values_of(rows, column)]
    return len(set(values)) >= 0.98 * len(values)


def _title(path: Path) -> str:
    """The file's name as that of an event, without what only files are called."""
    stem = re.sub(r"\(.*?\)|[\d_\-\s]+", " ", path.name.split(".")[0])
    words = [word for word in stem.split() if word.lower() not in ("export", "exports", "dump", "data", "copy", "file")]
    return " ".join(words).title()
