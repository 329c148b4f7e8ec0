"""What production insists on: secrets at the start, cookies that nobody else can set or read (B15)."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

from tests.factories import PASSWORD, a_user

NEEDED = {
    "SECRET_KEY": "production-only-secret-key-of-this-test-0123456789-0123456789-0123456789",
    "DATABASE_URL": "host=/nowhere dbname=x user=x",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "BASE_URL": "https://muster.example",
    "MAIL_FROM": "muster@muster.example",
}
SIGN_IN = """
import json, re, sys
from django.conf import settings
plain = "django.contrib.staticfiles.storage.StaticFilesStorage"
settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": plain}}
import django; django.setup()
from django.test import Client
browser = Client(enforce_csrf_checks=True, headers={"host": "muster.example", "referer": "https://muster.example/"})
before = browser.get("/sign-in/", secure=True)
token = re.search(r'csrfmiddlewaretoken" value="(\\w+)"', before.content.decode())[1]
data = {"email": sys.argv[1], "password": sys.argv[2], "csrfmiddlewaretoken": token}
after = browser.post("/sign-in/", data, secure=True)
told = lambda response: [morsel.OutputString() for morsel in response.cookies.values()]
plainly = browser.get("/sign-in/")
print(json.dumps({"before": told(before), "after": told(after), "status": after.status_code,
    "plain": [plainly.status_code, plainly.get("Location", "")], "headers": dict(before.headers)}))
"""


def start(code, *arguments, **environment):
    kept = {
        "PATH": os.environ["PATH"],
        "MUSTER_ENV": "production",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *arguments],
        env=kept | environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_production_is_what_one_gets_without_saying_anything():
    code = "from config import settings; print(settings.PRODUCTION, settings.SESSION_COOKIE_SECURE)"
    assert start(code, **NEEDED, MUSTER_ENV="").stdout.split() == ["True", "True"]


@pytest.mark.parametrize("missing", NEEDED)
def test_production_does_not_start_without_a_secret_or_an_address(missing):
    given = {name: value for name, value in NEEDED.items() if name != missing}
    ended = start("from config import settings", **given)
    assert ended.returncode != 0
    assert f"Set the environment variable {missing}." in ended.stderr


@pytest.mark.django_db(transaction=True)
def test_cookies_in_production_are_locked_to_the_host_and_hidden_from_scripts():
    user = a_user(email="lead@example.org", password=PASSWORD)
    database = connection.settings_dict
    keys = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    url = " ".join(f"{key}='{database[name]}'" for key, name in keys.items() if database.get(name))
    ended = start(SIGN_IN, user.email, PASSWORD, **NEEDED | {"DATABASE_URL": url})
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert told["status"] == 302
    assert [cookie.split("=")[0] for cookie in told["before"]] == ["__Host-csrf"]
    names = sorted(cookie.split("=")[0] for cookie in told["after"])
    assert names == ["__Host-csrf", "__Host-device", "__Host-session"]
    for cookie in told["before"] + told["after"]:
        parts = [part.strip() for part in cookie.split(";")[1:]]
        assert {"HttpOnly", "Path=/", "SameSite=Lax", "Secure"} <= set(parts)
        assert not any(part.startswith("Domain") for part in parts)
    assert told["plain"] == [301, "https://muster.example/sign-in/"]
    assert told["headers"]["Strict-Transport-Security"].startswith("max-age=63072000")
    assert told["headers"]["Referrer-Policy"] == "same-origin"
