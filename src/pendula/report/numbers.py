"""Numbers as people read them: four significant digits, powers of ten written out."""

import math
from typing import Any

import numpy as np

__all__ = ["counted", "format_moment", "format_number", "format_value"]

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def format_number(value: float, *, digits: int = 4) -> str:
    """Write a number with a few significant digits.

    Args:
        value: A finite number.
        digits: How many significant digits.

    Returns:
        The number; beyond 10 000 and below 0.001 with a power of ten.

    Examples:
        >>> format_number(0.0133)
        '0.0133'
        >>> format_number(1.24e-6)
        '1.24 × 10⁻⁶'
        >>> format_number(-123.456)
        '−123.5'
    """
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    power = int(exponent)
    if -3 <= power < max(4, digits):
        text = f"{value:.{max(0, digits - 1 - power)}f}"
        return _trim(text).replace("-", "−")
    # The sign of the exponent is a superscript already.
    return f"{_trim(mantissa)} × 10".replace("-", "−") + str(power).translate(_SUPERSCRIPTS)


def format_value(value: object) -> str:
    """Write a setting or a fact: numbers with few digits, lists with commas, yes and no.

    Args:
        value: A number, text, truth value, None, or a list of these.

    Returns:
        Text for a table.

    Examples:
        >>> format_value(0.123456789), format_value(True), format_value(None), format_value([1, 2])
        ('0.1235', 'yes', 'none', '1, 2')
        >>> format_value(20000)
        '20000'
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return format_number(value) if math.isfinite(value) else "not finite"
    if isinstance(value, list | tuple):
        return ", ".join(format_value(item) for item in value)
    return "none" if value is None else str(value)


def format_moment(time: Any) -> str:
    """Write a value of a time axis, without its unit.

    Args:
        time: A float, a whole number, or a date.

    Returns:
        A number of six digits at most, or a date to the second; midnight is the date alone.

    Examples:
        >>> format_moment(np.datetime64("2001-02-03T04:05:06.7")), format_moment(np.datetime64("2001-02-03", "ns"))
        ('2001-02-03 04:05:06', '2001-02-03')
        >>> format_moment(np.float64(15.9000001)), format_moment(np.int64(1900))
        ('15.9', '1900')
    """
    if isinstance(time, np.datetime64):
        return str(np.datetime_as_string(time, unit="s")).removesuffix("T00:00:00").replace("T", " ")
    return f"{time:.6g}" if isinstance(time, float) else str(time)


def counted(number: int, word: str) -> str:
    """Write a number of things.

    Args:
        number: How many.
        word: One of them.

    Returns:
        Both, in the plural unless it is one.

    Examples:
        >>> counted(1, "row"), counted(0, "row")
        ('1 row', '0 rows')
    """
    return f"{number} {word}{'' if number == 1 else 's'}"


def _trim(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
