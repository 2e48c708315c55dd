"""The form that takes a file of scores."""

from django import forms

LARGEST = 20 * 1024 * 1024


class ScoreFileForm(forms.Form):
    """One file, at most 20 MB; what it holds is judged by its content, not its name."""

    file = forms.FileField(
        label="分数文件",
        help_text="xlsx 或 csv，最大 20 MB；表头要有组织代码和评价主体。",
        error_messages={"required": "请选择要导入的文件。", "empty": "这个文件是空的，请重新选择。"},
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.csv"}),
    )

    def clean_file(self) -> object:
        """Refuse what is too large to read."""
        chosen = self.cleaned_data["file"]
        if chosen.size > LARGEST:
            raise forms.ValidationError("文件超过 20 MB，请拆成几个文件再导入。")
        return chosen
