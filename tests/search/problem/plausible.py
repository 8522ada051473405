"""Small changes of good configs that look plausible: each with a part of the message it has to be refused with, or `RUNS`."""

from typing import Final

RUNS: Final = "runs"
_SEARCH: Final = """
objectives: [error, energy]
search: {population: 2, batch_size: 32, warmup_steps: 2, relax_steps: 2, anneal_steps: 2, finetune_steps: 2, steps_per_call: 2,
  designs: 2, chips: 2, aged_chips: 0, exact_chips: 0}
"""
_DATA: Final = """
name: plausible
seed: 1
data: {name: digits, validation_share: 0.15, limit: 100}
network: {kind: mlp, hidden: [12], longest: 3, options: {norm: none}, operation: {state_bits: 8}}
"""
CROSSBAR: Final = f"""{_DATA}
hardware: {{kind: crossbar, technology: rram_45nm, fixed: {{cell_bits: 1}}}}
parameters:
  rows: {{kind: power_of_two, low: 16, high: 64}}
  adc_bits: {{kind: integer, low: 3, high: 6}}
  timesteps: {{kind: integer, low: 1, high: 3}}
  weight_bits: {{kind: integer, low: 2, high: 4, per_layer: true}}
  programming_sigma: {{kind: continuous, low: 0.02, high: 0.2, log: true, per_layer: true}}
{_SEARCH}"""
SYSTOLIC: Final = f"""{_DATA}
hardware: {{kind: systolic, technology: digital_28nm, fixed: {{zeros: gating}}}}
parameters:
  rows: {{kind: power_of_two, low: 4, high: 16}}
  columns: {{kind: choice, options: [4, 8, 16]}}
  activation_bits: {{kind: integer, low: 1, high: 8, per_layer: true}}
{_SEARCH}"""
MANYCORE: Final = f"""{_DATA}
hardware: {{kind: manycore, technology: digital_28nm, fixed: {{synapses: dense}}}}
parameters:
  neurons_per_core: {{kind: power_of_two, low: 16, high: 64}}
  weight_bits: {{kind: integer, low: 2, high: 8, per_layer: true}}
{_SEARCH}"""
HYBRID: Final = f"""{_DATA}
hardware:
  kind: hybrid
  technology: digital_28nm
  engines: {{array: {{kind: systolic, fixed: {{zeros: gating}}}}, cores: {{kind: manycore}}}}
parameters:
  assignment: {{kind: categorical, options: [array, cores], per_layer: true}}
  gate: {{kind: gate, per_layer: true}}
  array.rows: {{kind: power_of_two, low: 4, high: 16}}
{_SEARCH}"""
_COLUMNS: Final = "columns: {kind: choice, options: [4, 8, 16]}"
_NEURONS: Final = "neurons_per_core: {kind: power_of_two, low: 16, high: 64}"
_STEPS: Final = "timesteps: {kind: integer, low: 1, high: 3}"
MIXED: Final = f"""{_DATA}
hardware:
  kind: hybrid
  technology: rram_28nm
  engines: {{array: {{kind: systolic}}, cells: {{kind: crossbar, fixed: {{cell_bits: 1}}}}}}
parameters:
  assignment: {{kind: categorical, options: [array, cells], per_layer: true}}
  cells.rows: {{kind: power_of_two, low: 16, high: 64}}
  cells.adc_bits: {{kind: integer, low: 3, high: 6, per_layer: true}}
{_SEARCH}"""
BASES: Final = {"crossbar": CROSSBAR, "systolic": SYSTOLIC, "manycore": MANYCORE, "hybrid": HYBRID, "mixed": MIXED}

# base, what is replaced, by what, what is said
PLAUSIBLE: Final = [
    # technologies that do not price the chip
    ("crossbar", "rram_45nm", "digital_45nm", "hardware.technology: a crossbar needs a memory device"),
    ("crossbar", "rram_45nm", "loihi_14nm", "hardware.technology: technology 'loihi_14nm' has the calibrated events"),
    ("crossbar", "rram_45nm", "[]", "hardware.technology: names no technology"),
    ("crossbar", "rram_45nm", "[rram_45nm, digital_28nm]", "a chip has one node"),
    ("crossbar", "rram_45nm", "[rram_45nm, pcm_45nm]", "device is pcm and rram; a chip has one"),
    ("crossbar", "rram_45nm", "sram_45nm", "hardware.technology: unknown technology 'sram_45nm'"),
    ("crossbar", "rram_45nm", "{process: cmos_45nm, device: rram, memory: fast}", "hardware.technology: unknown memory 'fast'"),
    ("crossbar", "rram_45nm", "{process: cmos_45nm, offchip: none}", "hardware.technology: a crossbar needs a memory device"),
    ("crossbar", "rram_45nm", "pcm_14nm", RUNS),
    ("crossbar", "rram_45nm", "{process: cmos_22nm, device: pcm, memory: hp}", RUNS),
    ("crossbar", "rram_45nm", "sram_8t_28nm", "parameters.programming_sigma: an SRAM cell is written exactly"),
    ("crossbar", "rram_45nm, fixed: {cell_bits: 1", "sram_8t_28nm, fixed: {cell_bits: 2", "hardware.fixed.cell_bits: 2 bits are more"),
    ("systolic", "digital_28nm", "loihi_14nm", "hardware.technology: technology 'loihi_14nm' has the calibrated events"),
    ("systolic", "digital_28nm", "rram_28nm", RUNS),
    ("manycore", "digital_28nm", "loihi_14nm", RUNS),
    ("manycore", "digital_28nm", "loihi_28nm", "hardware.technology: unknown technology 'loihi_28nm'"),
    ("hybrid", "digital_28nm", "[digital_14nm, loihi_14nm]", "have different bases"),
    # values that no chip has
    ("crossbar", "cell_bits: 1", "cell_bits: 1, stuck_on: 0.5, stuck_off: 0.5", "stuck_on and stuck_off leave no working cell"),
    (
        "crossbar",
        "cell_bits: 1",
        "cell_bits: 1, stuck_on: 0, stuck_off: 0, levels: 4, device: pcn",
        "unknown device 'pcn' (did you mean 'pcm'?)",
    ),
    ("crossbar", "cell_bits: 1", "cell_bits: 0", "hardware.fixed.cell_bits: must be a whole number from 1 to 8 bit, got 0"),
    ("crossbar", "cell_bits: 1", "cell_bits: 1.5", "hardware.fixed.cell_bits: must be a whole number"),
    ("crossbar", "cell_bits: 1", "cell_bits: .nan", "hardware.fixed.cell_bits: must be finite"),
    ("crossbar", "cell_bits: 1", "cell_bits: one", "hardware.fixed.cell_bits: must be a number"),
    ("crossbar", "cell_bits: 1", "cell_bits: true", "hardware.fixed.cell_bits"),
    ("crossbar", "cell_bits: 1", "columns: 100000", "hardware.fixed.columns: must be a whole number from 1 to 4096"),
    ("crossbar", "cell_bits: 1", "columns: -16", "hardware.fixed.columns: must be"),
    ("crossbar", "cell_bits: 1", "columns: [16, 32]", RUNS),
    ("crossbar", "cell_bits: 1", "columns_per_adc: [8, 8, 8]", "hardware.fixed.columns_per_adc: has 3 values, but the network has 2"),
    ("crossbar", "cell_bits: 1", "columns_per_adc: [4, 8]", RUNS),
    ("crossbar", "cell_bits: 1", "rows: 32", "hardware.fixed.rows: is fixed here and searched as parameters.rows"),
    ("crossbar", "cell_bits: 1", "encoding: twos_complement", "unknown encoding 'twos_complement'"),
    ("crossbar", "cell_bits: 1", "encoding: 2", "hardware.fixed.encoding: must be a name"),
    ("crossbar", "cell_bits: 1", "encoding: offset", RUNS),
    ("crossbar", "cell_bits: 1", "interconnect: htree", RUNS),
    ("crossbar", "cell_bits: 1", "memory: dram", "unknown memory 'dram'"),
    ("crossbar", "cell_bits: 1", "memory: lstp", RUNS),
    ("crossbar", "cell_bits: 1", "inferences_per_s: 0", "inferences_per_s must be above 0"),
    ("crossbar", "cell_bits: 1", "inferences_per_s: fast", "hardware.fixed.inferences_per_s: must be a number"),
    ("crossbar", "cell_bits: 1", "stuck_on: 0.01, stuck_off: 0.05", RUNS),
    ("crossbar", "cell_bits: 1", "device: rram-mnsim, adc_offset: 0.5, adc_noise: [0.1, 0.3]", RUNS),
    ("crossbar", "cell_bits: 1", "device: rram-mnsin", "hardware.fixed: unknown device 'rram-mnsin' (did you mean 'rram-mnsim'?)"),
    ("crossbar", "cell_bits: 1", "device: 3", "hardware.fixed.device: must be a name"),
    ("crossbar", "cell_bits: 1", "stuck_on: 0.7", "hardware.fixed.stuck_on: must be from 0 to 0.5"),
    ("crossbar", "cell_bits: 1", "stuck_on: [0.1, 0.2]", "hardware.fixed.stuck_on: is one value for the whole chip"),
    ("crossbar", "cell_bits: 1", "levels: 1", "hardware.fixed.levels: must be a whole number from 2"),
    ("crossbar", "cell_bits: 1", "clock_mhz: 10000", "hardware.fixed: the chip asks for"),
    ("systolic", "zeros: gating", "zeros: gated", "unknown zeros 'gated'"),
    ("systolic", "zeros: gating", "supply_v: 5", "hardware.fixed.supply_v: must be from 0.3 to 1.5 V"),
    ("systolic", "zeros: gating", "dataflow: row_stationary", "unknown dataflow 'row_stationary'"),
    ("systolic", "zeros: gating", "dataflow: spike_tailored", RUNS),
    ("manycore", "synapses: dense", "placement: snake", "hardware.fixed.placement: cannot be set in a config"),
    ("manycore", "synapses: dense", "message_bits: 0", "hardware.fixed.message_bits: must be"),
    ("manycore", "synapses: dense", "synapses: sparse", RUNS),
    # bounds of a search
    ("crossbar", "  adc_bits: {kind: integer, low: 3, high: 6}", "  adc_noise: {kind: continuous, low: 0.05, high: 1, log: true}", RUNS),
    (
        "crossbar",
        "  adc_bits: {kind: integer, low: 3, high: 6}",
        "  stuck_on: {kind: continuous, low: 0, high: 0.1}",
        "hardware.fixed gives it",
    ),
    ("crossbar", "  adc_bits: {kind: integer, low: 3, high: 6}", "  adc_offset: {kind: continuous, low: 0, high: 2}", "no price is known"),
    ("crossbar", "low: 16, high: 64", "low: -16, high: 64", "parameters.rows: a logarithmic parameter needs low above 0"),
    ("crossbar", "low: 16, high: 64", "low: 16, high: 131072", "parameters.rows: must be a whole number from 1 to 4096"),
    ("crossbar", "kind: power_of_two, low: 16, high: 64", "kind: gate", "parameters.rows"),
    ("crossbar", "kind: power_of_two, low: 16, high: 64", "kind: gate, per_layer: false", "parameters.rows: is a number from 1 to 4096"),
    ("crossbar", "kind: power_of_two, low: 16, high: 64", "kind: continuous, low: 16, high: 64", "parameters.rows: has whole numbers only"),
    ("crossbar", "kind: power_of_two, low: 16, high: 64", "kind: choice, options: [16.5, 32]", "parameters.rows: must be a whole number"),
    ("crossbar", "kind: power_of_two, low: 16, high: 64", "kind: categorical, options: [small, large]", "parameters.rows: is a number"),
    ("crossbar", "low: 16, high: 64", "low: 16, high: 64, per_layer: true", RUNS),
    ("crossbar", "kind: power_of_two, low: 16, high: 64", "kind: integer, low: 7, high: 99", RUNS),
    ("crossbar", "low: 3, high: 6", "low: 0, high: 6", "parameters.adc_bits: must be a whole number from 1 to 14"),
    ("crossbar", "low: 3, high: 6", "low: 3, high: 6, per_layer: true", RUNS),
    ("crossbar", "low: 3, high: 6", "low: 6, high: 6", "parameters.adc_bits: low must be below high"),
    ("crossbar", "low: 0.02, high: 0.2", "low: 0, high: 0.2", "parameters.programming_sigma"),
    ("crossbar", "low: 0.02, high: 0.2, log: true", "low: 0, high: 0.2", "parameters.programming_sigma: must be from 0.001 to 1"),
    ("crossbar", "low: 0.02, high: 0.2", "low: 2, high: 20", "parameters.programming_sigma: must be from 0.001 to 1"),
    (
        "crossbar",
        "low: 2, high: 4, per_layer: true",
        "low: 1, high: 4, per_layer: true",
        "parameters.weight_bits: must be a whole",
    ),
    (
        "crossbar",
        "low: 2, high: 4, per_layer: true",
        "low: 2, high: 64, per_layer: true",
        "parameters.weight_bits: must be a whole",
    ),
    ("crossbar", "low: 2, high: 4, per_layer: true", "low: 2, high: 4", RUNS),
    ("systolic", "low: 4, high: 16", "low: 4, high: 16, per_layer: true", "parameters.rows: is one value for the whole chip"),
    ("systolic", "low: 1, high: 8, per_layer: true", "low: 1, high: 8", RUNS),
    ("systolic", "options: [4, 8, 16]", "options: [4]", "parameters.columns: options must be at least two rising numbers"),
    ("systolic", "options: [4, 8, 16]", "options: [16, 8, 4]", "parameters.columns: options must be at least two rising numbers"),
    (
        "systolic",
        _COLUMNS,
        "clock_mhz: {kind: integer, low: 100, high: 90000}",
        "parameters.clock_mhz",
    ),
    (
        "systolic",
        _COLUMNS,
        "dataflow: {kind: categorical, options: [weight_stationary, output_stationary], per_layer: true}",
        RUNS,
    ),
    (
        "systolic",
        _COLUMNS,
        "memory: {kind: categorical, options: [hp, lop], per_layer: true}",
        "parameters.memory: is one value for the whole chip",
    ),
    ("systolic", _COLUMNS, "memory: {kind: categorical, options: [hp, lop]}", RUNS),
    (
        "systolic",
        _COLUMNS,
        "memory: {kind: categorical, options: [hp, fast]}",
        "parameters.memory: unknown",
    ),
    ("systolic", _COLUMNS, "dataflow: {kind: categorical, options: [ws, os]}", "parameters.dataflow"),
    ("systolic", _COLUMNS, "adc_bits: {kind: integer, low: 3, high: 6}", "neither Systolic nor"),
    (
        "systolic",
        _COLUMNS,
        "supply_v: {kind: continuous, low: 0.1, high: 0.9}",
        "parameters.supply_v",
    ),
    ("manycore", "low: 16, high: 64", "low: 16, high: 64, per_layer: true", "parameters.neurons_per_core: is one value"),
    ("manycore", "low: 2, high: 8, per_layer: true", "low: 2, high: 8", RUNS),
    # the way the network is run
    (
        "crossbar",
        _STEPS,
        "timesteps: {kind: integer, low: 0, high: 3}",
        "parameters.timesteps: must be",
    ),
    ("crossbar", "low: 1, high: 3}", "low: 1, high: 9}", "parameters.timesteps: high 9 exceeds network.longest"),
    ("crossbar", "low: 1, high: 3}", "low: 1, high: 3, per_layer: true}", "parameters.timesteps: is one value for the whole chip or run"),
    ("crossbar", "operation: {state_bits: 8}", "operation: {weight_bits: 4}", "network.operation.weight_bits: is fixed here and searched"),
    (
        "crossbar",
        "operation: {state_bits: 8}",
        "operation: {state_bit: 8}",
        "unknown field (did you mean 'state_bits'?)",
    ),
    (
        "crossbar",
        "operation: {state_bits: 8}",
        "operation: {state_bits: 0}",
        "network.operation.state_bits: must be a whole",
    ),
    ("crossbar", "operation: {state_bits: 8}", "operation: {activation_bits: .inf}", "network.operation.activation_bits: must be"),
    ("crossbar", "operation: {state_bits: 8}", "operation: {gate: 0}", RUNS),
    ("crossbar", "operation: {state_bits: 8}", "operation: {gate: 0.5}", "network.operation.gate: must be a whole number from 0 to 1"),
    ("crossbar", "operation: {state_bits: 8}", "operation: {exit_entropy: 0.3}", RUNS),
    ("crossbar", "operation: {state_bits: 8}", "operation: {exit_entropy: 30}", "network.operation.exit_entropy: must be from 0 to 1"),
    ("manycore", _NEURONS, "gate: {kind: gate}", RUNS),
    (
        "manycore",
        _NEURONS,
        "gate: {kind: continuous, low: 0, high: 1}",
        "parameters.gate: is a switch",
    ),
    (
        "manycore",
        _NEURONS,
        "exit_entropy: {kind: continuous, low: 0.1, high: 0.5}",
        RUNS,
    ),
    (
        "manycore",
        _NEURONS,
        "state_bits: {kind: integer, low: 4, high: 12}",
        "is fixed here",
    ),
    # the network
    ("crossbar", "hidden: [12]", "hidden: [0]", "network.hidden.0: input should be greater than or equal to 1"),
    ("crossbar", "hidden: [12]", "hidden: []", RUNS),
    ("crossbar", "hidden: [12]", "hidden: [16777216, 16777216]", "network: needs at least"),
    ("crossbar", "hidden: [12]", "hidden: [1000000000000000000]", "network.hidden: must be from 0 to 16777216"),
    ("crossbar", "kind: mlp, hidden: [12]", "kind: transformer, channels: [4]", "network.channels: transformer takes"),
    ("crossbar", "kind: mlp, hidden: [12]", "kind: transformer", RUNS),
    ("crossbar", "kind: mlp, hidden: [12]", "kind: lenet", "lenet needs images of at least 12 x 12"),
    ("crossbar", "kind: mlp, hidden: [12]", "kind: recurrent, hidden: [12]", RUNS),
    ("crossbar", "kind: mlp, hidden: [12]", "kind: convnet, channels: [4]", RUNS),
    ("crossbar", "options: {norm: none}", "options: {norm: batch}", "unknown norm 'batch'"),
    ("crossbar", "options: {norm: none}", "options: {encoding: events}", "network"),
    ("crossbar", "options: {norm: none}", "options: {encoding: rate, firing: stochastic}", RUNS),
    ("crossbar", "options: {norm: none}", "options: {firing: stochastic, temperature: 0}", "network.options.temperature"),
    ("crossbar", "options: {norm: none}", "options: {firing: graded, payload_bits: 0}", "network.options.payload_bits: must be from 1"),
    ("crossbar", "options: {norm: none}", "options: {neuron: parallel, steps: 1}", "network"),
    ("crossbar", "options: {norm: none}", "options: {readout: each_step}", "network.options.readout: is each_step, but digits"),
    ("crossbar", "options: {norm: none}", "options: {state: exact}", "it must be fixed_point where state_bits is chosen"),
    ("crossbar", "options: {norm: none}, operation: {state_bits: 8}", "options: {norm: none, state: exact}", RUNS),
    ("crossbar", "hidden: [12], longest: 3", "hidden: [12], longest: 0", "network.longest: input should be greater"),
    # data
    ("crossbar", "limit: 100", "limit: 20", "batches of 32 need as many training samples, there are"),
    ("crossbar", "limit: 100", "limit: 100, timesteps: 4", "data.timesteps: timesteps=4 cannot be asked of digits"),
    ("crossbar", "validation_share: 0.15", "validation_share: 15", "data.validation_share: input should be less than 1"),
    ("crossbar", "name: digits", "name: mine.npz", "mine.npz"),
    # wishes
    ("crossbar", "[error, energy]", "[error, energy, error]", "objectives: must differ from each other"),
    ("crossbar", "[error, energy]", "[error]", "objectives"),
    ("crossbar", "[error, energy]", "[accuracy, energy, area]", RUNS),
    ("crossbar", "[error, energy]", "[error, 'os:getcwd']", "objectives.1: 'os:getcwd': os is a module of Python itself"),
    ("crossbar", "[error, energy]", "[error, 'numpy:ndarray']", "objectives.1: 'numpy:ndarray' is no AbstractObjective"),
    ("crossbar", "[error, energy]", "[error, 'search.objectives.cost:EnergyDelayProduct']", RUNS),
    (
        "crossbar",
        "[error, energy]",
        "[error, energy]\nconstraints: {accuracy: 95}",
        "constraints.accuracy: is a share from 0 to 1",
    ),
    ("crossbar", "[error, energy]", "[error, energy]\nconstraints: {error: 25}", "constraints.error: is a share from 0 to 1, not per cent"),
    ("crossbar", "[error, energy]", "[error, energy]\nconstraints: {area: 0}", "constraints.area"),
    ("crossbar", "[error, energy]", "[error, energy]\nconstraints: {energy: .inf}", "constraints.energy"),
    ("crossbar", "[error, energy]", "[error, energy]\nconstraints: {error: 0.9, latency: 1.0e+12}", RUNS),
    ("crossbar", "kind: crossbar", "kind: 'json:JSONDecoder'", "hardware.kind: 'json:JSONDecoder': json is a module of Python itself"),
    # hybrid chips
    (
        "hybrid",
        "options: [array, cores]",
        "options: [cores, array]",
        "parameters.assignment: must be {kind: categorical,",
    ),
    (
        "hybrid",
        "options: [array, cores]",
        "options: [array, core]",
        "parameters.assignment: must be {kind: categorical,",
    ),
    ("hybrid", "options: [array, cores], per_layer: true", "options: [array, cores]", "parameters.assignment: must be"),
    ("hybrid", "kind: manycore", "kind: crossbar", "hardware.technology: a crossbar needs a memory device"),
    ("mixed", "kind: crossbar", "kind: crosbar", "hardware.engines.cells.kind: unknown hardware 'crosbar' (did you mean 'crossbar'?)"),
    ("mixed", "cells.adc_bits", "adc_bits", "parameters.adc_bits: neither HybridChip nor"),
    ("mixed", "rram_28nm", "digital_28nm", "hardware.technology: a crossbar needs a memory device"),
    ("hybrid", "kind: manycore", "kind: hybrid", "hardware.engines.cores.kind: unknown hardware 'hybrid'"),
    ("hybrid", "kind: manycore", "kind: systolic", RUNS),
    ("hybrid", "array.rows", "rows", "parameters.rows: neither HybridChip nor"),
    ("hybrid", "array.rows", "cores.rows", "parameters.cores.rows: neither HybridChip nor"),
    ("hybrid", "zeros: gating", "rows: 8", "hardware.engines.array.fixed.rows: is fixed here and searched as parameters.array.rows"),
    ("hybrid", "low: 4, high: 16", "low: 4, high: 16384", "parameters.array.rows: must be a whole number from 1 to 4096"),
    ("hybrid", "gate: {kind: gate, per_layer: true}", "link_gbit_per_s: {kind: continuous, low: 1, high: 100, log: true}", RUNS),
    ("hybrid", "gate: {kind: gate, per_layer: true}", "array.memory: {kind: categorical, options: [hp, lstp]}", RUNS),
    ("mixed", "kind: hybrid", "kind: hybrid\n  fixed: {cells.rows: 64}", "is an engine's: hardware.engines.cells.fixed: {rows: ..}"),
    ("mixed", "kind: hybrid", "kind: hybrid\n  fixed: {assignment: cells}", "hardware.fixed.assignment: is fixed here and searched"),
    ("mixed", "cell_bits: 1", "cell_bits: 1, device: pcn", "hardware.engines.cells.fixed: unknown device 'pcn' (did you mean 'pcm'?)"),
    ("mixed", "[error, energy]", "[error, aged_error, energy]", RUNS),
]
