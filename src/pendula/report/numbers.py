"""Numbers as people read them: four significant digits, powers of ten written out."""

import math

__all__ = ["format_number", "format_value"]

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


def _trim(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
