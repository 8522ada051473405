"""Pages compile much that other pages have compiled: programs are kept until these tests end."""

from tests.search.conftest import compiled_once

__all__ = ["compiled_once"]
