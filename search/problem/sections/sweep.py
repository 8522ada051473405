"""Several studies in one file."""

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from search.problem.sections.strict import Strict, shape

Values = Annotated[list[Any], Field(min_length=1)]
Zip = dict[str, Values]


class SweepConfig(Strict):
    """Several studies in one file: every combination of what is listed; each is the config with these keys replaced.

    Keys are dotted (`hardware.technology`), and what they name is replaced whole.
    """

    grid: dict[str, Values] = Field({}, description="Values by key; every combination is a study.")
    zip: Annotated[Annotated[Zip, Tag("parts")] | Annotated[list[Zip], Tag("list")], Discriminator(shape)] = Field(
        {}, description="Values by key that go together, the first with the first: lists of one length; or a list of such mappings."
    )
    variants: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")], dict[str, Any]] = Field(
        {}, description="By name, the keys that each variant replaces, such as a whole `hardware` with its `parameters`."
    )
