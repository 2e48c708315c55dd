"""Stored files: scans of signed papers, evidence, attachments. One table for all of them."""

from __future__ import annotations

from django.db import models


class StoredFile(models.Model):
    """A file kept under a random name in the data folder, served only after a scope check, as an attachment.

    ``path`` is relative to ``settings.SITE_DATA_DIR``; ``sha256`` is of its content, ``size`` in bytes.
    """

    organisation = models.ForeignKey("orgs.Organisation", on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=30)
    name = models.CharField("文件名", max_length=200)
    content_type = models.CharField(max_length=80)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=120, unique=True)
    by = models.ForeignKey("orgs.Person", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
