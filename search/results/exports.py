"""Everything that a store holds, as files for other tools."""

import io
from pathlib import Path
from typing import Final, Literal

from search.errors import UserError
from search.study.store.files import write_bytes
from search.study.store.store import as_csv
from search.study.store.tables import reading

TABLES: Final = ("designs", "hardened", "history", "breakdown", "failed")
"""What is measured, what was hardened, relaxed values on the way, energy by layer and component, and what was given up."""


def write_tables(folder: Path, kind: Literal["csv", "parquet"]) -> list[Path]:
    """All tables across units, in `FOLDER/KIND`; tables without rows are left out.

    Raises:
        UserError: no study there, or the folder cannot be written.
    """
    written = []
    target = folder / kind
    with reading(folder) as tables:
        try:
            target.mkdir(exist_ok=True)
        except OSError as error:
            raise UserError(f"cannot write to {folder}: {error.strerror}") from None
        for name in TABLES:
            table = getattr(tables, name)()
            if table.empty:
                continue
            path = target / f"{name}.{kind}"
            buffer = io.BytesIO()
            if kind == "parquet":
                table.to_parquet(buffer, index=False)
            else:
                buffer.write(as_csv(table).encode())
            write_bytes(path, buffer.getvalue())
            written.append(path)
    return written
