"""Settings of every process. Production is strict: without its secrets and addresses it does not boot."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django_stubs_ext
from psycopg.conninfo import conninfo_to_dict

from config import env

django_stubs_ext.monkeypatch()  # lets ModelForm[Organization] exist at run time

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.text("MUSTER_VAR", str(BASE_DIR / "var")))
PRODUCTION = (
    env.choice("MUSTER_ENV", allowed=("production", "development"), default="production") == "production"
)
DEBUG = False
SECRET_KEY = env.text("SECRET_KEY")

# Links in mails and redirects come from here, never from a request's Host header.
BASE_URL = env.text("BASE_URL", None if PRODUCTION else "http://127.0.0.1:8000").rstrip("/")
_base = urlsplit(BASE_URL)
ALLOWED_HOSTS = env.items(
    "ALLOWED_HOSTS", _base.hostname if PRODUCTION else "127.0.0.1,localhost,[::1],testserver"
)
# Where streams are served: the same origin behind the proxy, the neighbouring port on one's own machine.
LIVE_PORT = env.number("LIVE_PORT", 0)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "template_partials",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "rest_framework",
    "drf_spectacular",
    "coalitions",
    "allies",
    "negotiations",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "coalitions.permissions.SignInRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
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
            ],
            "builtins": ["coalitions.templatetags.muster"],
        },
    },
]


def _database(url: str) -> dict[str, Any]:
    """Any form that libpq understands."""
    parts = conninfo_to_dict(url)
    known = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    options = {key: value for key, value in parts.items() if key not in known}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **{known[key]: value for key, value in parts.items() if key in known},
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 3,
            "options": "-c statement_timeout=15000 -c lock_timeout=5000"
            " -c idle_in_transaction_session_timeout=20000",
            **options,
        },
    }


DATABASES = {"default": _database(env.text("DATABASE_URL"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "coalitions.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 3600
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
OTP_TOTP_ISSUER = "Muster"

# Sessions are rows that belong to a person, so that they can be listed, ended and re-checked by streams.
SESSION_ENGINE = "coalitions.sessions"
SESSION_COOKIE_AGE = 7 * 24 * 3600  # idle limit
SESSION_ABSOLUTE_AGE = 30 * 24 * 3600
REAUTHENTICATE_AFTER = 15 * 60
SESSION_COOKIE_NAME = "__Host-session" if PRODUCTION else "muster-session"
SESSION_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if PRODUCTION else "muster-csrf"
CSRF_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "coalitions.views.errors.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = ["^healthz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
SECURE_HSTS_SECONDS = 63072000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
# Not "no-referrer": under it browsers send every plain form with `Origin: null`, which the check against
# forged requests refuses. Pages whose address is a secret say "strict-origin" themselves.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
SELF = "'self'"
NONE = "'none'"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [
            SELF,
            *([f"http://127.0.0.1:{LIVE_PORT}", f"http://localhost:{LIVE_PORT}"] if LIVE_PORT else []),
        ],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
DATA_UPLOAD_MAX_NUMBER_FILES = 8
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_500_000

# The design kit shows made-up figures only; developers look at it, nobody else has a use for it.
SHOWS_DESIGN_KIT = not PRODUCTION

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Compressing takes 40 s and is worth it only where files travel: on one's own machine they do not.
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    },
}

DEFAULT_FROM_EMAIL = env.text("MAIL_FROM", None if PRODUCTION else "muster@localhost")
EMAIL_BACKEND = env.text(
    "MAIL_BACKEND",
    "django.core.mail.backends.smtp.EmailBackend"
    if PRODUCTION
    else "django.core.mail.backends.filebased.EmailBackend",
)
EMAIL_FILE_PATH = str(VAR_DIR / "mail")
EMAIL_HOST = env.text("MAIL_HOST", "localhost")
EMAIL_PORT = env.number("MAIL_PORT", 587 if PRODUCTION else 25)
EMAIL_HOST_USER = env.text("MAIL_USER", "-").removeprefix("-")
EMAIL_HOST_PASSWORD = env.text("MAIL_PASSWORD", "-").removeprefix("-")
EMAIL_USE_TLS = PRODUCTION
EMAIL_TIMEOUT = 10

REDIS_URL = env.text("REDIS_URL")
CELERY_BROKER_URL = env.text("MUSTER_BROKER_URL", REDIS_URL)
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 270
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 2,
    "socket_connect_timeout": 1,
}
CELERY_BEAT_SCHEDULE = {
    "sweep stale scores": {"task": "coalitions.tasks.sweep", "schedule": 5.0, "options": {"expires": 30}},
    "resume imports": {
        "task": "coalitions.jobs.resume_imports",
        "schedule": 10.0,
        "options": {"expires": 30},
    },
    "send waiting mail": {
        "task": "coalitions.tasks.send_waiting_mail",
        "schedule": 15.0,
        "options": {"expires": 30},
    },
}
# Slow work that somebody started (imports) must not stand before scores.
CELERY_TASK_ROUTES = {"coalitions.jobs.*": {"queue": "jobs"}}
CELERY_TASK_DEFAULT_QUEUE = "scores"

# What counts towards a coalition's strength: functions from a coalition's id to Facts, merged with `|`.
STRENGTH_FACT_SOURCES = ["coalitions.facts.ground_floor"]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["coalitions.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["coalitions.api.authentication.RoleInCoalition"],
    "DEFAULT_RENDERER_CLASSES": ["coalitions.api.rendering.OrjsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["coalitions.api.rendering.OrjsonParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "coalitions.api.rendering.AlwaysJson",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "coalitions.api.schema.Schema",
    "EXCEPTION_HANDLER": "coalitions.api.errors.answer",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Muster",
    "DESCRIPTION": "Your coalition, its pledges and its strength, for programs.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENFORCE_NON_BLANK_FIELDS": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "coalitions.api.schema.close_objects",
    ],
    "ENUM_NAME_OVERRIDES": {
        "OrganizationKind": "coalitions.models.OrganizationKind",
        "ActionKind": "coalitions.models.ActionKind",
    },
}

# Logs carry no addresses, no bodies, no query strings: only what broke.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "filters": {"hide_tokens": {"()": "config.logs.HideTokens"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["hide_tokens"]}
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}
