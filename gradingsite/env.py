"""Typed readers for environment variables; a value that cannot be read stops the start with a plain sentence."""

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"", "0", "false", "no", "off"})


def text(name: str, default: str = "") -> str:
    """The variable without surrounding blanks; an empty one counts as not set."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, *, default: bool = False) -> bool:
    """A yes/no variable (1/0, true/false, yes/no, on/off); anything else raises ImproperlyConfigured."""
    if name not in os.environ:
        return default
    word = os.environ[name].strip().lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {word!r}.")


def whole(name: str, default: int) -> int:
    """A whole number; anything else raises ImproperlyConfigured."""
    word = text(name)
    if not word:
        return default
    try:
        return int(word)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {word!r}.") from None


def listed(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """Values separated by commas, blanks dropped."""
    return [word.strip() for word in text(name).split(",") if word.strip()] or list(default)


def folder(name: str, default: Path) -> Path:
    """A folder as an absolute path; it is not made here."""
    return Path(text(name) or default).expanduser().resolve()


def kept_secret(path: Path) -> str:
    """The secret kept in the file ``path``, made at random and readable by its owner alone when absent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(64))
    except FileExistsError:
        pass  # made by an earlier start, or by another process of this one
    return path.read_text().strip()
