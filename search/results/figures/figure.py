"""A plotly figure that saves itself."""

import warnings
from pathlib import Path
from typing import Any, Final

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from search.errors import UserError
from search.results.figures.theme import LIGHT

PICTURES: Final = (".png", ".svg", ".pdf", ".jpeg", ".webp")
NEEDED: Final = "pip install kaleido, and a browser: apt-get install chromium (or `plotly_get_chrome`)"


class Figure(go.Figure):
    """A `plotly.graph_objects.Figure` in the look of all figures here; `update_layout(template="codesign_dark")` makes it dark."""

    def save(self, path: str | Path, width: int = 900, height: int | None = None) -> Path:
        """Write the figure to a file; nothing is fetched from a network.

        Args:
            path: `.html` opens in any browser and stays interactive; `.png`, `.svg`, `.pdf`, `.jpeg` and `.webp` are pictures.
            width: of a picture [px].
            height: of a picture [px]; by default the figure's own.

        Returns:
            The path.

        Raises:
            UserError: another ending, a folder that is not there, or a picture where what draws it is missing.
        """
        path = Path(path)
        if path.suffix not in (".html", *PICTURES):
            raise UserError(f"cannot save a figure as {path.name!r}: must end in .html, {', '.join(PICTURES)}")
        if not path.parent.is_dir():
            raise UserError(f"cannot save {path}: {path.parent} is no folder")
        if path.suffix == ".html":
            self.write_html(path, config={"displaylogo": False})
        else:
            self._draw(path, width, height or self.layout.height or 500)
        return path

    def _draw(self, path: Path, width: int, height: int) -> None:
        try:
            with warnings.catch_warnings():
                # plotly and kaleido argue about their own versions
                warnings.simplefilter("ignore")
                self.write_image(path, width=width, height=height, scale=2 if path.suffix != ".svg" else 1)
        # of plotly without kaleido, of kaleido without a browser, of a browser that does not start: each has errors of its own
        except Exception as error:
            reason = str(error).strip().partition("\n")[0]
            raise UserError(f"cannot draw {path.name} here ({reason}): {NEEDED}; {path.with_suffix('.html').name} needs neither") from error


def blank(height: int, rows: int = 1, columns: int = 1, **spacing: Any) -> Figure:
    """A figure with nothing drawn yet.

    Args:
        height: [px].
        rows: panels above each other.
        columns: panels beside each other.
        **spacing: of `plotly.subplots.make_subplots`.
    """
    figure = Figure()
    if rows * columns > 1:
        make_subplots(rows, columns, figure=figure, **spacing)
    return figure.update_layout(template=LIGHT, height=height)
