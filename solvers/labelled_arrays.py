"""Results with several dimensions as labelled arrays."""

from __future__ import annotations

from collections.abc import Mapping
from functools import singledispatch
from typing import TYPE_CHECKING, Any

import numpy as np

from mechanism.errors import InvalidInputError
from solvers.demands import AXES
from solvers.design_frontier import Frontier
from solvers.design_surface import Surface
from solvers.forest_forecast import Forecast
from solvers.frames import columns, kinds, library, regime_name
from solvers.measurability import MeasurabilityBias
from solvers.message_ranking import Suitability
from solvers.phases import PhaseDiagram

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["arrays", "to_xarray"]

Arrays = tuple[Mapping[str, Any], Mapping[str, Any]]


def to_xarray(result: object) -> xr.Dataset:
    """Return a result with several dimensions as labelled arrays.

    Parameters
    ----------
    result : Surface, Frontier, MeasurabilityBias, PhaseDiagram, Forecast or Suitability
        The result.

    Returns
    -------
    xarray.Dataset
        Its variables have the names of the fields, and their units as attributes. A surface has the dimensions that
        vary; a frontier epsilon, length and distance (rewards of the designs, by chain and steps above the finder); a
        bias homophily, analyst and replicate; a phase diagram along and across; a forecast future and wave; a
        suitability message and batch.

    Raises
    ------
    InvalidInputError
        If the result has no such form.
    BackendMissingError
        If xarray is not installed; the message holds the command that installs it.

    Notes
    -----
    Other classes are added by ``arrays.register``.

    Examples
    --------
    >>> from mechanism.memory import ExponentialMemory
    >>> from solvers import phase_diagram
    >>> found = phase_diagram(ExponentialMemory(1.0), first_share=[0.1, 0.9], branching=[0.5, 0.9], horizon=20)
    >>> to_xarray(found).sustained.dims
    ('along', 'across')
    """
    package, (variables, coordinates) = library("xarray"), arrays(result)
    made: xr.Dataset = package.Dataset(variables, coords=coordinates, attrs={"result": type(result).__name__})
    return made


@singledispatch
def arrays(result: object) -> Arrays:
    """Return variables and coordinates of a result as xarray takes them; register a function for other classes."""
    raise InvalidInputError("result", type(result).__name__, allowed=kinds(arrays))


@arrays.register
def _(result: Surface) -> Arrays:
    axes, table = result.varied, columns(result)
    places = {axis: list(dict.fromkeys(table[axis])) for axis in axes}
    shape = [len(values) for values in places.values()]
    unit = {"units": str(result.objective)}
    variables = {
        name: (
            axes,
            np.array(values).reshape(shape),
            unit if name in ("value", "cold", "fresh", "fresh_stderr") else {},
        )
        for name, values in table.items()
        if name not in AXES
    }
    return variables, {axis: (axis, values) for axis, values in places.items()}


@arrays.register
def _(result: Frontier) -> Arrays:
    longest = max(design.scheme.longest for design in result.designs)
    rewards = np.full((len(result.designs), longest, longest), np.nan)
    for design, table in zip(result.designs, rewards, strict=True):
        for length, row in enumerate(design.scheme.rows):
            table[length, : length + 1] = [float(reward) for reward in row]
    played = [design.recruitment for design in result.designs]
    people = {"units": "people"}
    return (
        {
            "reward": (("epsilon", "length", "distance"), rewards, {"units": "prizes"}),
            "recruits": ("epsilon", [one.recruits for one in played], people),
            "recruits_stderr": ("epsilon", [one.recruits_stderr for one in played], people),
            "payout": ("epsilon", [one.payout for one in played], {"units": "prizes"}),
        },
        {
            "epsilon": [float(epsilon) for epsilon in result.epsilons],
            "length": np.arange(1, longest + 1),
            "distance": np.arange(longest),
        },
    )


@arrays.register
def _(result: MeasurabilityBias) -> Arrays:
    dimensions, unit = ("homophily", "analyst", "replicate"), {"units": "mean costs"}
    return (
        {
            "estimates": (dimensions, result.estimates, unit),
            "stderr": (dimensions, result.stderr, unit),
            "bias": (dimensions[:2], result.bias, unit),
            "coverage": (dimensions[:2], result.coverage),
            "likeness": ("homophily", result.likeness),
            "adopted": ("homophily", result.adopted),
            "influence": ((), result.influence, unit),
        },
        {"homophily": result.homophily, "analyst": list(result.analysts)},
    )


@arrays.register
def _(result: PhaseDiagram) -> Arrays:
    regimes = np.array([[regime_name(one) for one in row] for row in result.regimes.tolist()])
    return (
        {
            "sustained": (("along", "across"), result.sustained, {"units": "share of the peak"}),
            "regime": (("along", "across"), regimes),
            "branching": ("across", result.branching),
        },
        {
            "along": ("along", result.along, {"long_name": result.along_label}),
            "across": ("across", result.across, {"long_name": result.across_label}),
        },
    )


@arrays.register
def _(result: Forecast) -> Arrays:
    parameters = {name: ("future", values) for name, values in result.parameters.items()}
    members = {"members": (("future", "wave"), result.sample, {"units": "people"})}
    return members | parameters, {"wave": result.waves}


@arrays.register
def _(result: Suitability) -> Arrays:
    dimensions, people = ("message", "batch"), {"units": "people"}
    return (
        {"reached": (dimensions, result.reached, people), "acted": (dimensions, result.acted, people)},
        {"message": [one.name for one in result.messages]},
    )
