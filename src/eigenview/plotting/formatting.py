"""Numbers, durations and times as people read them."""

from datetime import UTC, datetime

Number = int | float  # JSON tells them apart, a person does not
MINUS = "\N{MINUS SIGN}"


def number(value: Number, digits: int = 3) -> str:
    """A number with few significant digits: 0.613, 81.3, 1,437."""
    if float(value).is_integer() or abs(value) >= 10**digits:
        return f"{value:,.0f}".replace("-", MINUS)
    return f"{value:.{digits}g}".replace("-", MINUS)


def magnitude(count: int) -> str:
    """A large count: 412, 64.2 k, 11.2 M."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return str(count)


def duration(seconds: Number) -> str:
    """A time span in its two largest units: 38 s, 4 min 12 s, 2 h 05 min."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes_left:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def points(gain: Number) -> str:
    """A difference of accuracies in points, with its sign."""
    return f"{gain:+.1f}".replace("-", MINUS)


def moment(unix: Number) -> str:
    """A unix time as date and minute."""
    return f"{datetime.fromtimestamp(unix, UTC):%Y-%m-%d %H:%M} UTC"
