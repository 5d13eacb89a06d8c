"""Options that are whole numbers."""

from collections.abc import Sequence
from typing import Annotated

from cyclopts import Parameter, Token

__all__ = ["Whole"]


def _whole(kind: object, tokens: Sequence[Token]) -> int:
    # The parser's own conversion would round.
    del kind
    text = tokens[0].value
    try:
        number = float(text)
        return int(text) if text.strip().lstrip("+-").isdigit() else _exactly(number)
    except (ValueError, OverflowError):
        raise ValueError(f"expected a whole number, got {text}.") from None


def _exactly(number: float) -> int:
    if not number.is_integer():
        raise ValueError
    return int(number)


Whole = Annotated[int, Parameter(converter=_whole)]
"""A whole number; a fraction is refused rather than rounded."""
