"""Accuracy on real data: spiking, ANN and hybrid networks of one shape, weights of 4 bits, one CPU core.

`python -m benchmarks accuracy DATASET [--model snn|ann|hybrid] [--seeds 3]`; data is read from `$CODESIGN_DATA`. Rows go to
`results/accuracy/runs.csv`, where finished ones are skipped; without DATASET the table of all rows is printed.

The ANN has every gate at 0, the spiking network every gate at 1; the hybrid's first layer is an ANN layer, the others spike. Recipes were
chosen with `--validate`, which trains without the validation samples and measures on them; the table's rows are trained on both and
measured on the test samples.
"""

import argparse
import csv
import os
import time
from pathlib import Path

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from benchmarks.accuracy.recipes import RECIPES, Recipe
from benchmarks.accuracy.training import measure, parameters_of, train
from codesign.data import registry
from codesign.data.dataset import Dataset, Split
from codesign.network.operation import Operation

FOLDER = Path("results/accuracy")
MODELS = ("ann", "hybrid", "snn")
WEIGHT_BITS = 4
FIELDS = (
    "dataset", "model", "seed", "split", "accuracy", "timesteps", "weight_bits", "activation_bits", "parameters", "train", "tested",
    "input_rate", "energy_nj", "wall_s", "cpu_s",
)  # fmt: skip


def operation_of(recipe: Recipe, model: str, layers: int, steps: int | None) -> Operation:
    """How a model is run; an ANN on frames needs one step."""
    gate = {"ann": 0.0, "hybrid": [0.0, *[1.0] * (layers - 1)], "snn": None}[model]
    longest = steps or (1 if model == "ann" else recipe.longest)
    bits = [recipe.input_bits, *[4] * (layers - 1)]
    return Operation.of(layers, longest=longest, weight_bits=WEIGHT_BITS, activation_bits=bits, gate=gate)


def joined(*splits: Split) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and labels of several splits."""
    return np.concatenate([s.inputs for s in splits]), np.concatenate([s.labels for s in splits])


def cut(samples: tuple[np.ndarray, np.ndarray], window: int) -> tuple[np.ndarray, np.ndarray]:
    """Pieces of `window` steps that cover each sequence; the last ones overlap as little as they can."""
    length = samples[1].shape[1]
    starts = np.linspace(0, length - window, -(-length // window)).astype(int)
    inputs, labels = (np.concatenate([x[:, start : start + window] for start in starts]) for x in samples)
    return inputs, labels


def run(name: str, dataset: Dataset, recipe: Recipe, model: str, seed: int, validate: bool) -> dict:
    """Train and measure one network; a row of the table."""
    wall, cpu = time.perf_counter(), time.process_time()
    sequence = dataset.kind == "events"
    shape, steps = (dataset.sample_shape[1:], dataset.sample_shape[0]) if sequence else (dataset.sample_shape, None)
    network = recipe.build(shape, dataset.classes, nnx.Rngs(seed))
    graph, weights = nnx.split(network)
    samples = joined(dataset.train) if validate else joined(dataset.train, dataset.validation)
    split = "validation" if validate else "test"
    begun = FOLDER / f"{name}-{split}-{seed}.npz"
    if recipe.converted and model != "ann" and begun.exists():
        with np.load(begun) as stored:
            leaves = [jnp.asarray(stored[f"leaf{i}"]) for i in range(len(stored.files) - 2)]
            wall, cpu = wall - float(stored["wall_s"]), cpu - float(stored["cpu_s"])
        weights = jax.tree.unflatten(jax.tree.structure(weights), leaves)
    operation = operation_of(recipe, model, len(network.geometries), steps)
    stage = {"ann": recipe.ann, "hybrid": recipe.hybrid, "snn": recipe.spiking}[model]
    last = [time.perf_counter()]

    def report(text: str) -> None:
        if time.perf_counter() - last[0] > 10:
            last[0] = time.perf_counter()
            print(f"  {name} {model} seed {seed}: {text}", flush=True)

    pieces, practice = samples, operation
    if recipe.window is not None:
        pieces = cut(samples, recipe.window)
        practice = operation_of(recipe, model, len(network.geometries), recipe.window)
    weights = train(graph, weights, practice, pieces, stage, recipe.augment, seed, report)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if recipe.converted and model == "ann":
        arrays = {f"leaf{i}": np.asarray(x) for i, x in enumerate(jax.tree.leaves(weights))}
        np.savez(begun, **arrays, wall_s=wall, cpu_s=cpu)
    held_out = joined(dataset.validation if validate else dataset.test)
    found = measure(graph, weights, operation, held_out)
    return {
        "dataset": name, "model": model, "seed": seed, "split": split, "accuracy": f"{found.accuracy:.5f}",
        "timesteps": steps or (1 if model == "ann" else recipe.longest), "weight_bits": WEIGHT_BITS, "activation_bits": 4,
        "parameters": parameters_of(weights), "train": len(samples[1]), "tested": len(held_out[1]),
        "input_rate": f"{found.input_rate:.4f}", "energy_nj": f"{found.energy_nj:.2f}", "wall_s": f"{wall:.0f}", "cpu_s": f"{cpu:.0f}",
    }  # fmt: skip


def rows(path: Path) -> list[dict]:
    """Finished runs."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def append(path: Path, row: dict) -> None:
    """Add one run."""
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        if new:
            writer.writeheader()
        writer.writerow(row)


def table(found: list[dict]) -> str:
    """Mean and standard deviation over seeds, as Markdown."""
    lines = [
        "| data | network | accuracy [%] | bar | seeds | T | parameters | events per input and step | energy [nJ] | training [s] |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, recipe in RECIPES.items():
        for model in ("snn", "hybrid", "ann"):
            own = [row for row in found if (row["dataset"], row["model"], row["split"]) == (name, model, "test")]
            if not own:
                continue
            column = {field: np.asarray([float(row[field]) for row in own]) for field in FIELDS[4:]}
            percent = 100 * column["accuracy"]
            shown = f"{percent.mean():.2f} ± {percent.std(ddof=1):.2f}" if len(own) > 1 else f"{percent[0]:.2f}"
            bar = f"{100 * recipe.bar:g}" if model == "snn" else ""
            lines.append(
                f"| {name} | {model} | {shown} | {bar} | {len(own)} | {column['timesteps'][0]:g} | {column['parameters'][0]:.0f}"
                f" | {column['input_rate'].mean():.3f} | {column['energy_nj'].mean():.3g} | {column['wall_s'].mean():.0f} |"
            )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks accuracy", description=__doc__.split("\n\n")[0])
    parser.add_argument("dataset", nargs="?", choices=sorted(RECIPES))
    parser.add_argument("--model", choices=MODELS, action="append", help="default: all, the ANN first")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--validate", action="store_true", help="measure on validation samples; for choosing recipes")
    given = parser.parse_args()
    path = FOLDER / "runs.csv"
    if given.dataset is not None:
        FOLDER.mkdir(parents=True, exist_ok=True)
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        recipe = RECIPES[given.dataset]
        dataset = recipe.prepare(registry.load(recipe.source or given.dataset))
        split = "validation" if given.validate else "test"
        for seed in range(given.seeds):
            for model in [m for m in MODELS if m in (given.model or MODELS)]:
                done = {(row["dataset"], row["model"], row["seed"], row["split"]) for row in rows(path)}
                if (given.dataset, model, str(seed), split) in done and not given.validate:
                    continue
                row = run(given.dataset, dataset, recipe, model, seed, given.validate)
                append(path, row)
                print(f"{given.dataset} {model} seed {seed}: {100 * float(row['accuracy']):.2f} % {split}, {row['wall_s']} s", flush=True)
    print(table(rows(path)))
