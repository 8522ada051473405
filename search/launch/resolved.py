"""The config that a result folder can be run again from."""

from pathlib import Path

from search.problem.config import Config, resolved_text
from search.study.store.files import write_text


def write_config(folder: Path, config: Config) -> None:
    """`config.yaml`: resolved, so that it does without the file it came from."""
    write_text(folder / "config.yaml", resolved_text(config))
