import wave

import numpy as np
import pytest

from codesign.data import registry
from codesign.data.dataset import DataError, Request
from codesign.data.encoders import cochlea
from codesign.data.encoders.cochlea import Cochlea
from codesign.data.reading import files
from codesign.data.sets import audio

RATE = 8000


def tone(hertz, seconds=0.4, rate=RATE):
    return np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)


def put_wav(path, sound, width=2, channels=1, rate=RATE):
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = np.round(np.clip(sound, -1, 1) * (2 ** (8 * width - 1) - 1)).astype(np.int64)
    data = (
        (whole + 128).astype(np.uint8).tobytes() if width == 1 else whole.astype("<i8").view(np.uint8).reshape(-1, 8)[:, :width].tobytes()
    )
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, width, rate, 0, "NONE", ""))
        file.writeframes(data)


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_wav_of_every_width_comes_back(tmp_path, width):
    put_wav(tmp_path / "a.wav", tone(440), width)
    sound, rate = audio.read_wav(tmp_path / "a.wav")
    assert rate == RATE
    np.testing.assert_allclose(sound, tone(440), atol=1.6 / 2 ** (8 * width - 1) + 1e-6)


def test_stereo_is_averaged(tmp_path):
    put_wav(tmp_path / "a.wav", np.stack([tone(440), np.zeros(3200)], axis=1).ravel(), channels=2)
    np.testing.assert_allclose(audio.read_wav(tmp_path / "a.wav")[0], tone(440) / 2, atol=1e-4)


@pytest.mark.parametrize(
    ("cut", "message"), [(10, "not a readable PCM wav"), (-100, "the header promises 3200 samples"), (44, "the header promises")]
)
def test_truncated_wav_names_the_file(tmp_path, cut, message):
    path = tmp_path / "a.wav"
    put_wav(path, tone(440))
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(DataError, match=rf"a\.wav: {message}"):
        audio.read_wav(path)


def test_a_wav_without_samples_is_refused(tmp_path):
    put_wav(tmp_path / "a.wav", np.zeros(0))
    with pytest.raises(DataError, match=r"a\.wav: 0 samples"):
        audio.read_wav(tmp_path / "a.wav")


@pytest.mark.parametrize("scale", ["mel", "gammatone"])
def test_a_tone_is_loudest_in_the_band_of_its_frequency(scale):
    ear = Cochlea(bands=24, scale=scale)
    loudest = [ear.loudness(tone(hertz), RATE).mean(0).argmax() for hertz in (150, 400, 1000, 2500)]
    assert (np.diff(loudest) > 0).all()
    frame = round(ear.frame_s * RATE)
    build = {"mel": cochlea.mel_filters, "gammatone": cochlea.gammatone_filters}[scale]
    filters = build(24, frame // 2 + 1, RATE, ear.low_hz)
    assert loudest[2] == filters[:, round(1000 / (RATE / frame))].argmax()
    # between bins of the spectrum a narrow filter's peak can be missed
    assert (filters.max(axis=1) > 0.5).all()


def test_loudness_is_relative_to_the_recording_and_in_decibels():
    ear = Cochlea(timesteps=8)
    sound = np.concatenate([tone(1000), tone(1000) / 10])
    loudness = ear.loudness(sound, RATE)
    np.testing.assert_allclose(loudness, ear.loudness(sound * 0.25, RATE), atol=1e-6)
    assert loudness.max() == pytest.approx(1)
    band = loudness[1].argmax()
    assert loudness[6, band] == pytest.approx(1 - 20 / 60, abs=0.01)
    assert loudness.min() >= 0


def test_silence_and_sounds_shorter_than_a_frame_are_heard():
    assert not Cochlea().spikes(np.zeros(4000), RATE).any()
    short = Cochlea().loudness(tone(1000, 0.005), RATE)
    assert short.shape == (32, 32)
    assert np.isfinite(short).all()


def test_level_fibres_fire_where_their_threshold_is_reached():
    ear = Cochlea(bands=4, timesteps=6, levels=(0.2, 0.9))
    loudness, spikes = ear.loudness(tone(500), RATE), ear.spikes(tone(500), RATE)
    assert spikes.shape == (6, ear.channels) == (6, 8)
    np.testing.assert_array_equal(spikes[:, 1::2], loudness >= np.float32(0.9))


def test_integrate_and_fire_counts_the_drive_to_within_one_spike():
    drive = np.random.default_rng(0).random((200, 5)).astype(np.float32)
    spikes = cochlea.integrate_and_fire(drive)
    assert set(np.unique(spikes)) == {0, 1}
    assert np.abs(np.cumsum(spikes - drive, axis=0)).max() <= 1 + 2e-5  # sums of 200 numbers
    assert Cochlea(code="integrate").spikes(tone(500), RATE).shape == (32, 32)


@pytest.mark.parametrize("options", [{"scale": "bark"}, {"code": "rate"}, {"bands": 0}, {"levels": ()}, {"levels": (0.0,)}])
def test_impossible_cochleas_are_refused(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        Cochlea(**options)


def packed(**changes):
    labels, take = (grid.ravel() for grid in np.meshgrid(np.arange(10), np.arange(10)))
    sounds = [(tone(200 + 300 * label, 0.1) * 9000).astype(np.int16) for label in labels]
    arrays = {
        "audio": np.concatenate(sounds),
        "offsets": np.arange(101) * 800,
        "labels": labels.astype(np.uint8),
        "take": take.astype(np.uint8),
        "speaker": (np.arange(100) % 2).astype(np.uint8),
        "speaker_names": np.array(["ann", "bob"]),
    }
    return arrays | changes


def load_packed(folder, name="fsdd", **changes):
    np.savez_compressed(folder / "fsdd_5speakers_2500.npz", **packed(**changes))
    return registry.load(name, folder=folder)


@pytest.fixture
def unchecked(monkeypatch):
    monkeypatch.setattr(files, "KNOWN", {})


@pytest.mark.usefixtures("unchecked")
def test_fsdd_splits_by_take_or_by_speaker(tmp_path):
    data = load_packed(tmp_path)
    assert (len(data.test.labels), data.sample_shape) == (50, (32, 160))
    data = load_packed(tmp_path, "fsdd_loudness:bob")
    np.testing.assert_array_equal(data.test.labels, (np.arange(100) % 10)[1::2])
    assert data.name == "fsdd_loudness:bob"
    with pytest.raises(ValueError, match=r"no speaker 'bo'.*did you mean 'bob'"):
        registry.load("fsdd:bo", folder=tmp_path)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"audio": np.zeros(80_000)}, "audio has shape .* expected .* int16"),
        ({"audio": np.zeros(79_999, np.int16)}, "offsets run from 0 to 80000, the data from 0 to 79999"),
        ({"labels": np.full(100, 10)}, "record 50: label 10"),
        ({"offsets": np.concatenate([[0, 0], np.arange(2, 101) * 800])}, "record 0: no samples"),
    ],
)
def test_bad_packed_sound_names_file_and_record(tmp_path, changes, message):
    with pytest.raises(DataError, match=rf"2500\.npz: {message}"):
        load_packed(tmp_path, **changes)


def test_the_original_layout_gives_the_same_spikes(tmp_path, unchecked):
    arrays = packed()
    for k in range(100):
        sound = arrays["audio"][k * 800 : (k + 1) * 800] / 32767
        speaker = arrays["speaker_names"][arrays["speaker"][k]]
        put_wav(tmp_path / "wavs" / "fsdd" / "recordings" / f"{arrays['labels'][k]}_{speaker}_{arrays['take'][k]}.wav", sound)
    data = registry.load("fsdd", folder=tmp_path / "wavs")
    reference = load_packed(tmp_path)
    assert sorted(data.test.inputs.sum((1, 2))) == sorted(reference.test.inputs.sum((1, 2)))
    (tmp_path / "wavs" / "fsdd" / "recordings" / "song.wav").touch()
    with pytest.raises(DataError, match=r"song\.wav: expected files named <digit>_<speaker>_<take>\.wav"):
        registry.load("fsdd", folder=tmp_path / "wavs")


@pytest.mark.parametrize("name", ["{label}_{k}.wav", "{label}/{k}.wav"])
def test_own_wavs_are_classed_by_name_or_folder(tmp_path, name):
    for k in range(20):
        label = ("low", "high")[k % 2]
        put_wav(tmp_path / "mine" / name.format(label=label, k=k), tone({"low": 300, "high": 3000}[label], 0.1))
    data = registry.load(tmp_path / "mine", timesteps=8)
    assert (data.classes, data.sample_shape, len(data.test.labels)) == (2, (8, 160), 4)
    low = data.train.inputs[data.train.labels == 1]
    assert low[:, :, :80].sum() > low[:, :, 80:].sum()


def test_own_packed_sound_and_request_defaults(tmp_path):
    arrays = packed()
    np.savez(tmp_path / "mine.npz", **{name: arrays[name] for name in ("audio", "offsets", "labels")})
    recipe = audio.own_sounds(tmp_path / "mine.npz", Request(), Cochlea(bands=8, timesteps=4))
    assert (recipe.name, recipe.classes, recipe.train.sample_shape) == ("mine", 10, (4, 40))
    assert len(registry.load(tmp_path / "mine.npz").test.labels) == 20
