"""A process of its own that goes through cases and prints a line of JSON for each, so that one that kills it is known."""

import json
import resource
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks.fuzz import configs, files
from benchmarks.fuzz.watched import Verdict, watch

_LIMIT: Final = 6 * 2**30  # of address space beyond what is in use: a case that wants more is a traceback, and no harm to the machine


def config_case(seed: int, case: int, folder: Path) -> tuple[Verdict, bytes]:
    """One mutated config."""
    path, content = folder / "study.yaml", configs.text_of(seed, case)
    path.write_bytes(content)
    return watch(lambda: configs.check(path), configs.PROMISED), content


def file_case(seed: int, case: int, folder: Path) -> tuple[Verdict, bytes]:
    """One damaged file."""
    kind, content = files.content_of(seed, case)
    path = folder / f"damaged.{kind.suffix}"
    path.write_bytes(content)
    return watch(lambda: kind.read(path), kind.promised), f"{kind.name}\n".encode() + content


def main(kind: str, seed: int, start: int, stop: int, kept: str) -> None:
    """Cases from `start` to `stop`; what is found is kept in the folder `kept`."""
    run: Callable[[int, int, Path], tuple[Verdict, bytes]] = config_case if kind == "configs" else file_case
    configs.registry.load = configs.remembering()  # type: ignore[assignment]
    configs.check(configs.FOLDER / "quickstart.yaml")  # imports and first programs are no case's
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + _LIMIT, used + _LIMIT))
    with tempfile.TemporaryDirectory() as folder:
        for case in range(start, stop):
            verdict, content = run(seed, case, Path(folder))
            if verdict.outcome not in ("accepted", "refused"):
                Path(kept, f"{kind}-{seed}-{case}").write_bytes(content)
            print(json.dumps({"case": case, **verdict._asdict()}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]), sys.argv[5])  # type: ignore[call-arg, arg-type]
