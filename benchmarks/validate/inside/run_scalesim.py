"""SCALE-Sim on single layers whose inputs are padded already: cycles, and words read and written. Needs `scalesim`."""

import contextlib
import io
import json
import sys
import tempfile
from pathlib import Path

from scalesim.scale_sim import scalesim

CONFIG = """[general]
run_name = run
[architecture_presets]
ArrayHeight: {rows}
ArrayWidth: {columns}
IfmapSramSzkB: {buffer_kb}
FilterSramSzkB: {buffer_kb}
OfmapSramSzkB: {buffer_kb}
IfmapOffset: 0
FilterOffset: 10000000
OfmapOffset: 20000000
Dataflow: {dataflow}
Bandwidth: 10
ReadRequestBuffer: 64
WriteRequestBuffer: 64
[layout]
IfmapCustomLayout: False
IfmapSRAMBankBandwidth: 10
IfmapSRAMBankNum: 10
IfmapSRAMBankPort: 2
FilterCustomLayout: False
FilterSRAMBankBandwidth: 10
FilterSRAMBankNum: 10
FilterSRAMBankPort: 2
[sparsity]
SparsitySupport: false
[run_presets]
InterfaceBandwidth: CALC
UseRamulatorTrace: False
"""


def run(case, folder):
    """One layer; `groups` of it are alike, so one is run and counted as often."""
    (folder / "run.cfg").write_text(CONFIG.format(**case))
    fields = [case[name] for name in ("size", "size", "kernel", "kernel", "channels_in", "channels_out", "stride")]
    # a comma must end each line
    (folder / "layers.csv").write_text("name,h,w,kh,kw,c,n,s,\nlayer," + ",".join(map(str, fields)) + ",1:1,\n")
    (folder / "layout.csv").write_text("name,\nlayer," + "1," * 20 + "\n")
    simulator = scalesim(
        save_disk_space=True,
        verbose=False,
        config=str(folder / "run.cfg"),
        topology=str(folder / "layers.csv"),
        layout=str(folder / "layout.csv"),
    )
    simulator.run_scale(top_path=str(folder))
    layer = simulator.runner.single_layer_sim_object_list[0]
    layer.calc_report_data()
    counts = {
        "cycles": layer.total_cycles,
        "input_reads": layer.ifmap_sram_reads,
        "weight_reads": layer.filter_sram_reads,
        "dram_reads": layer.ifmap_dram_reads + layer.filter_dram_reads,
    }
    return {name: float(count) * case["groups"] for name, count in counts.items()}


if __name__ == "__main__":
    cases = json.loads(Path(sys.argv[1]).read_text())
    with tempfile.TemporaryDirectory() as place, contextlib.redirect_stdout(io.StringIO()):
        results = [run(case, Path(place)) for case in cases]
    Path(sys.argv[2]).write_text(json.dumps(results))
