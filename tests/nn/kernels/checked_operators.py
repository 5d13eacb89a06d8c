"""Torch's own checks of the operators: schema, fake tensors, autograd, and tracing with symbolic sizes."""

import importlib.util
import sys
from pathlib import Path

import torch
from torch.library import opcheck

from pendula.nn.kernels.operators import backward_operator, forward_operator, tangent_operator
from pendula.nn.kernels.problem import CELLS


def arguments(case, lengths, every_step, leaves):
    """The first arguments of every operator."""
    places = [place if place is None else place.clone().requires_grad_(leaves) for place in case.places]
    sequences, h, c, *parameters = places
    return (sequences, h, c, lengths, parameters, CELLS[case.cell], case.num_layers, case.batch_first, every_step)


def check(case):
    lengths = torch.tensor([3, 4])
    opcheck(forward_operator, (*arguments(case, lengths, every_step=True, leaves=True), True))
    opcheck(forward_operator, (*arguments(case, None, every_step=False, leaves=False), False))
    given = arguments(case, lengths, every_step=True, leaves=False)
    output, h_n, _, reserve = forward_operator(*given, True)
    wanted = [True, True, case.c is not None, *[True] * len(case.parameters)]
    opcheck(backward_operator, (*given, reserve, torch.ones_like(output), torch.ones_like(h_n), None, wanted))
    moves = [torch.ones_like(parameter) if index else None for index, parameter in enumerate(case.parameters)]
    opcheck(tangent_operator, (*given, reserve, torch.ones_like(case.sequences), None, None, moves))


def main():
    spec = importlib.util.spec_from_file_location("stacks", Path(__file__).parents[2] / "oracles" / "stacks.py")
    stacks = importlib.util.module_from_spec(spec)
    sys.modules["stacks"] = stacks  # for its dataclass
    spec.loader.exec_module(stacks)
    for cell in CELLS:
        check(stacks.Case(cell))


if __name__ == "__main__":
    main()
