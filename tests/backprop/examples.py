"""Small networks for the tests of the worked example."""

import numpy as np
from hypothesis import strategies as st

from pipeline.backprop.settings import ASSIGNMENT, BackpropSettings


def changed(**values):
    """Return the assignment's settings with some values changed and no origins."""
    plain = ASSIGNMENT.model_dump(exclude={"legible", "reconstructed", "assumed"})
    return BackpropSettings.model_validate(plain | values)


def of_size(inputs, hidden):
    """Return a network of some size with weights from −1 to 2."""
    return changed(
        inputs=np.linspace(-1, 1, inputs).tolist(),
        hidden_weights=np.linspace(-1, 1, inputs * hidden).reshape(hidden, inputs).tolist(),
        output_weights=np.linspace(1, 2, hidden).tolist(),
        target=0,
        learning_rate=0.1,
        steps=3,
    )


@st.composite
def networks(draw):
    """Yield settings of any size up to 8 × 8 whose sigmoid is not saturated and whose error does not vanish."""
    inputs, hidden = draw(st.integers(1, 8)), draw(st.integers(1, 8))
    numbers = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return changed(
        inputs=numbers.uniform(-2, 2, inputs).tolist(),
        hidden_weights=(numbers.uniform(-1.5, 1.5, (hidden, inputs)) / inputs).tolist(),
        output_weights=(numbers.uniform(-1.5, 1.5, hidden) / hidden).tolist(),
        target=float(numbers.integers(0, 2)),
        learning_rate=float(numbers.uniform(0.01, 2)),
        steps=3,
    )
