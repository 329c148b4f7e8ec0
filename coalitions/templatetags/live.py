"""Where a page finds its stream."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings
from django.urls import reverse

from coalitions.models import Coalition

register = template.Library()


@register.simple_tag(takes_context=True)
def live_url(context: dict[str, Any], coalition: Coalition) -> str:
    """The same origin behind the proxy; on one's own machine the neighbouring port of the host in use."""
    path = f"/live/{coalition.slug}/"
    if not settings.LIVE_PORT:
        return path
    host = context["request"].get_host().rsplit(":", 1)[0]
    return f"//{host}:{settings.LIVE_PORT}{path}"


@register.simple_tag
def missed_url(coalition: Coalition) -> str:
    return reverse("coalitions:missed", kwargs={"slug": coalition.slug, "revision": 0})
