"""Whether this process can serve pages: for the proxy and the supervisor, says nothing else."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return HttpResponse("not ok", status=503, content_type="text/plain", headers={"Retry-After": "5"})
    return HttpResponse("ok", content_type="text/plain")
