"""What all sections have in common."""

from typing import Any, Final

from pydantic import BaseModel, ConfigDict

PATH: Final = r"^[^\x00]+$"  # of paths: anything but what no system can open


class Strict(BaseModel):
    """Unknown keys, silent conversions and numbers that are not finite are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def shape(value: Any) -> str:
    """The form of a value: members of unions are told apart by it, so that a mistake is complained of once and not for each of them."""
    if isinstance(value, dict | BaseModel):
        return "parts"
    return "list" if isinstance(value, list) else "text" if isinstance(value, str) else "number"
