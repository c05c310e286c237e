"""Product-qualified leads from your product's own data: readable definitions, exact verdicts, explained.

>>> import fireflower
>>> project = fireflower.open("shop")                      # doctest: +SKIP
>>> project.qualify().to_pandas()                          # doctest: +SKIP

Nothing heavy is loaded before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fireflower.app.frames import qualify
    from fireflower.app.project import Project
    from fireflower.app.project import open_project as open
    from fireflower.app.qualify import Qualification
    from fireflower.language.loading import load_definition
    from fireflower.model.errors import DefinitionError, FireflowerError

    __version__: str

__all__ = [
    "DefinitionError", "FireflowerError", "Project", "Qualification", "__version__", "load_definition", "open",
    "qualify",
]  # fmt: skip

_HOMES = {
    "DefinitionError": ("fireflower.model.errors", "DefinitionError"),
    "FireflowerError": ("fireflower.model.errors", "FireflowerError"),
    "Project": ("fireflower.app.project", "Project"),
    "Qualification": ("fireflower.app.qualify", "Qualification"),
    "load_definition": ("fireflower.language.loading", "load_definition"),
    "open": ("fireflower.app.project", "open_project"),
    "qualify": ("fireflower.app.frames", "qualify"),
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("importlib.metadata").version("fireflower")
    if name not in _HOMES:
        raise AttributeError(f"module 'fireflower' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
