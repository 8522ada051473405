import gzip
import hashlib

import pytest

from codesign.data.dataset import DataError
from codesign.data.reading import files


@pytest.fixture(autouse=True)
def empty_places(monkeypatch, tmp_path):
    monkeypatch.delenv("CODESIGN_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(files.sys, "platform", "linux")


def put(path, content=b"x"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_the_folder_given_comes_before_the_environment_and_that_before_the_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("CODESIGN_DATA", str(tmp_path / "environment"))
    (tmp_path / "environment").mkdir()
    cached = put(tmp_path / "cache/codesign/set/file")
    assert files.locate("set/file", None) == cached
    environment = put(tmp_path / "environment/set/file")
    (tmp_path / "given").mkdir()
    assert files.locate("set/file", tmp_path / "given") == environment
    direct = put(tmp_path / "given/file")
    assert files.locate("set/file", tmp_path / "given") == direct
    given = put(tmp_path / "given/set/file")
    assert files.locate("set/file", tmp_path / "given") == given


def test_a_file_directly_in_the_folder_given_or_unzipped_is_found(tmp_path):
    direct = put(tmp_path / "given/images.gz")
    assert files.locate("set/images.gz", tmp_path / "given") == direct
    unzipped = put(tmp_path / "other/set/images")
    assert files.locate("set/images.gz", tmp_path / "other") == unzipped


def test_a_folder_that_is_not_there_is_not_passed_over(monkeypatch, tmp_path):
    with pytest.raises(DataError, match="given: no such folder"):
        files.locate("set/file", tmp_path / "given")
    monkeypatch.setenv("CODESIGN_DATA", str(tmp_path / "environment"))
    with pytest.raises(DataError, match="environment: no such folder"):
        files.locate("set/file", None)


def test_a_missing_file_says_where_to_put_it(tmp_path):
    (tmp_path / "given").mkdir()
    with pytest.raises(DataError, match=r"set/file not found in .*given.*; put it at .*cache/codesign/set/file, or set CODESIGN_DATA"):
        files.locate("set/file", tmp_path / "given")


def test_content_is_checked_after_decompression(monkeypatch, tmp_path):
    checksum = hashlib.sha256(b"content").hexdigest()
    monkeypatch.setitem(files.KNOWN, "set/file.gz", files.Known(checksum))
    for level in (1, 9):
        put(tmp_path / "set/file.gz", gzip.compress(b"content", level))
        assert files.read_known("set/file.gz", tmp_path)[1:] == (b"content", ("set/file.gz", checksum))
    zipped = gzip.compress(b"content", 5)
    monkeypatch.setitem(files.KNOWN, "set/file.gz", files.Known(hashlib.sha256(zipped).hexdigest()))
    put(tmp_path / "set/file.gz", zipped)
    assert files.read_known("set/file.gz", tmp_path)[2] == ("set/file.gz", checksum)
    put(tmp_path / "set/file.gz", gzip.compress(b"changed"))
    with pytest.raises(DataError, match=r"file\.gz: the content's sha256 is .* expected .* corrupt or another version"):
        files.read_known("set/file.gz", tmp_path)


@pytest.mark.parametrize("damage", [lambda data: data[:-9], lambda data: data[:12] + b"\xff\xff\xff" + data[15:]])
def test_broken_gzip_names_the_file(tmp_path, damage):
    path = put(tmp_path / "broken.gz", damage(gzip.compress(b"some content that is long enough" * 9)))
    with pytest.raises(DataError, match=r"broken\.gz: corrupt or truncated gzip"):
        files.read_bytes(path)


def test_download_lands_in_the_cache_only_when_it_is_right(monkeypatch, tmp_path):
    source = put(tmp_path / "source", b"content")
    target = tmp_path / "cache/codesign/set/file"
    monkeypatch.setitem(files.KNOWN, "set/file", files.Known("0" * 64, source.as_uri()))
    with pytest.raises(DataError, match="set/file: the content's sha256"):
        files.locate("set/file", None)
    assert not target.exists()
    monkeypatch.setitem(files.KNOWN, "set/file", files.Known(hashlib.sha256(b"content").hexdigest(), source.as_uri()))
    assert files.locate("set/file", None) == target
    assert [path.name for path in target.parent.iterdir()] == ["file"]
    source.unlink()
    assert files.locate("set/file", None).read_bytes() == b"content"


def test_a_failed_download_says_so(monkeypatch, tmp_path):
    monkeypatch.setitem(files.KNOWN, "set/file", files.Known("0" * 64, (tmp_path / "nothing").as_uri()))
    with pytest.raises(DataError, match=r"set/file: not there, and file://.* could not be read .* put the file there yourself"):
        files.locate("set/file", None)


@pytest.mark.parametrize(("platform", "part"), [("linux", "cache/codesign"), ("darwin", "Library/Caches/codesign"), ("win32", "codesign")])
def test_the_cache_is_the_platforms(monkeypatch, platform, part):
    monkeypatch.setattr(files.sys, "platform", platform)
    assert files.user_cache().as_posix().endswith(part)
