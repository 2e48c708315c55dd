"""Accounts and posts: the pages of the system and the security administrator."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gradingsite.lib.refusal import Refused
from orgs import exports, forms
from orgs.models import Organisation, Person, Post
from orgs.models.people import SYSTEM_USERNAME
from orgs.navigation import Crumb, path_words
from orgs.querysets import people as accounts_in
from orgs.roles import AdminRole, Extent, Role
from orgs.services import accounts, posts

View = Callable[..., HttpResponse]
PAGE = 50
GET_OR_POST = ["GET", "HEAD", "POST"]


def only(*roles: AdminRole) -> Callable[[View], View]:
    """Let pass these administrators; anybody else gets 403."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.actor.reach.admin_role not in roles:
                raise PermissionDenied("这一页由" + "、".join(role.label for role in roles) + "使用。")
            return view(request, *args, **kwargs)

        return guarded

    return guard


keepers = only(AdminRole.SYSTEM, AdminRole.SECURITY)
system_only = only(AdminRole.SYSTEM)
security_only = only(AdminRole.SECURITY)


def _person(pk: int) -> Person:
    return get_object_or_404(Person.objects.exclude(username=SYSTEM_USERNAME), pk=pk)


def _post(pk: int) -> Post:
    return get_object_or_404(Post.objects.select_related("person", "organisation"), pk=pk)


def trail(person: Person | None, last: str) -> list[Crumb]:
    """The breadcrumb of a page about a person."""
    begun = [Crumb("人员", reverse("orgs:people"))]
    if person is not None:
        begun.append(Crumb(person.name, reverse("orgs:person", args=[person.pk])))
    return [*begun, Crumb(last)]


def _try(form: Form, act: Callable[[], Any]) -> bool:
    """Carry out the act; a refusal is shown at the field it names."""
    if not form.is_valid():
        return False
    try:
        act()
    except Refused as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        return False
    return True


def _form_page(request: HttpRequest, form: Form, **context: Any) -> HttpResponse:
    """One form on a page; after a fault with status 422."""
    status = 422 if form.is_bound else 200
    context |= {"form": form, "path": trail(context.get("person"), context["submit"])}
    return render(request, "orgs/form.html", context, status=status)


def _filtered(request: HttpRequest) -> tuple[forms.PeopleFilter, Any]:
    form = forms.PeopleFilter(request.GET or None)
    terms = form.cleaned_data if form.is_valid() else {}
    return form, accounts_in(**terms, today=timezone.localdate(), now=timezone.now())


@require_safe
@keepers
def people(request: HttpRequest) -> HttpResponse:
    """All accounts, filtered, fifty a page."""
    form, found = _filtered(request)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    return render(request, "orgs/people.html", {"form": form, "page": page, "query": request.GET.urlencode()})


@require_safe
@keepers
def people_export(request: HttpRequest) -> HttpResponse:
    """The same accounts as the list shows, all pages, as an Excel file."""
    form, found = _filtered(request)
    return exports.people_file(found, by=request.actor, asked=request.GET.dict())


@require_safe
@keepers
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """One account with its posts, those in force first, and what may be done."""
    found = _person(pk)
    held = found.posts.select_related("organisation", "deputy_of__person").prefetch_related(
        "listings__organisation"
    )
    rows = list(held.order_by("-from_on", "-pk"))
    today = timezone.localdate()
    context = {
        "person": found,
        "path": trail(None, found.name),
        "current": [post for post in rows if post.to_on is None or post.to_on >= today],
        "past": [post for post in rows if post.to_on is not None and post.to_on < today],
        "listed_roles": [role.value for role in Role if role.extent is Extent.LISTED],
        "is_locked": found.locked_until is not None and found.locked_until > timezone.now(),
    }
    return render(request, "orgs/person.html", context)


@require_http_methods(GET_OR_POST)
@system_only
def person_add(request: HttpRequest) -> HttpResponse:
    """A new account; its password shows once."""
    form = forms.PersonForm(request.POST or None)
    made: list[accounts.HandedOut] = []
    if _try(
        form,
        lambda: made.append(
            accounts.create_person(**form.cleaned_data, by=request.actor, now=timezone.now())
        ),
    ):
        return render(request, "orgs/passwords.html", {"made": made, "what": "账号已建好"})
    return _form_page(request, form, title="建账号", submit="建账号")


@require_http_methods(GET_OR_POST)
@system_only
def person_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct name and telephone number."""
    found = _person(pk)
    form = forms.PersonEditForm(request.POST or None, initial={"name": found.name, "phone": found.phone})
    if _try(form, lambda: accounts.edit_person(person=found, **form.cleaned_data, by=request.actor)):
        messages.success(request, f"已改{found.name}的姓名、电话。")
        return redirect("orgs:person", pk)
    return _form_page(request, form, title=f"改{found.name}的姓名、电话", submit="保存", person=found)


@require_http_methods(GET_OR_POST)
@system_only
def person_reset(request: HttpRequest, pk: int) -> HttpResponse:
    """A new password for somebody who has lost his: first what it does, then the act."""
    found = _person(pk)
    if request.method == "POST":
        made = accounts.reset_password(person=found, by=request.actor, now=timezone.now())
        return render(request, "orgs/passwords.html", {"made": [made], "what": "密码已重置"})
    effect = "旧密码马上作废，已登录的会退出；新密码只显示一次，第一次登录必须改。"
    return _confirm(request, f"重置{found.name}（{found.username}）的密码", effect, found)


@require_http_methods(GET_OR_POST)
@system_only
def person_disable(request: HttpRequest, pk: int) -> HttpResponse:
    """Disable an account: first what it does, then the act."""
    found = _person(pk)
    if request.method == "POST":
        accounts.set_enabled(person=found, enabled=False, by=request.actor)
        messages.success(request, f"{found.name}的账号已停用。")
        return redirect("orgs:person", pk)
    effect = "下一次点击就会被退出，不能再登录；职务和办过的事都保留，可以再启用。"
    return _confirm(request, f"停用{found.name}（{found.username}）的账号", effect, found)


@require_POST
@system_only
def person_enable(request: HttpRequest, pk: int) -> HttpResponse:
    """Enable a disabled account."""
    found = _person(pk)
    accounts.set_enabled(person=found, enabled=True, by=request.actor)
    messages.success(request, f"{found.name}的账号已启用。")
    return redirect("orgs:person", pk)


def _confirm(request: HttpRequest, what: str, effect: str, found: Person) -> HttpResponse:
    context = {"title": what, "effect": effect, "person": found, "path": trail(found, "请再看一遍")}
    return render(request, "orgs/confirm.html", context)


@require_http_methods(GET_OR_POST)
@security_only
def person_admin_role(request: HttpRequest, pk: int) -> HttpResponse:
    """Make somebody one of the three administrators, or none."""
    found = _person(pk)
    form = forms.AdminRoleForm(request.POST or None, initial={"admin_role": found.admin_role})
    today = timezone.localdate()
    if _try(
        form,
        lambda: accounts.set_admin_role(person=found, **form.cleaned_data, by=request.actor, today=today),
    ):
        messages.success(request, f"{found.name}：{found.get_admin_role_display() or '不再是管理员'}。")
        return redirect("orgs:person", pk)
    return _form_page(request, form, title=f"指定{found.name}为管理员", submit="保存", person=found)


@require_http_methods(GET_OR_POST)
@security_only
def post_grant(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a person a post."""
    found = _person(pk)
    form = forms.GrantForm(request.POST or None, initial={"from_on": timezone.localdate()})
    if _try(form, lambda: posts.grant(person=found, **form.cleaned_data, by=request.actor)):
        messages.success(request, f"已授予{found.name}{form.cleaned_data['role'].label}，立即生效。")
        return redirect("orgs:person", pk)
    return _form_page(request, form, title=f"授予{found.name}职务", submit="授予", person=found)


@require_http_methods(GET_OR_POST)
@security_only
def post_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a post and its deputies."""
    post = _post(pk)
    form = forms.EndPostForm(request.POST or None, initial={"on": timezone.localdate()})
    if _try(form, lambda: posts.end(post=post, **form.cleaned_data, by=request.actor)):
        messages.success(request, f"{post.person.name}不再担任{post}。")
        return redirect("orgs:person", post.person_id)
    effect = "这个职务带来的权限和代理一起结束；办过的事都保留。还有没办完的，请改用“交接”。"
    title = f"结束{post.person.name}的职务：{post}"
    return _form_page(
        request, form, title=title, submit="结束职务", danger=True, effect=effect, person=post.person
    )


@require_http_methods(GET_OR_POST)
@security_only
def post_hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Pass a post on in one act."""
    post, today = _post(pk), timezone.localdate()
    form = forms.HandOverForm(request.POST or None, initial={"on": today})
    if _try(form, lambda: posts.hand_over(post=post, **form.cleaned_data, today=today, by=request.actor)):
        to = form.cleaned_data["to"]
        messages.success(request, f"{post}已由{post.person.name}交给{to.name}。")
        return redirect("orgs:person", to.pk)
    return _form_page(
        request, form, title=f"交接{post.person.name}的职务：{post}", submit="交接", person=post.person
    )


@require_http_methods(GET_OR_POST)
@security_only
def post_deputy(request: HttpRequest, pk: int) -> HttpResponse:
    """Let somebody stand in to a named day."""
    post = _post(pk)
    form = forms.DeputyForm(request.POST or None, initial={"from_on": timezone.localdate()})
    if _try(form, lambda: posts.appoint_deputy(post=post, **form.cleaned_data, by=request.actor)):
        messages.success(request, f"{form.cleaned_data['person'].name}代理{post}。")
        return redirect("orgs:person", post.person_id)
    title = f"请人代理{post.person.name}的职务：{post}"
    return _form_page(request, form, title=title, submit="请人代理", person=post.person)


@require_http_methods(GET_OR_POST)
@security_only
def post_listed(request: HttpRequest, pk: int) -> HttpResponse:
    """Change which organisations a listed post covers."""
    post = _post(pk)
    codes = post.listings.order_by("organisation__code").values_list("organisation__code", flat=True)
    form = forms.ListedForm(request.POST or None, initial={"organisations": "\n".join(codes)})
    if _try(form, lambda: posts.set_listed(post=post, **form.cleaned_data, by=request.actor)):
        messages.success(request, f"{post.person.name}联系的组织已改。")
        return redirect("orgs:person", post.person_id)
    return _form_page(request, form, title=f"{post.person.name}联系的组织", submit="保存", person=post.person)


@require_safe
@security_only
def person_options(request: HttpRequest) -> HttpResponse:
    """Suggestions for a user name, as options of a datalist."""
    q = next((value for key, value in request.GET.items() if key in {"to", "person"}), "").strip()
    found = accounts_in(q=q, state="on", today=timezone.localdate(), now=timezone.now()) if q else []
    return render(request, "orgs/_person_options.html", {"people": found[:20]})


@require_safe
@security_only
def organisation_options(request: HttpRequest) -> HttpResponse:
    """Suggestions for an organisation's code, as options of a datalist; for the administrator, of all units."""
    q = request.GET.get("organisation", "").strip()
    units = list(Organisation.objects.active().search(q).filter(~Q(code=q))[:20]) if q else []
    words = path_words(units)
    return render(
        request, "orgs/_organisation_options.html", {"units": [(unit, words[unit.pk]) for unit in units]}
    )
