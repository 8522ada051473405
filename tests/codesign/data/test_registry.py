import numpy as np
import pytest

from codesign.data import dataset, registry, splits


@pytest.fixture(scope="module")
def digits():
    return registry.load("digits", seed=3)


def test_digits_have_the_promised_shape_range_and_shares(digits):
    sizes = np.array([len(split.labels) for split in (digits.train, digits.validation, digits.test)])
    assert sizes.sum() == 1797
    np.testing.assert_allclose(sizes / 1797, [0.6, 0.2, 0.2], atol=0.005)
    assert digits.train.inputs.shape[1:] == digits.sample_shape == (8, 8, 1)
    assert digits.train.inputs.dtype == np.float32
    assert digits.train.labels.dtype == np.int32
    assert (digits.train.inputs.min(), digits.train.inputs.max()) == (0, 1)
    assert (digits.kind, digits.classes) == ("frames", 10)


def test_splits_are_stratified(digits):
    for split in (digits.train, digits.validation, digits.test):
        np.testing.assert_allclose(np.bincount(split.labels, minlength=10) / len(split.labels), 0.1, atol=0.01)


def tagged(count=300, classes=3):
    """A recipe whose samples carry their own index."""
    labels = np.arange(count) % classes
    pool = dataset.array_pool("tagged", np.arange(count, dtype=np.float64)[:, None], labels)
    test = dataset.array_pool("tagged", np.arange(count, count + 30, dtype=np.float64)[:, None], labels[:30])
    return dataset.Recipe("tagged", pool, test, classes, "frames")


@pytest.mark.parametrize("limit", [None, 20])
def test_splits_are_disjoint_and_labels_stay_with_their_samples(limit):
    data = splits.assemble(tagged(), seed=1, validation_share=None, limit=limit)
    parts = [set(split.inputs[:, 0].astype(int)) for split in (data.train, data.validation, data.test)]
    assert len(set.union(*parts)) == sum(len(part) for part in parts)
    assert [len(part) for part in parts] == ([255, 45, 30] if limit is None else [20, 20, 20])
    for split in (data.train, data.validation):
        np.testing.assert_array_equal(split.labels, split.inputs[:, 0].astype(int) % 3)
        assert np.ptp(np.bincount(split.labels)) <= 1


def test_the_seed_decides_the_split():
    first, again, other = (splits.assemble(tagged(), seed=seed, validation_share=0.2, limit=None) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.validation.inputs, again.validation.inputs)
    assert not np.array_equal(first.validation.inputs, other.validation.inputs)


def test_large_splits_are_memory_mapped_with_the_same_values(monkeypatch):
    expected = splits.assemble(tagged(), seed=0, validation_share=0.2, limit=None)
    monkeypatch.setattr(splits, "IN_MEMORY_BYTES", 64)
    mapped = splits.assemble(tagged(), seed=0, validation_share=0.2, limit=None)
    assert isinstance(mapped.train.inputs, np.memmap)
    np.testing.assert_array_equal(mapped.train.inputs, expected.train.inputs)


def test_batches_cover_an_epoch_once_without_the_remainder():
    train = splits.assemble(tagged(), seed=0, validation_share=0.2, limit=None).train
    parts = list(splits.batches(train, 50, seed=0))
    assert [len(part.labels) for part in parts] == [50] * 4
    seen = np.concatenate([part.inputs[:, 0] for part in parts])
    assert len(np.unique(seen)) == 200
    with pytest.raises(ValueError, match="at least as many"):
        next(splits.batches(train, 1000, seed=0))


def test_unknown_name_gives_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'digits'"):
        registry.load("digit")
    with pytest.raises(ValueError, match=r"unknown data set 'MNIST' \(did you mean 'mnist'"):
        registry.load("MNIST")


@pytest.mark.parametrize("options", [{"validation_share": 0.0}, {"validation_share": 1.0}, {"limit": 0}])
def test_shares_and_limits_outside_their_range_are_refused(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        registry.load("digits", **options)


def bad(labels, test_labels=(0,)):
    pool, test = (dataset.array_pool("some/file", np.zeros((len(each), 2)), np.array(each)) for each in (labels, test_labels))
    return dataset.Recipe("bad", pool, test, 3, "frames")


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        (bad([0, 1, 2, 3]), "some/file: record 3: label 3 is outside 0 to 2"),
        (bad([0, -1, 2]), "record 1: label -1"),
        (bad([0, 1], [5]), "record 0: label 5"),
        (bad([0.5, 1]), "labels must be integers, got float64"),
        (bad([0, 1], []), "some/file: no samples"),
        (bad([0, 1]), "the validation split of bad is empty"),
    ],
)
def test_unusable_labels_and_splits_name_file_and_record(recipe, message):
    with pytest.raises(dataset.DataError, match=message):
        splits.assemble(recipe, seed=0, validation_share=0.1, limit=None)
