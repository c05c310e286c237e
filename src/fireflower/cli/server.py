"""Talking to the running server, for the commands that need it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any, TypeVar

import click

from fireflower.model.errors import DefinitionError, Fault, FireflowerError

PORT = 8700
_PATIENCE = 24 * 3600.0
"""Seconds: definitions may be evaluated over years of history before the answer comes."""

Command = TypeVar("Command", bound=Callable[..., Any])


class NotRunning(FireflowerError):
    """No server answers at the address."""


class Refusal(FireflowerError):
    """The server has refused what was asked, and says why."""


def server_options(command: Command) -> Command:
    """The options of commands that talk to the running server."""
    url = click.option(
        "--url",
        envvar="FIREFLOWER_URL",
        show_envvar=True,
        default=f"http://127.0.0.1:{PORT}",
        show_default=True,
        help="The server's address.",
    )
    token = click.option(
        "--token",
        envvar="FIREFLOWER_TOKEN",
        show_envvar=True,
        default="",
        help="A token of the scope admin: 'fireflower token make NAME --scope admin' makes one.",
    )
    return url(token(command))


class Server:
    """The running server.

    Parameters
    ----------
    instead : what can be done where it is not running
    """

    def __init__(self, url: str, token: str, instead: str = "") -> None:
        if not url.startswith(("http://", "https://")):
            raise click.UsageError(f"--url is no address: {url!r}. Expected one such as http://127.0.0.1:{PORT}.")
        self._url, self._token, self._instead = url.rstrip("/"), token, instead

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """What it answers.

        Raises
        ------
        NotRunning
            If nobody answers.
        DefinitionError
            If the project's files have faults.
        Refusal
            If it refuses.
        """
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        request = urllib.request.Request(self._url + path, json.dumps(body).encode(), headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:
                return self._decoded(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                raise self._refusal(error.code, error.read()) from None
        except (urllib.error.URLError, OSError) as error:
            reason = getattr(error, "reason", None) or error
            raise NotRunning(
                f"no server answers at {self._url} ({reason}). Start it with 'fireflower serve', or name another with "
                f"--url or FIREFLOWER_URL.{self._instead}"
            ) from None

    def _decoded(self, text: bytes) -> dict[str, Any]:
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise Refusal(f"what answers at {self._url} is no fireflower server. Check --url and FIREFLOWER_URL.")
        return found

    def _refusal(self, status: int, text: bytes) -> Exception:
        said = self._decoded(text)
        if faults := said.get("faults"):
            return DefinitionError([Fault(**fault) for fault in faults])
        message = str(said.get("message") or f"{self._url} answers with {status}")
        if said.get("code") in ("no_token_yet", "token_missing", "token_unknown"):
            message += " Hand it on with --token or FIREFLOWER_TOKEN."
        return Refusal(message)
