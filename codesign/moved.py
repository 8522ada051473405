"""Import paths that the documentation named before rooms had folders: they still lead to the same things, with a warning."""

import importlib
import sys
import warnings
from collections.abc import Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Final

NAMES: Final = {
    "codesign.analog.ageing": "codesign.analog.device.ageing",
    "codesign.analog.array": "codesign.analog.arrays.array",
    "codesign.analog.converter": "codesign.analog.arrays.converter",
    "codesign.analog.device_array": "codesign.analog.arrays.device_array",
    "codesign.analog.device_catalogue": "codesign.analog.device.catalogue",
    "codesign.analog.device_noise": "codesign.analog.device.noise",
    "codesign.analog.mapping": "codesign.analog.arrays.mapping",
    "codesign.analog.wires_resistance": "codesign.analog.wires.resistance",
    "codesign.arithmetic": "codesign.evaluation.arithmetic",
    "codesign.data.cochlea": "codesign.data.encoders.cochlea",
    "codesign.data.encode": "codesign.data.encoders.encode",
    "codesign.data.synthetic": "codesign.data.sets.synthetic",
    "codesign.evaluate": "codesign.evaluation.evaluate",
    "codesign.network.models": "codesign.network.builders.models",
    "codesign.parameter": "codesign.parameters",
    "codesign.presets": "codesign.workloads.presets",
    "codesign.recalibrate": "codesign.evaluation.recalibrate",
    "codesign.verify": "codesign.evaluation.verify",
    "codesign.workload": "codesign.workloads.workload",
}


class Moved(MetaPathFinder, Loader):
    """Finds modules by their former names; asked only where nothing else is found."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """A module whose content is that of the new one."""
        return ModuleSpec(fullname, self) if fullname in self.names else None

    def exec_module(self, module: ModuleType) -> None:
        """The new module's names, under the former one."""
        new = self.names[module.__name__]
        warnings.warn(f"{module.__name__} has moved to {new}", DeprecationWarning, stacklevel=2)
        found = importlib.import_module(new)
        module.__doc__ = found.__doc__
        # asked name by name: the new place may itself be a face that loads its rooms when asked
        vars(module)["__getattr__"] = lambda name: getattr(found, name)


def install(names: Mapping[str, str]) -> None:
    """Let former names be imported."""
    sys.meta_path.append(Moved(names))
