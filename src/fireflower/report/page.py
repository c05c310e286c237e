"""From `ReportData` to one HTML file that needs nothing else: no network, no other file, no permission."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from fireflower.report import headline, wording
from fireflower.report.data import ReportData
from fireflower.report.templating import environment, trusted

FIRST_LEADS = 10
"""Leads of a definition that stand in the page's HTML; its script shows the others on demand."""

_FIRST_CHANGES, _MOST_CHANGES = 12, 300


def render(data: ReportData) -> str:
    """The report as one HTML page.

    The page's security policy allows its own style and script, by their hashes, and nothing else.
    """
    style, script = page_style(), _asset("report.js")
    page = (
        environment()
        .get_template("report.html")
        .render(
            data=data,
            tiles=headline.tiles(data),
            style=trusted(style),
            script=trusted(script),
            policy=policy(style, script),
            first_leads=FIRST_LEADS,
            first_changes=_FIRST_CHANGES,
            most_changes=_MOST_CHANGES,
            few_below=wording.FEW,
        )
    )
    return encodable(page)


def page_style() -> str:
    """The style of every page."""
    return _asset("theme.css") + _asset("report.css")


def policy(style: str, script: str | None = None) -> str:
    """What the page may load and run: this style and this script, and nothing else."""
    scripts = "'none'" if script is None else f"'{_hash(script)}'"
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src {scripts}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def _asset(name: str) -> str:
    return (files("fireflower.report") / "assets" / name).read_text(encoding="utf-8")


def encodable(page: str) -> str:
    """Half characters (lone surrogates), which no file can hold, become question marks."""
    return page.encode("utf-8", "replace").decode("utf-8")
