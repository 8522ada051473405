"""Running a study: the gradient stages, hardening, measurement, exports; stopped and resumed at any point without loss."""

import io
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from ruamel.yaml import YAML

from codesign.units import show
from search import build, harden
from search.config import ConfigFile
from search.gradient import JointSearch, Metrics, Population
from search.harden import Candidate, Hardener
from search.pareto import normalised_hypervolume
from search.problem import Problem, as_batch
from search.progress import Reporter
from search.publish import publish
from search.store import Store, provenance, write_text

CHECKPOINT_SECONDS = 5.0
SEARCH_SHARE, HARDEN_SHARE = 0.55, 0.3  # of the progress bar; the rest is measurement


class InterruptedStudyError(Exception):
    """The user stopped the study; everything done is saved. The message says where it stands."""


def run(problem: Problem, file: ConfigFile, store: Store, reporter: Reporter, safe_point: Callable[[], None] = lambda: None) -> Path:
    """Run or continue a study in a store that is free for it.

    Args:
        problem: what the config describes.
        file: the config.
        store: the result folder.
        reporter: shown progress.
        safe_point: called where the study may stop; raises KeyboardInterrupt to stop it.

    Returns:
        The report's path.

    Raises:
        InterruptedStudyError: stopped by the user; everything done is saved.
    """
    config = file.config
    if store.get("config_hash") is None:
        store.put("config_hash", config.hash())
        store.put("state", "running")
    text = io.StringIO()
    YAML().dump(config.model_dump(mode="json"), text)
    write_text(store.folder / "config.yaml", text.getvalue())
    write_text(store.folder / "provenance.json", json.dumps(provenance(config.hash(), config.seed), indent=2) + "\n")
    study = Study(problem, file, store, reporter, safe_point)
    try:
        if store.get("state") != "done":
            study.search()
        return publish(store, config)
    except KeyboardInterrupt:
        raise InterruptedStudyError(f"stopped at {study.where}; everything done is saved in {store.folder}") from None
    finally:
        reporter.close()


class Study:
    """One problem, one searcher, one seed."""

    def __init__(self, problem: Problem, file: ConfigFile, store: Store, reporter: Reporter, safe_point: Callable[[], None]) -> None:
        self._safe_point = safe_point
        self.problem, self.config, self.store, self.reporter = problem, file.config, store, reporter
        self.settings = build.settings(file.config)
        self.where = "the start"
        key = jax.random.key(file.config.seed)
        self._keys = dict(zip(("start", "search", "harden", "finetune", "measure"), jax.random.split(key, 5), strict=True))
        self._hardener = Hardener(problem, self.settings)
        names = [objective.name for objective in problem.objectives]
        self._energy = names.index("energy") if "energy" in names else 1

    def search(self) -> None:
        """All stages up to measured designs, from wherever the store stands."""
        population = self._relaxed()
        candidates = self._hardened(population)
        self._measure(candidates)
        self.store.put("state", "done")

    def _relaxed(self) -> Population:
        joint = JointSearch(self.problem, self.settings)
        start = joint.start(self._keys["start"])
        population = self.store.load_arrays("population", start) or start
        saved = time.monotonic()
        try:
            for advanced in joint.run(population, self._keys["search"], self._on_call):
                population = advanced  # what is saved when stopped
                self._safe_point()
                if time.monotonic() - saved > CHECKPOINT_SECONDS:
                    self.store.save_arrays("population", population)
                    saved = time.monotonic()
        finally:
            self.store.save_arrays("population", population)
        return population

    def _on_call(self, stage: str, done: int, total: int, population: Population, metrics: Metrics) -> None:
        self.where = f"{stage}, step {done} of {total}"
        objectives = np.asarray(metrics.objectives)
        names = [o.name for o in self.problem.objectives]
        reference = float(self.store.get("energy_reference_pj") or 0)
        if not reference:
            reference = float(np.median(objectives[:, self._energy]))
            self.store.put("energy_reference_pj", repr(reference))
        volume = normalised_hypervolume(objectives[:, 0], objectives[:, self._energy], reference)
        rows = [
            {"loss": float(metrics.loss[i]), **{n: float(v) for n, v in zip(names, values, strict=True)}, "relaxed_hypervolume": volume}
            for i, values in enumerate(objectives)
        ]
        self.store.add_history(done, stage, rows)
        loss, energy = float(np.mean(metrics.loss)), float(np.median(objectives[:, self._energy]))
        details = f"step {done}/{total}  loss {loss:.3f}  energy {show(energy, 'pJ')}  hypervolume {volume:.3f}"
        self.reporter.update(stage, SEARCH_SHARE * done / total, details)

    def _hardened(self, population: Population) -> list[Candidate]:
        candidates: list[Candidate] = []
        known = self.store.hardened()
        for m in range(self.settings.population):
            member = jax.tree.map(lambda x, m=m: x[m], population.members)
            preference = population.preferences[m]
            network = self.store.load_arrays(f"member_{m:03d}", member.network) if m in known else None
            if network is not None:
                point, relaxed = known[m]["point"], known[m]["relaxed"]
            else:
                self.where = f"hardening, member {m + 1} of {self.settings.population}"
                relaxed = self._relaxed_objectives(member.network, member.latents)
                values = {name: np.asarray(v) for name, v in self.problem.space.relax(member.latents).items()}
                point, rounded = self._hardener.harden(member.network, values, preference, self._keys["harden"])
                network = self._hardener.finetune(member.network, point, jax.random.fold_in(self._keys["finetune"], m))
                self.store.save_arrays(f"member_{m:03d}", network)
                self.store.add_hardened(m, {"point": point, "relaxed": relaxed, "rounded": rounded})
            candidates += harden.variants(self._hardener, m, network, point, preference, self._keys["harden"])
            share = SEARCH_SHARE + HARDEN_SHARE * (m + 1) / self.settings.population
            own = next(c for c in reversed(candidates) if c.origin == "member")
            details = f"design {m + 1}/{self.settings.population}  validation error {own.objectives[0]:.1%}"
            self.reporter.update("harden", share, f"{details}  energy {show(float(own.objectives[self._energy]), 'pJ')}")
            self._safe_point()
        return candidates

    def _relaxed_objectives(self, network: Any, latents: dict[str, Any]) -> list[float]:
        """What the relaxed model claims on validation data, for the gap."""
        if not hasattr(self, "_relaxed_jit"):
            batch = as_batch(self.problem.dataset.validation)

            def relaxed(network: Any, latents: Any, key: Any) -> Any:
                design = self.problem.place(network, self.problem.space.relax(latents))
                evaluation = self.problem.evaluate(design, batch, key, exact=False, hardness=0.95)
                return jnp.stack([o(evaluation) for o in self.problem.objectives])

            self._relaxed_jit = jax.jit(relaxed)
        return [float(v) for v in self._relaxed_jit(network, latents, jax.random.clone(self._keys["harden"]))]

    def _measure(self, candidates: Sequence[Candidate]) -> None:
        bounds = [self.config.constraints.get(o.name, np.inf) for o in self.problem.objectives]
        chosen = harden.select(candidates, bounds, self.config.search.designs)
        chosen.sort(key=lambda c: float(c.objectives[self._energy]))
        keys, other_keys = (jax.random.split(jax.random.fold_in(self._keys["measure"], i), self.config.search.chips) for i in range(2))
        hardened = self.store.hardened()
        done = self.store.design_names()
        for i, candidate in enumerate(chosen):
            self.where = f"measuring design {i + 1} of {len(chosen)}"
            if f"d{i:02d}" in done:
                continue
            validated = self._hardener.validate(candidate.network, candidate.point, other_keys)
            evaluation, errors = self._hardener.measure(candidate.network, candidate.point, keys)
            row = self._row(f"d{i:02d}", candidate, evaluation, errors, validated, hardened[candidate.member], bounds)
            self.store.add_design(row["design"], row, evaluation.cost.to_table())
            self.store.save_arrays(f"design_{i:02d}", candidate.network)
            share = SEARCH_SHARE + HARDEN_SHARE + (1 - SEARCH_SHARE - HARDEN_SHARE) * (i + 1) / len(chosen)
            details = f"design {i + 1}/{len(chosen)}  test error {errors.mean():.1%}  energy {show(float(evaluation.cost.energy), 'pJ')}"
            self.reporter.update("measure", share, details)
            self._safe_point()

    def _row(
        self,
        name: str,
        candidate: Candidate,
        evaluation: Any,
        errors: np.ndarray,
        validated: Sequence[float],
        hardened: Mapping[str, Any],
        bounds: Sequence[float],
    ) -> dict[str, Any]:
        """A line of `designs.csv`."""
        layers = evaluation.workload.names
        measured = {o.name: float(o(evaluation)) for o in self.problem.objectives}
        row: dict[str, Any] = {"design": name, "searcher": "gradient", "seed": self.config.seed, "member": candidate.member}
        row["origin"] = candidate.origin
        for parameter, value in candidate.point.items():
            named = {f"{parameter}[{layer}]": v for layer, v in zip(layers, value, strict=True)} if isinstance(value, list) else None
            row |= named or {parameter: value}
        row |= {o.column: measured[o.name] for o in self.problem.objectives}
        cost = evaluation.cost
        row |= {"energy_pj": float(cost.energy), "latency_ns": float(cost.latency), "area_um2": float(cost.area)}
        row |= {
            "error_mean": float(errors.mean()),
            "error_std": float(errors.std(ddof=1)) if len(errors) > 1 else 0.0,
            "chips": len(errors),
        }
        row |= {f"validation_{o.column}": v for o, v in zip(self.problem.objectives, validated, strict=True)}
        own, relaxed = candidate.origin == "member", hardened["relaxed"]
        row |= {f"relaxed_{o.column}": v if own else None for o, v in zip(self.problem.objectives, relaxed, strict=True)}
        row |= {f"rounded_{o.column}": v if own else None for o, v in zip(self.problem.objectives, hardened["rounded"], strict=True)}
        row |= {
            "gap_error": float(errors.mean()) - relaxed[0] if own else None,
            "gap_energy": measured["energy"] / relaxed[self._energy] if own and "energy" in measured else None,
            "feasible": all(measured[o.name] <= bound for o, bound in zip(self.problem.objectives, bounds, strict=True)),
        }
        row |= {f"input_rate[{n}]": float(v) for n, v in zip(layers, evaluation.workload.input_rate, strict=True)}
        row |= {f"output_rate[{n}]": float(v) for n, v in zip(layers, evaluation.workload.output_rate, strict=True)}
        row["budget_sample_steps"] = self._budget()
        return row

    def _budget(self) -> int:
        """Training samples times simulated time steps, for one member."""
        s = self.settings
        steps = s.warmup_steps + s.relax_steps + s.anneal_steps + s.finetune_steps
        return steps * s.batch_size * self.config.network.longest
