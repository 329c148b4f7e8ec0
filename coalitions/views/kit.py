"""The design kit: every part of the interface in every state, with made-up figures. Not for production."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language_bidi

from coalitions import charts

TODAY = date(2026, 12, 7)
MARCH = date(2026, 12, 12)


class KitForm(forms.Form):
    name = forms.CharField(label="Organization", help_text="As partners call it.")
    likely = forms.IntegerField(label="Likely number of people", max_value=260)
    kind = forms.ChoiceField(label="Kind", choices=[("union", "Union"), ("faith", "Faith group")])
    day = forms.DateField(label="Partner since", widget=forms.DateInput(attrs={"type": "date"}))
    note = forms.CharField(label="Evidence", widget=forms.Textarea(attrs={"rows": 3}), required=False)
    password = forms.CharField(label="Password", widget=forms.PasswordInput, required=False)
    shown = forms.BooleanField(label="Partners may see this number", required=False)
    bonds = forms.MultipleChoiceField(
        label="Bonds held",
        choices=[("agreement", "Signed the agreement"), ("mandate", "Has a mandated delegate")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    method = forms.ChoiceField(
        label="How it was counted",
        choices=[("clicker", "Clicker"), ("photo", "Photo grid"), ("estimate", "Estimate")],
        widget=forms.RadioSelect,
    )
    file = forms.FileField(label="A file of records", required=False, help_text="CSV, at most 20 MB.")


def _forecasts(days: int = 50) -> list[charts.Day]:
    first = TODAY - timedelta(days=days - 1)
    medians = [430 + 1120 * (k / max(days - 1, 1)) ** 0.7 for k in range(days)]
    return [
        charts.Day(first + timedelta(days=k), m * 0.75, m * 0.87, m, m * 1.16, m * 1.32)
        for k, m in enumerate(medians)
    ]


def _draws(middle: float, spread: float) -> charts.Bins:
    edges = [middle * 0.4 + 50 * k for k in range(int(middle * 1.4 / 50) + 1)]
    heights = [math.exp(-(((edge + 25 - middle) / spread) ** 2) / 2) for edge in edges[:-1]]
    return charts.Bins(edges, heights)


def _fans(*, rtl: bool) -> dict[str, charts.Picture]:
    common: dict[str, Any] = {"today": TODAY, "day_of_action": MARCH, "rtl": rtl}
    draws = _draws(1550, 340)
    past = [
        charts.Past(date(2026, 10, 24), "Depot vigil", 1040),
        charts.Past(date(2026, 10, 27), "Market picket", 900),
    ]
    one_day = [charts.Day(TODAY, 800, 1000, 1200, 1500, 1900)]
    huge = [charts.Day(day.date, *(1000 * value for value in day[1:])) for day in _forecasts()]
    nothing = [charts.Day(TODAY - timedelta(days=k), 0, 0, 0, 0, 0) for k in range(20)]
    return {
        "full": charts.fan_picture(
            _forecasts(),
            histogram=draws,
            critical_mass=1400,
            chance=0.68,
            lower=462,
            upper=1911,
            past=past,
            **common,
        ),
        "one_day": charts.fan_picture(
            one_day, histogram=_draws(1200, 380), critical_mass=400, chance=0.998, **common
        ),
        "no_line": charts.fan_picture(_forecasts(), histogram=draws, lower=1480, upper=1560, **common),
        "zero": charts.fan_picture(nothing, critical_mass=1400, chance=0.0, lower=0, upper=0, **common),
        "huge": charts.fan_picture(
            huge, critical_mass=90_000_000, chance=0.0, lower=900_000, upper=1_900_000, **common
        ),
        "empty": charts.fan_picture([], critical_mass=1400, past=past[:1], **common),
    }


def _pledges(*, rtl: bool) -> list[dict[str, Any]]:
    rows: list[tuple[str, str, int, int, int, list[float], float, int, int | None]] = [
        ("Harbor Dockworkers", "labor", 700, 800, 850, [0.78], 0.59, 462, 790),
        ("Bus Drivers' Local 88", "labor", 450, 600, 700, [0.80, 0.86], 0.66, 385, 610),
        ("Alder State Students' Union", "students", 400, 700, 1000, [0.35, 0.48, 1.2, 0.4], 0.46, 321, None),
        ("Elder Riders' Club", "seniors", 80, 120, 150, [], 0.50, 58, None),
    ]
    keys = ("name", "community", "low", "likely", "high", "record", "rate", "expected", "confirmed")
    return [dict(zip(keys, row, strict=True)) | {"spark": charts.spark(row[5], rtl=rtl)} for row in rows]


def kit_context() -> dict[str, Any]:
    rtl = get_language_bidi()
    wrong = KitForm({"likely": "900", "name": "Night Nurses", "kind": "union", "day": "", "method": ""})
    wrong.is_valid()
    wrong.add_error(None, "Likely is above high (260). Your 900 is kept here. Raise high, or lower likely.")
    moments = [
        charts.Moment(date(2026, 9, 1) + timedelta(days=7 * k), 61 + 0.8 * k, 58 + 0.8 * k, 63.5 + 0.8 * k)
        for k in range(14)
    ]
    changes = [
        ("Bus Drivers' Local 88 raised its pledge from 480 to 600.", 0.9),
        ("Tenants' Union lowered its pledge.", -0.6),
        ("Wheels for All changed its place.", 0.0),
    ]
    return {
        "today": TODAY,
        "first_assessed": date(2026, 9, 14),
        "now": datetime(2026, 12, 7, 9, 41, tzinfo=UTC),
        "fans": _fans(rtl=rtl),
        "histogram": charts.histogram(
            _draws(1550, 340), critical_mass=1400, low=1169, median=1551, high=2047, rtl=rtl
        ),
        "meters": [
            ("People power", charts.meter(0.96, low=0.83, high=1.0, rtl=rtl), 0.96, "0.83 to 1.00"),
            ("Breadth", charts.meter(0.86, rtl=rtl), 0.86, "9 of 10 groups"),
            ("Cohesion", charts.meter(0.38, gate=0.25, rtl=rtl), 0.38, "gate at 0.25"),
            ("Leverage", charts.meter(None, rtl=rtl), None, "no ally mapped"),
        ],
        "index_meter": charts.meter(72.1, low=69.6, high=72.8, scale=100, rtl=rtl),
        "trend": charts.trend(moments, rtl=rtl),
        "trend_one": charts.trend(moments[:1], rtl=rtl),
        "changes": [(text, value, charts.delta(value, largest=1.0, rtl=rtl)) for text, value in changes],
        "pledges": _pledges(rtl=rtl),
        "states": ["met", "risk", "unmet", "stale"],
        "wedges": ["Active opponent", "Passive opponent", "Neutral", "Passive ally", "Active ally"],
        "kinds": ["natural", "strategic", "both"],
        "form": KitForm(
            auto_id="good_%s", initial={"name": "Night Nurses' Network", "likely": 200, "kind": "union"}
        ),
        "wrong": wrong,
        "conflict": [("Place", "Harbor", "Old Harbor", True), ("Reach", "1,200", "1,200", False)],
        "diff": [("Likely", "480", "600"), ("Place", "", "Harbor"), ("Left on", "1 Dec 2026", None)],
        "facts": [("Kind", "Union"), ("Community", "labor"), ("People it can reach", "unknown")],
        "page": Paginator(range(95), 20).page(2),
    }


@login_not_required
def kit(request: HttpRequest) -> HttpResponse:
    return render(request, "kit.html", kit_context())
