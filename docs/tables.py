"""Generates the tables of the docs from the code, between `<!-- table:NAME -->` and `<!-- /table -->`.

Usage: python docs/tables.py [--check]

With --check nothing is written: it exits with 1, and names the files, if a table is out of date.
"""

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path

from eigenview.alarms import AlarmRule, alarm_rules
from eigenview.measures import CATALOGUE

ROOT = Path(__file__).parents[1]
PAGES = (*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md")
_TABLE = re.compile(r"(<!-- table:(?P<name>[\w-]+) -->\n).*?(<!-- /table -->)", re.DOTALL)


def markdown(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def measures() -> str:
    """Every measure of the catalogue: what it needs, which end is good, and what it says."""
    rows = [
        (
            f"**`{spec.name}`**" if spec.essential else f"`{spec.name}`",
            spec.group,
            spec.needs,
            spec.direction or "–",
            spec.meaning,
        )
        for spec in CATALOGUE
    ]
    return markdown(("measure", "group", "needs", "good is", "meaning"), rows)


def alarms() -> str:
    """Every rule of the table of alarms: when it is checked, and when it raises one."""
    return markdown(
        ("alarm", "checked", "raised if"), [(rule.name, rule.when, _condition(rule)) for rule in alarm_rules()]
    )


def _condition(rule: AlarmRule) -> str:
    conditions = (
        rule.condition,
        "for two measurements in a row" if rule.in_a_row == 2 else "",
        "only after a tenth of the run and at least 50 steps" if rule.patient else "",
        f"not raised together with *{rule.unless}*" if rule.unless else "",
    )
    return "; ".join(filter(None, conditions))


TABLES: dict[str, Callable[[], str]] = {"alarms": alarms, "measures": measures}
"""By the name in the marker; a table is added by a function and a line here."""


def updated(text: str) -> str:
    """A page with each of its tables generated anew.

    Raises:
        KeyError: the page names a table that does not exist.
    """
    return _TABLE.sub(lambda found: f"{found[1]}{TABLES[found['name']]()}{found[3]}", text)


def main() -> int:
    """Rewrites the pages whose tables are out of date, or with --check only names them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a table is out of date")
    arguments = parser.parse_args()
    stale = {page: new for page in PAGES if (new := updated(text := page.read_text())) != text}
    for page, new in stale.items():
        print(f"{page.relative_to(ROOT)}: {'is out of date' if arguments.check else 'updated'}")
        if not arguments.check:
            page.write_text(new)
    return 1 if stale and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
