"""Secrets are named in project files, never written there, and never shown."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fireflower.model.errors import ProjectError


class SecretError(ProjectError):
    """A secret is not where the destination says. The text names the place, never the value."""


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret is kept: `env:NAME` or `file:PATH`. It is read at each use, so that a rotation needs no restart.

    Attributes
    ----------
    folder : what a relative path is relative to
    """

    kind: Literal["env", "file"]
    name: str
    folder: str = ""

    def reveal(self) -> str:
        """The secret itself.

        Raises
        ------
        SecretError
            If it is not there, or empty.
        """
        found = os.environ.get(self.name, "") if self.kind == "env" else self._read()
        if not found.strip():
            raise SecretError(f"the secret {self} is {self._absence()}.")
        return found.strip()

    def _read(self) -> str:
        try:
            return (Path(self.folder) / self.name).expanduser().read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", "") or "not UTF-8 text"
            raise SecretError(f"the secret {self} cannot be read: {why}.") from None

    def _absence(self) -> str:
        if self.kind == "env":
            return f"not set: put it into the environment variable {self.name} of the server"
        return "not there, or empty: write it into that file"

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"
