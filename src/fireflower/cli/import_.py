"""fireflower import: read files into the history."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fireflower.cli.jsons import print_json
from fireflower.cli.options import Moment, json_option, project_option
from fireflower.cli.printing import printable
from fireflower.cli.progress import steps
from fireflower.cli.tables import table
from fireflower.model.errors import InputError

if TYPE_CHECKING:
    from fireflower.app.import_data import Planned
    from fireflower.history.archive import FileReport, ImportReport
    from fireflower.history.mapping import Mapping as Columns

KINDS = ("events", "people", "accounts", "memberships", "deals", "identities")


@click.command("import", short_help="Read files of events and tables into the history.")
@click.argument("files", nargs=-1)
@project_option
@click.option("--kind", type=click.Choice(KINDS), help="What a row is. Guessed where it is not said.")
@click.option(
    "-m",
    "--map",
    "parts",
    multiple=True,
    metavar="PART=COLUMN",
    help="Which column holds what: time, event, person, anonymous, account, role, left, message_id, received, "
    "properties. Or a setting: event_name=Login, timezone=Europe/Berlin, ignore=a,b. May be repeated.",
)
@click.option("--time-format", help="How times are written, in the manner of strptime, such as '%d/%m/%Y %H:%M'.")
@click.option(
    "--learned-at",
    type=Moment(),
    help="From when the rows of tables without times hold. By default from now on; --map timeless=true: always.",
)
@click.option("--strict", is_flag=True, help="Fail at the first row that cannot be read, instead of keeping it aside.")
@click.option(
    "--replace", is_flag=True, help="First drop what was imported from files of the same content, in whichever way."
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask whether what was guessed is right.")
@json_option
@click.pass_context
def import_(
    ctx: click.Context,
    files: tuple[str, ...],
    folder: Path | None,
    kind: str | None,
    parts: tuple[str, ...],
    time_format: str | None,
    learned_at: int | None,
    strict: bool,
    replace: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Read FILES (or folders, or globs) into the project's history.

    CSV, JSON lines, Parquet, plain or packed with gzip or zstd; exports of Segment and PostHog; tables of people,
    accounts, memberships and deals. What columns mean is said by --map or `imports` in fireflower.yaml, or guessed,
    shown, and confirmed. Without FILES: those under `imports`, else everything in the folder data.

    Importing the same file again changes nothing; in another way, it adds to what is there, unless --replace is given.
    Rows that cannot be read are kept aside; 'fireflower rejects' shows them. Exits with 1 if those are all of a file.

    \b
    Examples:
      fireflower import events.csv
      fireflower import 'exports/*.jsonl.gz' --yes
      fireflower import users.csv --kind people --map person=user_id --map time=signed_up
      fireflower import logins.csv --map time=day --map person=user --map event_name=Login
      fireflower import logins.csv --replace --map time=day --map person=email --map event_name=Login
    """
    from fireflower.app.import_data import plan, run
    from fireflower.app.project import open_project

    project = open_project(folder)
    planned = plan(project, files, _settings(kind, parts, time_format))
    if not as_json:
        _show_plan(planned, "from then on" if learned_at is not None else "from now on")
    if not yes:
        _confirm(planned)
    with steps("Importing") as advance:
        done = run(project, planned, strict=strict, replace=replace, learned_at=learned_at, progress=advance)
    if as_json:
        print_json(done)
    else:
        _show(done)
    if any(file.refused for report in done for file in report.files):
        ctx.exit(1)


def _settings(kind: str | None, parts: Sequence[str], time_format: str | None) -> dict[str, Any]:
    """Flags as parts of a mapping."""
    settings: dict[str, Any] = {}
    if kind:
        settings["table"] = kind
    if time_format:
        settings["time_format"] = time_format
    for part in parts:
        name, equals, column = part.partition("=")
        if not equals:
            raise click.BadParameter(f"expected PART=COLUMN, such as person=user_id, got {part!r}", param_hint="--map")
        settings[name.strip()] = _setting(name.strip(), column.strip())
    return settings


def _setting(name: str, text: str) -> Any:
    from fireflower.history.mapping import LISTS, SWITCHES

    if name in LISTS:
        return [item.strip() for item in text.split(",") if item.strip()]
    if name in SWITCHES:
        if text not in ("true", "false"):
            raise click.BadParameter(f"expected {name}=true or {name}=false, got {text!r}", param_hint="--map")
        return text == "true"
    return text


def _show_plan(planned: Sequence[Planned], untimed_hold: str) -> None:
    rows = []
    for each in planned:
        mapping = each.mapping
        means = ", ".join(f"{part}: {column}" for part, column in mapping.columns().items())
        if mapping.form != "flat":
            means = f"{mapping.form} export" + (f", {means}" if means else "")
            means += f", accounts: groups of type {mapping.group_type}" if mapping.group_type else ""
        elif mapping.event_name:
            means += f", every row is {mapping.event_name!r}"
        if each.untimed:
            means += f"; no times: hold {untimed_hold}, unless timeless"
        rows.append((_files(each.paths), mapping.table, means, _says(each)))
    table(["files", "rows are", "columns", "says"], rows)
    for doubt in dict.fromkeys(doubt for each in planned for doubt in each.doubts):
        click.echo(f"note: {printable(doubt)}")


def _says(planned: Planned) -> str:
    """Who says what the columns mean."""
    return f"{', '.join(planned.said)} as said, the rest guessed" if planned.said else planned.source


def _files(paths: Sequence[Path]) -> str:
    return paths[0].name if len(paths) == 1 else f"{len(paths)} files, {paths[0].name} to {paths[-1].name}"


def _confirm(planned: Sequence[Planned]) -> None:
    """Ask about what was guessed; where nobody can be asked, fail with what to pass."""
    guessed = [each for each in planned if each.source == "guessed"]
    if not guessed:
        return
    flags = _flags(guessed[0].mapping)
    if not _is_terminal():
        raise InputError(
            "what the columns mean was guessed, and there is no terminal to ask whether that is right. Nothing was "
            f"imported. Pass --yes to take the guess, or say it yourself: {flags}"
        )
    if not click.confirm("Is that right?", default=True, err=True):
        raise InputError(f"nothing was imported. Say what the columns mean; what was guessed is: {flags}")


def _is_terminal() -> bool:
    return sys.stdin.isatty()


def _flags(mapping: Columns) -> str:
    """The flags that say a mapping, ready for a shell."""
    parts = [f"{part}={column}" for part, column in mapping.columns().items()]
    settings = {"event_name": mapping.event_name, "group_type": mapping.group_type}
    settings["form"] = mapping.form if mapping.form != "flat" else ""
    parts += [f"{setting}={value}" for setting, value in settings.items() if value]
    format = f" --time-format {shlex.quote(mapping.time_format)}" if mapping.time_format else ""
    return f"--kind {mapping.table} " + " ".join(f"--map {shlex.quote(part)}" for part in parts) + format


def _show(done: Sequence[ImportReport]) -> None:
    rows = [
        (
            Path(file.file).name,
            f"{file.read:,}",
            f"{file.records:,}",
            f"{file.unread:,}",
            "known" if file.known else "",
        )
        for report in done
        for file in report.files
    ]
    click.echo("")
    columns = ["file", "rows", "records", "kept aside", ""]
    table(columns, rows, right=columns[1:4])
    click.echo("\n" + _sum(done))
    for report in done:
        for file in report.files:
            for remark in _remarks(file):
                click.echo(printable(remark))


def _remarks(file: FileReport) -> Iterator[str]:
    name = Path(file.file).name
    if file.refused:
        rows = "the one row" if file.read == 1 else f"any of the {file.read:,} rows"
        yield f"error: {name}: could not read {rows}; most often: {file.reason}"
    elif file.unread:
        yield f"note: {name}: {file.unread:,} of {file.read:,} rows kept aside; most often: {file.reason}"
    if file.changed:
        yield f"warning: {name} was written to while it was read. Import it again when nobody writes to it any longer."
    if file.elsewise:
        yield (
            f"warning: rows of {name} had been imported in another way before, and both count. "
            f"To keep only this one: fireflower import --replace, with the same options."
        )


def _sum(done: Sequence[ImportReport]) -> str:
    new, known = sum(report.new for report in done), sum(report.duplicates for report in done)
    aside = sum(report.unread for report in done)
    parts = [f"{new:,} new record{'' if new == 1 else 's'}"]
    if known:
        parts.append(f"{known:,} that were there already")
    if aside:
        parts.append(f"{aside:,} row{' was' if aside == 1 else 's were'} kept aside ('fireflower rejects' shows them)")
    left_out = sum(report.left_out for report in done)
    if left_out:
        parts.append(f"left out: {left_out:,} row{'' if left_out == 1 else 's'} of people who were forgotten")
    return "; ".join(parts) + "."
