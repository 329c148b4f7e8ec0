"""Settings of the test run: the real ones, with mails kept in memory."""

import os
import re

os.environ.setdefault("SECRET_KEY", "tests-only-secret-key-that-is-long-enough-to-pass-the-deploy-check-0123")
os.environ.setdefault("MUSTER_ENV", "development")

from config.settings import *  # noqa: F403
from config.settings import CELERY_BROKER_URL, REDIS_URL, STRENGTH_FACT_SOURCES

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

# Side by side test processes share one Redis server, each with a database of its own.
_worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
REDIS_URL = re.sub(r"([?&]db=)\d+", rf"\g<1>{_worker}", REDIS_URL)
CELERY_BROKER_URL = re.sub(r"(virtual_host=)\d+", rf"\g<1>{_worker}", CELERY_BROKER_URL)

# Files are served as they lie in the source tree: nothing has to be collected first.
WHITENOISE_USE_FINDERS = True
STATIC_ROOT = None  # type: ignore[assignment]

# Only the processes of tests/faults ask for this: a way to stop a worker in the middle of a score.
if os.environ.get("SLOW_FACTS"):
    STRENGTH_FACT_SOURCES = [*STRENGTH_FACT_SOURCES, "tests.faults.slow_facts.wait"]
