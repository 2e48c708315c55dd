"""The site's settings under test: defaults for the environment, then what would only make tests slow.

DATABASE_URL and CELERY_BROKER_URL are honoured, so that the same suite runs on PostgreSQL and Redis.
"""

import atexit
import os
import shutil
import tempfile

if "SITE_DATA_DIR" not in os.environ:
    os.environ["SITE_DATA_DIR"] = tempfile.mkdtemp(
        prefix="grading-test-"
    )  # workers of a parallel run inherit it
    atexit.register(shutil.rmtree, os.environ["SITE_DATA_DIR"], ignore_errors=True)
os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 50)
os.environ.setdefault("ALLOWED_HOSTS", "testserver,localhost,127.0.0.1")
os.environ.setdefault("SITE_PLAIN_HTTP", "1")
os.environ.setdefault("CELERY_BROKER_URL", "memory://")

from gradingsite.settings import *  # noqa: F403
from gradingsite.settings import DATA_DIR, DATABASES, STORAGES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = True  # else every test client would walk the static folders
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, as on a real site: threads of the race tests must wait for one another, which memory does not teach.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] += " PRAGMA synchronous=OFF;"
