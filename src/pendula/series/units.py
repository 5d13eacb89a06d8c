"""Units in the headers of tables: `x [rad]`."""

import re

__all__ = ["join_header", "split_header"]

# "x [rad]" and "x[rad]", but a unit in parentheses needs a blank before it: "f(x)" is a name.
_HEADERS = re.compile(r"^(?P<name>.*?\S)(?:\s*\[(?P<bracket>[^\[\]]*)\]|\s+\((?P<parenthesis>[^()]*)\))$")


def split_header(header: str) -> tuple[str, str]:
    """Split the header of a column into its name and its unit.

    Args:
        header: Such as `x [rad]` or `x (m)`.

    Returns:
        Name and unit; the unit is empty if the header has none.

    Examples:
        >>> split_header("x [rad]"), split_header("T (°C)"), split_header("f(x)")
        (('x', 'rad'), ('T', '°C'), ('f(x)', ''))
    """
    found = _HEADERS.match(header.strip())
    if found is None:
        return header.strip(), ""
    return found["name"], (found["bracket"] or found["parenthesis"] or "").strip()


def join_header(name: str, units: str) -> str:
    """Write a name and a unit as the header of a column.

    Args:
        name: The column's name.
        units: Its unit, or nothing.

    Returns:
        A header that `split_header` takes apart.

    Examples:
        >>> join_header("x", "rad"), join_header("x", "")
        ('x [rad]', 'x')
    """
    return f"{name} [{units}]" if units else name
