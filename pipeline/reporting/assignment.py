"""What the assignment reports of its own network: the numbers to compare with.

It trained one convolutional network with Adam for 2 epochs on CIFAR-10 and printed these test accuracies, in
per cent.
"""

from __future__ import annotations

from types import MappingProxyType

PROBLEM = "cifar10"
OPTIMIZER = "adam"
EPOCHS = 2
OVERALL = 47.0
PER_CLASS = MappingProxyType(
    {
        "plane": 49.5,
        "car": 55.1,
        "bird": 16.7,
        "cat": 26.2,
        "deer": 40.5,
        "dog": 58.4,
        "frog": 55.5,
        "horse": 48.8,
        "ship": 54.3,
        "truck": 67.3,
    }
)
# the data set's own names for the classes that the assignment abbreviates
FULL_NAMES = MappingProxyType({"plane": "airplane", "car": "automobile"})
