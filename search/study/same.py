"""Whether a folder holds the study that is asked for, or one that it grew out of."""

from collections.abc import Iterable

from search.errors import UserError
from search.problem.config import differences
from search.study.store.store import Store
from search.study.unit import Unit


def refuse_unless_same(store: Store, kind: str, units: Iterable[Unit]) -> None:
    """See that a folder is free, or that it shares units with a study; those that it lacks are added, those that it has more stay.

    Raises:
        UserError: it holds something else; the message says what differs.
    """
    held, asked = store.tables.units(), list(units)
    if not held:
        return
    elsewhere = "choose another place with --output"
    if (other := store.tables.get("kind")) != kind:
        raise UserError(f"{store.folder} holds a {other or 'study'}, not a {kind}; {elsewhere}")
    if {stored.unit.name for stored in held} & {unit.name for unit in asked}:
        return
    # of all pairs those that are most alike say best what was changed
    found = min((differences(h.unit.config, u.config) for h in held[:64] for u in asked[:64]), key=len)
    shown = ", ".join(found[:6]) + (f" and {len(found) - 6} more" if len(found) > 6 else "")
    raise UserError(f"{store.folder} holds another {kind} (changed since: {shown}); {elsewhere}")
