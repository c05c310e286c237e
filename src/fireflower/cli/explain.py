"""fireflower explain: why, or why not."""

from __future__ import annotations

from collections.abc import Container, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fireflower.app.explained import (
    asked,
    deeds_in_words,
    doer_in_words,
    explanation_json,
    held_back,
    people_left_out,
    points_in_words,
    score_in_words,
    there_is,
    to_the_second,
)
from fireflower.cli.as_of import note_outside_data
from fireflower.cli.jsons import print_json
from fireflower.cli.notes import note_doubts
from fireflower.cli.options import as_of_option, definition_option, json_option, project_option
from fireflower.cli.printing import in_one_line
from fireflower.model.moments import format_moment, format_span
from fireflower.model.records import SubjectKind

if TYPE_CHECKING:
    from fireflower.evaluate.doers import Doer
    from fireflower.evaluate.explain import Explanation, ScoreLine
    from fireflower.evaluate.results import Evidence


@click.command(short_help="Tell why a person or account qualifies, or what it lacks.")
@click.argument("subject")
@project_option
@definition_option
@click.option("--kind", type=click.Choice(["person", "account"]), help="Which is meant, where both have this id.")
@as_of_option
@json_option
def explain(
    subject: str,
    folder: Path | None,
    names: tuple[str, ...],
    kind: SubjectKind | None,
    as_of: int | None,
    as_json: bool,
) -> None:
    """Tell why the person or account SUBJECT qualifies, or what it lacks.

    For each definition: what is done and what is not, with quantities against thresholds; the nearest next step;
    the records that tipped it; and how the verdict came about.

    \b
    Examples:
      fireflower explain acme
      fireflower explain ann@acme.example --definition power-user --as-of 2026-03-01
    """
    from fireflower.app.explain import explain as run
    from fireflower.app.live.storage import of_less_history
    from fireflower.app.project import open_project
    from fireflower.app.records import tipping_records

    project = open_project(folder)
    note_outside_data(project, as_of)
    found = run(project, subject, names, kind=kind, as_of=as_of)
    note_doubts(project, [each.definition for each in found], found[0].as_of)
    tipped = tipping_records(project, found)
    less = of_less_history(project, {(each.kind, each.subject) for each in found})
    if as_json:
        print_json(
            [{**explanation_json(each, tipped), "history_removed": (each.kind, each.subject) in less} for each in found]
        )
        return
    click.echo(f"As of {format_moment(found[0].as_of)} UTC")
    for each in found:
        click.echo("")
        _show(each, tipped, by_less=(each.kind, each.subject) in less)


def _show(found: Explanation, tipped: dict[int, str], *, by_less: bool) -> None:
    click.echo(click.style(in_one_line(f"{found.kind} {found.subject}: {found.definition.name}"), bold=True))
    click.echo(f"  {_verdict(found)}{', by what is left of its history' if by_less else ''}")
    for sentence in filter(None, (held_back(found), people_left_out(found))):
        click.echo(f"  {in_one_line(sentence)}")
    _show_criteria(found, tipped)
    _show_doers(found.doers)
    if found.score is not None:
        click.echo(f"\n  score: {score_in_words(found)}")
        width = max((len(points_in_words(line)) for line in found.score_lines), default=0)
        for line in found.score_lines:
            _show_line(line, width)
        if found.definition.score is not None and found.definition.score.half_life is not None:
            click.echo(f"    Points fade: half of them are gone after {format_span(found.definition.score.half_life)}.")
    if found.next_step:
        others = len(found.missing) - 1
        more = f" Then {others} more {'is' if others == 1 else 'are'} missing." if others else ""
        click.echo(f"\n  Nearest next step: {in_one_line(found.next_step)}.{more}")
    if found.history:
        click.echo("\n  So far:")
        for change in found.history:
            word = "entered" if change.entered else f"left ({change.reason.label})"
            click.echo(f"    {to_the_second(change.at)}  {word}")


def _show_criteria(found: Explanation, tipped: dict[int, str]) -> None:
    """Circle by circle, and then what the definition asks for beside them."""
    from fireflower.language.fingerprints import canonical
    from fireflower.language.walking import unwanted

    not_wanted = unwanted(found.definition)
    for circle in found.circles:
        click.echo(f"\n  {circle.name}: {'yes' if circle.holds else 'not yet'}")
        _show_conditions(circle.conditions, tipped, not_wanted)
    shown = {canonical(state.condition) for circle in found.circles for state in circle.conditions}
    others = [state for state in found.conditions if canonical(state.condition) not in shown]
    if others:
        click.echo("\n  besides:" if found.circles else "")
        _show_conditions(others, tipped, not_wanted)


def _show_doers(doers: Sequence[Doer]) -> None:
    if doers:
        click.echo("\n  Talk to:")
    for each in doers:
        click.echo(f"    {in_one_line(doer_in_words(each))}, last seen {to_the_second(each.last)}")
        click.echo(f"      {in_one_line(deeds_in_words(each))}")


def _show_line(line: ScoreLine, width: int) -> None:
    """One line of a score: what it gives, and for what; where it is a single condition, with what there is."""
    from fireflower.language.describing import describe_item

    sign = click.style("✓", fg="green") if line.points else click.style("○", fg="yellow")
    state = line.conditions[0] if len(line.conditions) == 1 else None
    what = f"{asked(state)}: {there_is(state)}" if state else describe_item(line.item)
    click.echo(f"    {sign} {points_in_words(line):<{width}}  {in_one_line(what)}")


def _verdict(found: Explanation) -> str:
    if found.qualified:
        return f"{click.style('qualified', fg='green')} since {to_the_second(found.since)}"
    if found.history:
        left = found.history[-1]
        return f"{click.style('not qualified', fg='yellow')} since {to_the_second(left.at)}: {left.reason.label}"
    return f"{click.style('not qualified', fg='yellow')}, and never was"


def _show_conditions(states: Sequence[Evidence], tipped: dict[int, str], unwanted: Container[str]) -> None:
    """Conditions, each as the definition asks for it: to hold, or not to."""
    from fireflower.language.fingerprints import canonical

    for state in states:
        is_unwanted = canonical(state.condition) in unwanted
        is_met = state.holds != is_unwanted
        sign = click.style("✓", fg="green") if is_met else click.style("○", fg="yellow")
        wanted = f"not {asked(state)}" if is_unwanted else asked(state)
        what = f"{wanted}: {there_is(state)}, since {to_the_second(state.since)}{_by(state, tipped)}"
        click.echo(f"    {sign} {in_one_line(what)}")


def _by(state: Evidence, tipped: dict[int, str]) -> str:
    return f", by {tipped[state.row]}" if state.row in tipped else ""
