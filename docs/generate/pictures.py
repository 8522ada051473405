"""The pictures of the concept pages: `python -m docs.generate.pictures` writes them to `docs/assets`.

Curves are the code's own functions.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import jax.numpy as jnp
import numpy as np

from codesign.numerics import smooth_ceil, step_weights
from docs.generate.drawing import BLUE, ORANGE, arrow, axes, box, curve, picture, tile, words

ASSETS: Final = Path(__file__).parents[1] / "assets"


def waist() -> str:
    """Network and chip meet in a workload and a cost; gradients go back the same way."""
    names = ["data", "network", "Workload", "chip", "Cost", "objectives"]
    below = ["samples", "weights, neurons", "what it asks, by layer", "rows, bits, clock ...", "by layer, component", "error, energy ..."]
    parts = []
    for i, (name, text) in enumerate(zip(names, below, strict=True)):
        x = 10 + 125 * i
        parts += [box(x, 40, 100, 44, name, strong=name in ("Workload", "Cost")), words(x + 50, 102, text, size=10)]
        if i:
            parts.append(arrow([(x - 25, 62), (x - 3, 62)]))
    parts.append(arrow([(685, 34), (685, 18), (185, 18), (185, 34)], ORANGE))
    parts += [arrow([(435, 18), (435, 34)], ORANGE), words(310, 12, "gradients, to the weights and to the chip", ORANGE, size=11)]
    return picture(760, 115, "Data, network, workload, chip, cost and objectives in a row; gradients go back to network and chip", parts)


def relaxed() -> str:
    """Ceilings and time steps while a search moves, and once they are hard."""
    x = np.linspace(0.05, 4, 160)
    parts = [*axes(50, "K / rows", "arrays along the rows", 4), *axes(420, "searched time steps", "weight of each time step", 4)]
    for hardness, colour, dash in ((0.3, ORANGE, "2 3"), (0.7, ORANGE, "6 3"), (1.0, BLUE, "")):
        y = np.asarray(smooth_ceil(jnp.asarray(x), hardness))
        parts.append(curve(zip(50 + x * 72, 210 - y * 45, strict=True), colour, dash))
    parts += [words(245, 190, "hardness 0.3, 0.7", ORANGE, size=11), words(245, 204, "exact", BLUE, size=11)]
    weights = np.asarray([step_weights(float(t), 4) for t in x])
    for t in range(4):
        base = 210 - t * 46
        parts += [
            curve(zip(420 + x * 72, base - weights[:, t] * 40, strict=True), BLUE),
            words(412, base - 4, f"t={t + 1}", size=9, end=True),
        ]
    return picture(760, 255, "A smooth ceiling that becomes exact; the weight of each time step, exact at whole numbers", parts)


def stages() -> str:
    """Which model is used when."""
    before = [("warm-up", "random chips"), ("scout", "legal chips"), ("relax", "smooth model"), ("anneal", "hardens")]
    after = [("harden", "corners, polish"), ("fine-tune", "weights alone"), ("measure", "test, 16 chips")]
    parts = [words(225, 16, "relaxed: gradients move weights and chip", ORANGE)]
    parts.append(words(590, 16, "exact: legal designs only", BLUE))
    for i, (name, text) in enumerate([*before, *after]):
        x = 10 + 107 * i + (10 if i > 3 else 0)
        parts += [box(x, 28, 92, 40, name, colour=ORANGE if i < 4 else BLUE), words(x + 46, 84, text, size=10)]
        if i:
            parts.append(arrow([(x - (25 if i == 4 else 15), 48), (x - 2, 48)]))
    parts.append(curve([(437, 24), (437, 92)], "currentColor", "4 3"))
    return picture(770, 100, "Warm-up, scout, relax and anneal are relaxed; harden, fine-tune and measure are exact", parts)


def charged() -> str:
    """A breakdown is counts times prices."""
    parts = [box(10, 30, 150, 60, "counts", strong=True), words(85, 108, "reads, conversions, hops, cycles", size=10)]
    parts += [words(180, 66, "x", size=18), box(200, 30, 150, 60, "prices", strong=True)]
    parts += [words(275, 108, "pJ, um2, ns, each with its source", size=10), words(372, 66, "=", size=18)]
    for row, shades in enumerate([[0.9, 0.3, 0.5, 0.1], [0.6, 0.2, 0.4, 0.1], [0.3, 0.1, 0.2, 0.05]]):
        parts += [tile((450 + 62 * column, 30 + 22 * row), (60, 20), shade) for column, shade in enumerate(shades)]
        parts.append(words(442, 44 + 22 * row, f"layer {row + 1}", size=10, end=True))
    parts += [words(480 + 62 * i, 24, name, size=10) for i, name in enumerate(("adc", "array", "buffers", "control"))]
    parts.append(words(573, 108, "energy by layer and component: totals are its sums", size=10))
    return picture(760, 118, "Counts of actions times prices give energy by layer and component", parts)


def prices() -> str:
    """Parts make one technology, which all families ask."""
    names = ["process", "memory", "device", "offchip"]
    below = ["logic, wires, converters", "SRAM: hp, lop, lstp", "rram, pcm, sram_8t", "lpddr4, hbm2 ..."]
    parts = []
    for i, (name, text) in enumerate(zip(names, below, strict=True)):
        y = 8 + 44 * i
        parts += [box(10, y, 90, 32, name), words(172, y + 20, text, size=10), arrow([(235, y + 16), (290, 72 + 16 * i)])]
    parts += [box(296, 62, 130, 70, "technology", strong=True), words(361, 150, "value, interval, source", size=10)]
    for i, family in enumerate(("systolic", "crossbar", "many-core", "hybrid")):
        y = 8 + 44 * i
        parts += [arrow([(430, 72 + 16 * i), (500, y + 16)]), box(506, y, 100, 32, family)]
    parts.append(words(685, 98, "same act, same price", size=11))
    return picture(760, 180, "Process, memory, device and off-chip memory make one technology, which every family of chips asks", parts)


def chips() -> str:
    """One design, many simulated chips."""
    drawn = np.random.default_rng(3).normal(4.4, 0.7, 16)
    parts = [box(10, 60, 120, 50, "one design", strong=True), words(70, 126, "weights and settings", size=10)]
    for i, error in enumerate(drawn):
        x, y = 190 + 34 * (i % 8), 40 + 46 * (i // 8)
        parts += [tile((x, y), (28, 34), 0.15 + 0.1 * (error - 2.5)), words(x + 14, y + 21, f"{error:.1f}", size=9)]
    parts.append(words(323, 24, "16 simulated chips: own programming errors, noise, wires; error in %, an example", size=11))
    parts += [arrow([(134, 85), (184, 85)]), arrow([(466, 85), (516, 85)])]
    parts.append(box(520, 60, 110, 50, f"{drawn.mean():.1f} ± {drawn.std(ddof=1):.1f} %", strong=True))
    parts += [
        words(575, 126, "mean and spread", size=10),
        words(695, 78, "the same chips", size=10),
        words(695, 92, "for every design", size=10),
    ]
    return picture(760, 140, "One design on 16 simulated chips gives a mean error and its spread", parts)


PICTURES: Final[dict[str, Callable[[], str]]] = {
    "waist": waist,
    "relaxed": relaxed,
    "stages": stages,
    "charged": charged,
    "prices": prices,
    "chips": chips,
}


if __name__ == "__main__":
    for name, draw in PICTURES.items():
        (ASSETS / f"{name}.svg").write_text(draw())
