"""Persons, their posts and what a post lists (domain.md 1)."""

from __future__ import annotations

import datetime as dt

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q

from orgs.models.organisations import Organisation
from orgs.reach import Reach
from orgs.roles import AdminRole, Role

SYSTEM_USERNAME = "system"
SYSTEM_NAME = "系统（命令行）"


class PersonManager(BaseUserManager["Person"]):
    """Accounts. There is no superuser: authority comes from posts alone."""

    def get_by_natural_key(self, username: str | None) -> Person:
        """Sign-in names don't depend on case."""
        return self.get(username__iexact=username)

    def system(self) -> Person:
        """The software itself and the command line: owns entries nobody made, can't sign in."""
        person, _ = self.get_or_create(
            username=SYSTEM_USERNAME, defaults={"name": SYSTEM_NAME, "is_active": False, "password": "!"}
        )
        return person


class Person(AbstractBaseUser):
    """An account. ``admin_role`` is one column, so nobody can hold two of the three administrators' roles."""

    username = models.CharField("用户名", max_length=60, unique=True)
    name = models.CharField("姓名", max_length=40)
    phone = models.CharField("电话", max_length=30, blank=True)
    admin_role = models.CharField(
        "管理员", max_length=10, blank=True, default="", choices=[(r.value, r.label) for r in AdminRole]
    )
    is_active = models.BooleanField("启用", default=True)
    must_change_password = models.BooleanField(default=True)
    password_changed_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True, blank=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: list[str] = ["name"]

    objects = PersonManager()

    class Meta:
        verbose_name = "人员"

    def __str__(self) -> str:
        return self.name


class OldPassword(models.Model):
    """Hashes of earlier passwords: none of the last five may come back."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="old_passwords")
    password = models.CharField(max_length=128)
    at = models.DateTimeField()

    class Meta:
        ordering = ("-at", "-pk")


class PostQuerySet(models.QuerySet["Post"]):
    """Questions asked of posts."""

    def held_on(self, day: dt.date) -> PostQuerySet:
        """Posts in force on the day, of persons who are enabled."""
        return self.filter(
            Q(to_on__isnull=True) | Q(to_on__gte=day), from_on__lte=day, person__is_active=True
        )

    def within(self, reach: Reach) -> PostQuerySet:
        """Posts at organisations the reach covers."""
        return self.filter(reach.organisations("organisation__path", "organisation_id"))


class Post(models.Model):
    """A role at an organisation from a date to a date (inclusive). A deputy's post names the one it stands in for."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="posts")
    role = models.CharField("职务", max_length=24, choices=[(r.value, r.label) for r in Role])
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="posts")
    title = models.CharField("职务名称", max_length=60, blank=True)
    from_on = models.DateField("起")
    to_on = models.DateField("止", null=True, blank=True)
    deputy_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="deputies"
    )
    handed_from = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="handed_to"
    )
    listed = models.ManyToManyField(Organisation, through="PostListing", related_name="listed_by")

    objects = PostQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(to_on__isnull=True) | Q(to_on__gte=F("from_on")), name="post_ends_after_it_begins"
            ),
            models.CheckConstraint(
                condition=Q(deputy_of__isnull=True) | Q(to_on__isnull=False), name="deputy_has_an_end"
            ),
            models.UniqueConstraint(
                fields=("person", "role", "organisation"),
                condition=Q(to_on__isnull=True),
                name="one_open_post_each",
            ),
        )
        indexes = (models.Index(fields=("organisation", "role")),)

    def __str__(self) -> str:
        return f"{self.organisation.short_name}{self.title or Role(self.role).label}"


class PostListing(models.Model):
    """An organisation a LISTED post covers (liaison's branches, contact points, a supervision group's units)."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="listings")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("post", "organisation"), name="listed_once"),)
