"""What every objective keeps to: a finite scalar that compiles, maps over designs and can be followed."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from codesign.evaluation.evaluate import Evaluation
from codesign.testing.hardware import QUICK_TO_COMPILE


def check_objective(objective: Callable[[Evaluation], Array], evaluation: Evaluation) -> str:
    """Check an objective on one evaluation: any callable from an evaluation to a scalar, such as an instance of a search's objective class.

    Properties: the value is a finite real scalar; it compiles, once for all values, to the same number; it maps over designs; its relaxed
    form (`relaxed` where the objective has one, else the objective itself) is finite too, and has finite gradients that are not all zero,
    unless the objective says `differentiable = False`.

    Args:
        objective: the callable.
        evaluation: a typical one.

    Returns:
        A line per property, for people.

    Raises:
        AssertionError: names all properties that do not hold.
    """
    leaves, static = eqx.partition(evaluation, eqx.is_inexact_array)
    relaxed = getattr(objective, "relaxed", objective)
    differentiable = getattr(objective, "differentiable", True)
    traces: list[int] = []

    def value(one: Any) -> Array:
        traces.append(1)
        return jnp.asarray(objective(eqx.combine(one, static)))

    def check_value() -> str:
        alone = jnp.asarray(objective(evaluation))
        assert alone.shape == (), f"expected a scalar, got shape {alone.shape}"
        assert jnp.issubdtype(alone.dtype, jnp.floating), f"expected a floating-point number, got {alone.dtype}"
        assert bool(jnp.isfinite(alone)), f"the value is {alone}"
        assert bool(jnp.isfinite(relaxed(evaluation))), f"the relaxed value is {relaxed(evaluation)}"
        return f"value {float(alone):.6g}, relaxed {float(relaxed(evaluation)):.6g}"

    def check_compiles() -> str:
        traces.clear()
        compiled = jax.jit(value, compiler_options=QUICK_TO_COMPILE)
        first = compiled(leaves)
        # in the leaf's own dtype, as another dtype would be a new trace of our own making
        compiled(jax.tree.map(lambda leaf: leaf * leaf.dtype.type(0.99), leaves))
        assert np.isclose(float(first), float(objective(evaluation)), rtol=1e-4), f"compiled it gives {first}, else {objective(evaluation)}"
        assert len(traces) == 1, f"traced {len(traces)} times over changing values"
        return "compiles, once"

    def check_maps() -> str:
        stacked = jax.tree.map(lambda leaf: jnp.stack([leaf, leaf]), leaves)
        many = jax.vmap(value)(stacked)
        assert np.allclose(many, float(objective(evaluation)), rtol=1e-4), f"mapped over designs it gives {many}"
        return "maps over designs"

    def check_gradient() -> str:
        if not differentiable:
            return "not differentiable, as it says"
        gradient = jax.tree.leaves_with_path(jax.grad(lambda one: relaxed(eqx.combine(one, static)))(leaves))
        broken = [jax.tree_util.keystr(path) for path, leaf in gradient if not bool(jnp.all(jnp.isfinite(leaf)))]
        assert not broken, f"the gradient is not finite with respect to {', '.join(broken)}"
        alive = [jax.tree_util.keystr(path) for path, leaf in gradient if bool(jnp.any(leaf != 0))]
        assert alive, "the gradient is zero everywhere: say differentiable = False, or give it a smooth `relaxed`"
        return f"gradients with respect to {len(alive)} of {len(gradient)} arrays"

    report, broken = [], []
    # every check runs, so that one report names all that is broken
    for check in (check_value, check_compiles, check_maps, check_gradient):
        try:
            report.append(f"ok: {check()}")
        except Exception as error:  # whatever a user's code raises is the finding
            first = str(error).splitlines()[0] if str(error) else ""
            kind = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
            broken.append(f"{check.__name__.removeprefix('check_')}: {kind}{first}")
    assert not broken, "\n".join(broken)
    return "\n".join(report)
