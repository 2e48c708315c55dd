"""Forms of a paper ballot: the tally sheet as typed, sending it back, narrowing the list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from assessments.rules import Source
from assessments.scoring import BallotCounts, check_counts
from assessments.services.polls import Counts, TallySheet, counted_groups
from assessments.services.scans import LARGEST, kind_of
from gradingsite.lib.points import parse_count
from gradingsite.lib.refusal import Refused
from orgs.forms import DayField, half_width

MOST = 9_999_999
HEADS = (("expected", "应到"), ("issued", "发出"), ("returned", "收回"))
RESTS = (("blank", "弃权"), ("invalid", "无效"))
# Where a sum that doesn't add up is pointed out, by how its words begin.
PLACES = {"发出": "issued", "收回": "returned", "有效": "returned"}


class CountField(forms.CharField):
    """A number of ballots as typed, full-width digits too; wheel and IME can't change a text field."""

    def __init__(self, *, name: str, short: str, part: str) -> None:
        attrs = {"inputmode": "numeric", "autocomplete": "off", "class": "num", "data-part": part}
        self.short = short
        super().__init__(required=False, label=name, widget=forms.TextInput(attrs=attrs), max_length=20)

    def clean(self, value: Any) -> int:
        """A whole number from 0."""
        try:
            return parse_count(super().clean(value), high=MOST, name=self.short)
        except Refused as refused:
            raise forms.ValidationError(str(refused)) from None


class TallyForm(forms.Form):
    """One branch's signed tally sheet: for each pile 应到 发出 收回, votes by option, 弃权 无效; day, staff, scan."""

    def __init__(self, *args: Any, source: Source, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.source, self.today = source, today
        self.piles = counted_groups(source)
        for place, (_, label) in enumerate(self.piles):
            for part, words in (*HEADS, *self._options(), *RESTS):
                name = f"{label}：{words}" if label else words
                self.fields[f"{part}_{place}"] = CountField(name=name, short=words, part=part.split("_")[0])
        self.fields["held_on"] = DayField(label="测评日期", error_messages={"required": "测评日期没有填。"})
        self.fields["counting_staff"] = forms.CharField(
            label="计票人",
            max_length=100,
            error_messages={"required": "计票人没有填。"},
        )
        self.fields["scan"] = forms.FileField(
            label="计票单扫描件",
            required=False,
            help_text="PNG、JPG 或 PDF，最大 10 MB。",
            widget=forms.FileInput(attrs={"accept": ".png,.jpg,.jpeg,.pdf"}),
            error_messages={"empty": "这个文件是空的，请重新选择。"},
        )

    def _options(self) -> list[tuple[str, str]]:
        return [(f"option_{one.key}", one.label) for one in self.source.options]

    def laid_out(self) -> list[dict[str, Any]]:
        """Each pile with its three rows of fields, as the paper has them."""
        return [
            {
                "number": place,
                "label": label,
                "heads": [self[f"{part}_{place}"] for part, _ in HEADS],
                "options": [self[f"{part}_{place}"] for part, _ in self._options()],
                "rests": [self[f"{part}_{place}"] for part, _ in RESTS],
            }
            for place, (_, label) in enumerate(self.piles)
        ]

    def clean_held_on(self) -> dt.date:
        """A ballot can't have been held tomorrow."""
        day: dt.date = self.cleaned_data["held_on"]
        if day > self.today:
            raise forms.ValidationError("测评日期在今天以后，请核对。")
        return day

    def clean_scan(self) -> UploadedFile | None:
        """Judged by what the file holds, not by its name."""
        sent: UploadedFile | None = self.cleaned_data["scan"]
        if sent is None:
            return None
        if (sent.size or 0) > LARGEST:
            raise forms.ValidationError("扫描件超过 10 MB，请压缩后再上传。")
        try:
            kind_of(sent.read(16))
        except Refused as refused:
            raise forms.ValidationError(str(refused)) from None
        sent.seek(0)
        return sent

    def clean(self) -> dict[str, Any]:
        """The sums of each pile, pointed out beside the number that is too large."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for place, (_, label) in enumerate(self.piles):
            parts = [f"{part}_{place}" for part, _ in (*HEADS, *self._options(), *RESTS)]
            if any(part not in cleaned for part in parts):
                continue
            for words in self._faults(cleaned, place):
                part = next(part for start, part in PLACES.items() if words.startswith(start))
                self.add_error(f"{part}_{place}", f"{label}：{words}" if label else words)
        return cleaned

    def _faults(self, cleaned: dict[str, Any], place: int) -> list[str]:
        counts = self._counts(cleaned, place)
        return check_counts(
            self.source,
            BallotCounts(
                options=counts.options,
                blank=counts.blank,
                invalid=counts.invalid,
                expected=counts.expected,
                issued=counts.issued,
                returned=counts.returned,
            ),
        )

    def _counts(self, cleaned: dict[str, Any], place: int) -> Counts:
        numbers = {part: cleaned[f"{part}_{place}"] for part, _ in (*HEADS, *RESTS)}
        votes = {one.key: cleaned[f"option_{one.key}_{place}"] for one in self.source.options}
        return Counts(**numbers, options=votes)

    def sheet(self) -> TallySheet:
        """The tally sheet as the service takes it."""
        counts = {key: self._counts(self.cleaned_data, place) for place, (key, _) in enumerate(self.piles)}
        return TallySheet(
            counts, self.cleaned_data["held_on"], half_width(self.cleaned_data["counting_staff"])
        )


class ReturnForm(forms.Form):
    """Why the figures go back to whoever typed them."""

    note = forms.CharField(
        label="退回事由",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "写明哪里对不上，录入的人看得到。"},
    )


class PollFilter(forms.Form):
    """Which ballots the list shows; ``state`` is chosen by the links above."""

    committee = forms.ChoiceField(label="单位", required=False)
    q = forms.CharField(label="支部", required=False, max_length=40)
    state = forms.CharField(required=False, max_length=10, widget=forms.HiddenInput)

    def __init__(self, *args: Any, committees: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["committee"].choices = [("", "全部单位"), *committees]
        if len(committees) < 2:
            self.fields["committee"].widget = forms.HiddenInput()
