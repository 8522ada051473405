"""The browser that pages and pictures are looked at in."""

import os
import shutil
from typing import Any

import pytest


def chromium() -> str:
    """Where it is. CI looks at every page and must have it; elsewhere a browser is nobody's duty."""
    return shutil.which("chromium") or shutil.which("google-chrome") or missing("a Chromium")


def missing(what: str) -> Any:
    (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{what} is missing: apt-get install chromium, pip install 'codesign[test]'")
