"""A real Chromium against the real processes."""

from __future__ import annotations

import os
import shutil
import time

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from playwright.sync_api import sync_playwright

from coalitions.demo import world
from coalitions.models import Coalition
from coalitions.permissions import AUTHENTICATED_AT
from tests.factories import PASSWORD
from tests.stack import running

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# Gone with the last test of this folder: a worker that lives on would take the messages of other tests.
@pytest.fixture(scope="package")
def stack(django_db_setup, django_db_blocker, tmp_path_factory):
    with django_db_blocker.unblock(), running(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest.fixture(scope="package")
def chromium():
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing: .ci/run installs it")
        pytest.skip(
            "No Chromium on this machine: install it, or name it in CHROMIUM, to run the browser tests"
        )
    # Playwright's loop would make Django believe that it runs inside an event loop.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


POLICY = ("default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'")


def _going_out(request, stack):
    """Pages ask nobody but our own processes."""
    ours = (stack.web, f"http://127.0.0.1:{stack.addresses.live_port}/", "data:")
    return [] if request.url.startswith(ours) else [f"a request to {request.url}"]


def _unguarded(response):
    """Each page carries the whole policy, and is kept nowhere."""
    headers = response.headers
    if not headers.get("content-type", "").startswith("text/html"):
        return
    policy = headers.get("content-security-policy", "")
    if "unsafe" in policy or any(part not in policy for part in POLICY):
        yield f"{response.url} has the policy {policy!r}"
    if "no-store" not in headers.get("cache-control", ""):
        yield f"{response.url} may be kept"


@pytest.fixture
def demo(transactional_db, monkeypatch):
    """The fictional coalition, measured."""
    monkeypatch.setenv("MUSTER_DEMO_PASSWORD", PASSWORD)
    call_command("demo", verbosity=0)
    return Coalition.objects.get(slug=world.SLUG)


@pytest.fixture
def sign_in(stack, chromium, transactional_db):
    """Open a browser of its own for a person; what a page must never do fails the test."""
    contexts, complaints = [], []

    def open_for(user, *, width=1280, height=900, dark=False, fresh=False, **options):
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            base_url=stack.web,
            **options,
        )
        contexts.append(context)
        if user is not None:
            client = Client()
            client.force_login(user)
            session = client.session
            session[AUTHENTICATED_AT] = time.time() if fresh else 0
            session.save()
            context.add_cookies(
                [
                    {
                        "name": settings.SESSION_COOKIE_NAME,
                        "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
                        "url": stack.web,
                    }
                ]
            )
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"script error: {error}"))
        page.on(
            "console",
            lambda message: (
                complaints.append(message.text) if "Content Security Policy" in message.text else None
            ),
        )
        page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: complaints.extend(_going_out(request, stack)))
        page.on("response", lambda response: complaints.extend(_unguarded(response)))
        return page

    open_for.complaints = complaints
    yield open_for
    for context in contexts:
        context.close()
    assert complaints == []
