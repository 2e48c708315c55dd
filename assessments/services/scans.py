"""Scans of signed and sealed papers: judged by content, kept under random names outside the static tree."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
import secrets
from pathlib import Path

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from assessments.models import Assessment, Scan
from assessments.rules.words import StepName
from assessments.services.marks import lock
from assessments.services.schemes import rules_of
from gradingsite.lib.refusal import Refused
from gradingsite.trail.services import record
from orgs.actor import Actor
from orgs.models import StoredFile

LARGEST = 10 * 1024 * 1024
MOST_EACH = 20
KINDS = (
    (b"\x89PNG\r\n\x1a\n", "image/png", "png"),
    (b"\xff\xd8\xff", "image/jpeg", "jpg"),
    (b"%PDF-", "application/pdf", "pdf"),
)
STEPS_OF = {"SEC": (StepName.SELF, StepName.CONFIRM), "DEP": (StepName.APPROVE,)}
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|\u200b-\u200f\u202a-\u202e]")


def kind_of(content: bytes) -> tuple[str, str]:
    """Content type and ending by the first bytes. Raises Refused for anything but PNG, JPG and PDF."""
    for start, content_type, ending in KINDS:
        if content.startswith(start):
            return content_type, ending
    raise Refused("扫描件只收 PNG、JPG 或 PDF 文件。", field="file")


def steps_open_to(assessment: Assessment, by: Actor) -> tuple[StepName, ...]:
    """The steps of the file whose papers the actor may add: the branch its own, staff all, the department its approval."""
    steps = tuple(step.key for step in rules_of(assessment.round.scheme).steps)
    parties = assessment.parties(by.reach)
    if by.is_system or "CLK" in parties:
        return steps
    allowed = {step for party in parties for step in STEPS_OF.get(party, ())}
    return tuple(step for step in steps if step in allowed)


def store_scan(
    *, assessment: Assessment, step: str, upload: UploadedFile, by: Actor, now: dt.datetime
) -> Scan:
    """Keep a scan of a signed or sealed paper at a step of a file. What the file holds decides, not its name.

    Raises Refused for another kind of content, more than 10 MB, a step that is none or one too many;
    PermissionDenied for whoever isn't party to that step.
    """
    if assessment.round.status == "closed":
        raise Refused("本轮次已经结束，不能再上传扫描件。")
    known = {one.key.value for one in rules_of(assessment.round.scheme).steps}
    if step not in known:
        raise Refused("没有这个环节，请重新选择。", field="step")
    if step not in {one.value for one in steps_open_to(assessment, by)}:
        raise PermissionDenied(f"scan {assessment.pk}: {step}")
    if (upload.size or 0) > LARGEST:
        raise Refused("扫描件超过 10 MB，请压缩后再上传。", field="file")
    content = upload.read()
    content_type, ending = kind_of(content)
    path = f"files/{now:%Y}/{secrets.token_hex(24)}"
    with transaction.atomic():
        lock(assessment.pk)
        if assessment.scans.filter(step=step).count() >= MOST_EACH:
            raise Refused(f"这个环节已有 {MOST_EACH} 个扫描件。", field="file")
        stored = StoredFile.objects.create(
            organisation_id=assessment.organisation_id,
            purpose="scan",
            name=_tidy(upload.name or "", ending),
            content_type=content_type,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            path=path,
            by=by.person,
            at=now,
        )
        scan = Scan.objects.create(assessment=assessment, step=step, file=stored)
        record(
            by=by,
            action="scan.add",
            obj=scan,
            label=f"{assessment.short_name} {stored.name}",
            after={"step": step, "sha256": stored.sha256},
            organisation_id=assessment.organisation_id,
        )
        _write(path, content)
    return scan


def content_of(scan: Scan) -> bytes:
    """The scan's bytes. Raises Refused when the file is gone or no longer what was stored."""
    place = _located(scan.file.path)
    try:
        content = place.read_bytes()
    except OSError:
        raise Refused("扫描件找不到了，请联系系统管理员。") from None
    if hashlib.sha256(content).hexdigest() != scan.file.sha256:
        raise Refused("扫描件已损坏，请重新上传。")
    return content


def note_download(*, scan: Scan, by: Actor) -> None:
    """A download goes to the trail."""
    record(
        by=by,
        action="scan.download",
        obj=scan,
        label=scan.file.name,
        organisation_id=scan.file.organisation_id,
    )


def _located(path: str) -> Path:
    root = Path(settings.DATA_DIR).resolve()
    place = (root / path).resolve()
    if root not in place.parents:
        raise Refused("扫描件找不到了，请联系系统管理员。")
    return place


def _write(path: str, content: bytes) -> None:
    place = _located(path)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def _tidy(name: str, ending: str) -> str:
    """The sender's name for the file, made harmless, with the ending of what it really is."""
    stem = _UNSAFE.sub("", name).strip(" .")
    stem = stem.rsplit(".", 1)[0] if "." in stem else stem
    return f"{(stem or '扫描件')[:100]}.{ending}"
