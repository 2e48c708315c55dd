"""Addresses of signing in and out; their names stand without a prefix because settings and the frame use them."""

from django.urls import path

from orgs.views import accounts

urlpatterns = [
    path("sign-in/", accounts.sign_in, name="sign_in"),
    path("demo-sign-in/", accounts.demo_sign_in, name="demo_sign_in"),
    path("sign-out/", accounts.sign_out, name="sign_out"),
    path("password/", accounts.change_password, name="change_password"),
]
