"""Whether views of a sample are any nearer to each other than to other samples."""

from collections.abc import Mapping
from typing import Any

from eigenview.alarms.alarm import Alarm

_NO_NEARER = 0.05


def views_apart(line: Mapping[str, Any]) -> Alarm | None:
    """Views of one sample are, in features or embeddings, as far apart as views of different samples.

    Between unit rows the mean squared distance is 2(1 − cosine), so (1 − views)/(1 − samples) is the distance of views
    as a share of that of samples: 1 is no invariance. The alarm asks for 95%.

    Args:
        line: a measurement.
    """
    for what in ("embeddings", "features"):
        cosine = (line.get("cosine") or {}).get(what)
        if not cosine or cosine["samples"] is None or cosine["samples"] >= 1:
            continue
        share = (1 - cosine["views"]) / (1 - cosine["samples"])
        if share >= 1 - _NO_NEARER:
            return Alarm(
                "no invariance",
                f"at step {line['step']} the squared distance between {what} of a sample's views is {share:.0%} of "
                f"that between different samples (cosines {cosine['views']:.3f} and {cosine['samples']:.3f})",
                "weaker views, more weight on the agreement of views, a smaller learning rate, or a longer warm-up",
            )
    return None
