import numpy as np
import pytest

from codesign.data import registry
from codesign.data.dataset import DataError
from codesign.data.sets import spike_trains

h5py = pytest.importorskip("h5py")
RNG = np.random.default_rng(0)


def record(count=50):
    return np.sort(RNG.random(count) * 1.3).astype(np.float16), RNG.integers(0, 700, count).astype(np.uint16)


def put(path, records, labels):
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file["labels"] = np.asarray(labels, np.uint16)
        for name, field, dtype in (("times", 0, np.float16), ("units", 1, np.uint16)):
            data = file.create_dataset(f"spikes/{name}", (len(records),), h5py.vlen_dtype(dtype))
            for index, each in enumerate(records):
                data[index] = each[field]


def test_binning_agrees_with_counting_one_by_one():
    times, units = record()
    counts = spike_trains.bin_spikes(times, units, 10, 1.0, 5)
    expected = np.zeros((10, 140))
    for time, unit in zip(times.astype(float), units, strict=True):
        if time < 1:
            expected[int(time * 10), unit // 5] += 1
    np.testing.assert_array_equal(counts, expected)


def test_shd_layout_loads(tmp_path):
    for part, count in (("train", 40), ("test", 20)):
        put(tmp_path / "shd" / f"shd_{part}.h5", [record() for _ in range(count)], np.arange(count) % 20)
    data = registry.load("shd", folder=tmp_path, timesteps=14, validation_share=0.5)
    assert (data.classes, data.sample_shape, len(data.validation.labels)) == (20, (14, 140), 20)
    assert [name for name, _ in data.sources] == ["shd_train.h5", "shd_test.h5"]
    np.testing.assert_array_equal(data.train.inputs.sum((1, 2)), 50)


def test_ssc_keeps_its_validation_split(tmp_path):
    for part in ("train", "valid", "test"):
        put(tmp_path / "ssc" / f"ssc_{part}.h5", [record(3)] * 5, range(5))
    data = registry.load("ssc", folder=tmp_path, timesteps=4)
    assert [len(split.labels) for split in (data.train, data.validation, data.test)] == [5, 5, 5]


def test_missing_files_are_named(tmp_path):
    with pytest.raises(DataError, match=r"shd/shd_train\.h5 not found .* unpack it first if it ends in \.h5\.gz"):
        registry.load("shd", folder=tmp_path)


def test_bad_recordings_name_file_and_record(tmp_path):
    path = tmp_path / "a.h5"
    times, units = record()
    large = units.copy()
    large[7] = 700
    for bad, message in (
        ((times[::-1], units), "event 1: time goes backwards"),
        ((times, large), "event 7: unit 700 is outside 0 to 699"),
        ((times[:-1], units), "49 times for 50 units"),
        ((np.full(50, np.nan), units), "event 0: time is not finite"),
    ):
        put(path, [record(), bad], [0, 1])
        with pytest.raises(DataError, match=rf"a\.h5: record 1: {message}"):
            spike_trains.spike_pool(path, 10).read(np.arange(2))


def test_unreadable_files_are_named(tmp_path):
    path = tmp_path / "a.h5"
    put(path, [record()] * 3, [0, 1])
    with pytest.raises(DataError, match=r"a\.h5: 3 spikes/times and 3 spikes/units for labels of shape \(2,\)"):
        spike_trains.spike_pool(path, 10)
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(DataError, match=r"a\.h5: not a readable HDF5 file"):
        spike_trains.spike_pool(path, 10)
    with h5py.File(path, "w") as file:
        file["labels"] = [0]
    with pytest.raises(DataError, match="not a readable HDF5 file with spikes/times"):
        spike_trains.spike_pool(path, 10)
