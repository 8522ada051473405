"""Errors that are the user's to mend: shown as one line, exit code 2."""


class UserError(Exception):
    """Bad usage or configuration; the message says what, where and the nearest valid choice."""


def nearest(name: str, choices: "list[str] | tuple[str, ...]") -> str:
    """` (did you mean X?)` for the closest of `choices`, or a list of all when none is close."""
    import difflib

    close = difflib.get_close_matches(str(name), [str(choice) for choice in choices], 1, 0.5)
    return f" (did you mean {close[0]!r}?)" if close else f" (choose from {', '.join(map(str, choices))})"
