"""How the functions meet `torch.compile`."""

from collections.abc import Callable
from typing import Any, TypeVar

from torch._C._dynamo.eval_frame import _FrameAction, _FrameExecStrategy, set_code_exec_strategy

__all__ = ["left_alone"]

Function = TypeVar("Function", bound=Callable[..., Any])


def left_alone(function: Function) -> Function:
    """Let `torch.compile` take a function into what it compiles, but never start to compile there.

    It runs torch's recurrent layers, and all that derive from them, outside of what it compiles, and would otherwise
    compile what they call piece by piece.

    Args:
        function: The function.

    Returns:
        The same function.

    Examples:
        >>> left_alone(lambda x: x + 1)(1)
        2
    """
    skip = _FrameExecStrategy(_FrameAction.SKIP, _FrameAction.SKIP)
    set_code_exec_strategy(function.__code__, skip)
    return function
