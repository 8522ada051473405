"""What mkdocs asks while it builds: the first page from README.md, and the generated pages under `reference/`."""

import re
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
# the code of this folder is what is told of, whichever is installed
sys.path.insert(0, str(ROOT))

from docs.generate import api, commands, config_keys, names, parameters, result_tables, technologies, workloads  # noqa: E402


def readme() -> str:
    """The first page: README.md, with links as seen from this folder."""
    return (ROOT / "README.md").read_text().replace("](docs/", "](")


PAGES = {
    "index.md": readme,
    "reference/commands.md": commands.page,
    "reference/config.md": config_keys.page,
    "reference/datasets.md": names.datasets,
    "reference/names.md": names.page,
    "reference/parameters.md": parameters.page,
    "reference/results.md": result_tables.page,
    "reference/technologies.md": technologies.page,
    "reference/words.md": names.words,
    "reference/workloads.md": workloads.page,
}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The pages of the Python reference take their place in the navigation."""
    section = next(entry["Reference"] for entry in config.nav or [] if "Reference" in entry)
    section.append({"Python": [f"reference/{name}" for name in api.pages()]})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds what is generated."""
    texts = {path: page() for path, page in PAGES.items()} | {f"reference/{name}": text for name, text in api.pages().items()}
    for path, text in texts.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Notebooks are in the repository and not on the site."""
    return re.sub(r"\[([^\]]+)\]\(\.\./notebooks/[^)]*\)", r"`\1`", markdown)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Pictures become part of the page, so that they have the colour of its text, in the light and in the dark."""
    return re.sub(r'<p><img alt="[^"]*" src="[^"]*?(\w+\.svg)" ?/?></p>', _inlined, html)


def _inlined(match: re.Match[str]) -> str:
    return f'<div class="picture">{(ROOT / "docs" / "assets" / match[1]).read_text()}</div>'
