"""HDF5 files of which every byte is their own: no links that lead elsewhere, and no array that unpacks to more than any data do."""

from typing import Any, Final

# what chunks of zeros are packed by at most, far beyond what data are; smaller arrays may be anything
_MOST_PACKED: Final = 500
_SUSPICIOUS_BYTES: Final = 2**28
_MOST_BYTES: Final = 2**35


def complaint(file: Any) -> str | None:
    """Why an open `h5py.File` may not be read, or None; names the entry.

    Soft and external links, and arrays whose bytes lie in other files (external storage, virtual data sets), are refused: they would
    read any file of whoever opens this one.
    """
    import h5py

    # not `visititems`, which follows no links and so tells of none
    pending: list[tuple[str, Any]] = [("", file)]
    seen = set()
    while pending:
        place, group = pending.pop()
        for name in group:
            where, link = f"{place}/{name}", group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                return f"{where} is a link to elsewhere, which is not followed"
            item = group[name]
            if isinstance(item, h5py.Group):
                # a group may hold itself, or another twice
                address = h5py.h5o.get_info(item.id).addr
                if address not in seen:
                    seen.add(address)
                    pending.append((where, item))
            elif isinstance(item, h5py.Dataset) and (why := _dataset(item)) is not None:
                return f"{where} {why}"
    return None


def _dataset(item: Any) -> str | None:
    if item.external or item.is_virtual:
        return "has its bytes in other files, which are not read"
    size, stored = item.dtype.itemsize, item.id.get_storage_size()
    for side in item.shape or ():
        size *= int(side)
    if size > _MOST_BYTES or (size > _SUSPICIOUS_BYTES and size > _MOST_PACKED * max(stored, 1)):
        return f"unpacks from {stored} to {size} bytes"
    return None
