"""Arrays on disk: checked `.npz` files, and data of your own as arrays.

Your own data set is an `.npz` file, or a folder of `.npy` files, with `x_train`, `y_train`, `x_test`, `y_test` and, if you have
them, `x_validation`, `y_validation`. Arrays stored without compression (`numpy.savez`, `numpy.save`) are memory-mapped.
"""

import hashlib
import math
import struct
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Final

import numpy as np

from codesign.data.dataset import DataError, Kind, Pool, Recipe, array_pool

_LOCAL_HEADER: Final = struct.Struct("<26xHH")
_OWN: Final = ("x_train", "y_train", "x_test", "y_test")
# bytes read, or values checked, at a time: a mapped array may be larger than memory
_BLOCK: Final = 2**22
# a compressed array is unpacked into memory: no more than a machine of today has, and none that is nearly all zeros
_MOST_UNPACKED_BYTES: Final = 2**35
_SUSPICIOUS_BYTES: Final = 2**28
_MOST_PACKED: Final = 500
_LARGEST: Final = float(np.finfo(np.float32).max)
# of events in a bin of one pixel or channel; shades go to 255
_MOST_COUNTS: Final = 128


def read_npz(file: Path | IO[bytes], where: Path | str, names: Iterable[str]) -> dict[str, np.ndarray]:
    """Named arrays of an `.npz` file, without pickles.

    Raises:
        DataError: not an npz file, truncated, corrupt, or without one of the names.
    """
    try:
        with np.load(file, allow_pickle=False) as archive:
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise DataError(f"{where}: a single array, expected an .npz file")
            absent = [name for name in names if name not in archive.files]
            if absent:
                raise DataError(f"{where}: no array {absent[0]!r}; it has {', '.join(archive.files) or 'nothing'}")
            if (members := archive.zip) is not None:
                for name in names:
                    _check_member(members, f"{name}.npy" if f"{name}.npy" in members.namelist() else name)
            # read here and not when used, so that a corrupt member is noticed while its file can be named
            found = {name: archive[name] for name in names}
        objects = [name for name, array in found.items() if not isinstance(array, np.ndarray) or array.dtype.hasobject]
        if objects:
            raise DataError(f"{where}: {objects[0]} is no array of numbers")
        return found
    except DataError:
        raise
    except Exception as error:  # a corrupt archive can raise anything
        raise DataError(f"{where}: corrupt or truncated .npz file ({error})") from error


def _check_member(archive: zipfile.ZipFile, name: str) -> None:
    """Refuse an array whose header promises more than its member holds, or a member that unpacks to more than any data do.

    Raises:
        ValueError: says which.
    """
    member = archive.getinfo(name)
    if member.file_size > _MOST_UNPACKED_BYTES or (
        member.file_size > _SUSPICIOUS_BYTES and member.file_size > _MOST_PACKED * max(member.compress_size, 1)
    ):
        raise ValueError(f"{name} unpacks from {member.compress_size} to {member.file_size} bytes")
    with archive.open(member) as file:
        _header(file, name, member.file_size)


def _header(file: IO[bytes], name: str, size: int) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, whether in Fortran's order, and type of an array in npy format, of `size` bytes with its header.

    Raises:
        ValueError: it holds objects, or promises more than it can hold.
    """
    version = np.lib.format.read_magic(file)
    # version 3.0 differs from 2.0 in the encoding of field names only, and an array of numbers has none
    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = header(file)
    if dtype.hasobject:
        raise ValueError(f"{name} holds Python objects, expected numbers")
    # Python's integers: the product of a false shape may be of any size
    if math.prod(int(side) for side in shape) * dtype.itemsize > size:
        raise ValueError(f"{name} has a header of shape {shape}, more than its {size} bytes")
    return shape, fortran, dtype


def _read_through(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Reads a member in blocks, which checks its CRC; a memory map alone would not."""
    with archive.open(member) as file:
        while file.read(_BLOCK):
            pass


def _mapped(path: Path, member: zipfile.ZipInfo) -> np.ndarray:
    """A stored (uncompressed) member of an npz file, memory-mapped."""
    with path.open("rb") as file:
        file.seek(member.header_offset)
        # from the local header: its extra field can differ in length from the one that zipfile tells of (zip64)
        name_length, extra_length = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
        file.seek(name_length + extra_length, 1)
        try:
            shape, fortran, dtype = _header(file, member.filename, member.file_size)
        except ValueError as error:
            raise DataError(f"{path}: {error}") from None
        return np.memmap(path, dtype, "r", file.tell(), shape, "F" if fortran else "C")


def names_in(path: Path) -> list[str]:
    """Names of the arrays of an `.npz` file.

    Raises:
        DataError: not an npz file.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return [Path(name).stem for name in archive.namelist()]
    except Exception as error:  # a corrupt archive can raise anything
        raise DataError(f"{path}: corrupt or truncated .npz file ({error})") from error


def open_arrays(path: Path) -> dict[str, np.ndarray]:
    """All arrays of an `.npz` file or a folder of `.npy` files, memory-mapped where they are stored uncompressed.

    Raises:
        DataError: missing, truncated or corrupt.
    """
    try:
        if path.is_dir():
            return {file.stem: np.load(file, mmap_mode="r", allow_pickle=False) for file in sorted(path.glob("*.npy"))}
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            for member in members:
                if member.compress_type == zipfile.ZIP_STORED:
                    _read_through(archive, member)
        compressed = [Path(member.filename).stem for member in members if member.compress_type != zipfile.ZIP_STORED]
        # what is compressed cannot be mapped
        arrays = read_npz(path, path, compressed)
        for member in members:
            # an empty member has no header to map: it counts as missing
            if Path(member.filename).stem not in arrays and member.file_size:
                arrays[Path(member.filename).stem] = _mapped(path, member)
    except DataError:
        raise
    except Exception as error:  # a corrupt archive can raise anything
        raise DataError(f"{path}: corrupt or truncated ({error})") from error
    return arrays


def _kind(path: Path, arrays: Mapping[str, np.ndarray]) -> Kind:
    """Stated in an array `kind`, else by the number of axes: `[N, H, W, C]` and `[N, features]` are frames, the others events."""
    if "kind" in arrays:
        kind = str(arrays["kind"])
        if kind not in ("frames", "events"):
            raise DataError(f"{path}: kind is {kind!r}; use 'frames' or 'events'")
        return "frames" if kind == "frames" else "events"
    inputs = arrays["x_train"]
    if inputs.ndim == 3 and inputs.dtype == np.uint8 and inputs.max(initial=0) > _MOST_COUNTS:
        raise DataError(
            f"{path}: x_train of shape {inputs.shape} uint8 has values to {inputs.max()}: images need a channel axis, "
            f"{(*inputs.shape, 1)}; say kind = 'events' for counts over {inputs.shape[1]} steps"
        )
    return "frames" if inputs.ndim in (2, 4) else "events"


def _own_pool(path: Path, arrays: Mapping[str, np.ndarray], part: str, kind: Kind, any_range: bool) -> Pool:
    inputs, labels = arrays[f"x_{part}"], np.asarray(arrays[f"y_{part}"])
    where = f"{path}: {part}"
    if inputs.ndim < 2 or inputs.dtype.kind not in "uifb":
        raise DataError(f"{where}: x_{part} has shape {inputs.shape} {inputs.dtype}; expected numbers [N, H, W, C] or [N, T, ...]")
    per_step = kind == "events" and labels.shape == inputs.shape[:2]
    if labels.shape != inputs.shape[:1] and not per_step:
        raise DataError(f"{where}: y_{part} has shape {labels.shape} for x_{part} of shape {inputs.shape}")
    if not np.issubdtype(labels.dtype, np.integer):
        raise DataError(f"{where}: y_{part} must be integers, got {labels.dtype}")
    # bytes of events are counts, not shades
    scale = 255.0 if kind == "frames" and inputs.dtype == np.uint8 else 1.0
    _check_values(where, inputs, any_range or kind == "events", scale)
    return array_pool(where, inputs, labels, scale)


def _check_values(where: str, inputs: np.ndarray, any_range: bool, scale: float) -> None:
    step = max(1, _BLOCK // max(1, int(np.prod(inputs.shape[1:]))))
    for start in range(0, len(inputs), step):
        block = np.asarray(inputs[start : start + step]).reshape(len(inputs[start : start + step]), -1)
        # asked the positive way round: a NaN fails every comparison
        # what float32 has no number for would be read as infinity
        bad = ~(np.abs(block) <= _LARGEST) if any_range else ~((block >= 0) & (block <= scale))
        if bad.any():
            record, position = np.argwhere(bad)[0]
            allowed = "a finite float32" if any_range else "in [0, 1] (or uint8); `standardise: true` brings features of any range there"
            raise DataError(f"{where}: record {start + record}: value {block[record, position]} is not {allowed}")


def own_arrays(path: Path, any_range: bool = False) -> Recipe:
    """Your own data set; the number of classes is the largest label plus one, or `classes` if the file has it.

    Args:
        path: an `.npz` file or a folder of `.npy` files.
        any_range: whether frames may lie outside [0, 1], as what standardises them wants.

    Raises:
        DataError: missing arrays, wrong shapes or values; names file and record.
    """
    arrays = open_arrays(path)
    absent = [name for name in _OWN if name not in arrays]
    if absent:
        raise DataError(f"{path}: no array {absent[0]!r}; it has {', '.join(arrays) or 'nothing'}, and needs {', '.join(_OWN)}")
    kind = _kind(path, arrays)
    parts = ["train", "test", *(["validation"] if "x_validation" in arrays and "y_validation" in arrays else [])]
    pools = [_own_pool(path, arrays, part, kind, any_range) for part in parts]
    # over all parts: the last class may be missing from one of them
    largest = max((int(pool.labels.max()) for pool in pools if pool.labels.size), default=0)
    least = min((int(pool.labels.min()) for pool in pools if pool.labels.size), default=0)
    # counted from 1, each would be one class more than there are
    if least > 0 and "classes" not in arrays:
        raise DataError(f"{path}: labels begin at {least}; they count from 0 (or say how many there are in an array `classes`)")
    classes = _classes(path, arrays["classes"]) if "classes" in arrays else largest + 1
    source = () if path.is_dir() else ((path.name, hash_file(path)),)
    return Recipe(path.stem, pools[0], pools[1], classes, kind, pools[2] if len(pools) > 2 else None, sources=source)


def _classes(path: Path, stated: np.ndarray) -> int:
    if np.size(stated) != 1 or np.asarray(stated).dtype.kind not in "iu" or int(np.ravel(stated)[0]) < 1:
        raise DataError(f"{path}: classes must be one whole number above 0, got shape {np.shape(stated)} {np.asarray(stated).dtype}")
    return int(np.ravel(stated)[0])


def hash_file(path: Path) -> str:
    """sha256 of a file, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
