"""The plain PyTorch loops that this project is compared with, each as an engineer would write it.

All train the assignment's network with Adam on the project's training images of CIFAR-10. They differ in where the
images come from: the tutorial's data set, transforms and ``DataLoader`` with two workers; a ``DataLoader`` over tensors
in memory; or direct indexing of these tensors. Threads are PyTorch's default.
"""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from pipeline.data import settings as data_settings
from pipeline.data import splits
from pipeline.prepared import reader
from pipeline.project import paths

if TYPE_CHECKING:
    from pipeline.settings.study import Settings

PROBLEM = "cifar10"
WARM_UP_STEPS = 40

Batches = Iterable[tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Source:
    """Where a loop's batches come from.

    Attributes
    ----------
    training
        Gives the batches of one epoch, shuffled: float32 images (batch, 3, 32, 32) and int64 labels (batch,).
    test
        Gives the test images in batches.
    """

    training: Callable[[], Batches]
    test: Callable[[], Batches]


def tutorial(batch_size: int, settings: Settings) -> Source:
    """Return the batches of PyTorch's CIFAR-10 tutorial: decoded, scaled and normalised an image at a time."""
    train, test = _torchvision_data()
    data = data_settings.load()
    # the project's own training images: the others judge its tuning
    fraction = data.sets[settings.data_of(PROBLEM)].validation_fraction
    rows, _ = splits.stratified(_labels(train), fraction, data.split_seed)
    subset = torch.utils.data.Subset(train, rows.tolist())
    training_loader = torch.utils.data.DataLoader(subset, batch_size=batch_size, shuffle=True, num_workers=2)
    test_loader = torch.utils.data.DataLoader(test, batch_size=250, num_workers=2)
    return Source(lambda: training_loader, lambda: test_loader)


def _torchvision_data() -> tuple[Any, Any]:
    import torchvision
    from torchvision import transforms

    normalise = transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    transform = transforms.Compose([transforms.ToTensor(), normalise])
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "cifar-10-batches-py").symlink_to(paths.raw("cifar10").resolve())
        return tuple(torchvision.datasets.CIFAR10(folder, train=train, transform=transform) for train in (True, False))


def _labels(data: Any) -> Any:
    import numpy as np

    return np.asarray(data.targets)


def tensors_in_loader(batch_size: int, settings: Settings) -> Source:
    """Return batches from a ``DataLoader`` over normalised tensors in memory."""
    images, labels = _tensors(paths.learning(PROBLEM), "train")
    data = torch.utils.data.TensorDataset(images, labels)
    loader = torch.utils.data.DataLoader(data, batch_size=batch_size, shuffle=True)
    return Source(lambda: loader, _test_tensors)


def tensors_indexed(batch_size: int, settings: Settings) -> Source:
    """Return batches indexed from normalised tensors in memory, without any loader."""
    images, labels = _tensors(paths.learning(PROBLEM), "train")

    def shuffled() -> Batches:
        for rows in torch.split(torch.randperm(len(labels)), batch_size):
            yield images[rows], labels[rows]

    return Source(shuffled, _test_tensors)


def _test_tensors() -> Batches:
    images, labels = _tensors(paths.test(PROBLEM), "test")
    return zip(torch.split(images, 250), torch.split(labels, 250), strict=True)


def _tensors(folder: Path, part: str) -> tuple[Tensor, Tensor]:
    description = reader.describe(paths.learning(PROBLEM))
    examples = reader.open_part(folder, part)
    images = torch.from_numpy(examples.inputs).float()
    normalised = (images - torch.tensor(description.mean)) / torch.tensor(description.std)
    return normalised.permute(0, 3, 1, 2).contiguous(), torch.from_numpy(examples.labels)


def network() -> nn.Sequential:
    """Return the assignment's network as the tutorial would write it: ReLU before pooling, channels first."""
    return nn.Sequential(
        *(nn.Conv2d(3, 6, 2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(16 * 7 * 7, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)),
    )


def rate(source: Source, learning_rate: float, seconds: float) -> float:
    """Return training images per second over at least `seconds`, after a warm-up that is not timed."""
    endless = itertools.chain.from_iterable(source.training() for _ in itertools.count())
    step = _stepper(network(), learning_rate)
    for inputs, labels in itertools.islice(endless, WARM_UP_STEPS):
        step(inputs, labels)
    images, start = 0, time.perf_counter()
    for inputs, labels in endless:
        step(inputs, labels)
        images += len(labels)
        if time.perf_counter() - start >= seconds:
            break
    return images / (time.perf_counter() - start)


def accuracy(source: Source, learning_rate: float, epochs: int, seed: int) -> float:
    """Return the test accuracy (fraction) after some epochs."""
    torch.manual_seed(seed)  # noqa: TID251 - a loop of its own, that shares nothing with pipeline.training.train
    model = network()
    step = _stepper(model, learning_rate)
    for _ in range(epochs):
        for inputs, labels in source.training():
            step(inputs, labels)
    right = total = 0
    with torch.inference_mode():
        for inputs, labels in source.test():
            right += int((model(inputs).argmax(dim=1) == labels).sum())
            total += len(labels)
    return right / total


def _stepper(model: nn.Module, learning_rate: float) -> Callable[[Tensor, Tensor], float]:
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)

    def step(inputs: Tensor, labels: Tensor) -> float:
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
        # the tutorial sums the loss up, and so does everyone
        return float(loss.item())

    return step
