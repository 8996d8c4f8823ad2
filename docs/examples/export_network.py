#!/usr/bin/env python3
"""Export a score network from PyTorch for `stochflow sample --model` and `stochflow likelihood --model`.

Import `export` and call it with a network of your own, or run this file to export a small one:

    python3 export_network.py net.ts
    stochflow sample --model net.ts --n 16 --out digits.png

The network's forward takes x [B, ...] and a noise label [B]. The file carries its own description
and golden vectors: a few inputs with the values and input gradients that they had here. Loading
compares them, so that a network that came out differently is noticed before it is used.
"""

import json
import sys

import torch


def golden_vectors(network, x, label):
    """What the network does to x, and the gradient of sum(v * network(x, label)) in x."""
    v = torch.randn(x.shape, generator=torch.Generator().manual_seed(1), dtype=x.dtype)
    leaf = x.detach().clone().requires_grad_(True)
    value = network(leaf, label)
    (gradient,) = torch.autograd.grad(value, leaf, v)
    parts = {"x": x, "label": label, "v": v, "value": value, "gradient": gradient}
    return {name: part.detach().flatten().tolist() for name, part in parts.items()}


def export(network, file, x, label, **description):
    """Writes network to a TorchScript file that describes itself.

    x, label     a few noisy inputs as in training, at several noise levels
    description  schedule, parametrisation, label, and what else torchscript.hpp lists; the noise
                 label's kind is given as label_kind
    """
    network = network.eval().cpu()
    card = dict(description)
    card["label"] = card.pop("label_kind")
    card["shape"] = list(x.shape[1:])
    card["dtype"] = {torch.float32: "float32", torch.float64: "float64"}[x.dtype]
    # A scripted module keeps its control flow; a trace repeats the example's, batch size included.
    try:
        module = torch.jit.script(network)
    except Exception:  # what cannot be scripted is traced; loading tries other batch sizes
        module = torch.jit.trace(network, (x, label))
    # From the module as it will be loaded, not from the Python code: the two may differ.
    card["golden"] = golden_vectors(module, x, label)
    torch.jit.save(module, file, _extra_files={"stochflow.json": json.dumps(card)})


class SmallNetwork(torch.nn.Module):
    """Noise prediction by two convolutions: a stand-in that shows the interface."""

    def __init__(self):
        super().__init__()
        self.first = torch.nn.Conv2d(1, 16, 3, padding=1)
        self.level = torch.nn.Linear(1, 16)
        self.last = torch.nn.Conv2d(16, 1, 3, padding=1)

    def forward(self, x, label):
        level = self.level((label / 999).unsqueeze(1)).unsqueeze(2).unsqueeze(3)
        return x + self.last(torch.tanh(self.first(x) + level))


if __name__ == "__main__":
    torch.manual_seed(0)
    export(
        SmallNetwork(),
        sys.argv[1] if len(sys.argv) > 1 else "net.ts",
        x=torch.randn(3, 1, 28, 28),
        label=torch.tensor([50.0, 400.0, 900.0]),
        schedule={"name": "vp", "beta_min": 0.1, "beta_max": 20},
        parametrisation="eps",
        label_kind="999t",
        data_range=[0, 1],
    )
