"""The run-time type checker of the test suite: shapes and dtypes of every annotated call, an int counting as a float (PEP 484)."""

from beartype import BeartypeConf, beartype

checker = beartype(conf=BeartypeConf(is_pep484_tower=True))
