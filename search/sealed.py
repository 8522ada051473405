"""Arrays as files: a serialised pytree behind a mark and a checksum, so that a damaged file is told apart from a whole one."""

import hashlib
import io
from typing import Any, Final

_MARK: Final = b"codesign checkpoint 2\n"  # before the checksum and the content
_DIGITS: Final = 32


def sealed(content: bytes) -> bytes:
    """What a file holds for this content."""
    return _MARK + hashlib.sha256(content).digest() + content


def opened(whole: bytes) -> bytes | None:
    """The content of a file; None where it is damaged, or no such file."""
    content = whole[len(_MARK) + _DIGITS :]
    return content if whole == sealed(content) else None


def packed(tree: Any) -> bytes:
    """A pytree of arrays as content."""
    import equinox as eqx

    buffer = io.BytesIO()
    eqx.tree_serialise_leaves(buffer, tree)
    return buffer.getvalue()


def unpacked(content: bytes, like: Any) -> Any:
    """A pytree of arrays from what `packed` made.

    Raises:
        ValueError: its arrays are not those of `like`; names the first that differs, with both shapes.
    """
    import equinox as eqx

    _compare(content, like)
    try:
        return eqx.tree_deserialise_leaves(io.BytesIO(content), like)
    # Equinox' own error for shapes is a RuntimeError
    except (RuntimeError, ValueError, EOFError) as error:
        raise ValueError(str(error).splitlines()[0]) from None


def leaf_name(path: Any) -> str:
    """A leaf of a network's weights by its path in the pytree: `body.blocks.0.synapses.kernel`."""
    import jax

    return jax.tree_util.keystr(path, simple=True, separator=".").removesuffix(".value")


def _compare(content: bytes, like: Any) -> None:
    """Shapes alone, leaf by leaf: Equinox does not say where."""
    import jax
    import numpy as np

    stream = io.BytesIO(content)
    for path, leaf in jax.tree_util.tree_leaves_with_path(like):
        name = leaf_name(path)
        try:
            held = np.load(stream).shape
        except (ValueError, EOFError):
            raise ValueError(f"it ends before {name} {np.shape(leaf)}") from None
        if held != np.shape(leaf):
            raise ValueError(f"{name} has the shape {held}, expected {np.shape(leaf)}")
    if stream.read(1):
        raise ValueError("it holds more arrays than expected")
