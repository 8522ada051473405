"""Where data files are found, and whether they are what they should be.

A checksum may be of a gzip file or of its content: the same data set is compressed differently by different mirrors.
"""

import gzip
import hashlib
import http.client
import os
import sys
import tempfile
import urllib.request
import zlib
from pathlib import Path
from typing import Final, NamedTuple

from codesign.data.dataset import DataError

_GZIP_MAGIC: Final = b"\x1f\x8b"
_TIMEOUT_S: Final = 60


class Known(NamedTuple):
    """What is known of a file: sha256 of it or of its gunzipped content, and a stable public address if there is one."""

    sha256: str
    address: str | None = None


# the mirror that torchvision uses
_MNIST: Final = "https://ossci-datasets.s3.amazonaws.com/mnist"
# the publisher's address, which has no https: the checksum makes up for it
_FASHION: Final = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"

KNOWN: Final[dict[str, Known]] = {
    f"{name}/{file}": Known(checksum, f"{address}/{file}")
    for name, address, files in (
        (
            "mnist",
            _MNIST,
            {
                "train-images-idx3-ubyte.gz": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                "train-labels-idx1-ubyte.gz": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                "t10k-images-idx3-ubyte.gz": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                "t10k-labels-idx1-ubyte.gz": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            },
        ),
        (
            "fashion_mnist",
            _FASHION,
            {
                "train-images-idx3-ubyte.gz": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                "train-labels-idx1-ubyte.gz": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                "t10k-images-idx3-ubyte.gz": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                "t10k-labels-idx1-ubyte.gz": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            },
        ),
    )
    for file, checksum in files.items()
} | {
    # of the compressed archive as it is published; those of MNIST and Fashion-MNIST above are of the unzipped files
    "cifar10/cifar-10-python.tar.gz": Known(
        "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce", "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
    ),
    "cifar10_jpeg/cifar10_jpeg_12k_delta.npz": Known("c31e6bbdaf7f0c7180f623231473d8b9e927b72551ad99b008325364df8ce361"),
    "nmnist_small/nmnist_small_900.npz": Known("e367406713718f93bb603685dcc1a31cfa12060b0064557b6129dfd8b520fa66"),
    "fsdd/fsdd_5speakers_2500.npz": Known("4947105acbebf8bb2c3aabd3de1cf7bb0c1d6907640b9401e6f52abce3001dbe"),
    "qtdb_events/QTDB_train.mat": Known("72d1a10c96f1540880447e07256835d66da419c0b34f3dff495731a7928c5bc7"),
    "qtdb_events/QTDB_test.mat": Known("916f11e21679a5b61988305bbb7cd1e6df8b34f1ed4a157a7a4e295d400ef232"),
    "japanese_vowels/JapaneseVowels_TRAIN.ts": Known("68a430eabd919cc77f40b1f5f3bc0dcafacc1486bca9260785aeb7d262cc78cd"),
    "japanese_vowels/JapaneseVowels_TEST.ts": Known("b3d41d6a0ca3bcad3afb9ca7d4365382aa51341e2e58bae2a574babdda5b9462"),
}
"""Files by name below a data folder."""


def user_cache() -> Path:
    """Where downloaded files are kept: the platform's cache folder."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        # set but empty counts as not set, as the XDG specification has it
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "codesign"


def folders(folder: Path | None) -> list[Path]:
    """Folders to look in, in order: the one given, `$CODESIGN_DATA`, the user's cache.

    Raises:
        DataError: a folder is given, or named by `$CODESIGN_DATA`, and is not there.
    """
    given = [] if folder is None else [Path(folder)]
    environment = os.environ.get("CODESIGN_DATA")
    named = [*given, *([Path(environment)] if environment else [])]
    for place in named:
        # a mistyped folder must not fall through to the cache or to a download
        if not place.is_dir():
            raise DataError(f"{place}: no such folder (looked for data there)")
    return [*named, user_cache()]


def find(relative: str, folder: Path | None) -> Path | None:
    """A file by its name below a data folder ("mnist/x.gz"), also without `.gz`, also directly in the folder given."""
    names = [relative, relative.removesuffix(".gz")]
    # also without the data set's folder: people name the folder in which the files lie
    places = [] if folder is None else [Path(folder) / each for name in names for each in (name, Path(name).name)]
    places += [place / name for place in folders(folder) for name in names]
    return next((place for place in places if place.is_file()), None)


def locate(relative: str, folder: Path | None) -> Path:
    """As `find`, then by download where the file is known and has an address.

    Raises:
        DataError: not found; the message says where it was looked for and where to put it.
    """
    found = find(relative, folder)
    if found is not None:
        return found
    known = KNOWN.get(relative)
    if known is not None and known.address is not None:
        target = user_cache() / relative
        download(known.address, target, known.sha256)
        return target
    raise missing(relative, folder)


def missing(relative: str, folder: Path | None, hint: str = "") -> DataError:
    """The error for a file that is nowhere."""
    looked = ", ".join(str(place) for place in folders(folder))
    return DataError(
        f"{relative} not found in {looked}; put it at {user_cache() / relative}, or set CODESIGN_DATA to a folder that holds "
        f"{relative}{hint}"
    )


def download(address: str, target: Path, sha256: str) -> None:
    """Fetch a file, check its content, then move it into place, so that a broken transfer never looks like data.

    Raises:
        DataError: no connection, or content that is not the expected one.
    """
    try:
        # URLError and timeouts are OSErrors; a transfer that ends too early is not
        with urllib.request.urlopen(address, timeout=_TIMEOUT_S) as response:
            data = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise DataError(f"{target}: not there, and {address} could not be read ({error}); put the file there yourself") from error
    check(target, data, sha256)
    target.parent.mkdir(parents=True, exist_ok=True)
    # beside its target: a rename is atomic only within one file system
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
        file.write(data)
    Path(file.name).replace(target)


def decompress(data: bytes, path: Path) -> bytes:
    """Content of a file, gunzipped if it is a gzip file.

    Raises:
        DataError: corrupt or truncated gzip data.
    """
    # by content, not by name: `find` also takes unzipped files, and those may have kept their .gz
    if data[:2] != _GZIP_MAGIC:
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: corrupt or truncated gzip file ({error})") from error


def _raw(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: {error}") from error


def read_bytes(path: Path) -> bytes:
    """Content of a file, gunzipped if it is a gzip file.

    Raises:
        DataError: unreadable, corrupt or truncated file.
    """
    return decompress(_raw(path), path)


def check(path: Path, data: bytes, sha256: str) -> None:
    """Refuse a file of which neither the bytes nor the gunzipped content have a checksum.

    Raises:
        DataError: another checksum, or corrupt gzip data.
    """
    if hashlib.sha256(data).hexdigest() == sha256:
        return
    digest = hashlib.sha256(decompress(data, path)).hexdigest()
    if digest != sha256:
        raise DataError(
            f"{path}: the content's sha256 is {digest}, expected {sha256}: the file is corrupt or another version; "
            "fetch it again, or load data of your own by path"
        )


def read_known(relative: str, folder: Path | None) -> tuple[Path, bytes, tuple[str, str]]:
    """Path, checked content, and (name, sha256) of a data file.

    Raises:
        DataError: missing, corrupt, or different from the known file.
    """
    path = locate(relative, folder)
    data = _raw(path)
    if relative in KNOWN:
        check(path, data, KNOWN[relative].sha256)
    content = decompress(data, path)
    # of the content: the same data from another mirror report the same source
    return path, content, (relative, hashlib.sha256(content).hexdigest())
