"""The page of notices: what happened to one's own things, the newest first."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import notices as kept
from accounts.limits import limited
from accounts.models import Notification
from accounts.views_signed_in import person


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("write")
def notices(request: HttpRequest) -> HttpResponse:
    """Show the notices; POST marks one (`notice`) or all of them as read."""
    user = person(request)
    if request.method == "POST":
        chosen = request.POST.get("notice", "")
        kept.read(user, int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 19 else None)
        return redirect("account_notices")
    rows = list(Notification.objects.filter(user=user)[: kept.KEPT])
    context = {"notices": rows, "unread": sum(row.read_at is None for row in rows), "here": "notices"}
    return render(request, "accounts/notices.html", context)
