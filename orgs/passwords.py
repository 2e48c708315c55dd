"""Rules for passwords beyond Django's own: three of four classes of characters, none of the last five."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable
from typing import Any

from django.contrib.auth.hashers import PBKDF2PasswordHasher, check_password, get_hasher, make_password
from django.core.exceptions import ValidationError

from orgs.models import OldPassword

KEPT = 5
ROUNDS = 20_000
LOWER = "abcdefghjkmnpqrstuvwxyz"
UPPER = "ABCDEFGHJKMNPQRSTUVWXYZ"
DIGITS = "23456789"
SIGNS = "@#%+="

CLASSES: tuple[Callable[[str], bool], ...] = (
    lambda sign: sign in string.ascii_lowercase,
    lambda sign: sign in string.ascii_uppercase,
    lambda sign: sign in string.digits,
    lambda sign: not sign.isascii() or sign in string.punctuation or sign == " ",
)


def classes_in(password: str) -> int:
    """How many of the four classes occur: small letters, capitals, digits, all other characters."""
    return sum(any(belongs(sign) for sign in password) for belongs in CLASSES)


def make_password_to_hand_out(length: int = 12) -> str:
    """A random password that meets every rule, without characters that are mistaken for one another on paper."""
    chosen = [secrets.choice(letters) for letters in (LOWER, UPPER, DIGITS, SIGNS)]
    chosen += [secrets.choice(LOWER + UPPER + DIGITS) for _ in range(length - len(chosen))]
    secrets.SystemRandom().shuffle(chosen)
    return "".join(chosen)


def hash_to_hand_out(password: str) -> str:
    """The hash of a random password, with fewer rounds: nobody can guess it, and an import makes hundreds.

    Django hashes it anew with all rounds at the first sign-in, and evens out the time until then.
    """
    hasher = get_hasher()
    if isinstance(hasher, PBKDF2PasswordHasher):
        return hasher.encode(password, hasher.salt(), iterations=ROUNDS)
    return make_password(password)


class CharacterClassesValidator:
    """At least ``minimum`` of the four classes."""

    def __init__(self, minimum: int = 3) -> None:
        self.minimum = minimum

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError when too few classes occur."""
        if classes_in(password) < self.minimum:
            raise ValidationError(self.get_help_text(), code="password_too_few_classes")

    def get_help_text(self) -> str:
        """The rule in words."""
        return f"大写字母、小写字母、数字、符号四类里至少要有{'一二三四'[self.minimum - 1]}类。"


class NotRecentValidator:
    """None of the person's last five passwords, the present one among them."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError when the password was used lately; a person without a row has used none."""
        if user is None or user.pk is None:
            return
        earlier = OldPassword.objects.filter(person=user).values_list("password", flat=True)[: KEPT - 1]
        if any(check_password(password, kept) for kept in (user.password, *earlier)):
            raise ValidationError("最近五次用过的密码不能再用，请换一个。", code="password_used_lately")

    def get_help_text(self) -> str:
        """The rule in words."""
        return "不能用最近五次用过的密码。"
