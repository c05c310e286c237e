"""fireflower backup and restore: a project in one file."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fireflower.cli.jsons import print_json
from fireflower.cli.options import FILE, FOLDER, json_option, project_option
from fireflower.cli.printing import counted

if TYPE_CHECKING:
    from fireflower.app.live.backing_up import BackedUp


@click.command(short_help="Write the whole project into one file, while it runs.")
@click.argument("file", type=FILE)
@project_option
@json_option
def backup(file: Path, folder: Path | None, as_json: bool) -> None:
    """Write a backup of the project into FILE, a tar packed with zstd (or gzip, if the name ends in .gz): its
    definitions, what was imported, what came live, and the record of verdicts, all as of one moment, with checksums.

    The server may run meanwhile. The file holds everything that is known about people: keep it as safe as the project.

    \b
    Examples:
      fireflower backup shop.tar.zst
      fireflower backup /backups/shop-$(date +%F).tar.zst
    """
    from fireflower.app.live.backing_up import back_up
    from fireflower.app.project import open_project

    written = back_up(open_project(folder), file, time.time_ns() // 1000)
    if as_json:
        print_json(written)
        return
    size = file.stat().st_size
    click.echo(f"{file}: {counted(written.files, 'file')}, {written.bytes:,} bytes, packed {size:,}.")
    click.echo(_inside(written))


@click.command(short_help="Make a project from a backup.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--database", metavar="URL", help="Where the log is to be, in the place of what the project says.")
@json_option
def restore(file: Path, folder: Path, database: str | None, as_json: bool) -> None:
    """Make a project in DIR from a backup. DIR must be empty, or not be there yet.

    The log comes into the database that fireflower.yaml or FIREFLOWER_DATABASE names, which must be empty; else into
    DIR. So a project moves from SQLite to PostgreSQL, and back.

    Checksums are compared first; of a file that is damaged, nothing is restored. What came after the backup is not in
    it: verdicts since then are found again if the events are sent or imported again.

    \b
    Examples:
      fireflower restore shop.tar.zst shop-as-it-was
      fireflower restore shop.tar.zst shop --database postgresql://fireflower@db/shop
    """
    from fireflower.app.live.backing_up import restore as bring_back
    from fireflower.app.live.database import VARIABLE
    from fireflower.app.project import PROJECT_FILE, Project

    restored = bring_back(file, folder, os.environ if database is None else {**os.environ, VARIABLE: database})
    if database is not None and not Project(folder).settings.database:
        with (folder / PROJECT_FILE).open("a", encoding="utf-8") as settings:  # else another log would be begun unseen
            settings.write(f"\ndatabase: env:{VARIABLE}\n")
    if as_json:
        print_json(restored)
        return
    click.echo(f"{folder}: {counted(restored.files, 'file')}, {restored.bytes:,} bytes.")
    click.echo(_inside(restored))
    click.echo(
        "'fireflower serve' sends to the project's real destinations; 'fireflower serve --dry-run' sends nothing."
    )
    if database is not None:
        click.echo(
            f"Its log is in the database that you have named. {PROJECT_FILE} says now that it is where the variable "
            f"{VARIABLE} says: set that to the URL whenever you use the project."
        )


def _inside(project: BackedUp) -> str:
    return f"{counted(project.imported, 'file')} in the archive, {counted(project.messages, 'message')} in the log."
