"""`python -m benchmarks NAME` runs one benchmark; without a name it lists them."""

import difflib
import importlib
import pkgutil
import sys
from pathlib import Path


def names() -> list[str]:
    """Benchmarks by name."""
    return sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]) if not module.name.startswith("_"))


def main(arguments: list[str]) -> int:
    """Run the named benchmark; exit code 2 for an unknown name."""
    if not arguments:
        print("usage: python -m benchmarks NAME [ARGUMENTS]; NAME is one of " + ", ".join(names()))
        return 0
    name, *rest = arguments
    if name not in names():
        near = difflib.get_close_matches(name, names(), 1, 0)
        print(f"unknown benchmark {name!r} (did you mean {near[0]!r}?)", file=sys.stderr)
        return 2
    sys.argv = [f"benchmarks {name}", *rest]
    importlib.import_module(f"benchmarks.{name}").main()
    return 0


raise SystemExit(main(sys.argv[1:]))
