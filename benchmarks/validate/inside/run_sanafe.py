"""SANA-FE on Loihi's description: random spikes into a stack of layers, each on cores of its own. Needs `sanafe`."""

import json
import random
import sys

import sanafe

CORES_PER_TILE = 4


def input_group(network, case, draw):
    """Neurons that fire at random, and how often they do."""
    size, steps = case["inputs"], case["steps"]
    group = network.create_neuron_group("in", size, soma_hw_name="loihi_inputs[0]")
    total = 0
    for index, neuron in enumerate(group.neurons):
        spikes = [int(draw.random() < case["input_rate"]) for _ in range(steps)]
        total += sum(spikes)
        neuron.set_attributes(soma_hw_name=f"loihi_inputs[{index}]", model_attributes={"spikes": spikes})
    return group, total


def connect(source, target, layer, draw):
    """Random weights, a little positive so that thresholds are reached."""

    def weights(count):
        return [draw.gauss(layer["weight_mean"], 1.0) for _ in range(count)]

    if layer["kind"] == "dense":
        source.connect_neurons_dense(target, {"weight": weights(layer["inputs"] * layer["outputs"])})
    else:
        size, kernel = layer["size"], layer["kernel"]
        filters = weights(kernel**2 * layer["channels_in"] * layer["channels_out"])
        source.connect_neurons_conv2d(
            target,
            {"weight": filters},
            size,
            size,
            layer["channels_in"],
            kernel,
            kernel,
            layer["channels_out"],
            layer["stride"],
            layer["stride"],
        )


def core_of(index, layer):
    """Which of its layer's cores a neuron sits on; maps are stored channel by channel."""
    pixels = layer["outputs"] // layer["channels_out"]
    place, places = (index % pixels, pixels) if layer["split"] == "rows" else (index // pixels, layer["channels_out"])
    return place * layer["cores"] // places


def run(case):
    """One case: counts, energy [J] and time [s] over all steps."""
    draw = random.Random(case["seed"])
    architecture, network = sanafe.load_loihi(), sanafe.Network()
    cores = [core for tile in architecture.tiles for core in list(tile.cores)[:CORES_PER_TILE]]
    source, spikes_in = input_group(network, case, draw)
    for neuron in source.neurons:
        neuron.map_to_core(cores[0])
    used = 1
    for number, layer in enumerate(case["layers"]):
        synapse = "loihi_dense_synapse" if layer["kind"] == "dense" else "loihi_conv_synapse"
        group = network.create_neuron_group(
            f"l{number}",
            layer["outputs"],
            model_attributes={"threshold": layer["threshold"]},
            soma_hw_name="loihi_lif",
            default_synapse_hw_name=synapse,
            default_dendrite_hw_name="loihi_dendrites",
            log_spikes=True,
        )
        connect(source, group, layer, draw)
        for index, neuron in enumerate(group.neurons):
            neuron.map_to_core(cores[used + core_of(index, layer)])
        used += layer["cores"]
        source = group
    chip = sanafe.SpikingChip(architecture)
    chip.load(network)
    found = chip.sim(case["steps"], spike_trace=True, perf_trace=True)
    fired = [str(neuron).split(".")[0] for step in found["spike_trace"] for neuron in step]
    return {
        "in_spikes": spikes_in,
        "layer_spikes": {f"l{number}": fired.count(f"l{number}") for number in range(len(case["layers"]))},
        "synaptic_events": found["spikes"],
        "messages": found["packets_sent"],
        "hops": sum(found["perf_trace"]["hops"]),
        "updated": found["neurons_updated"],
        "energy_j": found["energy"],
        "sim_time_s": found["sim_time"],
    }


if __name__ == "__main__":
    with open(sys.argv[1]) as stream:
        cases = json.load(stream)
    results = [run(case) for case in cases]
    with open(sys.argv[2], "w") as stream:
        json.dump(results, stream)
