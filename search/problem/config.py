"""Study configs: YAML 1.2 files, checked key by key; every complaint says `file:line: path: what is wrong`."""

import difflib
import hashlib
import json
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from search.errors import UserError, nearest

Path_ = tuple[str | int, ...]


class Strict(BaseModel):
    """Unknown keys and silent conversions are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class DataConfig(Strict):
    """Which data, and how much of it; `timesteps` are the bins of event recordings and other sets that can choose them."""

    name: str
    timesteps: int | None = Field(None, ge=1)
    validation_share: float | None = Field(None, gt=0, lt=1)
    limit: int | None = Field(None, ge=1)


class NetworkConfig(Strict):
    """Which network: `hidden` sizes for `mlp`, `channels` for `convnet`; `options` are other arguments of the builder and its style."""

    kind: str
    hidden: list[Annotated[int, Field(ge=1)]] = []
    channels: list[Annotated[int, Field(ge=1)]] = []
    options: dict[str, int | float | str | list[int]] = {}
    longest: int = Field(8, ge=1, le=1024)
    operation: dict[str, float] = {}


Fixed = dict[str, float | str | list[float]]


class EngineConfig(Strict):
    """One engine of a hybrid chip."""

    kind: str
    fixed: Fixed = {}


class TechnologyConfig(Strict):
    """A technology by its parts; see `codesign.technology.compose`."""

    process: str
    memory: str = "lop"
    device: str = "none"
    offchip: str = "lpddr4"
    events: str = "none"

    def __str__(self) -> str:
        """The parts, for people."""
        return "{" + ", ".join(f"{slot}: {part}" for slot, part in self.model_dump().items() if part != "none") + "}"


def _shape(value: Any) -> str:
    # told apart by shape, so that a mistake is complained of once and not for each of the three
    return "parts" if isinstance(value, dict | TechnologyConfig) else "names" if isinstance(value, list) else "name"


TechnologyChoice = Annotated[
    Annotated[str, Tag("name")] | Annotated[list[str], Tag("names")] | Annotated[TechnologyConfig, Tag("parts")], Discriminator(_shape)
]


class HardwareConfig(Strict):
    """Which chip, in which technology (several are joined); `fixed` parameters are not searched; `engines` are for `hybrid`, by name."""

    kind: str
    technology: TechnologyChoice
    allow_mixed_basis: bool = False
    fixed: Fixed = {}
    # no dots in names: `engine.parameter` is split at the first one
    engines: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], EngineConfig] = {}

    @property
    def technology_text(self) -> str:
        """The technology, for people; says where bases are mixed."""
        text = " + ".join(self.technology) if isinstance(self.technology, list) else str(self.technology)
        return f"{text}, on mixed price bases: verdicts between engines may hang on that" if self.allow_mixed_basis else text


class Bounded(Strict):
    """An entry under `parameters`; refused with the parameter's own complaint when its bounds are not legal."""

    @model_validator(mode="after")
    def _legal(self) -> "Bounded":
        make_parameter(self)
        return self


class ContinuousConfig(Bounded):
    """See `codesign.parameters.Continuous`."""

    kind: Literal["continuous"]
    low: float
    high: float
    log: bool = False
    per_layer: bool = False
    steps: int = Field(32, ge=1)


class IntegerConfig(Bounded):
    """See `codesign.parameters.Integer`."""

    kind: Literal["integer"]
    low: int
    high: int
    log: bool = False
    per_layer: bool = False


class PowerOfTwoConfig(Bounded):
    """See `codesign.parameters.PowerOfTwo`."""

    kind: Literal["power_of_two"]
    low: int
    high: int
    per_layer: bool = False


class ChoiceConfig(Bounded):
    """See `codesign.parameters.Choice`."""

    kind: Literal["choice"]
    options: list[float]
    per_layer: bool = False


class GateConfig(Bounded):
    """See `codesign.parameters.Gate`."""

    kind: Literal["gate"]
    per_layer: bool = True


class CategoricalConfig(Bounded):
    """See `codesign.parameters.Categorical`; the options of `assignment` are the engines of a hybrid chip."""

    kind: Literal["categorical"]
    options: list[str]
    per_layer: bool = False


# by name: the classes themselves would import JAX
_PARAMETERS: dict[type[Strict], str] = {
    ContinuousConfig: "Continuous",
    IntegerConfig: "Integer",
    PowerOfTwoConfig: "PowerOfTwo",
    ChoiceConfig: "Choice",
    GateConfig: "Gate",
    CategoricalConfig: "Categorical",
}


def make_parameter(config: Strict) -> Any:
    """The parameter a config entry describes.

    Raises:
        ValueError: bounds that are reversed, not finite or not legal.
    """
    from codesign.parameters import space as kinds  # imports JAX when asked: not for a file that is missing or is no YAML

    values = config.model_dump(exclude={"kind"})
    if "options" in values:
        # as chips hold theirs, which these are compared with
        values["options"] = tuple(values["options"])
    return getattr(kinds, _PARAMETERS[type(config)])(**values)


# told apart by kind, so that a mistake is complained of once and not for each of the six
ParameterConfig = Annotated[
    ContinuousConfig | IntegerConfig | PowerOfTwoConfig | ChoiceConfig | GateConfig | CategoricalConfig, Field(discriminator="kind")
]


class SearchConfig(Strict):
    """How the joint search is run; see `search.problem.schedule.Settings`."""

    model_config = ConfigDict(allow_inf_nan=False)

    # the defaults of `Settings` once more: its module imports JAX, and configs are checked without
    kind: Literal["gradient"] = "gradient"
    population: int = Field(10, ge=1, le=4096)
    batch_size: int = Field(64, ge=1)
    warmup_steps: int = Field(300, ge=0)
    relax_steps: int = Field(400, ge=0)
    anneal_steps: int = Field(200, ge=0)
    finetune_steps: int = Field(150, ge=0)
    steps_per_call: int = Field(25, ge=1)
    learning_rate: float = Field(3e-3, gt=0)
    chip_learning_rate: float = Field(2e-2, gt=0)
    # above 0: weights are spread evenly in their logarithms
    preference_low: float = Field(3e-3, gt=0)
    preference_high: float = Field(1.0, gt=0)
    scalarisation: Literal["linear", "tchebycheff", "epsilon", "hypervolume"] = "linear"
    warm_start: Literal["shared", "own"] = "own"
    population_axis: Literal["auto", "loop", "vmap"] = "auto"
    patience: int = Field(0, ge=0)
    polish_evaluations: int = Field(0, ge=0)
    scout_evaluations: int = Field(0, ge=0)
    tuned_designs: int = Field(0, ge=0)
    chips: int = Field(16, ge=1, le=4096)
    aged_chips: int = Field(4, ge=0, le=4096)
    designs: int = Field(24, ge=1)

    @model_validator(mode="after")
    def _ordered(self) -> "SearchConfig":
        if self.preference_low > self.preference_high:
            raise ValueError(f"preference_low must not be above preference_high, got {self.preference_low:g} and {self.preference_high:g}")
        return self

    @model_validator(mode="after")
    def _some_steps(self) -> "SearchConfig":
        if self.warmup_steps + self.relax_steps + self.anneal_steps == 0:
            raise ValueError("warmup_steps, relax_steps and anneal_steps must not all be 0: nothing would be searched")
        return self


class Config(Strict):
    """A study."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    # of 32 bits: a longer one would draw what its lower bits do
    seed: int = Field(0, ge=0, lt=2**32)
    output: str | None = None
    data: DataConfig
    network: NetworkConfig
    hardware: HardwareConfig
    parameters: dict[str, ParameterConfig] = Field(min_length=1)
    objectives: list[str] = Field(["error", "energy"], min_length=2)
    constraints: dict[str, float] = {}
    search: SearchConfig = SearchConfig()

    def hash(self) -> str:
        """Twelve digits that name what is computed: the config without the place of its results."""
        content = self.model_dump(mode="json", exclude={"output"})
        # in order: a seed's draws pick parameters by their place
        content["parameters"] = list(content["parameters"].items())
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]


class ConfigFile:
    """A config with the lines its keys came from."""

    def __init__(self, path: Path, document: Any, config: Config) -> None:
        self.path, self.config = path, config
        self._document = document

    def error(self, where: Path_, what: str) -> UserError:
        """A complaint about one key, for problems that show only when the study is built."""
        return UserError(_located(self.path, self._document, where, what)[1])


def read(path: Path) -> ConfigFile:
    """A checked config file.

    Raises:
        UserError: one line per problem, sorted by line: `file:line: path: what is wrong (did you mean ...)`.
    """
    document = _parse(path)
    try:
        config = Config.model_validate(_plain(document))
    except ValidationError as invalid:
        found = [_located(path, document, _known_part(document, e["loc"], e["type"] == "missing"), _message(e)) for e in invalid.errors()]
        raise UserError("\n".join(text for _, text in sorted(found))) from None
    return ConfigFile(path, document, config)


def _parse(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        folder = path.parent if path.parent.is_dir() else Path(".")
        near = difflib.get_close_matches(path.name, [p.name for p in folder.glob("[!.]*.y*ml")], 1, 0.3)
        hint = f" (did you mean {str(folder / near[0])!r}?)" if near else ""
        raise UserError(f"{path}:1: file: does not exist{hint}") from None
    except IsADirectoryError:
        raise UserError(f"{path}:1: file: is a folder, not a config file") from None
    except UnicodeDecodeError:
        raise UserError(f"{path}:1: file: is not text (a config is UTF-8 YAML)") from None
    except OSError as error:
        raise UserError(f"{path}:1: file: cannot be read: {error.strerror}") from None
    try:
        # the round-trip loader keeps the line of every key, and reads YAML 1.2, where `no` is a word
        document = YAML(typ="rt", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        # the parser's messages have several lines, ours one
        what = " ".join(str(error.problem or error.context).split())
        raise UserError(f"{path}:{line}: file: is not valid YAML: {what}") from None
    except (YAMLError, ValueError) as error:
        raise UserError(f"{path}:1: file: is not valid YAML: {' '.join(str(error).split())[:120]}") from None
    if document is None:
        raise UserError(f"{path}:1: file: is empty (a study needs {', '.join(_required(Config))})")
    if not isinstance(document, dict):
        raise UserError(f"{path}:1: file: must be a mapping of keys to values, found {type(_plain(document)).__name__}")
    return document


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {key if isinstance(key, str) else str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    # ruamel's numbers carry their spelling along; bool comes first, for it is an int too
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def _known_part(document: Any, location: Sequence[str | int], missing: bool) -> Path_:
    """Pydantic's location without the tags of unions, which are not in the file; the last part of a missing key is not there either."""
    found: list[str | int] = []
    node = document
    for index, part in enumerate(location):
        if part in (node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()):
            node = node[part]
        elif not (missing and index == len(location) - 1):
            continue  # a tag
        found.append(part)
    return tuple(found)


def _located(path: Path, document: Any, where: Path_, what: str) -> tuple[int, str]:
    line = 1
    node: Any = document
    for part in where:
        try:
            position = node.lc.key(part) if hasattr(node, "keys") else node.lc.item(part)
            line, node = position[0] + 1, node[part]
        # not in the file: the line of what should hold it
        except (KeyError, TypeError, AttributeError, IndexError):
            break
    return line, f"{path}:{line}: {'.'.join(map(str, where)) or 'file'}: {what}"


def _message(error: Any) -> str:
    kind, location = error["type"], error["loc"]
    if kind == "extra_forbidden":
        return f"unknown key{nearest(str(location[-1]), _keys(location[:-1]))}"
    if kind == "missing":
        return "is missing"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        tags = [typing.get_args(model.model_fields["kind"].annotation)[0] for model in _PARAMETERS]
        given = error["input"].get("kind") if isinstance(error["input"], dict) else None
        return "kind is missing" + nearest("", tags) if given is None else f"unknown kind {given!r}{nearest(str(given), tags)}"
    if kind == "value_error":
        # pydantic's own text would begin with `Value error`
        return str(error["ctx"]["error"])
    # a whole section would bury the complaint
    shown = f", got {error['input']!r}" if isinstance(error["input"], str | int | float | bool | type(None)) else ""
    return error["msg"][0].lower() + error["msg"][1:] + shown


# members of unions
_TAGGED: Final[tuple[type[BaseModel], ...]] = (*_PARAMETERS, TechnologyConfig)


def _required(model: type[BaseModel]) -> list[str]:
    return [name for name, field in model.model_fields.items() if field.is_required()]


def _tag(model: type[BaseModel]) -> str:
    """What pydantic calls a model in the location of a mistake: the kind of a parameter, or a technology by its parts."""
    return typing.get_args(model.model_fields["kind"].annotation)[0] if model in _PARAMETERS else "parts"


def _keys(location: Sequence[str | int]) -> list[str]:
    """Keys that are valid at a location, for the nearest-name hint."""
    model: Any = Config
    for part in location:
        if isinstance(model, type) and issubclass(model, BaseModel):
            model = model.model_fields[str(part)].annotation if part in model.model_fields else None
        elif typing.get_origin(model) is dict:
            model = typing.get_args(model)[1]
        elif model is not None:  # the tag of a union of parameter kinds
            model = next((m for m in _TAGGED if _tag(m) == part), None)
    return list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []
