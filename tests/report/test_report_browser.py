"""The page in a real browser: no errors, and its search, sorting and buttons work."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest
import report_sample as sample
from report_html import Page

from fireflower.report import render

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install -y chromium")

PROBE = """
const box = document.querySelector("[data-leads]");
const names = () => [...box.querySelectorAll(".lead [data-slot=id]")].map((place) => place.textContent);
const status = () => box.querySelector("[role=status]").textContent;
const search = (words) => {
  const input = box.querySelector("input");
  input.value = words;
  input.dispatchEvent(new Event("input"));
};
const click = (what, within = box) => within.querySelector(`[data-do=${what}]`).click();
const told = {};
told.first = box.querySelector(".lead").textContent.replace(/\\s+/g, " ").trim();
told.start = [names().length, status()];
click("more"); told.more = names().length;
click("all"); told.all = [names().length, status(), box.querySelector(".more").hidden];
search("ACC_10037"); told.found = [names(), status()];
search("nothing like this"); told.none = [names().length, status()];
search("");
click("sort", box.querySelector("th[data-sort=lead]"));
told.sorted = [...box.querySelectorAll(".lead .subject")].map((place) => place.textContent).slice(0, 10);
told.aria = box.querySelector("th[aria-sort]").dataset.sort;
const details = box.querySelector(".lead details");
told.hidden = details.hidden;
details.open = true;
const blobs = [];
URL.createObjectURL = (blob) => { blobs.push(blob); return "#"; };
click("csv");
document.querySelector("svg .mark .hit").dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
told.tip = document.querySelector(".tip").textContent;
const [one, other] = box.querySelectorAll(".lead .doers li");
told.apart = other.getBoundingClientRect().top - one.getBoundingClientRect().bottom;
told.wide = document.documentElement.scrollWidth <= innerWidth;
Promise.all([blobs[0].text(), new Promise((done) => setTimeout(done, 50))]).then(([csv]) => {
  told.detail = details.querySelectorAll("li").length;
  told.csv = csv.split("\\r\\n").slice(0, 2).concat(csv.split("\\r\\n").length);
  document.body.dataset.told = JSON.stringify(told);
});
"""


def browse(page: str, folder: Path, width: int = 1280) -> tuple[Page, list[str]]:
    """The page after its scripts have run, and what the browser's console said."""
    file = folder / "report.html"
    file.write_text(page, encoding="utf-8")
    assert CHROMIUM
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", f"--user-data-dir={folder / 'profile'}",
        f"--window-size={width},900", "--enable-logging=stderr", "--virtual-time-budget=3000",
        "--dump-dom", file.as_uri(),
    ]  # fmt: skip
    ran = subprocess.run(command, capture_output=True, timeout=90, check=True, text=True, encoding="utf-8")
    return Page(ran.stdout), [line for line in ran.stderr.splitlines() if "CONSOLE" in line]


def with_probe(page: str, probe: str = PROBE) -> str:
    """The page with one more script, which its policy allows by hash like the page's own."""
    digest = base64.b64encode(hashlib.sha256(probe.encode()).digest()).decode()
    allowed = page.replace("script-src &#39;", f"script-src &#39;sha256-{digest}&#39; &#39;", 1)
    return allowed.replace("</body>", f"<script>{probe}</script></body>")


@pytest.fixture(scope="module")
def browsed(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict, list[str]]:
    page = render(sample.full())
    seen, console = browse(with_probe(page), tmp_path_factory.mktemp("browser"))
    assert "data-told" in seen.all("body")[0], console
    return page, json.loads(seen.all("body")[0]["data-told"]), console


def test_the_console_stays_empty(browsed: tuple[str, dict, list[str]]) -> None:
    assert browsed[2] == []


def test_the_script_draws_a_lead_as_the_page_had_it(browsed: tuple[str, dict, list[str]]) -> None:
    page, told, _ = browsed
    row = re.search(r'<tbody class="lead">.*?</tbody>', page, re.S)
    assert row
    assert unescape(re.sub("<[^>]*>", "", row[0])).split() == told["first"].split()


def test_more_leads_on_demand(browsed: tuple[str, dict, list[str]]) -> None:
    told = browsed[1]
    assert told["start"] == [10, "Showing 10 of 134."]
    assert told["more"] == 110
    assert told["all"] == [134, "Showing all 134.", True]


def test_search_filters_the_leads(browsed: tuple[str, dict, list[str]]) -> None:
    told = browsed[1]
    assert told["found"] == [["acc_10037"], "Showing all 1 found."]
    assert told["none"] == [0, "Showing all 0 found."]


def test_sorting_by_name_marks_its_column(browsed: tuple[str, dict, list[str]]) -> None:
    told = browsed[1]
    assert told["aria"] == "lead" and told["sorted"] == sorted(told["sorted"])


def test_details_tips_and_csv(browsed: tuple[str, dict, list[str]]) -> None:
    told = browsed[1]
    assert told["hidden"] is False and told["detail"] == len(sample.CRITERIA)
    assert told["tip"].startswith("Week of")
    head, first, count = told["csv"]
    assert head.lstrip("\ufeff").startswith("lead,name,facts,qualified since,next step,channels (≥ 2)")
    assert first.startswith("acc_") and count == 135


def test_people_to_talk_to_stand_apart(browsed: tuple[str, dict, list[str]]) -> None:
    assert browsed[1]["apart"] >= 4


def test_nothing_overflows_a_phone_and_hostile_text_runs_nothing(tmp_path: Path) -> None:
    text = "</script><script>document.title='run'</script>'\"><b>=1+1\u202e" + "x" * 300
    probe = "document.body.dataset.told = JSON.stringify([document.body.scrollWidth, innerWidth, document.title])"
    seen, console = browse(with_probe(render(sample.hostile(text)), probe), tmp_path, width=500)
    wide, window, title = json.loads(seen.all("body")[0]["data-told"])
    assert wide <= window and title != "run" and console == []
