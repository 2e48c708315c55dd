"""Settings, read from the environment. What each variable does is in README.md and docs/running-without-docker.md.

Outside the demo nothing is guessed that safety hangs on: ``gradingsite.wsgi`` refuses to start without
SECRET_KEY and ALLOWED_HOSTS, and plain http needs SITE_PLAIN_HTTP=1.
"""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONE, SELF

from gradingsite import env

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = env.folder("SITE_DATA_DIR", BASE_DIR / "var")
(DATA_DIR / "files").mkdir(parents=True, exist_ok=True)

# --- what kind of site this is
SITE_NAME = "党支部分类定级管理系统"
SITE_DEMO = env.flag("SITE_DEMO")
SITE_PLAIN_HTTP = env.flag("SITE_PLAIN_HTTP", default=SITE_DEMO)
SITE_CONTACT = env.text("SITE_CONTACT", "请联系本单位系统管理员")

DEBUG = False
SECRET_KEY = env.text("SECRET_KEY") or (env.kept_secret(DATA_DIR / "secret_key") if SITE_DEMO else "")
SECRET_KEY_FALLBACKS = env.listed("SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = env.listed("ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]") if SITE_DEMO else ())
CSRF_TRUSTED_ORIGINS = env.listed("CSRF_TRUSTED_ORIGINS")
SITE_DEMANDED = {"SECRET_KEY": bool(SECRET_KEY), "ALLOWED_HOSTS": bool(ALLOWED_HOSTS)}

# --- rooms
INSTALLED_APPS = [
    "reviews",
    "rectification",
    "assessments",
    "orgs",
    "gradingsite.jobs",
    "gradingsite.trail",
    "gradingsite",
    "mptt",
    "import_export",
    "django_htmx",
    "csp",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "gradingsite.middleware.health",  # first: a probe names the host by number and speaks plain http
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "gradingsite.middleware.upload_limit",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "gradingsite.middleware.session_limits",
    "orgs.middleware.ActorMiddleware",
    "gradingsite.middleware.no_store",
    "gradingsite.middleware.SignInRequired",
    "gradingsite.middleware.RefusedAsPage",
]

ROOT_URLCONF = "gradingsite.urls"
WSGI_APPLICATION = "gradingsite.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "gradingsite.middleware.site_words",
                "gradingsite.context.shell",
            ],
        },
    },
]

# --- database
SQLITE_OPTIONS = {
    # A writer takes its lock at BEGIN and waits for it, instead of failing when it wants to upgrade a read.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
        " PRAGMA temp_store=MEMORY; PRAGMA cache_size=-65536;"
    ),
}
_database = dj_database_url.parse(
    env.text("DATABASE_URL", f"sqlite:///{DATA_DIR / 'site.sqlite3'}"),
    conn_max_age=60,
    conn_health_checks=True,
)
if _database["ENGINE"] == "django.db.backends.sqlite3":
    _database["OPTIONS"] = SQLITE_OPTIONS
DATABASES = {"default": _database}

# --- cache, sessions, broker
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", "filesystem://")
REDIS_URL = env.text(
    "REDIS_URL", CELERY_BROKER_URL if urlsplit(CELERY_BROKER_URL).scheme.startswith("redis") else ""
)
# Nothing may depend on the cache being shared or kept: it only saves work.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "site",
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 5000}}
}
SESSION_ENGINE = (
    "django.contrib.sessions.backends.cached_db" if REDIS_URL else "django.contrib.sessions.backends.db"
)

if CELERY_BROKER_URL.startswith("filesystem:"):
    _broker = DATA_DIR / "broker"
    for _folder in ("messages", "control", "processed"):
        (_broker / _folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_broker / "messages"),
        "data_folder_out": str(_broker / "messages"),
        "control_folder": str(_broker / "control"),
        "processed_folder": str(_broker / "processed"),
        "store_processed": False,
        "polling_interval": 0.05,
    }
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 3, "socket_timeout": 10}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_RESULT_BACKEND = None  # the Job row holds the result
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
# A nudge that cannot be sent is not worth waiting for: the reaper sends it again.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TIMEZONE = "Asia/Shanghai"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "jobs.reap": {"task": "jobs.reap", "schedule": timedelta(minutes=1), "options": {"expires": 60}},
    "trail.seal": {"task": "trail.seal", "schedule": timedelta(minutes=1), "options": {"expires": 60}},
}

# --- people and sessions
AUTH_USER_MODEL = "orgs.Person"
AUTHENTICATION_BACKENDS = ["orgs.auth.PersonBackend"]
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign_in"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "orgs.passwords.CharacterClassesValidator"},
    {"NAME": "orgs.passwords.NotRecentValidator"},
]
SESSION_IDLE_LIMIT = timedelta(minutes=30)
SESSION_ABSOLUTE_LIMIT = timedelta(hours=12)
SESSION_COOKIE_AGE = int(SESSION_ABSOLUTE_LIMIT.total_seconds())
SESSION_EXPIRE_AT_BROWSER_CLOSE = True  # office machines are shared
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- transport and headers
SESSION_COOKIE_SECURE = not SITE_PLAIN_HTTP
CSRF_COOKIE_SECURE = not SITE_PLAIN_HTTP
SECURE_SSL_REDIRECT = not SITE_PLAIN_HTTP
SECURE_HSTS_SECONDS = 0 if SITE_PLAIN_HTTP else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = not SITE_PLAIN_HTTP
# Preloading binds a whole government domain for years: not this site's to decide.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
if env.flag("SITE_BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
# Over plain http browsers ignore this header and warn about it on the console.
SECURE_CROSS_ORIGIN_OPENER_POLICY = None if SITE_PLAIN_HTTP else "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}

# --- files
STATIC_URL = "static/"
STATICFILES_DIRS = [path for path in (BASE_DIR / "static",) if path.is_dir()]
STATIC_ROOT = BASE_DIR / "var" / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if SITE_DEMO
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
if SITE_DEMO:
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)
WHITENOISE_USE_FINDERS = SITE_DEMO  # the demo needs no collectstatic
WHITENOISE_AUTOREFRESH = False
# Uploads lie outside the static tree and have no address of their own: a view serves them after a scope check.
MEDIA_ROOT = DATA_DIR / "files"
FILE_UPLOAD_PERMISSIONS = 0o640
UPLOAD_MAX_BYTES = env.whole("UPLOAD_MAX_BYTES", 32 * 1024 * 1024)
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # a township's grid is posted whole when scripts are off
DATA_UPLOAD_MAX_NUMBER_FILES = 20
IMPORT_EXPORT_USE_TRANSACTIONS = True
IMPORT_EXPORT_SKIP_ADMIN_LOG = True
IMPORT_EXPORT_SKIP_ADMIN_CONFIRM = False
IMPORT_EXPORT_CHUNK_SIZE = 2000
IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True

# --- language and time
LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

# --- log: where and what went wrong, never what was in a request
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "gradingsite": {"level": env.text("SITE_LOG_LEVEL", "INFO")},
        "celery": {"level": "WARNING"},
    },
}
