"""Signing in and out, and one's own password."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from gradingsite.lib.refusal import Refused
from gradingsite.trail.services import record
from orgs import auth
from orgs.demo import demo_accounts
from orgs.forms import PasswordForm, SignInForm
from orgs.models import Person
from orgs.services.accounts import set_password

HOME = "/"


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page; a wrong password and an unknown name read the same."""
    if request.user.is_authenticated and request.method != "POST":
        return redirect(HOME)
    form = SignInForm(request.POST or None)
    if form.is_valid():
        try:
            person = auth.sign_in(**form.cleaned_data, now=timezone.now())
            return _let_in(request, person)
        except Refused as refusal:
            form.add_error(None, str(refusal))
    context = {"form": form, "next": request.POST.get("next") or request.GET.get("next", "")}
    context |= {"demo_accounts": demo_accounts()}
    return render(request, "accounts/sign_in.html", context, status=422 if form.is_bound else 200)


@login_not_required
@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """One click signs in as a listed account of the demo; elsewhere there is no such page."""
    username = request.POST.get("username", "")
    if username not in {account.username for account in demo_accounts()}:
        raise Http404
    return _let_in(request, auth.sign_in_as_shown(username=username, now=timezone.now()))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    record(by=request.user, action="sign_out", obj=request.user)
    logout(request)
    return redirect("sign_in")


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def change_password(request: HttpRequest) -> HttpResponse:
    """One's own password; after a handed-out one nothing else opens before."""
    form = PasswordForm(request.POST or None, person=request.user)
    if form.is_valid():
        try:
            password = form.cleaned_data["new_password"]
            set_password(person=request.user, password=password, now=timezone.now(), by=request.actor)
            update_session_auth_hash(request, request.user)
            messages.success(request, "密码已改，下次用新密码登录。")
            return redirect(HOME)
        except Refused as refusal:
            form.add_error(refusal.field, str(refusal))
    status = 422 if form.is_bound else 200
    return render(request, "accounts/change_password.html", {"form": form}, status=status)


def _let_in(request: HttpRequest, person: Person) -> HttpResponse:
    """Begin a session of its own, whoever sat here before, and go where the person wanted to."""
    if request.user.is_authenticated:
        logout(request)
    login(request, person, backend="orgs.auth.PersonBackend")
    where = request.POST.get("next", "")
    allowed = url_has_allowed_host_and_scheme(where, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(where if allowed else HOME)
