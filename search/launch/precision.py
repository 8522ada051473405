"""Studies are computed in single precision, whatever JAX is told."""

import os
from typing import Final

from search.errors import UserError

VARIABLE: Final = "JAX_ENABLE_X64"
_TRUE: Final = ("y", "yes", "t", "true", "on", "1")  # as JAX reads it (jax/_src/config.py, bool_env)


def refuse_double_precision() -> None:
    """See that JAX is not told to use 64 bits; before anything is read or imported.

    Raises:
        UserError: it is, and a search would end at its first loop, whose states are of 32.
    """
    if os.environ.get(VARIABLE, "").lower() in _TRUE:
        raise UserError(f"{VARIABLE} is set: studies are computed in single precision; unset it")
