"""What an import remembers in bulk, packed so that it costs little."""

from __future__ import annotations

import zlib
from typing import Any

import orjson

from coalitions.models import Import, ImportNote


def keep(upload: Import, kind: ImportNote.Kind, content: Any) -> None:
    packed = zlib.compress(orjson.dumps(content), level=6)
    ImportNote.objects.update_or_create(upload=upload, kind=kind, defaults={"content": packed})


def kept(upload: Import, kind: ImportNote.Kind) -> Any:
    note = upload.notes.filter(kind=kind).first()
    return orjson.loads(zlib.decompress(bytes(note.content))) if note else None
