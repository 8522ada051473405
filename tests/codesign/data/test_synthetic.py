import numpy as np
import pytest

from codesign.data import registry
from codesign.data.sets.synthetic import Saccades


def test_events_add_up_to_the_change_of_log_brightness():
    images = np.random.default_rng(0).random((3, 6, 6)).astype(np.float32)
    camera = Saccades(timesteps=9, scale=1, contrast=0.05, ceiling=1000)
    events = camera(images)
    change = (events[..., 1] - events[..., 0]).sum(1) * camera.contrast
    # the path ends where it began, so only what is below one contrast step may be left
    assert np.abs(change).max() <= camera.contrast * (1 + 1e-4)
    assert events.sum() > 1000


def test_a_uniform_field_is_silent_inside_and_edges_move_with_their_polarity():
    image = np.zeros((1, 8, 8), np.float32)
    image[:, :, 4:] = 1
    events = Saccades(timesteps=3, scale=1, amplitude=2)(image)[0]
    assert not events[:, 3:5, 0].any()
    # the camera moves down and right first: the bright half moves left over dark pixels
    assert events[0, 2, 3, 1] == 1
    assert not events[0, :, :3, 0].any()


def test_the_same_splits_as_the_images():
    frames, events = registry.load("digits", seed=4), registry.load("synthetic", seed=4, timesteps=3)
    assert events.name == "synthetic:digits"
    assert events.sample_shape == (3, 16, 16, 2)
    for part in ("train", "validation", "test"):
        np.testing.assert_array_equal(getattr(frames, part).labels, getattr(events, part).labels)


def test_synthetic_events_can_be_told_apart():
    data = registry.load("synthetic", limit=400)
    rates = data.train.inputs.mean()
    assert 0.02 < rates < 0.4
    inputs = [split.inputs.reshape(len(split.labels), -1) for split in (data.train, data.test)]
    centres = np.stack([inputs[0][data.train.labels == label].mean(0) for label in range(10)])
    nearest = ((inputs[1][:, None] - centres) ** 2).sum(-1).argmin(1)
    assert (nearest == data.test.labels).mean() > 0.8


def test_unknown_images_give_the_nearest():
    with pytest.raises(ValueError, match=r"unknown images 'mnits' \(did you mean 'mnist'"):
        registry.load("synthetic:mnits")
    with pytest.raises(ValueError, match="'mnist' has no variants"):
        registry.load("mnist:digits")
