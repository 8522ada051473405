"""Mistakes of a config that show only when something is made of it, with their place in the file."""

from collections.abc import Callable
from typing import TypeVar

from search.errors import UserError
from search.problem.config import ConfigFile

T = TypeVar("T")
Where = tuple[str | int, ...]
# what the library raises for values that it cannot use
MISTAKES = (UserError, ValueError, KeyError, TypeError, OverflowError, ZeroDivisionError)


def attempt(file: ConfigFile, where: Where, make: Callable[[], T]) -> T:
    """What `make` gives, or what is wrong with the entry at `where`.

    Raises:
        UserError: the mistake, as one line.
    """
    try:
        return make()
    except MISTAKES as error:
        # as text, a KeyError has quotes around its message
        what = error.args[0] if isinstance(error, KeyError) and error.args else error
        raise file.error(where, " ".join(str(what).split())) from None


def placed(file: ConfigFile, error: UserError) -> UserError:
    """A complaint that begins with its place, `section.key: what`, with the file and line of that place."""
    where, _, what = str(error).partition(": ")
    section, _, rest = where.partition(".")
    # names of a hybrid's parameters hold dots themselves
    parts = [rest] if section in ("parameters", "constraints") else rest.split(".")
    return file.error((section, *(int(part) if part.isdigit() else part for part in parts if part)), what)
