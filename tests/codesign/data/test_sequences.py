import io

import numpy as np
import pytest
from scipy.io import savemat

from codesign.data import registry
from codesign.data.dataset import DataError
from codesign.data.reading import files
from codesign.data.sets import sequences

RNG = np.random.default_rng(0)


def mat(**changes):
    events = RNG.integers(0, 2, (20, 30, 4)).astype(np.int16)
    events[:, -1, 0] = -1
    labels = RNG.integers(0, 6, (20, 30))
    one_hot = np.eye(6, dtype=np.uint8)[labels]
    one_hot[:, 5:8] = 0
    arrays = {"x": events, "y": one_hot} | changes
    file = io.BytesIO()
    savemat(file, arrays)
    return file.getvalue(), arrays


def test_qtdb_padding_becomes_zero_and_unlabelled_steps_minus_one():
    content, arrays = mat()
    events, labels = sequences.decode_qtdb(content, "f")
    assert set(np.unique(events)) == {0, 1}
    np.testing.assert_array_equal(events[:, :-1], arrays["x"][:, :-1])
    np.testing.assert_array_equal(events[:, -1, 0], 0)
    np.testing.assert_array_equal(labels == -1, ~arrays["y"].any(2))
    np.testing.assert_array_equal(np.eye(6)[labels[labels >= 0]], arrays["y"][labels >= 0])


def test_bad_qtdb_names_file_record_and_step():
    arrays = mat()[1]
    large, twice = arrays["x"].copy(), arrays["y"].copy()
    large[3, 4, 1] = 7
    twice[2, 9] = 1
    for content, message in (
        (mat()[0][:-200], "not a readable MATLAB file"),
        (b"", "not a readable MATLAB file"),
        (mat(x=large)[0], "record 3, step 4: x is 7"),
        (mat(y=twice)[0], "record 2, step 9: more than one label"),
        (mat(y=arrays["y"][:, :9])[0], r"x has shape \(20, 30, 4\), y \(20, 9, 6\)"),
    ):
        with pytest.raises(DataError, match=f"^f: {message}"):
            sequences.decode_qtdb(content, "f")


def test_qtdb_loads_with_labels_for_each_step(monkeypatch, tmp_path):
    monkeypatch.setattr(files, "KNOWN", {})
    for part in ("train", "test"):
        (tmp_path / f"QTDB_{part}.mat").write_bytes(mat()[0])
    data = registry.load("qtdb", folder=tmp_path, limit=10)
    assert data.train.inputs.shape == (10, 30, 4)
    assert data.train.labels.shape == (10, 30)
    with pytest.raises(ValueError, match="30 steps of its own"):
        registry.load("qtdb", folder=tmp_path, timesteps=20)


HEADER = "# about\n@problemName x\n@classLabel true 1 2\n@data\n"


def test_ts_series_of_any_length():
    series, labels = sequences.decode_ts(f"{HEADER}1,2,3:4,5,6:2\n7:8:1\n".encode(), "f")
    np.testing.assert_array_equal(series[0], [[1, 4], [2, 5], [3, 6]])
    np.testing.assert_array_equal(series[1], [[7, 8]])
    np.testing.assert_array_equal(labels, [1, 0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no @data"),
        ("@data\n1:1\n", "no '@classLabel|no @data or no"),
        (HEADER + "1,2:3,4:1\n1,2:3,4:5\n", "line 6: class '5' is none of 1, 2"),
        (HEADER + "1,2:3,4:1\n1,2:3,4", "line 6: class '3,4' is none"),
        (HEADER + "1,2:3:1\n", "line 5: "),
        (HEADER + "1,x:3,4:1\n", "line 5: could not convert"),
        (HEADER + "1,nan:3,4:1\n", "line 5: values that are not finite"),
        (HEADER + "1,2:3,4:1\n1,2:1\n", "line 6: 1 channels, the first sample has 2"),
    ],
)
def test_bad_ts_names_file_and_line(text, message):
    with pytest.raises(DataError, match=f"^f: .*({message})"):
        sequences.decode_ts(text.encode(), "f")


def test_resampling_is_exact_for_lines_and_keeps_both_ends():
    line = np.stack([np.linspace(0, 1, 13), np.linspace(5, -1, 13)], axis=1)
    for steps in (1, 2, 5, 40):
        got = sequences.resample(line, steps)
        np.testing.assert_allclose(got[:, 0], np.linspace(0, 1, steps), atol=1e-6)
    np.testing.assert_array_equal(sequences.resample(line[:1], 3), line[[0, 0, 0]])


def test_vowels_are_standardised_by_the_training_samples(monkeypatch, tmp_path):
    monkeypatch.setattr(files, "KNOWN", {})
    header = "@classLabel true 1 2 3 4 5 6 7 8 9\n@data\n"
    for part, count in (("TRAIN", 90), ("TEST", 18)):
        rows = [f"{','.join(map(str, RNG.normal(3, 2, 9)))}:{','.join(map(str, RNG.normal(0, 5, 9)))}:{k % 9 + 1}" for k in range(count)]
        (tmp_path / f"JapaneseVowels_{part}.ts").write_text(header + "\n".join(rows))
    data = registry.load("japanese_vowels", folder=tmp_path, timesteps=9)
    everything = np.concatenate([data.train.inputs, data.validation.inputs])
    np.testing.assert_allclose(everything.mean((0, 1)), 0, atol=1e-5)
    np.testing.assert_allclose(everything.std((0, 1)), 1, rtol=1e-5)
    assert data.sample_shape == (9, 2)
    (tmp_path / "JapaneseVowels_TEST.ts").write_text(header)
    with pytest.raises(DataError, match=r"JapaneseVowels_TEST\.ts: no samples"):
        registry.load("japanese_vowels", folder=tmp_path)
