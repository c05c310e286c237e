"""`@jit`: compiled by numba in the compiled copy of this package, nothing at all in the plain one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])

COMPILED = "kernel_compiled"


def _plain(function: Function) -> Function:
    return function


def _decorator() -> Callable[[Function], Function]:
    if COMPILED not in __name__:
        return _plain
    import numba

    decorate: Callable[[Function], Function] = numba.njit(cache=True, nogil=True, error_model="numpy")
    return decorate


jit = _decorator()
