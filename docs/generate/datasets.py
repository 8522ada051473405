"""Data sets by name."""

from typing import Final

from docs.generate.markdown import code, table
from search.commands.configs import catalogue

_ABOUT: Final = """\
# Data sets

`data.name` of a config, or `codesign.data.load(name)`. [Data and encoders](../data.md) has sizes, where files are looked for, and
notes for honest numbers; for data of your own see [arrays](../howto/own-arrays.md) and [tables](../howto/own-table.md).
"""


def page() -> str:
    """Markdown."""
    return f"{_ABOUT}\n{table(('name', 'what it is'), [(code(name), text) for name, text in catalogue.entries('datasets')])}\n"
