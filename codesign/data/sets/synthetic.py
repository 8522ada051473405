"""Event-camera data made from images: the camera makes saccades, and pixels report changes of log brightness.

So everything about events runs without a download. The motion is that of N-MNIST: three straight saccades along a triangle
(G. Orchard et al., "Converting static image datasets to spiking neuromorphic datasets using saccades", 2015); the pixel is that of
an event camera (P. Lichtsteiner, C. Posch, T. Delbruck, "A 128x128 120 dB 15 us latency asynchronous temporal contrast vision
sensor", 2008).
"""

import dataclasses
from collections.abc import Callable
from typing import Final

import numpy as np

from codesign.data.dataset import Pool, Recipe, Request

# row and column, in amplitudes; the path ends where it began, so that a pixel's changes add up to nothing
_CORNERS: Final = np.array([[0.0, 0.0], [1.0, 0.5], [0.0, 1.0], [0.0, 0.0]], np.float32)


@dataclasses.dataclass(frozen=True)
class Saccades:
    """How an image becomes events.

    Attributes:
        timesteps: frames of events.
        amplitude: extent of the motion [pixels of the sensor].
        scale: sensor pixels for each image pixel, in each direction.
        contrast: change of log brightness that makes one event.
        dark: brightness added to every pixel, so that black has a logarithm.
        ceiling: most events of a pixel, polarity and frame; 1 gives binary spikes.
    """

    timesteps: int = 12
    amplitude: float = 3.0
    scale: int = 2
    contrast: float = 0.3
    dark: float = 0.1
    ceiling: int = 1

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Events `[N, T, scale H, scale W, 2]` float32 (last axis: OFF, ON) of images `[N, H, W]` in [0, 1].

        Each pixel keeps the log brightness of its last event and reports whole multiples of `contrast` away from it, so what its
        events add up to is its true change to within one `contrast` (when `ceiling` cuts nothing).
        """
        # one more than the motion: between pixels the view reads the next one too
        margin = int(np.ceil(self.amplitude)) + 1
        scene = np.kron(images, np.ones((1, self.scale, self.scale), np.float32))
        padded = np.pad(scene, ((0, 0), (margin, margin), (margin, margin)))
        shape = scene.shape[1:]
        path = self._path()
        memory = self._log_brightness(padded, path[0], shape, margin)
        out = np.empty((len(images), self.timesteps, *shape, 2), np.float32)
        for step in range(self.timesteps):
            change = self._log_brightness(padded, path[step + 1], shape, margin) - memory
            # towards 0: falls are reported as late as rises, and what is below one contrast waits in the memory
            counts = np.trunc(change / np.float32(self.contrast))
            # by the whole count: what the ceiling cuts is lost, unlike in `encode.level_crossing`, which makes up for it later
            memory += counts * np.float32(self.contrast)
            out[:, step, :, :, 0] = np.minimum(np.maximum(-counts, 0), self.ceiling)
            out[:, step, :, :, 1] = np.minimum(np.maximum(counts, 0), self.ceiling)
        return out

    def _path(self) -> np.ndarray:
        """Offsets (row, column) of the camera at each frame boundary, `[T + 1, 2]`."""
        time = np.linspace(0, len(_CORNERS) - 1, self.timesteps + 1)
        columns = [np.interp(time, np.arange(len(_CORNERS)), _CORNERS[:, axis]) for axis in (0, 1)]
        return (np.stack(columns, axis=1) * self.amplitude).astype(np.float32)

    def _log_brightness(self, padded: np.ndarray, offset: np.ndarray, shape: tuple[int, ...], margin: int) -> np.ndarray:
        """Logarithm of the scene seen from an offset, bilinear between pixels."""
        whole = np.floor(offset).astype(int)
        row, column = offset - whole
        seen = np.zeros((len(padded), *shape), np.float32)
        for down, right, weight in (
            (0, 0, (1 - row) * (1 - column)),
            (0, 1, (1 - row) * column),
            (1, 0, row * (1 - column)),
            (1, 1, row * column),
        ):
            top, left = margin + whole[0] + down, margin + whole[1] + right
            seen += weight * padded[:, top : top + shape[0], left : left + shape[1]]
        return np.log(seen + np.float32(self.dark))


def from_images(recipe: Recipe, name: str, saccades: Saccades) -> Recipe:
    """The events of a data set of frames, with the same splits."""

    def wrap(pool: Pool) -> Pool:
        height, width = pool.sample_shape[:2]
        shape = (saccades.timesteps, saccades.scale * height, saccades.scale * width, 2)
        # the mean over colours: the sensor sees brightness alone
        return Pool(pool.where, pool.labels, shape, lambda indices: saccades(pool.read(indices).mean(axis=-1)), pool.records)

    validation = recipe.validation and wrap(recipe.validation)
    return dataclasses.replace(recipe, name=name, train=wrap(recipe.train), validation=validation, test=wrap(recipe.test), kind="events")


def synthetic(request: Request, images: Callable[[Request], Recipe]) -> Recipe:
    """Saccades over a data set of images."""
    recipe = images(request)
    saccades = Saccades(timesteps=request.timesteps or Saccades.timesteps, scale=2 if recipe.name == "digits" else 1)
    return from_images(recipe, f"synthetic:{recipe.name}", saccades)
