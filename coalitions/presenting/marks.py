"""Marks that pages repeat, written once per value: a template for each would be slow."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext

from coalitions.charts import Picture, Spark
from coalitions.templatetags.muster import decimal, percent, whole

REMEMBERED = 8192


def people(value: int) -> str:
    """1551 -> "1,551"; figures repeat a lot, and formatting by locale is slow."""
    return _people(value, get_language())


@lru_cache(REMEMBERED)
def _people(value: int, _language: str | None) -> str:
    return whole(value)


def share(value: float | None) -> str:
    """0.6118 -> "0.61"."""
    return _share(None if value is None else round(value, 2), get_language())


@lru_cache(REMEMBERED)
def _share(value: float | None, _language: str | None) -> str:
    return decimal(value)


def day(at: datetime | None) -> str:
    """The local day of a moment, without its year."""
    return "" if at is None else _day(localtime(at).date(), get_language())


@lru_cache(REMEMBERED)
def _day(date: date, _language: str | None) -> str:
    return date_format(date, "j M")


def figures(low: int, likely: int, high: int) -> SafeString:
    """Three figures of a pledge, the likely one strong."""
    return format_html(
        '<span class="nowrap"><span class="muted">{} · </span><strong>{}</strong>'
        '<span class="muted"> · {}</span></span>',
        people(low),
        people(likely),
        people(high),
    )


def spark(drawn: Spark) -> SafeString:
    """What parts/spark.html writes."""
    return _spark(drawn, get_language())


@lru_cache(REMEMBERED)
def _spark(drawn: Spark, _language: str | None) -> SafeString:
    if drawn.last is None:
        return format_html('<span class="muted">{}</span>', gettext("none yet"))
    label = f"{gettext('Came, of those pledged:')} {', '.join(percent(value) for value in drawn.values)}"
    return format_html(
        '<svg class="spark" viewBox="0 0 94 28" role="img" aria-label="{}">'
        '<line class="s-half" x1="0" x2="94" y1="{}" y2="{}"/>{}{}'
        '<circle class="s-last" cx="{}" cy="{}" r="4"/></svg>',
        label,
        drawn.half,
        drawn.half,
        format_html('<polyline class="s-line" points="{}"/>', drawn.line) if drawn.line else "",
        format_html_join("", '<circle cx="{}" cy="{}" r="3"/>', drawn.dots),
        *drawn.last,
    )


def fan(picture: Picture, *, name: str, identity: str) -> SafeString:
    """parts/fan.html, written once for all who look at the same forecast in the same language."""
    return _fan(picture, name, identity, get_language())


@lru_cache(128)
def _fan(picture: Picture, name: str, identity: str, _language: str | None) -> SafeString:
    return render_to_string("parts/fan.html", {"fan": picture, "name": name, "id": identity})
