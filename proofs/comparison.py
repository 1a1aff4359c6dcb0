"""Compare reward schemes: which promise each keeps, with the evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from mechanism.errors import InvalidInputError
from proofs.properties.property import Property
from proofs.verdict import Claim, Refuted, Verdict
from proofs.verification import is_about, verify

__all__ = ["Comparison", "compare"]

Claimed = Property | Claim | Callable[[Any], Property | Claim | None]
"""A property, for chains up to a length or any; or a rule that names the one claimed of a scheme, if any."""

_MARKS = {True: "✓", False: "✗", None: "?"}
_NOTHING = "·"
_LEGEND = "✓ proved   ✗ refuted   ? neither proved nor refuted   · does not apply"
_COLOURS = {"✓": "#1a7f37", "✗": "#cf222e", "?": "#9a6700", "·": "#6e7781"}
_TERMINAL = {"✓": "green", "✗": "red", "?": "yellow", "·": "dim"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A table of verdicts: a row for each scheme, a column for each property.

    Prints as text; with colours through ``rich.print`` and in notebooks.

    Attributes
    ----------
    schemes, properties : tuple of str
        Names of the rows and of the columns.
    verdicts : mapping from (scheme, property) to Verdict or None
        None where a property does not apply to a scheme.
    title : str
        What is compared.
    """

    schemes: tuple[str, ...]
    properties: tuple[str, ...]
    verdicts: Mapping[tuple[str, str], Verdict | None] = field(repr=False)
    title: str = ""

    def __getitem__(self, place: tuple[str, str]) -> Verdict | None:
        return self.verdicts[place]

    def mark(self, scheme: str, property: str) -> str:  # noqa: A002 - the word of the field
        """Return the verdict as one sign."""
        verdict = self.verdicts[scheme, property]
        return _NOTHING if verdict is None else _MARKS[verdict.holds]

    def witnesses(self) -> Iterator[tuple[str, str, Refuted]]:
        """Yield every refuted claim as (scheme, property, verdict), by rows."""
        for scheme in self.schemes:
            for name in self.properties:
                verdict = self.verdicts[scheme, name]
                if isinstance(verdict, Refuted):
                    yield scheme, name, verdict

    def to_dict(self) -> dict[str, Any]:
        """Return the table as plain Python values, ready for JSON."""
        return {
            "title": self.title,
            "schemes": list(self.schemes),
            "properties": list(self.properties),
            "verdicts": {
                scheme: {
                    name: None if (verdict := self.verdicts[scheme, name]) is None else verdict.to_dict()
                    for name in self.properties
                }
                for scheme in self.schemes
            },
        }

    def to_markdown(self, *, witnesses: bool = True) -> str:
        """Return the table, and unless unwanted the counterexamples, as Markdown."""
        rows = [("scheme", *self.properties), ("---", *[":-:"] * len(self.properties))]
        rows += [(scheme, *(self.mark(scheme, name) for name in self.properties)) for scheme in self.schemes]
        lines = [f"## {self.title}", ""] if self.title else []
        lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
        lines += ["", _LEGEND, ""]
        for scheme, name, verdict in self.witnesses() if witnesses else ():
            lines += [f"**{scheme}, {name}**", "", "```text", str(verdict.counterexample), "```", ""]
        return "\n".join(lines)

    def to_html(self) -> str:
        """Return the table as HTML; a cell shows its verdict in words when pointed at."""
        head = "".join(f"<th>{escape(name)}</th>" for name in ("scheme", *self.properties))
        body = "".join(
            f"<tr><th style='text-align:left'>{escape(scheme)}</th>"
            + "".join(self._cell(scheme, name) for name in self.properties)
            + "</tr>\n"
            for scheme in self.schemes
        )
        caption = f"<caption>{escape(self.title)}</caption>" if self.title else ""
        return f"<table>{caption}<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table>\n<p>{_LEGEND}</p>\n"

    def _cell(self, scheme: str, name: str) -> str:
        mark, verdict = self.mark(scheme, name), self.verdicts[scheme, name]
        words = "does not apply" if verdict is None else str(verdict)
        style = f"color:{_COLOURS[mark]};text-align:center"
        return f"<td style='{style}' title='{escape(words, quote=True)}'>{mark}</td>"

    def _repr_html_(self) -> str:
        return self.to_html()

    def table(self) -> str:
        """Return the table alone, as text."""
        return self._drawn(lambda mark, padded: padded)

    def _drawn(self, paint: Callable[[str, str], str]) -> str:
        first = max(map(len, ("scheme", *self.schemes)))
        widths = [max(3, len(name)) for name in self.properties]
        names = [name.center(width) for name, width in zip(self.properties, widths, strict=True)]
        lines = [self.title] if self.title else []
        lines.append("  ".join(["scheme".ljust(first), *names]).rstrip())
        lines.append("─" * (first + sum(width + 2 for width in widths)))
        for scheme in self.schemes:
            marks = [self.mark(scheme, name) for name in self.properties]
            cells = [paint(mark, mark.center(width)) for mark, width in zip(marks, widths, strict=True)]
            lines.append("  ".join([scheme.ljust(first), *cells]).rstrip())
        return "\n".join([*lines, _LEGEND])

    def witness_report(self) -> str:
        """Return every counterexample, as text."""
        return "\n\n".join(
            f"{scheme}, {name}: not {verdict.claim}\n  " + str(verdict.counterexample).replace("\n", "\n  ")
            for scheme, name, verdict in self.witnesses()
        )

    def report(self) -> str:
        """Return the table and every counterexample, as text."""
        return "\n\n".join(filter(None, (self.table(), self.witness_report())))

    def __str__(self) -> str:
        return self.table()

    def __rich__(self) -> str:
        def painted(mark: str, padded: str) -> str:
            return f"[{_TERMINAL[mark]}]{padded}[/]"

        return self._drawn(painted)


def compare(
    schemes: Mapping[str, Any] | Sequence[Any],
    properties: Mapping[str, Claimed] | Sequence[Property],
    *,
    title: str = "",
    progress: Callable[[str, int, int], None] | None = None,
) -> Comparison:
    """Verify every property of every scheme.

    Parameters
    ----------
    schemes : mapping from name to scheme, or sequence of schemes
        Path schemes, tree schemes or rules, as `verify` takes them. In a sequence they go by their labels.
    properties : mapping from name to property, or sequence of properties
        In a sequence they go by their codes. In a mapping a `Claim` may stand for a property, to cut chains at a
        length, and a function from scheme to property or claim, for constants that differ from scheme to
        scheme; where it returns None, and where a property of chains meets a tree scheme or the other
        way round, the cell is left empty.
    title : str, optional
        Shown above the table.
    progress : callable (stage, done, total), optional
        Called before each verification.

    Returns
    -------
    Comparison

    Raises
    ------
    InvalidInputError
        If two schemes or two properties have the same name, or there are none.

    Examples
    --------
    >>> from mechanism.schemes import DoubleGeometric, Recursive
    >>> from proofs import SybilProof, WithinBudget
    >>> print(compare([Recursive(0.5), DoubleGeometric(0.2)], [WithinBudget(), SybilProof()]))
    scheme                 BC   SP
    ──────────────────────────────
    recursive 0.5          ✓    ✗
    double geometric 0.2   ✓    ✓
    ✓ proved   ✗ refuted   ? neither proved nor refuted   · does not apply
    """
    rows = _named("schemes", schemes, lambda scheme: getattr(scheme, "label", None) or scheme.__name__)
    columns = _named("properties", properties, lambda claimed: claimed.code)
    verdicts: dict[tuple[str, str], Verdict | None] = {}
    total = len(rows) * len(columns)
    for row, scheme in rows.items():
        for column, claimed in columns.items():
            if progress is not None:
                progress(f"{row}: {column}", len(verdicts), total)
            wanted = claimed if isinstance(claimed, (Property, Claim)) else claimed(scheme)
            verdicts[row, column] = _verdict(scheme, wanted)
    return Comparison(tuple(rows), tuple(columns), verdicts, title)


def _verdict(scheme: Any, wanted: Property | Claim | None) -> Verdict | None:
    if wanted is None:
        return None
    claim = wanted if isinstance(wanted, Claim) else Claim(wanted)
    if not is_about(claim.property, scheme):
        return None
    return verify(scheme, claim.property, max_depth=claim.max_depth)


def _named(argument: str, given: Any, name_of: Callable[[Any], str]) -> dict[str, Any]:
    if isinstance(given, Mapping):
        named = dict(given)
    elif isinstance(given, Sequence) and not isinstance(given, str):
        named = {}
        for index, item in enumerate(given):
            name = name_of(item)
            if name in named:
                raise InvalidInputError(
                    argument, name, index=index, allowed="a name of its own: give a mapping from names"
                )
            named[name] = item
    else:
        raise InvalidInputError(argument, given, allowed="a mapping or a sequence")
    if not named:
        raise InvalidInputError(argument, given, allowed="at least one")
    return named
