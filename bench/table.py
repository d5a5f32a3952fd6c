"""Figures as medians with their range, and the table that prints them."""
import statistics


class Figure:
    """The values of one figure, one for each round."""

    def __init__(self, values, unit, digits=0):
        self.values, self.unit, self.digits = list(values), unit, digits

    @property
    def median(self):
        return statistics.median(self.values)

    def __str__(self):
        number = f"{{:,.{self.digits}f}}".format
        text = f"{number(self.median)} {self.unit}"
        if len(self.values) > 1:
            text += f" ({number(min(self.values))}–{number(max(self.values))})"
        return text


class Table:
    HEADER = ("what", "ours", "reference", "ratio", "target")

    def __init__(self):
        self.lines, self.notes, self.failures = [], [], []

    def add(self, what, ours, reference=None, reference_name="", higher_is_better=False, target=""):
        """Adds a line. Without `what`, it compares the line above with another reference. The ratio says how many times better
        Dray is."""
        ratio = ""
        if reference is not None and min(ours.median, reference.median) > 0:
            better = ours.median / reference.median
            ratio = f"{better if higher_is_better else 1 / better:.2f} ×"
        beside = f"{reference_name}: {reference}" if reference is not None else reference_name or "—"
        self.lines.append((what, str(ours) if what else "", beside, ratio or "—", target or "—"))

    def note(self, text):
        self.notes.append(text)

    def failed(self, row, error):
        self.failures.append(row)
        self.notes.append(f"{row} could not be measured: {error}")

    def render(self):
        rows = [self.HEADER, *self.lines]
        widths = [max(len(row[column]) for row in rows) for column in range(len(self.HEADER))]
        def line(row):
            return "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |"
        rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
        head = [line(self.HEADER), rule]
        body = [line(row) for row in self.lines]
        legend = "\nMedian of the rounds (lowest–highest). Ratio: how many times better ours is than the reference."
        return "\n".join([*head, *body, legend, *(f"- {note}" for note in self.notes)])
