"""The worker and its clock."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("muster")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["coalitions"], related_name="tasks")
app.autodiscover_tasks(["coalitions"], related_name="jobs")
