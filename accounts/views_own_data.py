"""Taking one's data along, and leaving."""

import json

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import services
from accounts.errors import RefusedError
from accounts.forms import CloseForm
from accounts.limits import limited
from accounts.views_fresh import fresh_required
from accounts.views_signed_in import person


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("write")
@fresh_required
def export(request: HttpRequest) -> HttpResponse:
    """What the export holds; POST hands it out as a file."""
    user = person(request)
    if request.method != "POST":
        return render(request, "accounts/export.html", {"here": "export"})
    body = json.dumps(services.export(user), ensure_ascii=False, indent=2)
    answer = HttpResponse(body, content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="smmods-{user.account_id}.json"'
    return answer


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("write")
@fresh_required
def close(request: HttpRequest) -> HttpResponse:
    """What closing means; POST with the account's address does it."""
    user = person(request)
    form = CloseForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                services.close_account(user, confirm=form.cleaned_data["confirm"])
            except RefusedError as refused:
                form.add_error("confirm", f"{refused.message} {refused.hint}")
                status = refused.status
            else:
                logout(request)
                messages.success(request, "Your account is closed. Thank you for having been here.")
                return redirect("/")
    return render(request, "accounts/close.html", {"form": form, "here": "close"}, status=status)
