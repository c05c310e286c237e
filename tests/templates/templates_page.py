"""docs/templates.md, made of the templates themselves. Run this file to write it anew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from fireflower.app.init import Template, templates
from fireflower.app.project import Project
from fireflower.language.describing import describe

PAGE = Path(__file__).parents[2] / "docs" / "templates.md"
FOLDER = Path(str(files("fireflower").joinpath("templates")))

ARTICLES = {
    "Turn users into customers": "Product-Qualified Leads (PQLs): Turn users into customers, Sid Khaitan, Dock",
    "Are PQLs the new MQLs in sales?": "Are PQLs the New MQLs in Sales?, Stan Massueras, HubSpot",
    "The flower and the fireball": "The Flower and the Fireball: What PQLs Get Wrong About User Behaviour, Strata",
    "Why PQLs outperform MQLs": (
        "Product Qualified Leads: Why PQLs Outperform MQLs in SaaS, Keith Lacy, The Marketing Juice"
    ),
    "What is a product qualified lead?": "What is a Product Qualified Lead (PQL)?, glossary, Ben Schmidt",
}
"""The articles by their short names, with title, author and publisher."""

HEAD = """\
# Templates

A template is a project with definitions that are ready to run: `fireflower init my-product --template slack` writes it
into a folder, `fireflower check` runs the tests that its definitions carry, `fireflower init --list` names them all.
They tell what five articles say of each product, not what these companies do today. Names of events and traits are
made up: put those of your own data in their place. Numbers marked `# the article's` are in the articles; those marked
`# example value` are not, and wait for your own. Companies that the articles quote, or name as sellers of tools and
data, have no template.
"""

ABOUT_DESCRIPTIONS = """\
## In plain English

What `fireflower describe` says of each definition; in a project it adds who is left out.
"""


def project(template: Template) -> Project:
    """The template as a project, where it lies in the package."""
    return Project(FOLDER / template.name)


def articles(template: Template) -> list[str]:
    """Short names of the articles that a template follows, as quoted in the second line of its fireflower.yaml."""
    line = (FOLDER / template.name / "fireflower.yaml").read_text(encoding="utf-8").splitlines()[1]
    return re.findall(r'"(.+?)"', line) if line.startswith("# After: ") else []


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_table(), "", *_articles(), "", ABOUT_DESCRIPTIONS, *_descriptions()])


def _table() -> Iterator[str]:
    numbers = {name: number for number, name in enumerate(ARTICLES, 1)}
    yield "| template | what it is about | definitions | articles |"
    yield "|---|---|---|---|"
    for template in templates():
        definitions = ", ".join(f"`{definition.name}`" for definition in project(template).definitions)
        after = ", ".join(str(numbers[name]) for name in articles(template))
        yield f"| [{template.name}](#{template.name}) | {template.title} | {definitions} | {after} |"


def _articles() -> Iterator[str]:
    yield "The articles:"
    yield ""
    for number, name in enumerate(ARTICLES.values(), 1):
        yield f"{number}. {name}"


def _descriptions() -> Iterator[str]:
    for template in templates():
        yield f"### {template.name}"
        yield ""
        for definition in project(template).definitions:
            yield f"```text\n{describe(definition)}\n```"
            yield ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
