"""Stored values in words, where a template has nothing but the value."""

from __future__ import annotations

from django import template

from coalitions.models import Overlap
from coalitions.services.saying import said

register = template.Library()


@register.filter
def of_hundred(share: float) -> str:
    """A share that people declared, exactly as they declared it: 0.125 is "12.5 in 100", 0 is "0 in 100"."""
    return said(Overlap, "share", share)
