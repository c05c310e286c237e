"""The browser clients in a real browser, on a page of another origin than the server's: so CORS must be right."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from fireflower.model.records import Kind
from web.installing import node_clients
from web.serving import Live, serving

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.xdist_group("event clients"),
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install -y chromium"),
]

SEGMENT = """
<script src="/@segment/analytics-next/dist/umd/index.js"></script>
<script>
const client = AnalyticsNext.AnalyticsBrowser.load({writeKey: "key-segment", cdnURL: "%(url)s"});
(async () => {
  await client.identify("u1", {plan: "pro"});
  await client.track("Ran", {n: 1}, {context: {groupId: "acme"}});
  await client.group("acme", {seats: 5});
})();
const batching = {integrations: {"Segment.io": {deliveryStrategy: {strategy: "batching", config: {size: 2}}}}};
const batched = AnalyticsNext.AnalyticsBrowser.load({writeKey: "key-batched", cdnURL: "%(url)s"}, batching);
batched.track("Ran", {n: 1}); batched.track("Ran", {n: 2});
</script>"""

POSTHOG = """
<script type="module">
import posthog from "/posthog-js/dist/module.js";
posthog.init("key-posthog", {api_host: "%(url)s", capture_pageview: false, capture_pageleave: false,
  disable_external_dependency_loading: true, request_batching: false, opt_out_useragent_filter: true});
posthog.identify("u1", {plan: "pro"});
posthog.group("company", "acme", {seats: 5});
posthog.capture("Ran", {n: 1});
posthog.capture("Left", {n: 2}, {transport: "sendBeacon"});
</script>"""


class Pages(SimpleHTTPRequestHandler):
    """Serves the clients' files, and one page."""

    page = ""

    def do_GET(self) -> None:
        if self.path != "/page":
            return super().do_GET()
        body = f"<!doctype html><meta charset=utf-8><title>t</title>{self.page}".encode()
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        return None

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    with serving(["browser"]) as server:
        yield server


@pytest.fixture(scope="module")
def pages() -> Iterator[str]:
    handler = partial(Pages, directory=str(node_clients() / "node_modules"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_address[1]}/page"
        server.shutdown()


def look(pages: str, page: str, live: Live, folder: Path) -> None:
    """Open the page, and leave it when all is quiet."""
    Pages.page = page % {"url": f"http://127.0.0.1:{live.right['browser']}"}
    flags = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}", "--virtual-time-budget=8000"]
    subprocess.run([CHROMIUM or "", *flags, "--dump-dom", pages], capture_output=True, timeout=60, check=True)


def test_segment(pages: str, live: Live, tmp_path: Path) -> None:
    look(pages, SEGMENT, live, tmp_path)
    records = live.sink.told("key-segment")
    kinds = [record["kind"] for record in records if record["kind"] != Kind.IDENTITY]
    assert sorted(kinds) == [Kind.JOIN, Kind.ACCOUNT_TRAIT, Kind.PERSON_TRAIT, Kind.EVENT]
    (event,) = [record for record in records if record["kind"] == Kind.EVENT]
    assert (event["person"], event["account"]) == ("u1", "acme")
    assert len([record for record in live.sink.told("key-batched") if record["name"] == "Ran"]) == 2


def test_posthog(pages: str, live: Live, tmp_path: Path) -> None:
    look(pages, POSTHOG, live, tmp_path)
    records = live.sink.told("key-posthog")
    events = {record["name"]: record for record in records if record["kind"] == Kind.EVENT}
    assert json.loads(events["Ran"]["properties"])["n"] == 1
    assert events["Ran"]["account"] == "acme" and events["Left"]["person"] == "u1"
    assert '"pro"' in [record["value"] for record in records if record["name"] == "plan"]
    assert "5.0" in [record["value"] for record in records if record["kind"] == Kind.ACCOUNT_TRAIT]
