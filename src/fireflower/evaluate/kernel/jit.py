"""`@jit`, `@apart` and `pointer`: numba's in the compiled copy of this package, nothing at all in the plain one.

A `@jit` function becomes part of each function that calls it: a call would take longer than most of them do. An
`@apart` one stays a function of its own: what is large and needed in several places, or seldom. Without these, the
compiler would take minutes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])

COMPILED = "kernel_compiled"

if COMPILED in __name__:
    import numba
    from numba.core import types
    from numba.extending import intrinsic
    from numba.np.arrayobj import make_array

    # The kernel allocates nothing, so it needs no reference counts (`_nrt`): they would cost ten times what it does.
    options: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False}
    jit: Callable[[Function], Function] = numba.njit(forceinline=True, **options)
    apart: Callable[[Function], Function] = numba.njit(forceinline=False, **options)

    @intrinsic
    def pointer(_context: Any, array: Any) -> Any:
        """Where an array's data begin. Unlike the array it travels in one register, and is indexed without looking for
        negative indices."""

        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return make_array(signature.args[0])(context, builder, args[0]).data

        return types.CPointer(array.dtype)(array), code

else:

    def jit(function: Function) -> Function:
        return function

    apart = jit

    def pointer(array: Any) -> Any:  # type: ignore[misc]
        return array
