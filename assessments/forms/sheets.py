"""Forms of one sheet, of sending back, of raters, of scans."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms

from assessments.entry_grid import GridCell
from assessments.services.sheets import REASON_LENGTH, Cell
from gradingsite.lib.points import format_points, parse_points, short_points
from gradingsite.lib.refusal import Refused


class PointsField(forms.CharField):
    """Points as typed, in hundredths, between 0 and the full points; wheel and IME can't change a text field."""

    def __init__(self, *, full: int, step: int, name: str) -> None:
        super().__init__(
            required=False,
            label=name,
            widget=forms.TextInput(
                attrs={"inputmode": "decimal", "autocomplete": "off", "class": "num", "data-full": full}
            ),
        )
        self.full, self.step, self.name = full, step, name

    def clean(self, value: object) -> int | None:
        """Hundredths, or None for an empty field."""
        text = str(value or "").strip()
        if not text:
            return None
        try:
            return parse_points(text, high=self.full, step=self.step, name=self.name)
        except Refused as refused:
            raise forms.ValidationError(str(refused)) from None


class SheetForm(forms.Form):
    """One sheet: points and reason by indicator, with what the writer saw there.

    ``handing_in``: everything must be filled in, a deduction with its reason.
    """

    def __init__(
        self, data: object = None, *, cells: Sequence[GridCell], step: int, handing_in: bool = False
    ) -> None:
        super().__init__(data)
        self.cells = [cell for cell in cells if cell.full is not None]
        self.handing_in = handing_in
        for cell in self.cells:
            key, full = cell.column.key or "total", cell.full or 0
            self.fields[f"points-{key}"] = PointsField(full=full, step=step, name=cell.column.label)
            self.fields[f"seen-{key}"] = forms.CharField(required=False, widget=forms.HiddenInput)
            shown = "" if cell.points is None else format_points(cell.points)
            self.initial[f"points-{key}"] = self.initial[f"seen-{key}"] = shown
            if cell.column.key:
                self.fields[f"reason-{key}"] = forms.CharField(
                    required=False,
                    label=f"{cell.column.label}的扣分事由",
                    max_length=REASON_LENGTH,
                    widget=forms.TextInput(attrs={"autocomplete": "off"}),
                )
                self.initial[f"reason-{key}"] = cell.reason

    def rows(self) -> list[tuple[GridCell, forms.BoundField, forms.BoundField | None, forms.BoundField]]:
        """Each cell with its fields: points, reason (none for an OVERALL source), what was seen."""
        found = []
        for cell in self.cells:
            key = cell.column.key or "total"
            reason = self[f"reason-{key}"] if cell.column.key else None
            found.append((cell, self[f"points-{key}"], reason, self[f"seen-{key}"]))
        return found

    def clean(self) -> dict[str, object]:
        """When handing in: nothing empty, no deduction without its reason."""
        cleaned = super().clean() or self.cleaned_data
        for cell in self.cells if self.handing_in else ():
            key, full = cell.column.key or "total", cell.full or 0
            if f"points-{key}" not in cleaned:
                continue
            points = cleaned[f"points-{key}"]
            if points is None:
                self.add_error(f"points-{key}", f"没有打分，满分 {short_points(full)}")
            elif cell.column.key and points < full and not cleaned.get(f"reason-{key}", "").strip():
                self.add_error(f"reason-{key}", f"扣了 {format_points(full - points)} 分，写明事由")
        return cleaned

    def written(self, sheet_id: int) -> list[Cell]:
        """The cells that differ from what was seen."""
        found = []
        for cell in self.cells:
            key = cell.column.key or "total"
            points, reason = self.cleaned_data[f"points-{key}"], self.cleaned_data.get(f"reason-{key}", "")
            text = self.cleaned_data[f"seen-{key}"]
            seen = parse_points(text, name="原分数") if text else None
            if points != seen or (cell.column.key and reason.strip() != cell.reason):
                found.append(
                    Cell(sheet_id, cell.column.key, seen, points, reason if cell.column.key else None)
                )
        return found


class NoteForm(forms.Form):
    """A reason for sending back or releasing."""

    note = forms.CharField(
        label="事由",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "写明事由，对方看得到。"},
    )


class ScanForm(forms.Form):
    """A scan and the step it belongs to."""

    step = forms.ChoiceField(label="环节")
    file = forms.FileField(
        label="扫描件",
        help_text="PNG、JPG 或 PDF，最大 10 MB。",
        widget=forms.ClearableFileInput(attrs={"accept": ".png,.jpg,.jpeg,.pdf"}),
        error_messages={"required": "请选择扫描件。", "empty": "这个文件是空的，请重新选择。"},
    )
