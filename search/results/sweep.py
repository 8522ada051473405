"""What a sweep found: a line for each unit, the common front of those that can be compared, and a page of it."""

from pathlib import Path

import pandas as pd

from search.errors import UserError
from search.results.groups import groups_of, labelled
from search.study.store.files import write_text
from search.study.store.store import Store
from search.study.store.tables import Tables


def publish(store: Store) -> Path:
    """Exports of a sweep, whatever of it is done: `units.csv`, `designs.csv`, `pareto.csv`, `report.html`.

    Returns:
        The page's path.
    """
    # plotly only where something is drawn
    from search.results.page import study

    groups = groups_of(store.tables)
    found = labelled(groups)
    store.export("units", pd.concat([group.rows() for group in groups]))
    if len(found):
        store.export("designs", found)
        store.export("pareto", found[found.on_front])
    path = store.folder / "report.html"
    write_text(path, study.render(store.tables, groups, f"{store.folder.name}: a sweep"))
    return path


def designs_of(tables: Tables) -> pd.DataFrame:
    """Measured designs of all units with all that the exports say of them.

    Raises:
        UserError: there are none yet.
    """
    found = labelled(groups_of(tables))
    if found.empty:
        raise UserError(f"{tables.folder} holds no measured design yet")
    return found
