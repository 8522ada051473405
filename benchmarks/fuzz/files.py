"""Mutated and damaged files of every kind that is read: technologies, workload tables, arrays, sounds, events, NIR graphs."""

import functools
import io
import random
import struct
import tempfile
import wave
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import jax
import numpy as np

from benchmarks.fuzz.mutations import as_yaml, damaged, mutated
from codesign import nir
from codesign.data import registry
from codesign.data.dataset import DataError
from codesign.data.reading.event_files import read_aedat, read_atis
from codesign.technology import catalogue
from codesign.technology.files import TechnologyError
from codesign.technology.uncertainty import draws
from codesign.workloads.table import TableError, read_workload

PROMISED: Final = (DataError, TechnologyError, TableError, nir.NirError)


class Kind(NamedTuple):
    """A kind of file: how one is made from a seed, and what reads it."""

    name: str
    suffix: str
    make: Callable[[random.Random], bytes]
    read: Callable[[Path], object]
    promised: tuple[type[Exception], ...] = PROMISED


def content_of(seed: int, case: int) -> tuple[Kind, bytes]:
    """The file of a case; half of them are damaged beyond what their format can say."""
    rng = random.Random(f"file {seed} {case}")
    kind = KINDS[case % len(KINDS)]
    content = kind.make(rng)
    return kind, damaged(content, rng) if rng.random() < 0.5 else content


_QUANTITY: Final = {"value": 0.02, "unit": "pJ", "node_nm": 45.0, "bits": 8.0, "source": "me", "scaling": "energy", "supply_v": 1.0}
_TECHNOLOGY: Final = {
    "name": "mine",
    "node_nm": 45,
    "supply_v": 1.0,
    "include": "rram",
    "memory": "lop",
    "quantities": {"int_add_offset_pj": _QUANTITY, "on_resistance_ohm": {**_QUANTITY, "unit": "ohm", "value": 1e4, "scaling": "none"}},
}


def _technology(rng: random.Random) -> bytes:
    document = mutated(_TECHNOLOGY, [_TECHNOLOGY], rng)
    lines = [f"{_bare(key)} = {_toml(value)}" for key, value in document.items()]
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_bare(key)} = {_toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    text = as_yaml(value)
    # TOML spells what is not finite without the dot, and has no null
    return {".nan": "nan", ".inf": "inf", "-.inf": "-inf", "null": '""'}.get(text, text)


def _bare(key: Any) -> str:
    return as_yaml(str(key))


def _read_technology(path: Path) -> object:
    return draws(catalogue.read(path), 2)


_LAYER: Final = {"name": "one", "kind": "conv", "channels_in": 3, "channels_out": 8, "size": 16, "kernel": 3, "stride": 1, "timesteps": 4}
_TABLE: Final = [
    {**_LAYER, "input_rate": 0.2, "weight_bits": 4, "neuron": "lif"},
    {"name": "two", "kind": "pool", "channels_in": 8, "channels_out": 8, "height_in": 16, "width_in": 16, "kernel": 2, "timesteps": 4},
    {"name": "three", "kind": "dense", "channels_in": 512, "channels_out": 10, "timesteps": 4, "spiking": 1},
]


def _yaml_table(rng: random.Random) -> bytes:
    return as_yaml(mutated({"layers": _TABLE, "defaults": {"activation_bits": 4}}, [_TABLE], rng)).encode("utf-8", "surrogatepass")


def _csv_table(rng: random.Random) -> bytes:
    rows = mutated(_TABLE, [_TABLE], rng)
    rows = [row if isinstance(row, dict) else {"name": row} for row in rows]
    columns = list(dict.fromkeys(key for row in rows for key in row))
    lines = [",".join(map(str, columns)), *(",".join(str(row.get(column, "")) for column in columns) for row in rows)]
    return "\n".join(lines).encode("utf-8", "surrogatepass")


_TYPES: Final = ("f8", "f4", "f2", "i8", "u8", "i1", "u1", "?", "c16", "S3", "U3", "M8[s]", "O")
_EXTREMES: Final[dict[str, list[Any]]] = {
    "f8": [np.nan, np.inf, -np.inf, 1e300, -1.0, 0.5, 2**40, 2**63],
    "i8": [-1, 0, 1, 127, 2**15, 2**31, 2**40, 2**62],
}


def _array(rng: random.Random, array: np.ndarray) -> np.ndarray:
    """An array with other numbers, of another type or shape."""
    if array.dtype.kind in "US" or not array.size:
        return array
    kind = rng.choice(sorted(_EXTREMES))
    extreme = array.astype(kind)
    extreme.flat[rng.randrange(array.size)] = rng.choice(_EXTREMES[kind])
    shorter = array[: rng.randrange(len(array) + 1)] if array.ndim else array[None]
    shapes = (shorter, array.reshape(-1) if array.ndim != 1 else array[:, None], np.zeros((0, *array.shape[1:]), array.dtype))
    with np.errstate(invalid="ignore"):
        other = array.astype(rng.choice(_TYPES))
    return rng.choice([extreme, extreme, other, *shapes])


def _archive(rng: random.Random, arrays: Mapping[str, np.ndarray]) -> bytes:
    changed = dict(arrays)
    for _ in range(rng.randrange(1, 3)):
        name = rng.choice(sorted(changed))
        changed[name] = _array(rng, changed[name])
    if rng.random() < 0.1:
        changed.pop(rng.choice(sorted(changed)))
    out = io.BytesIO()
    (np.savez if rng.random() < 0.5 else np.savez_compressed)(out, **changed)  # type: ignore[arg-type]
    return out.getvalue()


def _frames(rng: random.Random) -> bytes:
    numbers = np.random.default_rng(0)
    parts = {"train": 40, "test": 20}
    arrays = {f"x_{part}": numbers.random((count, 4, 4, 1)).astype(np.float32) for part, count in parts.items()}
    arrays |= {f"y_{part}": np.arange(count) % 3 for part, count in parts.items()}
    if rng.random() < 0.3:
        arrays["kind"] = np.array(rng.choice(["frames", "events", "films"]))
    if rng.random() < 0.3:
        arrays["classes"] = np.array(rng.choice([3, 2, 0, -1, 10**9, 2**62]))
    return _archive(rng, arrays)


def _packed_events(rng: random.Random) -> bytes:
    events = np.zeros((80, 5), np.uint8)
    events[:, 4] = np.tile(np.arange(2), 40)
    return _archive(rng, {"events": events, "offsets": np.arange(0, 81, 2), "labels": np.arange(40) % 4})


def _packed_sound(rng: random.Random) -> bytes:
    audio = (1000 * np.sin(np.arange(8000))).astype(np.int16)
    return _archive(rng, {"audio": audio, "offsets": np.arange(0, 8001, 400), "labels": np.arange(20) % 2})


def _load(path: Path) -> object:
    return registry.load(path, limit=20)


def _recording(rng: random.Random) -> bytes:
    arrays = {"x": np.arange(20) % 6, "y": np.arange(20) % 5, "p": np.arange(20) % 2, "t": np.arange(20) * 1000}
    return _archive(rng, arrays)


def _among_good(path: Path, good: Callable[[random.Random], bytes]) -> object:
    """A data set of one damaged recording and some good ones."""
    with tempfile.TemporaryDirectory() as folder:
        for index in range(8):
            (Path(folder) / f"{index}_label{index % 2}{path.suffix}").write_bytes(good(random.Random(0)))
        (Path(folder) / f"8_label1{path.suffix}").write_bytes(path.read_bytes())
        return registry.load(Path(folder), timesteps=3 if path.suffix != ".wav" else None)


def _good_recording(rng: random.Random) -> bytes:
    out = io.BytesIO()
    np.savez(out, x=np.arange(20) % 6, y=np.arange(20) % 5, p=np.arange(20) % 2, t=np.arange(20) * 1000)
    return out.getvalue()


def _wav(rng: random.Random) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(rng.choice([1, 1, 2]))
        file.setsampwidth(rng.choice([1, 2, 2, 3, 4]))
        file.setframerate(8000)
        file.writeframes(bytes(rng.randrange(256) for _ in range(4800)))
    content = bytearray(out.getvalue())
    # the header's rate, widths and sizes
    if rng.random() < 0.6:
        content[24:28] = struct.pack("<I", rng.choice([0, 1, 2, 100, 44100, 10**6, 2**31, 2**32 - 1]))
    return bytes(content)


def _good_wav(rng: random.Random) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes((1000 * np.sin(np.arange(1600))).astype("<i2").tobytes())
    return out.getvalue()


def _atis(rng: random.Random) -> bytes:
    return bytes([1, 2, 0, 0, 5, 3, 4, 128, 0, 9]) * rng.randrange(1, 9)


def _aedat(rng: random.Random) -> bytes:
    events = b"".join(struct.pack(">II", rng.randrange(2**15), time) for time in range(20))
    return rng.choice([b"#!AER-DAT2.0\r\n", b"#!AER-DAT3.1\r\n", b"# words\r\n", b""]) + events


def _nir(rng: random.Random) -> bytes:
    import h5py

    content = bytearray(_good_nir())
    with io.BytesIO(content) as memory:
        with h5py.File(memory, "r+") as file:
            leaves: list[str] = []
            file.visititems(lambda name, item: leaves.append(name) if isinstance(item, h5py.Dataset) else None)
            for name in rng.sample(leaves, rng.randrange(1, 3)):
                value = np.asarray(file[name][()])
                del file[name]
                change = rng.randrange(6)
                if change == 0:
                    continue
                if value.dtype.kind in "fiu":
                    file[name] = rng.choice([value.astype(complex), _array(rng, value.astype(float)).astype(float), value * 1e300, -value])
                elif change == 1:
                    file[name] = h5py.SoftLink("/node/nodes") if rng.random() < 0.5 else h5py.ExternalLink("/etc/passwd", "/")
                else:
                    file[name] = rng.choice(["LIF", "Conv2d", "", "Input", "x" * 1000])
        return memory.getvalue()


@functools.cache
def _good_nir() -> bytes:
    import nir as package

    ones = np.ones(3)
    nodes = {
        "input": package.Input(np.array([4])),
        "fc": package.Affine(np.ones((3, 4)), np.zeros(3)),
        "lif": package.LIF(tau=ones, r=ones, v_leak=0 * ones, v_threshold=ones, v_reset=0 * ones),
        "delay": package.Delay(2 * ones),
        "output": package.Output(np.array([3])),
    }
    edges = [("input", "fc"), ("fc", "lif"), ("lif", "delay"), ("delay", "output")]
    with tempfile.TemporaryDirectory() as folder:
        package.write(f"{folder}/good.nir", package.NIRGraph(nodes, edges))
        return Path(folder, "good.nir").read_bytes()


def _read_nir(path: Path) -> object:
    graph = nir.read(path)
    inputs = {name: np.ones((2, *shape), np.float32) for name, shape in graph.inputs}
    with jax.disable_jit():
        nir.simulate(graph, inputs, dt=0.5)
    return nir.to_workload(graph)


KINDS: Final = (
    Kind("technology", "toml", _technology, _read_technology),
    Kind("table", "yaml", _yaml_table, read_workload),
    Kind("table", "csv", _csv_table, read_workload),
    Kind("frames", "npz", _frames, _load),
    Kind("packed events", "npz", _packed_events, _load),
    Kind("packed sound", "npz", _packed_sound, _load),
    Kind("recording", "npz", _recording, lambda path: _among_good(path, _good_recording)),
    Kind("wav", "wav", _wav, lambda path: _among_good(path, _good_wav)),
    Kind("atis", "bin", _atis, read_atis),
    Kind("aedat", "aedat", _aedat, read_aedat),
    Kind("nir", "nir", _nir, _read_nir),
)
