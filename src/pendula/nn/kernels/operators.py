"""The passes of the compiled core as operators of torch: what each computes on the CPU, and its results' shapes."""

from typing import Any, TypeAlias

import torch
from torch import Tensor

from pendula.nn.kernels.addresses import layered, located, viewed
from pendula.nn.kernels.call import Call
from pendula.nn.kernels.native import compiled

__all__ = ["LIBRARY", "backward_operator", "forward_operator", "tangent_operator"]

Results: TypeAlias = tuple[Tensor, Tensor, Tensor, Tensor]
"""States after every step and after the last one, cell states, and what is kept; empty where there is none."""
LIBRARY: Any = torch.library.Library("pendula", "DEF")  # type: ignore[no-untyped-call]
_COMMON = "Tensor sequences, Tensor? h, Tensor? c, Tensor? lengths, Tensor[] parameters"
_STACK = "int cell, int num_layers, bool batch_first, bool every_step"
_TAGS = (torch.Tag.pt2_compliant_tag,)
LIBRARY.define(f"recurrent({_COMMON}, {_STACK}, bool keep) -> (Tensor, Tensor, Tensor, Tensor)", tags=_TAGS)
LIBRARY.define(
    f"recurrent_backward({_COMMON}, {_STACK}, Tensor reserve, "
    "Tensor? output_gradient, Tensor? h_gradient, Tensor? c_gradient, bool[] wanted) -> Tensor[]",
    tags=_TAGS,
)
LIBRARY.define(
    f"recurrent_tangent({_COMMON}, {_STACK}, Tensor reserve, "
    "Tensor? input_tangent, Tensor? h_tangent, Tensor? c_tangent, Tensor?[] parameter_tangents) "
    "-> (Tensor, Tensor, Tensor)",
    tags=_TAGS,
)
forward_operator = torch.ops.pendula.recurrent.default
backward_operator = torch.ops.pendula.recurrent_backward.default
tangent_operator = torch.ops.pendula.recurrent_tangent.default


def _forward(*arguments: Any) -> Results:
    *given, keep = arguments
    call = Call(*given)
    call.check_lengths()
    kept = call.kept() if keep else 0
    call.require(kept + call.elements_of_results())
    if call.is_empty:
        return call.results(kept)
    output, h_n, c_n, _ = call.results(0)
    reserve = call.reserve(kept)
    into = viewed(output if call.stack.every_step else None, call.stack.batch_first)
    compiled().forward(*call.fields(), into, (h_n.data_ptr(), c_n.data_ptr()), reserve.data_ptr() if kept else 0)
    return output, h_n, c_n, reserve


def _forward_shapes(*arguments: Any) -> Results:
    *given, keep = arguments
    call = Call(*given)
    return call.results(call.kept() if keep else 0)


def _backward(*arguments: Any) -> list[Tensor]:
    *given, reserve, output_gradient, h_gradient, c_gradient, wanted = arguments
    call = Call(*given)
    call.check_kept(reserve)
    call.check_like_results((output_gradient, h_gradient, c_gradient))
    call.require(call.elements(wanted))
    gradients = call.gradients(wanted)
    if call.is_empty:
        return [gradient.zero_() for gradient in gradients]
    into = iter(gradients)
    of_input, of_h, of_c, *of_parameters = (next(into) if want else None for want in wanted)
    last_h, last_c, first_h, first_c, *parameters = located(
        (h_gradient, c_gradient, of_h, of_c, *of_parameters), call.held
    )
    compiled().backward(
        *call.fields(),
        reserve.data_ptr(),
        viewed(output_gradient, call.stack.batch_first),
        (last_h, last_c),
        viewed(of_input, call.stack.batch_first),
        layered(parameters, call.stack.num_layers),
        (first_h, first_c),
    )
    return gradients


def _backward_shapes(*arguments: Any) -> list[Tensor]:
    return Call(*arguments[:9]).gradients(arguments[-1])


def _tangent(*arguments: Any) -> tuple[Tensor, Tensor, Tensor]:
    *given, reserve, of_input, of_h, of_c, of_parameters = arguments
    call = Call(*given)
    call.check_kept(reserve)
    call.check_like_inputs((of_input, of_h, of_c, *of_parameters))
    call.require(call.elements_of_results())
    output, h_n, c_n, _ = call.results(0)
    if not call.is_empty:
        fields = call.fields()
        h, c, *parameters = located((of_h, of_c, *of_parameters), call.held)
        compiled().tangent(
            *fields,
            reserve.data_ptr(),
            layered(parameters, call.stack.num_layers),
            viewed(of_input, call.stack.batch_first),
            (h, c),
            viewed(output if call.stack.every_step else None, call.stack.batch_first),
            (h_n.data_ptr(), c_n.data_ptr()),
        )
    return output, h_n, c_n


def _tangent_shapes(*arguments: Any) -> tuple[Tensor, Tensor, Tensor]:
    output, h_n, c_n, _ = Call(*arguments[:9]).results(0)
    return output, h_n, c_n


for _name, _kernel, _shapes in (
    ("recurrent", _forward, _forward_shapes),
    ("recurrent_backward", _backward, _backward_shapes),
    ("recurrent_tangent", _tangent, _tangent_shapes),
):
    LIBRARY.impl(_name, _kernel, "CPU")
    torch.library.register_fake(f"pendula::{_name}", _shapes, lib=LIBRARY)
