"""Run the notebooks of this folder: in place with their outputs, or tiny, as a test.

    python notebooks/execute.py                  runs all and writes their outputs
    python notebooks/execute.py 1_quickstart     one of them
    python notebooks/execute.py --tiny           a few steps each, nothing is written; and looks at what is committed

What a notebook writes goes into a temporary folder. A cell tagged `parameters` holds the numbers that set the effort; its metadata `tiny`
is the source that stands in its place in tiny runs.
"""

import argparse
import json
import os
import re
import resource
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent
LARGEST: Final = 1_000_000
"""Of a committed notebook [bytes]: sites that show notebooks give up on large ones."""
LARGEST_PLOT: Final = 60_000
"""Of an interactive figure [bytes]; a larger one stays as a picture."""
PLOTLY: Final = "application/vnd.plotly.v1+json"
MACHINE_PATH: Final = re.compile(r"(?<![\w.:/])/(?:home|tmp|work|root|Users|usr|opt|var)/[\w.-]+")
METADATA: Final = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"},
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; 0 where all went well."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="of notebooks, such as 1_quickstart; all by default")
    parser.add_argument("--tiny", action="store_true", help="small numbers, in a temporary folder; nothing is written")
    asked = parser.parse_args(arguments)
    failed = list[str]()
    for path in chosen(asked.names):
        before = processor_seconds()
        faults = problems(path) if asked.tiny else []
        faults += executed(path, asked.tiny)
        faults += [] if asked.tiny else problems(path)
        print(f"{path.name}: {'; '.join(faults) or 'fine'} ({processor_seconds() - before:.0f} s of processor time)", flush=True)
        failed += faults
    return bool(failed)


def chosen(names: Sequence[str]) -> list[Path]:
    """The notebooks that are meant, in their order.

    Raises:
        SystemExit: no such notebook.
    """
    known = {path.stem: path for path in sorted(FOLDER.glob("*.ipynb"))}
    wanted = [Path(name).stem for name in names] or list(known)
    missing = [name for name in wanted if name not in known]
    if missing:
        raise SystemExit(f"no notebook {', '.join(missing)} in {FOLDER}: there are {', '.join(known)}")
    return [known[name] for name in wanted]


def executed(path: Path, tiny: bool) -> list[str]:
    """Run a notebook from top to bottom, and write its outputs unless it is tiny.

    Returns:
        What went wrong, and in which cell; nothing is written then.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    notebook = nbformat.read(path, as_version=4)
    if tiny:
        make_tiny(notebook)
    os.environ |= environment(tiny)
    folder = tempfile.mkdtemp()
    try:
        where_to = {"metadata": {"path": folder}}
        client = NotebookClient(notebook, timeout=1800, kernel_name="python3", record_timing=False, resources=where_to)
        client.execute()
    except CellExecutionError as error:
        return [f"{where(notebook)}: {error.ename}: {error.evalue}"]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if not tiny:
        clean(notebook)
        nbformat.write(notebook, path)
    return []


def environment(tiny: bool) -> dict[str, str]:
    """What kernels begin with."""
    # pictures for sites that run no scripts need a browser, which a test does without; XLA's chatter is of this machine
    shared = {"PLOTLY_RENDERER": "plotly_mimetype" if tiny else "plotly_mimetype+png", "TF_CPP_MIN_LOG_LEVEL": "3"}
    # most of a tiny run is compilation: programs that run once need not be fast
    return shared | ({"XLA_FLAGS": "--xla_backend_optimization_level=0"} if tiny else {})


def make_tiny(notebook: Any) -> None:
    """Put the small numbers in the place of the committed ones.

    Raises:
        SystemExit: the notebook has no cell for them.
    """
    cells = [cell for cell in notebook.cells if "tiny" in cell.metadata]
    if not cells:
        raise SystemExit("a notebook needs a cell tagged `parameters` with metadata `tiny`: the source of a run that takes seconds")
    for cell in cells:
        cell.source = cell.metadata["tiny"]


def clean(notebook: Any) -> None:
    """Leave out what differs from run to run, and interactive figures that are large."""
    notebook.metadata = METADATA
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            output.get("metadata", {}).clear()
            data = output.get("data", {})
            if "image/png" in data and len(json.dumps(data.get(PLOTLY, ""))) > LARGEST_PLOT:
                del data[PLOTLY]


def where(notebook: Any) -> str:
    """The first cell that failed."""
    for number, cell in enumerate(notebook.cells, 1):
        if any(output["output_type"] == "error" for output in cell.get("outputs", [])):
            return f"cell {number} ({cell.source.partition(chr(10))[0]})"
    return "a cell"


def problems(path: Path) -> list[str]:
    """What keeps a notebook from being committed."""
    text = path.read_text()
    cells = json.loads(text)["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    outputs = [output for cell in code for output in cell["outputs"]]
    found = []
    if len(text.encode()) > LARGEST:
        found.append(f"{len(text.encode()):,} bytes, {LARGEST:,} are allowed")
    if not outputs or any(cell["execution_count"] is None for cell in code):
        found.append("committed without having been run")
    if any(output["output_type"] == "error" for output in outputs):
        found.append("committed with an error")
    if any("tiny" in cell["metadata"] and "parameters" not in cell["metadata"].get("tags", []) for cell in cells):
        found.append("the cell with tiny numbers is not tagged `parameters`")
    paths = sorted({match for output in outputs for line in texts(output) for match in MACHINE_PATH.findall(line)})
    return found + [f"names {machine}, which is on one machine only" for machine in paths]


def texts(output: Mapping[str, Any]) -> Iterator[str]:
    """What an output says, without pictures."""
    said = [output.get("text", ""), *(value for kind, value in output.get("data", {}).items() if not kind.startswith("image/"))]
    yield from ("".join(part) if isinstance(part, list) else json.dumps(part) if isinstance(part, dict) else part for part in said)


def processor_seconds() -> float:
    """Of the kernels that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
