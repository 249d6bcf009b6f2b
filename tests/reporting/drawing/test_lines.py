import numpy as np
import pytest

from pipeline.reporting.drawing.lines import _apart


@pytest.mark.parametrize("wanted", [[0.5] * 5, [0.0, 0.01, 1.0, 0.99], [0.2, 0.8], [1.0, 1.0, 0.0]])
def test_names_keep_their_order_and_their_distance_and_stay_beside_the_axes(wanted):
    found = _apart(np.array(wanted), 0.1)
    order = np.argsort(wanted, kind="stable")
    assert (np.diff(found[order]) >= 0.1 - 1e-12).all()
    assert found.min() >= 0
    assert found.max() <= 1 + 1e-12


def test_names_with_room_stay_where_their_lines_end():
    assert _apart(np.array([0.9, 0.1, 0.5]), 0.1).tolist() == pytest.approx([0.9, 0.1, 0.5])
