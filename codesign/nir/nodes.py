"""What each kind of NIR node does in one time step.

NIR describes neurons in continuous time; a step of length dt takes a membrane the share a of the way to where its input drives it:
v <- v + a (v_leak + r I - v) with a = dt / tau ("euler") or 1 - exp(-dt / tau) ("exponential": exact for an input that is constant
over the step). A neuron fires where v > v_threshold at the end of the step, and is then set to v_reset, or lowered by v_threshold -
v_reset where its reset is soft. "exact" resets at the moment within the step at which the membrane reached its threshold.

Source: J. Pedersen et al., "Neuromorphic intermediate representation", Nature Communications 15, 2024.
"""

import abc
from typing import Any, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

Integrator = Literal["euler", "exponential", "exact"]
State = Any


class Step(NamedTuple):
    """Time step [s, or whatever unit the graph's time constants are in] and how it is integrated."""

    dt: float
    integrator: Integrator

    def share(self, tau: Array) -> Array:
        """How far a state with time constant `tau` gets in a step, in (0, 1]; Euler's passes 1, and the target, where dt exceeds tau."""
        if self.integrator == "euler":
            return self.dt / tau
        # 1 - exp would cancel where a step is much shorter than tau
        return -jnp.expm1(-self.dt / tau)


class AbstractNode(eqx.Module):
    """A node: `[shape in] -> [shape out]` per time step, with a state that may be empty."""

    @abc.abstractmethod
    def initial(self, shape: tuple[int, ...], step: Step) -> State:
        """State before the first step, for inputs of a shape; None for a node without memory."""

    @abc.abstractmethod
    def __call__(self, state: State, value: Array, step: Step) -> tuple[State, Array]:
        """One time step."""


class Identity(AbstractNode):
    """Input and output of a graph."""

    def initial(self, shape: tuple[int, ...], step: Step) -> State:
        """No state."""
        return None

    def __call__(self, state: State, value: Array, step: Step) -> tuple[State, Array]:
        """The value as it is."""
        return state, value


class Dense(AbstractNode):
    """Affine and Linear: W x + b over the last axis, one product for each leading index of the weights."""

    weight: Float[Array, "... outputs inputs"]
    bias: Float[Array, "... outputs"] | None

    def initial(self, shape: tuple[int, ...], step: Step) -> State:
        """No state."""
        return None

    def __call__(self, state: State, value: Array, step: Step) -> tuple[State, Array]:
        """Matrix product."""
        out = jnp.einsum("...oi,...i->...o", self.weight, value)
        return state, out if self.bias is None else out + self.bias


class Scale(AbstractNode):
    """An element-wise factor."""

    factor: Array

    def initial(self, shape: tuple[int, ...], step: Step) -> State:
        """No state."""
        return None

    def __call__(self, state: State, value: Array, step: Step) -> tuple[State, Array]:
        """Product."""
        return state, self.factor * value


class Convolution(AbstractNode):
    """Conv1d and Conv2d on `[channels, *size]`, as in most frameworks a cross-correlation."""

    weight: Float[Array, "channels_out channels_in *kernel"]
    bias: Float[Array, " channels_out"] | None
    # these decide shapes, and so are static
    stride: tuple[int, ...] = eqx.field(static=True)
    padding: tuple[tuple[int, int], ...] = eqx.field(static=True)
    dilation: tuple[int, ...] = eqx.field(static=True)
    groups: int = eqx.field(static=True)

    def initial(self, shape: tuple[int, ...], step: Step) -> State:
        """No state."""
        return None

    def __call__(self, state: State, value: Array, step: Step) -> tuple[State, Array]:
        """Convolution."""
        # with a batch of one, without which XLA does not convolve; samples are mapped over
        out = jax.lax.conv_general_dilated(
            value[None], self.weight, self.stride, self.padding, rhs_dilation=self.dilation, feature_group_count=self.groups
        )[0]
        return state, out if self.bias is None else out + self.bias.reshape(-1, *[1] * len(self.stride))


class Pool(AbstractNode):
    """SumPool2d, and AvgPool2d with `factor` 1 / window (padding counts as zeros)."""

    kernel: tuple[int, ...] = eqx.field(static=True)
    stride: tuple[int, ...] = eqx.field(static=True)
    padding: tuple[int, ...] = eqx.field(static=True)
    factor: float = eqx.field(static=True)

    def initial(self, shape: tuple[int, ...], step: Step) -> State:
        """No state."""
        return None

    def __call__(self, state: State, value: Array, step: Step) -> tuple[State, Array]:
        """Sum over windows, times the factor."""
        padding = [(0, 0), *((each, each) for each in self.padding)]
        zero = jnp.zeros((), value.dtype)
        total = jax.lax.reduce_window(value, zero, jax.lax.add, (1, *self.kernel), (1, *self.stride), padding)
        return state, total * self.factor


class Flatten(AbstractNode):
    """Joins the axes from `first` to `last` (neither time nor batch count)."""

    first: int = eqx.field(static=True)
    last: int = eqx.field(static=True)

    def initial(self, shape: tuple[int, ...], step: Step) -> State:
        """No state."""
        return None

    def __call__(self, state: State, value: Array, step: Step) -> tuple[State, Array]:
        """Reshape."""
        # NIR's last axis may be counted from the end
        last = self.last % value.ndim
        return state, value.reshape(*value.shape[: self.first], -1, *value.shape[last + 1 :])


class Threshold(AbstractNode):
    """1 where the input exceeds a level."""

    level: Array

    def initial(self, shape: tuple[int, ...], step: Step) -> State:
        """No state."""
        return None

    def __call__(self, state: State, value: Array, step: Step) -> tuple[State, Array]:
        """Heaviside step."""
        return state, (value > self.level).astype(value.dtype)


class Delay(AbstractNode):
    """The input of `delay` earlier, in whole steps, 0 before there is one."""

    # static, since the longest decides how much is stored
    delay: tuple[float, ...] = eqx.field(static=True)
    shape: tuple[int, ...] = eqx.field(static=True)

    def steps(self, step: Step) -> tuple[int, ...]:
        """Delay of each element in steps, rounded."""
        return tuple(round(each / step.dt) for each in self.delay)

    def initial(self, shape: tuple[int, ...], step: Step) -> State:
        """The last inputs, newest first."""
        # + 1, as a delay of 0 reads what has just been stored
        return jnp.zeros((max(self.steps(step)) + 1, *shape))

    def __call__(self, state: State, value: Array, step: Step) -> tuple[State, Array]:
        """Store the input, look up the delayed one."""
        # the state of a loop keeps its dtype
        state = jnp.concatenate([value[None].astype(state.dtype), state[:-1]])
        return state, self._inputs(state, jnp.asarray(self.steps(step))).astype(value.dtype)

    def ahead(self, state: State, step: Step) -> Array:
        """This step's output before this step's input is known, which lets a delay close a loop; one of no step takes one."""
        return self._inputs(state, jnp.maximum(jnp.asarray(self.steps(step)) - 1, 0))

    def _inputs(self, state: State, ages: Array) -> Array:
        index = jnp.broadcast_to(ages.reshape(self.shape), state.shape[1:])
        return jnp.take_along_axis(state, index[None], axis=0)[0]


class Firing(eqx.Module):
    """When a membrane fires, and what is left of it then."""

    threshold: Array
    reset: Array
    soft: bool = eqx.field(static=True)

    def after(self, potential: Array) -> Array:
        """Potential after a reset at the end of a step."""
        return potential - (self.threshold - self.reset) if self.soft else jnp.broadcast_to(self.reset, potential.shape)


class Membrane(eqx.Module):
    """A membrane potential: leaky where it has a time constant, else a plain integrator (dv/dt = r I)."""

    r: Array
    tau: Array | None
    leak: Array | None

    def __call__(self, potential: Array, current: Array, step: Step) -> Array:
        """Potential after a step of input current."""
        if self.tau is None or self.leak is None:
            return potential + step.dt * self.r * current
        return potential + step.share(self.tau) * (self.leak + self.r * current - potential)

    def resumed(self, before: Array, current: Array, firing: Firing, step: Step) -> Array:
        """Potential at the end of a step in which it reached the threshold, was reset, and went on from there.

        The share of the distance to the target that is left after the reset is exp(-(dt - t) / tau), where the time t of the
        crossing follows from target - threshold = (target - before) exp(-t / tau).
        """
        # soft and hard resets are the same here: at the crossing the potential is the threshold, and either leaves v_reset
        if self.tau is None or self.leak is None:
            return firing.reset + before + step.dt * self.r * current - firing.threshold
        target = self.leak + self.r * current
        # without a crossing 1 stands in: a branch that is not taken must not give infinite gradients
        beyond = jnp.where(target > firing.threshold, target - firing.threshold, 1)
        # more than the whole distance is left only where the threshold was not reached, or by rounding
        left = jnp.minimum(jnp.exp(-step.dt / self.tau) * (target - before) / beyond, 1)
        return jnp.where(target > firing.threshold, target + (firing.reset - target) * left, firing.reset)


class Neuron(AbstractNode):
    """I, LI, IF, LIF; and CubaLI, CubaLIF where there is a synapse (its current is updated first, the membrane sees the new one).

    The state is (synaptic current, membrane potential); without firing the potential is the output.
    """

    membrane: Membrane
    firing: Firing | None
    synapse_tau: Array | None
    synapse_weight: Array | None

    def initial(self, shape: tuple[int, ...], step: Step) -> State:
        """No current, and a potential of 0 whatever v_leak is, as in most simulators (NIR leaves it open)."""
        # one r may stand for all neurons: then the input tells their number
        zeros = jnp.zeros(jnp.broadcast_shapes(shape, self.membrane.r.shape), self.membrane.r.dtype)
        return zeros, zeros

    def __call__(self, state: State, value: Array, step: Step) -> tuple[State, Array]:
        """Synapse, membrane, then spike and reset."""
        current, before = state
        if self.synapse_tau is None or self.synapse_weight is None:
            current = jnp.broadcast_to(value, current.shape)
        else:
            current = current + step.share(self.synapse_tau) * (self.synapse_weight * value - current)
        potential = self.membrane(before, current, step)
        if self.firing is None:
            return (current, potential), potential
        # no surrogate: imported graphs are measured and priced, spikes pass no gradient
        fired = potential > self.firing.threshold
        exact = step.integrator == "exact"
        after = self.membrane.resumed(before, current, self.firing, step) if exact else self.firing.after(potential)
        return (current, jnp.where(fired, after, potential)), fired.astype(potential.dtype)


def has_memory(node: AbstractNode) -> bool:
    """Whether a node's output at a step may depend on earlier inputs, so that a loop may pass through it."""
    return isinstance(node, Neuron | Delay)


def fires(node: AbstractNode) -> bool:
    """Whether a node's outputs are spikes."""
    return isinstance(node, Threshold) or (isinstance(node, Neuron) and node.firing is not None)
