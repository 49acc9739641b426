"""The page of roles, for admins: people × roles, search, one person's role with a reason."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import audit_log, people, services
from accounts.audit import Action
from accounts.errors import RefusedError
from accounts.forms import RoleForm
from accounts.limits import limited
from accounts.models import AuditEntry
from accounts.roles import LADDER, PERMISSIONS, Role
from accounts.views_signed_in import person_who_may

PAGE_SIZE = 25
HISTORY = 20
HISTORY_ACTIONS = (
    Action.ACCOUNT_ROLES_ASSIGNED,
    Action.ACCOUNT_AGREEMENT_ACCEPTED,
    Action.ACCOUNT_REGISTERED,
    Action.ACCOUNT_CLOSED,
)


def permission_table() -> list[dict[str, object]]:
    """What each role may do, produced from the table of permissions; the portal's own are left out."""
    order = [role.value for role in LADDER]
    return [
        {
            "says": permission.says,
            "cells": [order.index(role) >= order.index(permission.role) for role in order],
            "own": "author" in permission.relations and "other" not in permission.relations,
            "others": "other" in permission.relations and "author" not in permission.relations,
        }
        for permission in PERMISSIONS.values()
        if permission.role != Role.SYSTEM
    ]


@never_cache
@require_safe
def roles(request: HttpRequest) -> HttpResponse:
    """Everybody with their role, by search; below it what each role may do."""
    user = person_who_may(request, "account.list")
    q, role = request.GET.get("q", "").strip(), request.GET.get("role", "")
    role = role if role in set(LADDER) else ""
    found = people.search(user, q=q, role=role, limit=PAGE_SIZE, cursor=request.GET.get("cursor", ""))
    given = {name: value for name, value in (("q", q), ("role", role)) if value}
    context = {
        "people": found.items,
        "next": f"?{urlencode(given | {'cursor': found.next})}" if found.next else None,
        "q": q,
        "role": role,
        "ladder": [one.value for one in LADDER],
        "permissions": permission_table(),
        "here": "roles",
    }
    return render(request, "accounts/roles.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("write")
def role(request: HttpRequest, account_id: str) -> HttpResponse:
    """One person's role and its history; POST changes it, with a reason."""
    user = person_who_may(request, "account.list")
    found = people.find(user, account_id)
    if found is None:
        raise Http404("There is no such account.")
    form = RoleForm(request.POST or None, initial={"role": found.role})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                data = form.cleaned_data
                done = services.assign_roles(user, account_id, [data["role"]], data["reason"])
            except RefusedError as refused:
                place = "reason" if refused.code == "reason_required" else None
                form.add_error(place, f"{refused.message} {refused.hint}")
                status = refused.status
            else:
                said = f"{found.name} is {done.after} now." if done.changed else "Nothing changed."
                messages.success(request, said)
                return redirect("account_role", account_id=account_id)
    rows = AuditEntry.objects.filter(
        target_type="account", target_id=account_id, action__in=HISTORY_ACTIONS
    ).select_related("actor")
    history = audit_log.as_lines(tuple(rows[:HISTORY]))
    context = {"person": found, "form": form, "history": history, "here": "roles"}
    return render(request, "accounts/role.html", context, status=status)
