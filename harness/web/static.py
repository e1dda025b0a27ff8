"""The style, the script and the icon: files of this package, by fixed names."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from harness.web import site

router = APIRouter()
_FOLDER: Final = Path(__file__).parent / "_static"
_TYPES: Final = {"style.css": "text/css", "hil.js": "text/javascript", "icon.svg": "image/svg+xml"}


@router.get("/static/{name}")
def static(name: str) -> Response:
    """One of them."""
    if name not in _TYPES:
        raise HTTPException(404)
    return Response(_content(name), media_type=_TYPES[name], headers={"Cache-Control": "private, max-age=60"})


@cache
def _content(name: str) -> bytes:
    return site.style() if name == "style.css" else (_FOLDER / name).read_bytes()
