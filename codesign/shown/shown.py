"""The class of things that show themselves."""

import abc
from collections.abc import Callable

from codesign.shown.sheet import Sheet, markup, text


class Shown(abc.ABC):
    """A thing with a `sheet`: printed as text, and in notebooks as a table. Goes before other bases, as those have a `__repr__`.

    Showing never fails: a thing that is half built, or whose leaves stand for something else, is printed as its other bases print it.
    """

    __slots__ = ()

    @abc.abstractmethod
    def sheet(self) -> Sheet:
        """What there is to say of it."""

    def __repr__(self) -> str:
        """The sheet, as at most 12 lines of at most 100 columns."""
        try:
            return text(self.sheet())
        # debuggers and error messages print whatever there is, also in the middle of a constructor
        except Exception:
            return _plain(super().__repr__, self)

    def __str__(self) -> str:
        """As `repr`: flax has a text of its own for `print`."""
        return repr(self)

    def _repr_html_(self) -> str | None:
        """The sheet in a notebook; None where the plain form has to do."""
        try:
            return markup(self.sheet())
        except Exception:
            return None


def _plain(base: Callable[[], str], thing: object) -> str:
    try:
        return base()
    except Exception:
        return f"<{type(thing).__name__}>"
