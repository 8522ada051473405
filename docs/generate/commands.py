"""Every command with its options, as `codesign COMMAND --help` tells them."""

import re

from search.commands.cli import app

_ABOUT = """\
# Commands

After `source .venv/bin/activate`, or as `.venv/bin/codesign`. Exit codes: 0 done, 1 failed, 2 a mistake of yours (one line
that says what, where and the nearest valid choice), 130 stopped, with all that was done kept.
"""


def page() -> str:
    """Markdown."""
    text = app.generate_docs(output_format="markdown", include_hidden=False)
    # the site has a table of contents beside every page
    _, heading, sections = text.partition("\n## codesign run\n")
    # cyclopts names the module that is run, which here is not codesign's
    return _ABOUT + re.sub(r"(?<=^codesign )(\w+) -m \S+", r"\1", heading + sections, flags=re.MULTILINE)
