"""aihwkit's torch tile on scikit-learn's digits: a network trained plainly, then on analog chips. Needs `aihwkit` and `scikit-learn`."""

import copy
import json
import sys

import torch
from aihwkit.inference import GlobalDriftCompensation, PCMLikeNoiseModel
from aihwkit.nn.conversion import convert_to_analog
from aihwkit.simulator.configs import TorchInferenceRPUConfig
from sklearn.datasets import load_digits
from torch import nn

NO_LIMIT = 1e6
G_MAX_US = 25.0


def data(seed):
    """Images in [0, 1] and labels; the last 547 of a shuffle are for testing."""
    images, labels = load_digits(return_X_y=True)
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    x, y = torch.tensor(images / 16, dtype=torch.float32), torch.tensor(labels)
    return order[:-547], order[-547:], x, y


def trained(x, y, seed):
    """A plain 64-100-10 network."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(64, 100), nn.ReLU(), nn.Linear(100, 10))
    optimiser = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(60):
        for batch in torch.randperm(len(y)).split(50):
            optimiser.zero_grad()
            nn.functional.cross_entropy(model(x[batch]), y[batch]).backward()
            optimiser.step()
    return model


def full_scales(model, x):
    """Largest sum of each layer, in units of its largest weight."""
    with torch.no_grad():
        hidden = x @ model[0].weight.T
        out = torch.relu(hidden + model[0].bias) @ model[2].weight.T
        sums = ((hidden, model[0]), (out, model[2]))
        return [float(each.abs().max() / layer.weight.abs().max()) for each, layer in sums]


def noise_model(condition):
    """Programming noise of a constant share of Gmax, or PCM as published."""
    if condition["time_s"] is not None:
        return PCMLikeNoiseModel(g_max=G_MAX_US)
    spread = [condition["sigma"] * G_MAX_US]
    return PCMLikeNoiseModel(prog_coeff=spread, g_max=G_MAX_US, read_noise_scale=0.0, drift_scale=0.0)


def configuration(condition, full_scale):
    """One array without any noise but the devices', and a converter that clips at the full scale."""
    config = TorchInferenceRPUConfig()
    config.mapping.weight_scaling_omega = 1.0
    config.mapping.digital_bias = True
    config.forward.inp_res, config.forward.inp_bound = -1, NO_LIMIT
    config.forward.inp_noise = config.forward.out_noise = config.forward.w_noise = 0.0
    config.forward.noise_management = type(config.forward.noise_management).NONE
    config.forward.bound_management = type(config.forward.bound_management).NONE
    config.forward.out_res, config.forward.out_bound = -1, NO_LIMIT
    if condition["bits"] is not None:
        # 2^b - 1 codes, zero among them, the outermost half a step inside the full scale
        codes = 2 ** condition["bits"] - 2
        config.forward.out_res, config.forward.out_bound = 1 / codes, full_scale * codes / (codes + 1)
    config.noise_model = noise_model(condition)
    config.drift_compensation = GlobalDriftCompensation() if condition["time_s"] is not None else None
    return config


def accuracies(model, condition, scales, x, y, chips):
    """Of each chip."""
    found = []
    for chip in range(chips):
        torch.manual_seed(1000 + chip)
        layers = [convert_to_analog(copy.deepcopy(model[i]), configuration(condition, scales[i // 2])) for i in (0, 2)]
        for layer in layers:
            layer.eval()
            layer.program_analog_weights()
            layer.drift_analog_weights(condition["time_s"] or 0.0)
        with torch.no_grad():
            guess = layers[1](torch.relu(layers[0](x))).argmax(1)
        found.append(float((guess == y).float().mean()))
    return found


def run(case):
    """The network, and its accuracy on every chip in every condition."""
    train, test, x, y = data(case["seed"])
    model = trained(x[train], y[train], case["seed"])
    scales = full_scales(model, x[train])
    return {
        "weights": [model[i].weight.T.tolist() for i in (0, 2)],
        "biases": [model[i].bias.tolist() for i in (0, 2)],
        "full_scales": scales,
        "test": test.tolist(),
        "accuracies": {each["name"]: accuracies(model, each, scales, x[test], y[test], case["chips"]) for each in case["conditions"]},
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    with open(sys.argv[1]) as stream:
        cases = json.load(stream)
    results = [run(case) for case in cases]
    with open(sys.argv[2], "w") as stream:
        json.dump(results, stream)
