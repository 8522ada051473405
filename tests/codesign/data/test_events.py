import struct

import numpy as np
import pytest

from codesign.data import registry
from codesign.data.dataset import DataError
from codesign.data.reading import event_files, files
from codesign.data.reading.events import Events, bin_events, check_events
from codesign.data.sets.event_sets import Binning

RNG = np.random.default_rng(0)


def random_events(count=500, size=34, longest=300_000):
    time = np.sort(RNG.integers(0, longest, count))
    return Events(*(RNG.integers(0, limit, count) for limit in (size, size, 2)), time)


def atis(events):
    x, y, polarity, time = events
    return np.stack([x, y, polarity << 7 | time >> 16, time >> 8 & 255, time & 255], axis=1).astype(np.uint8)


def same(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_binning_agrees_with_counting_one_by_one():
    events = random_events()
    expected = np.zeros((7, 34, 34, 2))
    for x, y, polarity, time in zip(*events, strict=True):
        if 20_000 <= time < 220_000:
            expected[(time - 20_000) * 7 // 200_000, y, x, polarity] += 1
    counts = bin_events(events, timesteps=7, height=34, width=34, window_us=200_000, start_us=20_000)
    np.testing.assert_array_equal(counts, expected)
    ceiling = bin_events(events, timesteps=7, height=34, width=34, window_us=200_000, start_us=20_000, ceiling=1)
    np.testing.assert_array_equal(ceiling, expected > 0)


def test_binning_keeps_bytes_and_late_events_from_overflowing():
    pixel = np.array([33, 33], np.uint8)
    events = Events(pixel, pixel, np.array([1, 1], np.uint8), np.array([0, 2**62]))
    counts = bin_events(events, timesteps=300, height=34, width=34, window_us=100)
    assert counts[0, 33, 33, 1] == counts.sum() == 1


def test_no_events_are_no_counts():
    empty = Events(*[np.zeros(0, np.uint8)] * 4)
    check_events(empty, 2, 2, "f")
    assert not bin_events(empty, timesteps=3, height=2, width=2, window_us=1).any()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("x", 34, "event 3: x 34 is outside 0 to 33"),
        ("y", -1, "event 3: y -1 is outside 0 to 33"),
        ("polarity", 2, "event 3: polarity 2"),
        ("time_us", -5, "event 3: time goes backwards"),
    ],
)
def test_bad_events_name_file_and_event(field, value, message):
    events = random_events(6)._replace(time_us=np.arange(6) * 10)
    getattr(events, field)[3] = value
    with pytest.raises(DataError, match=f"^f: {message}"):
        check_events(events, 34, 34, "f")


def test_fields_of_different_lengths_are_refused():
    with pytest.raises(DataError, match="have lengths 4, 4, 3, 4"):
        check_events(Events(*[np.zeros(n, int) for n in (4, 4, 3, 4)]), 2, 2, "f")


def test_atis_round_trip(tmp_path):
    events = random_events(longest=2**23)
    path = tmp_path / "a.bin"
    path.write_bytes(atis(events).tobytes())
    assert same(event_files.read_atis(path), events)


def test_atis_overflow_records_move_later_times():
    events = Events(np.array([1, 0, 2]), np.array([1, 240, 2]), np.array([1, 0, 0]), np.array([5, 7, 6]))
    decoded = event_files.decode_atis(atis(events))
    assert same(decoded, (np.array([1, 2]), np.array([1, 2]), np.array([1, 0]), np.array([5, 6 + 2**13])))


def test_truncated_or_reversed_atis_is_refused(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(atis(random_events()).tobytes()[:-2])
    with pytest.raises(DataError, match=r"a\.bin: 2498 bytes are not a whole number of 5-byte events"):
        event_files.read_atis(path)
    path.write_bytes(atis(random_events())[::-1].tobytes())
    with pytest.raises(DataError, match=r"a\.bin: event \d+: time goes backwards"):
        event_files.read_atis(path)


def aedat(events, layout, header=b"#!AER-DAT2.0\r\n# some comment\r\n"):
    # as the maker says: a DVS128 counts columns from the right, and 0 is a rise
    columns, polarity = (127 - events.x, 1 - events.polarity) if layout is event_files.DVS128 else (events.x, events.polarity)
    address = (columns << layout.x[0] | events.y << layout.y[0] | polarity << layout.polarity).astype(np.int64)
    return header, np.stack([address, events.time_us], axis=1).astype(">u4")


@pytest.mark.parametrize("layout", [event_files.DVS128, event_files.DAVIS240, event_files.DAVIS346])
def test_aedat_round_trip_without_the_other_records(tmp_path, layout):
    events = random_events(size=layout.height)
    header, words = aedat(events, layout)
    other = struct.pack(">II", layout.other & -layout.other, 0)
    (tmp_path / "a.aedat").write_bytes(header + words[:9].tobytes() + other + words[9:].tobytes())
    assert same(event_files.read_aedat(tmp_path / "a.aedat", layout), events)


def test_bad_aedat_is_refused(tmp_path):
    path = tmp_path / "a.aedat"
    header, words = aedat(random_events(), event_files.DVS128)
    for content, message in (
        (header + words.tobytes()[:-3], "not a whole number of 8-byte events"),
        (b"#!AER-DAT3.1\r\n", r"version 3\.1; only 2\.0"),
        (b"# no end", "truncated in its header"),
        (header + words[::-1].tobytes(), "time goes backwards"),
    ):
        path.write_bytes(content)
        with pytest.raises(DataError, match=f"a.aedat: .*{message}"):
            event_files.read_aedat(path)


def test_npz_events_with_either_names_and_polarities(tmp_path):
    events = random_events()
    path = tmp_path / "a.npz"
    np.savez(path, **events._asdict())
    assert same(event_files.read_npz_events(path, 34, 34), events)
    np.savez(path, x=events.x, y=events.y, p=2 * events.polarity - 1, t=events.time_us.astype(np.uint32))
    assert same(event_files.read_npz_events(path, 34, 34), events)


def test_bad_npz_events_are_refused(tmp_path):
    path = tmp_path / "a.npz"
    arrays = random_events()._asdict()
    for changes, message in (
        ({"time_us": arrays["time_us"][::-1]}, "event 1: time goes backwards"),
        ({"time_us": np.full(500, np.nan)}, "event 0: time is not finite"),
        ({"x": arrays["x"].reshape(5, 100)}, "x has shape"),
        ({"x": np.array([None])}, "corrupt"),
    ):
        np.savez(path, **(arrays | changes))
        with pytest.raises(DataError, match=rf"a\.npz: {message}"):
            event_files.read_npz_events(path, 34, 34)
    np.savez(path, x=arrays["x"])
    with pytest.raises(DataError, match=r"a\.npz: no array 'y'; it has x"):
        event_files.read_npz_events(path, 34, 34)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match=r"a\.npz: corrupt or truncated"):
        event_files.read_npz_events(path, 34, 34)


def packed(count=40, **changes):
    recordings = [atis(random_events(50)) for _ in range(count)]
    ids = np.concatenate([np.arange(1, count - 9), np.arange(60001, 60011)]).astype(np.int32)
    arrays = {
        "events": np.concatenate(recordings),
        "offsets": np.arange(count + 1) * 50,
        "labels": (np.arange(count) % 10).astype(np.uint8),
        "ids": ids,
    }
    return arrays | changes


def load_packed(folder, arrays, **options):
    np.savez_compressed(folder / "nmnist_small_900.npz", **arrays)
    return registry.load("nmnist", folder=folder, **options)


@pytest.fixture
def unchecked(monkeypatch):
    monkeypatch.setattr(files, "KNOWN", {})


@pytest.mark.usefixtures("unchecked")
def test_packed_recordings_are_split_by_id_and_binned(tmp_path):
    arrays = packed()
    data = load_packed(tmp_path, arrays, timesteps=4)
    assert [len(split.labels) for split in (data.train, data.test)] == [26, 10]
    first = event_files.decode_atis(arrays["events"][30 * 50 : 31 * 50])
    np.testing.assert_array_equal(data.test.inputs[0], Binning(timesteps=4)(first))


@pytest.mark.usefixtures("unchecked")
def test_bad_packed_recordings_name_file_and_record(tmp_path):
    arrays = packed()
    swapped = arrays["offsets"].copy()
    swapped[[3, 4]] = swapped[[4, 3]]
    backwards = arrays["events"].copy()
    backwards[12 * 50 : 13 * 50] = backwards[12 * 50 : 13 * 50][::-1]
    outside = arrays["events"].copy()
    outside[33 * 50, 0] = 200
    for changes, message in (
        ({"offsets": swapped}, "record 3: offsets go backwards"),
        ({"offsets": arrays["offsets"][:-1]}, r"offsets of shape \(40,\)"),
        ({"events": arrays["events"][:-1]}, "the data from 0 to 1999"),
        ({"events": arrays["events"].astype(np.int32)}, "expected"),
        ({"events": backwards}, "record 12: event 1: time goes backwards"),
        ({"events": outside}, "record 33: event 0: x 200"),
        ({"labels": np.full(40, 12)}, "record 0: label 12"),
    ):
        with pytest.raises(DataError, match=rf"nmnist_small_900\.npz: .*{message}"):
            load_packed(tmp_path, arrays | changes)


def test_complete_nmnist_folders_are_read_file_by_file(tmp_path):
    for part, count in (("Train", 20), ("Test", 10)):
        for number in range(count):
            folder = tmp_path / "nmnist" / part / str(number % 10)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{number:05}.bin").write_bytes(atis(random_events(30)).tobytes())
    data = registry.load("nmnist", folder=tmp_path, validation_share=0.5)
    assert (data.name, len(data.test.labels)) == ("nmnist", 10)
    np.testing.assert_array_equal(np.sort(data.test.labels), np.arange(10))
    odd = tmp_path / "nmnist/Test/other"
    odd.mkdir()
    (odd / "x.bin").write_bytes(b"")
    with pytest.raises(DataError, match=r"x\.bin: no class in the name"):
        registry.load("nmnist", folder=tmp_path)
