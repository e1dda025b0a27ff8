"""The page that takes the token, where the server has one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from harness.web import proof
from harness.web.site import TheSite

router = APIRouter()


@router.get("/login")
def ask(
    site: TheSite, request: Request, wanted: Annotated[str, Query(alias="next", max_length=2000)] = "/"
) -> Response:
    """The form."""
    if site.settings.token is None:
        return RedirectResponse("/", status_code=303)
    return site.page(request, "login.html.j2", wanted=_local(wanted), wrong=False)


@router.post("/login")
def enter(
    site: TheSite,
    request: Request,
    token: Annotated[str, Form(max_length=500)] = "",
    wanted: Annotated[str, Form(alias="next", max_length=2000)] = "/",
) -> Response:
    """Gives the cookie to whoever knows the token. It goes with the browser, and with another token."""
    if site.settings.token is None:
        return RedirectResponse("/", status_code=303)
    if not proof.same(token.strip(), site.settings.token):
        return site.page(request, "login.html.j2", 403, wanted=_local(wanted), wrong=True)
    answer = RedirectResponse(_local(wanted), status_code=303)
    answer.set_cookie(
        proof.COOKIE,
        proof.cookie(site.settings.token),
        httponly=True,
        samesite="strict",
        secure=request.headers.get("x-forwarded-proto") == "https",
    )
    return answer


@router.post("/logout")
def leave() -> Response:
    """Takes the cookie back. Another's form may do no more than this."""
    answer = RedirectResponse("/login", status_code=303)
    answer.delete_cookie(proof.COOKIE, httponly=True, samesite="strict")
    return answer


def _local(wanted: str) -> str:
    """An address of this server, whatever was asked for: a link to the login must not lead on to another site."""
    is_ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if is_ours and wanted.isascii() and wanted.isprintable() else "/"
