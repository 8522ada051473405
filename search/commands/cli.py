"""The command line. Imports JAX only inside commands, so that help and mistakes answer at once.

Exit codes: 0 done, 1 failed, 2 bad usage or config, 130 interrupted (state saved).
"""

import os
import sqlite3
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, CycloptsError, Parameter

import codesign
from search.commands.outcome import fail
from search.commands.studies.engines import EngineChoice
from search.errors import UserError
from search.study import compile_cache
from search.study.interrupt import from_the_start
from search.study.screens.screen import Progress

app = App(
    name="codesign",
    help="Train a neural network and choose its chip in the same gradient step.",
    version=codesign.__version__,
    # by default cyclopts ends the process after a command, and with it a test that calls one
    result_action="return_value",
)

_CONTINUE = "what was finished is kept; the same command continues (`run` with --resume)"

Kind = Literal["datasets", "hardware", "technologies", "objectives", "searchers", "networks", "workloads", "parameters", "columns"]

Settings = Annotated[tuple[str, ...], Parameter(name="--set", negative="")]

ONE = EngineChoice()


@app.command
def run(
    config: Path,
    /,
    *,
    output: Path | None = None,
    resume: bool = False,
    set_: Settings = (),
    dry_run: bool = False,
    progress: Progress = "auto",
) -> None:
    """Run a study from a config file.

    Parameters
    ----------
    config
        The study, a YAML file.
    output
        Folder for the results; default `results/NAME`.
    resume
        Continue what the folder holds.
    set_
        `key=value`, as `search.population=4`: replaces a value of the config; repeat for more.
    dry_run
        Say what it takes, and stop.
    progress
        auto: a live table on a terminal, else lines. plain: lines. json: a JSON object per line, for programs. All on standard error.
    """
    if dry_run:
        from search.commands.studies.dry import dry_run as tell

        tell(config, set_, 1)
        return
    from search.commands.studies.run import run as run_study

    run_study(config, output, resume, set_, progress)


@app.command
def sweep(
    config: Path,
    /,
    *,
    output: Path | None = None,
    set_: Settings = (),
    engine: EngineChoice = ONE,
    dry_run: bool = False,
    progress: Progress = "auto",
) -> None:
    """Run all studies that the `sweep` section of a config describes. The same command continues what was stopped, or adds what is new.

    Parameters
    ----------
    config
        The studies, a YAML file.
    output
        Folder for the results; default `results/NAME-sweep`.
    set_
        `key=value`, as `search.population=4`: replaces a value of the config; repeat for more.
    dry_run
        Say how many studies there are and what they take, and stop.
    progress
        auto: a live table on a terminal, else lines. plain: lines. json: a JSON object per line, for programs. All on standard error.
    """
    if dry_run:
        from search.commands.studies.dry import dry_run as tell

        tell(config, set_, engine.workers)
        return
    from search.commands.studies.sweep import sweep as run_sweep

    run_sweep(config, output, set_, engine, progress)


@app.command
def compare(
    config: Path,
    /,
    *,
    searchers: str = "gradient,supernet_nsga2,tpe,random",
    seeds: int = 5,
    budgets: str = "1",
    budget: float = 0.0,
    steps_per_design: int = 400,
    learning_rate: float = 1e-2,
    engine: EngineChoice = ONE,
    output: Path | None = None,
    progress: Progress = "auto",
) -> None:
    """Put searchers side by side on one problem, at equal budgets, over seeds. The same command continues what was stopped.

    Parameters
    ----------
    config
        The problem, a study's YAML file.
    searchers
        Names with commas between (`codesign list searchers`); the first is compared with every other.
    seeds
        Searches of each.
    budgets
        Shares of the budget, with commas between, such as `0.25,0.5,1`; every share is a search of its own.
    budget
        Training samples x simulated time steps; 0 for what the config's gradient search spends.
    steps_per_design
        Minibatches that searchers with a network per design train each for.
    learning_rate
        Of these.
    output
        Folder for the results; default `results/NAME-compare`.
    progress
        auto: a live table on a terminal, else lines. plain: lines. json: a JSON object per line, for programs. All on standard error.
    """
    from search.commands.studies.compare import compare as compare_searchers
    from search.compare.plan import Plan

    try:
        shares = tuple(float(share) for share in budgets.split(","))
    except ValueError:
        raise UserError(f"--budgets: must be numbers with commas between, got {budgets!r}") from None
    names = tuple(name.strip() for name in searchers.split(","))
    plan = Plan(config, names, seeds, shares, budget, steps_per_design, learning_rate)
    compare_searchers(plan, output, engine, progress)


@app.command
def check(config: Path, /, *, set_: Settings = ()) -> None:
    """Check a config without running it: keys, types, bounds, names, and whether the chip can run the network.

    Parameters
    ----------
    config
        A study, or a sweep, all of whose studies are checked.
    set_
        `KEY=VALUE`: a dotted key of the config and a value in YAML; repeat for more.
    """
    from search.commands.configs.check import check as check_config

    print(check_config(config, set_))


@app.command
def report(folder: Path, /) -> None:
    """Make the tables, figures and report of a result folder again from its store."""
    from search.results import publish

    print(f"report: {publish.republish(folder)}")


@app.command
def export(
    folder: Path,
    /,
    *,
    design: str | None = None,
    format_: Annotated[Literal["json", "nir", "integer", "csv", "parquet"], Parameter(name="--format")] = "json",
) -> None:
    """Write measured designs of a result folder for other tools.

    Parameters
    ----------
    folder
        A finished study.
    design
        One design; default all (json), or all on the front.
    format_
        csv, parquet: all tables, across the units of a sweep. json: settings, measured qualities and per-layer workload, printed.
        nir: a graph of the trained network with its hardware point. integer: weights, thresholds and leaks of a digital chip's
        datapath, as NumPy arrays.
    """
    if format_ == "json":
        from search.results import publish

        print(publish.designs_json(folder, design))
        return
    if format_ in ("csv", "parquet"):
        from search.results.exports import write_tables

        for path in write_tables(folder, format_):
            print(path)
        return
    from search.commands.export import export as export_files

    for path in export_files(folder, design, format_):
        print(path)


@app.command(name="list")
def list_(kind: Kind, of: str | None = None, /) -> None:
    """List what can be named in configs and commands.

    Parameters
    ----------
    kind
        What to list.
    of
        The chip whose parameters are listed.
    """
    if kind == "parameters":
        from search.commands.configs import parameters

        print("\n".join(parameters.table(of)))
        return
    if of is not None:
        raise UserError(f"list {kind}: takes no {of!r}")
    from search.commands.configs import catalogue

    for name, description in catalogue.entries(kind):
        print(f"{name:24s} {description}".rstrip())


@app.command
def schema() -> None:
    """Print the JSON Schema of configs, from which editors complete and explain keys."""
    from search.commands.configs import schema as schemas

    print(schemas.schema())


@app.command
def init(
    *, data: str, output: Path | None = None, hardware: str = "crossbar", target: str | None = None, ignore: tuple[str, ...] = ()
) -> None:
    """Write a commented config to begin with, for data at hand.

    Parameters
    ----------
    data
        A data set (`codesign list datasets`), or the path of data of your own (.npz, .csv, .tsv, or a folder).
    output
        The file; default the data's name with .yaml, in the working directory.
    hardware
        A chip (crossbar, systolic, manycore, hybrid).
    target
        The column of a table that holds the class; default the last.
    ignore
        A column of a table that is left out, such as numbers of samples; repeat for more.
    """
    if output is not None and output.exists():
        raise UserError(f"{output}: is there already (name another file with --output)")
    from search.commands.configs import init as beginning

    print(beginning.init(data, output, hardware, target, ignore))


@app.command
def cost(
    *,
    workload: str,
    hardware: str = "crossbar",
    set_: Settings = (),
    technology: str | None = None,
    json: bool = False,
    csv: bool = False,
    all_published: bool = False,
    hardness: float = 1.0,
) -> None:
    """Price a workload on a chip, without training.

    Parameters
    ----------
    workload
        A preset (`codesign list workloads`) or a CSV/YAML table of layers.
    hardware
        A chip (`codesign list hardware`).
    set_
        `NAME=VALUE`: a chip parameter or a workload property; repeat for more.
    technology
        Prices; default the family's own at 45 nm.
    json
        Print JSON.
    csv
        Print CSV.
    all_published
        Put the literature's models side by side, as ratios to an ANN of equal accuracy bits.
    hardness
        1 is the exact model, below 1 the smooth one.
    """
    from search.commands.prices.cost import cost as price

    price(workload, hardware, list(set_), technology, json, csv, all_published, hardness)


@app.command
def chips(
    config: Path,
    /,
    *,
    workload: str | None = None,
    rate: float = 0.1,
    starts: int = 64,
    steps: int = 300,
    output: Path | None = None,
    set_: Settings = (),
) -> None:
    """Search chips alone, for work that stays as it is: nothing is trained, costs and their bounds are all that counts.

    Parameters
    ----------
    config
        A study, whose hardware, parameters, cost objectives and bounds on costs are taken; its network gives the work.
    workload
        Work in place of the network's: a preset (`codesign list workloads`) or a CSV/YAML table of layers.
    rate
        Share of inputs and outputs that are not zero, in all layers of the network.
    starts
        Chips that gradients start from, drawn at random; as many more are polished without gradients, for comparison.
    steps
        Gradient steps of each.
    output
        Folder for `chips.csv` and `report.md`; default `results/NAME-chips`.
    set_
        `key=value`, as `constraints.area=1e6`: replaces a value of the config; repeat for more.
    """
    from search.commands.prices.chips import chips as search_chips

    search_chips(config, set_, workload, rate, starts, steps, output)


@app.command
def mappings(
    *, workload: str, mesh: int = 128, starts: int = 64, steps: int = 400, seed: int = 0, output: Path = Path("results/mappings.txt")
) -> None:
    """Search loop nests for a workload on Gemmini under Timeloop's closed form, and the smallest machine that runs them.

    Parameters
    ----------
    workload
        A preset (`codesign list workloads`) or a CSV/YAML table of layers.
    mesh
        Rows and columns of the array at most.
    starts
        Mappings that gradients start from; as many are polished without gradients, for comparison.
    steps
        Gradient steps of each.
    seed
        Of the starts.
    output
        File for the mappings, which `codesign cost --hardware timeloop --set mapping=FILE` prices.
    """
    from search.commands.prices.mappings import mappings as search_mappings

    search_mappings(workload, mesh, starts, steps, seed, output)


def main() -> None:
    """Entry point: maps outcomes to exit codes and one clear line."""
    # before any command: JAX reads where to keep programs when it is imported
    compile_cache.enable()
    try:
        with from_the_start():
            # mistakes come as exceptions, so that all of them end in one line below
            app(exit_on_error=False, print_error=False)
    except CycloptsError as error:
        fail(str(error).strip(), 2)
    except UserError as error:
        fail(str(error), 2)
    except KeyboardInterrupt:
        fail("interrupted", 130)
    # before OSError, of which it is one
    except BrokenPipeError:
        # Python flushes standard output once more when it ends, which would fail again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except OSError as error:
        fail(f"{error.filename or 'file'}: {error.strerror or error}; {_CONTINUE}", 1)
    # a full disk, say, or a file that was damaged meanwhile, as SQLite puts it
    except sqlite3.Error as error:
        fail(f"study.db: {error}; {_CONTINUE}", 1)


if __name__ == "__main__":
    main()
