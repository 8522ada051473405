"""Tables of your own: a `.csv` or `.tsv` file with a line of names, one sample a line, the class in one column."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from codesign.data.dataset import DataError, Recipe, Request, array_pool
from codesign.data.reading.arrays import hash_file
from codesign.data.splits import draw

# slow to import, and only tables need it
if TYPE_CHECKING:
    import pandas as pd

SUFFIXES: Final = (".csv", ".tsv")
TEST_SHARE: Final = 0.2
MOST_CATEGORIES: Final = 64
"""Different texts of one column; more are taken for names or numbers of samples."""
_MOST_BYTES: Final = 2**32


def own_table(path: Path, request: Request) -> Recipe:
    """A table; 20 % of its lines by seed, each class by its share, are the test samples.

    Numbers stay as they are, a column of texts becomes one column of 0 and 1 for each different text. Classes are the values of the
    target column in their order.

    Raises:
        DataError: no table, no such column, a missing value, or a target that is no class; names line and column.
    """
    table = _read(path)
    target = _column(path, table, request.target) if request.target else str(table.columns[-1])
    ignored = [_column(path, table, name) for name in request.ignore]
    labels, classes = _labels(path, table, target)
    features = table.drop(columns=[target, *ignored])
    if features.shape[1] == 0:
        raise DataError(f"{path}: no column is left beside the target {target!r}")
    columns = [_values(path, features, str(name)) for name in features.columns]
    inputs = np.concatenate([values for _, values in columns], axis=1)
    names = tuple(name for own, _ in columns for name in own)
    kept, drawn = draw(labels, TEST_SHARE, np.random.default_rng(request.seed))
    pools = [array_pool(f"{path}: {part}", inputs[part_of], labels[part_of]) for part, part_of in (("train", kept), ("test", drawn))]
    source = ((path.name, hash_file(path)),)
    return Recipe(
        path.stem,
        pools[0],
        pools[1],
        len(classes),
        "frames",
        sources=source,
        features=names,
        class_names=tuple(str(each) for each in classes),
    )


def _read(path: Path) -> "pd.DataFrame":
    import pandas as pd

    try:
        if path.stat().st_size > _MOST_BYTES:
            raise DataError(f"{path}: larger than {_MOST_BYTES >> 30} GiB; save it as an .npz file")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{path}: is not text (a table is UTF-8, one sample a line)") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None
    head = text.partition("\n")[0]
    if not head.strip():
        raise DataError(f"{path}: its first line is empty; it names the columns")
    separator = "\t" if path.suffix.lower() == ".tsv" else max(",;\t", key=head.count)
    names = [name.strip() for name in next(csv.reader([head], delimiter=separator))]
    if all(_is_number(name) for name in names):
        raise DataError(f"{path}: its first line holds numbers; it must name the columns")
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(f"{path}: two columns are called {doubled[0]!r}")
    try:
        table = pd.read_csv(io.StringIO(text), sep=separator, header=0, names=names, index_col=False, skipinitialspace=True)
    # pandas raises errors of many kinds for what is no table
    except Exception as error:
        raise DataError(f"{path}: no table: {str(error).splitlines()[0]}") from None
    if table.empty:
        raise DataError(f"{path}: no samples")
    return table


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _column(path: Path, table: "pd.DataFrame", name: str) -> str:
    if name not in table.columns:
        raise DataError(f"{path}: no column {name!r}; it has {', '.join(map(str, table.columns))}")
    return name


def _labels(path: Path, table: "pd.DataFrame", target: str) -> tuple[np.ndarray, Sequence[object]]:
    column = table[target]
    _refuse_missing(path, table, target)
    if column.dtype.kind == "f" and (column % 1 != 0).any():
        raise DataError(f"{path}: the target {target!r} holds fractions, and only classes are learnt (name another with `target`)")
    classes, labels = np.unique(column.to_numpy(), return_inverse=True)
    if len(classes) > len(table) / 2:
        raise DataError(f"{path}: the target {target!r} has {len(classes)} different values in {len(table)} lines: is it a class?")
    return labels.astype(np.int64), list(classes)


def _values(path: Path, table: "pd.DataFrame", name: str) -> tuple[list[str], np.ndarray]:
    """A column as numbers `[samples, 1]`, or `[samples, texts]` where it holds texts; and what they are called."""
    _refuse_missing(path, table, name)
    column = table[name]
    if column.dtype.kind in "iufb":
        values = column.to_numpy(np.float64)
        if (bad := np.flatnonzero(~(np.abs(values) <= np.finfo(np.float32).max))).size:
            raise DataError(f"{path}: line {bad[0] + 2}: {name} is {values[bad[0]]}")
        return [name], values.astype(np.float32)[:, None]
    texts = np.unique(column.astype(str).to_numpy())
    if len(texts) > MOST_CATEGORIES:
        raise DataError(f"{path}: column {name!r} holds {len(texts)} different texts; leave it out with `ignore: [{name}]`")
    return [f"{name}={text}" for text in texts], (column.astype(str).to_numpy()[:, None] == texts[None]).astype(np.float32)


def _refuse_missing(path: Path, table: "pd.DataFrame", name: str) -> None:
    if (missing := np.flatnonzero(table[name].isna().to_numpy())).size:
        raise DataError(f"{path}: line {missing[0] + 2}: {name} is missing ({missing.size} such lines; fill them, or take them out)")
