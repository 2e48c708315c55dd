"""The web server's way in. A site outside the demo does not start without its secret key and its host names."""

import os

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gradingsite.settings")


def demand(*names: str) -> None:
    """Raise ImproperlyConfigured naming every environment variable of ``names`` that is not set."""
    # Django itself raises on reading an empty SECRET_KEY, before the other names could be told.
    missing = [name for name in names if not settings.SITE_DEMANDED[name]]
    if missing:
        raise ImproperlyConfigured(
            f"Set {' and '.join(missing)} in the environment, or SITE_DEMO=1 for the demo."
        )


demand("SECRET_KEY", "ALLOWED_HOSTS")
application = get_wsgi_application()
