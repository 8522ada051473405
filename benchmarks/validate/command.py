"""`python -m benchmarks validate`: run the tools, compare, write the page."""

import argparse
import sys
from pathlib import Path

from benchmarks.validate import aihwkit, environment, neurosim, report, sanafe, scalesim, zigzag
from benchmarks.validate.comparison import Row, Tool
from codesign.data.reading.files import user_cache

TOOLS: dict[str, Tool] = {module.TOOL.name: module.TOOL for module in (scalesim, zigzag, sanafe, aihwkit, neurosim)}
PAGE = Path(__file__).parents[2] / "docs" / "validation.md"


def compare(tool: Tool, folder: Path, seed: int) -> tuple[list[Row], str | None]:
    """Rows of a tool that is run here, or of its stored numbers and the reason why it is not."""
    if not tool.requirements:
        return tool.golden_rows(), "it is not a package"
    try:
        interpreter = environment.installed(folder / tool.name, tool.requirements)
        cases = tool.cases(seed)
        return tool.rows(cases, environment.run(interpreter, tool.script, cases)), None
    except (environment.NotInstalledError, environment.ScriptError) as error:
        return tool.golden_rows(), str(error)


def main() -> None:
    """Run what is asked for.

    Raises:
        SystemExit: 1 if a tool could not be run or a bar does not hold.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks validate", description=__doc__)
    parser.add_argument("--tools", nargs="+", choices=TOOLS, default=list(TOOLS), help="which of them (all)")
    parser.add_argument("--folder", type=Path, default=user_cache() / "validate", help="where their environments are kept (%(default)s)")
    parser.add_argument("--page", type=Path, default=PAGE, help="what is written (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the generated cases")
    asked = parser.parse_args()
    sections, failed = {}, []
    for name in asked.tools:
        tool = TOOLS[name]
        rows, trouble = compare(tool, asked.folder, asked.seed)
        sections[tool.title] = report.section(tool, rows, trouble)
        broken = [row for row in rows if not row.holds]
        print(f"{tool.title}: {len(rows)} numbers, {len(broken)} outside their bars" + (f"; not run: {trouble}" if trouble else ""))
        for row in broken:
            print(f"  {row.case}, {row.quantity}: {row.ours:.5g} against {row.theirs:.5g}, ratio {row.ratio:.3g} (bar: {row.bar.text})")
        failed += [name] if broken or (trouble and tool.requirements) else []
    report.write(asked.page, sections, [tool.title for tool in TOOLS.values()])
    if failed:
        print(f"not run, or outside a bar: {', '.join(failed)}", file=sys.stderr)
        raise SystemExit(1)
