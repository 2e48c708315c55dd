"""The Chinese words for acts and kinds of record; each app names its own when it is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist

_ACTIONS: dict[str, str] = {
    "trail.export": "导出审计记录",
    "job.start": "提交后台任务",
    "job.done": "后台任务完成",
    "job.failed": "后台任务失败",
    "job.cancel": "取消后台任务",
    "job.download": "下载文件",
}

_COMMON = {
    "status": "状态",
    "state": "状态",
    "kind": "种类",
    "params": "参数",
    "file": "文件",
    "name": "名称",
    "points": "分值（百分之一分）",
    "version": "版本",
    "count": "数量",
    "reason": "事由",
    "actor": "操作人",
    "action": "动作",
    "since": "从",
    "before": "到此日之前",
    "text": "文字",
}


def name_actions(labels: Mapping[str, str]) -> None:
    """Give acts their Chinese words: ``{"sheet.submit": "上报自评"}``."""
    _ACTIONS.update(labels)


def action_label(code: str) -> str:
    """The Chinese word for an act, or the code itself."""
    return _ACTIONS.get(code, code)


def action_choices(codes: list[str]) -> list[tuple[str, str]]:
    """The acts in ``codes`` with their words, for a filter."""
    return sorted(((code, action_label(code)) for code in codes), key=lambda choice: choice[1])


def _field(kind: str, name: str) -> Any:
    """The model field a recorded value belongs to, or None."""
    try:
        return apps.get_model(kind)._meta.get_field(name)
    except (LookupError, ValueError, FieldDoesNotExist):
        return None


def field_label(kind: str, name: str) -> str:
    """The Chinese name of a recorded value: the model field's, else a common word, else the code."""
    field = _field(kind, name)
    words = str(getattr(field, "verbose_name", ""))
    # Django's own default is the code with blanks for underscores: no better than the code.
    return words if words and words != name.replace("_", " ") else _COMMON.get(name, name)


def value_label(kind: str, name: str, value: Any) -> Any:
    """A recorded value as it reads on screens: the word of a choice, 是 or 否, else the value itself."""
    if isinstance(value, bool):
        return "是" if value else "否"
    choices = dict(getattr(_field(kind, name), "flatchoices", None) or ())
    return choices.get(value, value) if isinstance(value, (str, int)) else value


def kind_label(kind: str) -> str:
    """The Chinese name of a model given as ``app.model``; any other text comes back as it is."""
    try:
        return str(apps.get_model(kind)._meta.verbose_name)
    except (LookupError, ValueError):
        return kind
