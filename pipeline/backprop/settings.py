"""The settings of the worked back-propagation example: a small network and the one example it learns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, model_validator

from pipeline.settings import loading
from pipeline.settings.section import Section

if TYPE_CHECKING:
    from pipeline.results.backprop import Origin

Number = Annotated[float, Field(allow_inf_nan=False, strict=True)]
Rate = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False, strict=True)]
# A worked example is read by people: a longer sum is no longer checked by hand.
Numbers = Annotated[tuple[Number, ...], Field(min_length=1, max_length=8)]


class BackpropSettings(Section):
    """A network of linear hidden units and a sigmoid output, and the one example it learns.

    Symbols are numbered as in the assignment: ``i1, i2, …`` the inputs, ``w1, w2, …`` the weights (first the
    hidden ones row by row, then the output's), ``h1, h2, …`` the hidden units, ``z`` the output's weighted
    sum, ``o`` the output, ``y`` the target, ``J`` the cost, ``alpha`` the learning rate.
    """

    inputs: Numbers
    hidden_weights: Annotated[tuple[Numbers, ...], Field(min_length=1, max_length=8)]  # one row for each unit
    output_weights: Numbers
    target: Number
    learning_rate: Rate
    adam_learning_rate: Rate
    steps: Annotated[int, Field(ge=1, le=10_000, strict=True)]
    # Where a number comes from: symbol to the value that can be read in the assignment, that was found to reproduce
    # what can be read, or that was chosen because nothing is known of it.
    legible: Mapping[str, Number] = {}
    reconstructed: Mapping[str, Number] = {}
    assumed: Mapping[str, Number] = {}

    @model_validator(mode="after")
    def _sizes_fit(self) -> BackpropSettings:
        sizes = {f"row {k} of hidden_weights": len(row) for k, row in enumerate(self.hidden_weights, start=1)}
        for place, count in sizes.items():
            if count != len(self.inputs):
                raise ValueError(f"{place}: found {count}, expected {len(self.inputs)}, one for each input")
        found, expected = len(self.output_weights), len(self.hidden_weights)
        if found != expected:
            raise ValueError(f"output_weights: found {found}, expected {expected}, one for each hidden unit")
        return self

    @model_validator(mode="after")
    def _origins_name_symbols(self) -> BackpropSettings:
        hidden = numbered("h", len(self.hidden_weights))
        known = [*numbered("i", len(self.inputs)), *self.weights(), *hidden, "z", "o", "y", "J", "alpha"]
        for origin, stated in self.origins().items():
            for symbol in stated:
                if symbol not in known:
                    raise ValueError(f"{origin} names {symbol!r}, which this network lacks; it has {', '.join(known)}")
        return self

    def weights(self) -> dict[str, float]:
        """Return all weights by name, the hidden ones first, row by row."""
        values = [*(weight for row in self.hidden_weights for weight in row), *self.output_weights]
        return dict(zip(numbered("w", len(values)), values, strict=True))

    def origins(self) -> dict[Origin, Mapping[str, float]]:
        """Return what is stated of where numbers come from."""
        return {"legible": self.legible, "reconstructed": self.reconstructed, "assumed": self.assumed}


def numbered(letter: str, count: int) -> list[str]:
    """Return ``[letter1, letter2, …]``, `count` of them."""
    return [f"{letter}{number}" for number in range(1, count + 1)]


# What the command line starts from; it works in any folder. A test keeps params.yaml, which the study reads, equal.
ASSIGNMENT = BackpropSettings(
    inputs=(1, 2),
    hidden_weights=((0.5, 0.7), (0.3, 0.4)),
    output_weights=(0.8, 0.3),
    target=1,
    learning_rate=0.5,
    adam_learning_rate=0.001,
    steps=100,
    legible={"h1": 1.9, "h2": 1.1, "y": 1},
    reconstructed={"i1": 1, "i2": 2, "w1": 0.5, "w2": 0.7, "w3": 0.3, "w4": 0.4, "w5": 0.8, "w6": 0.3},
    assumed={"alpha": 0.5},
)


def load() -> BackpropSettings:
    """Read the section of ``params.yaml``; see `loading.section`."""
    return loading.section("backprop", BackpropSettings)
