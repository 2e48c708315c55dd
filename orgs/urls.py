"""Addresses of organisations, accounts and posts."""

from django.urls import path

from orgs.views import imports, people, people_import, tree, tree_changes

app_name = "orgs"
organisation_patterns = [
    path("orgs/", tree.index, name="index"),
    path("orgs/search/", tree.search, name="search"),
    path("orgs/options/", tree.options, name="options"),
    path("orgs/list/", tree.listing, name="list"),
    path("orgs/list/export/", tree.listing_export, name="list_export"),
    path("orgs/<str:code>/", tree.card, name="card"),
    path("orgs/<str:code>/children/", tree.children, name="children"),
    path("orgs/<str:code>/add/", tree_changes.add, name="add"),
    path("orgs/<str:code>/rename/", tree_changes.rename, name="rename"),
    path("orgs/<str:code>/edit/", tree_changes.edit, name="edit"),
    path("orgs/<str:code>/move/", tree_changes.move, name="move"),
    path("orgs/<str:code>/merge/", tree_changes.merge, name="merge"),
    path("orgs/<str:code>/dissolve/", tree_changes.dissolve, name="dissolve"),
]
people_patterns = [
    path("people/", people.people, name="people"),
    path("people/export/", people.people_export, name="people_export"),
    path("people/add/", people.person_add, name="person_add"),
    path("people/options/", people.person_options, name="person_options"),
    path("people/organisation-options/", people.organisation_options, name="organisation_options"),
    path("people/import/", people_import.upload, name="people_import"),
    path("people/import/template/", people_import.template, name="people_import_template"),
    path("people/import/<str:token>/", people_import.preview, name="people_import_preview"),
    path("people/import/<str:token>/confirm/", people_import.confirm, name="people_import_confirm"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/<int:pk>/edit/", people.person_edit, name="person_edit"),
    path("people/<int:pk>/reset/", people.person_reset, name="person_reset"),
    path("people/<int:pk>/disable/", people.person_disable, name="person_disable"),
    path("people/<int:pk>/enable/", people.person_enable, name="person_enable"),
    path("people/<int:pk>/admin-role/", people.person_admin_role, name="person_admin_role"),
    path("people/<int:pk>/grant/", people.post_grant, name="post_grant"),
    path("posts/<int:pk>/end/", people.post_end, name="post_end"),
    path("posts/<int:pk>/hand-over/", people.post_hand_over, name="post_hand_over"),
    path("posts/<int:pk>/deputy/", people.post_deputy, name="post_deputy"),
    path("posts/<int:pk>/listed/", people.post_listed, name="post_listed"),
]
import_patterns = [
    path("orgs/import/", imports.upload, name="import"),
    path("orgs/import/template/", imports.template, name="import_template"),
    path("orgs/import/<str:token>/", imports.preview, name="import_preview"),
    path("orgs/import/<str:token>/marked/", imports.marked, name="import_marked"),
    path("orgs/import/<str:token>/confirm/", imports.import_confirm, name="import_confirm"),
]
# The organisation import's addresses stand before those with a code: they would be read as one.
urlpatterns = [*people_patterns, *import_patterns, *organisation_patterns]
