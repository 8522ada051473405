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

from docs.generate import api, commands, config_keys, datasets, names, parameters, readme, result_tables, technologies, workloads  # noqa: E402

PAGES = {
    "index.md": readme,
    "reference/commands.md": commands,
    "reference/config.md": config_keys,
    "reference/datasets.md": datasets,
    "reference/names.md": names,
    "reference/parameters.md": parameters,
    "reference/results.md": result_tables,
    "reference/technologies.md": technologies,
    "reference/workloads.md": workloads,
}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The pages of the Python reference take their place in the navigation."""
    section = next(entry["Reference"] for entry in config.nav or [] if "Reference" in entry)
    section.append({"Python": [f"reference/{name}" for name in api.pages()]})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds what is generated."""
    texts = {path: module.page() for path, module in PAGES.items()} | {f"reference/{name}": text for name, text in api.pages().items()}
    for path, text in texts.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Pictures become part of the page, so that they have the colour of its text, in the light and in the dark."""
    return re.sub(r'<p><img alt="[^"]*" src="[^"]*?(\w+\.svg)" ?/?></p>', _inlined, html)


def _inlined(match: re.Match[str]) -> str:
    return f'<div class="picture">{(ROOT / "docs" / "assets" / match[1]).read_text()}</div>'
