"""Who may ask."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from api.serving import Served, served, shop, token


def test_a_project_without_a_token_says_how_to_make_one(tmp_path: Path) -> None:
    with served(shop(tmp_path / "shop")) as found:
        answer = found.client.get("/api/v1/definitions", headers={"Authorization": "Bearer x"})
        assert answer.status_code == 401 and answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["message"].endswith("fireflower token make NAME --scope read")
        assert found.client.get("/healthz").status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ff_read_no", "Basic eDp5", "bearer \u00e9"])
def test_no_token_and_a_wrong_one(reading: Served, header: str) -> None:
    answer = httpx.get(
        f"{reading.url}/api/v1/definitions", headers={"Authorization": header.encode()} if header else {}
    )
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith('Bearer realm="fireflower"')
    assert answer.json()["code"] in ("token_missing", "token_unknown")


def test_scopes(tmp_path: Path) -> None:
    folder = shop(tmp_path / "shop")
    reader, boss, writer = (token(folder, scope, scope) for scope in ("read", "admin", "write"))  # type: ignore[arg-type]
    with served(folder) as found:

        def status(method: str, path: str, bearer: str) -> int:
            return found.client.request(method, path, headers={"Authorization": f"Bearer {bearer}"}).status_code

        assert status("GET", "/api/v1/definitions", reader) == 200
        assert status("GET", "/api/v1/definitions", boss) == 200
        assert status("GET", "/api/v1/definitions", writer) == 403
        assert status("POST", "/api/v1/definitions/drop", reader) == 403
        assert status("POST", "/api/v1/definitions/drop", boss) == 200


def test_pages_of_other_origins_only_where_configured(reading: Served) -> None:
    def allowed(origin: str) -> str | None:
        answer = reading.client.get("/api/v1/definitions", headers={"Origin": origin})
        return answer.headers.get("access-control-allow-origin")

    assert allowed("https://app.example") == "https://app.example"
    assert allowed("https://evil.example") is None
