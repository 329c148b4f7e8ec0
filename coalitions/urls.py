from django.urls import path

from coalitions.views import (
    action,
    actions,
    counts,
    downloads,
    history,
    imports,
    organization,
    organizations,
    overlaps,
    overview,
    people,
    settings,
    stream,
    tokens,
)

app_name = "coalitions"

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("score/", overview.score, name="score"),
    path("missed/<int:revision>/", stream.missed, name="missed"),
    path("organizations/", organizations.organizations, name="organizations"),
    path("organizations/add/", organizations.organization_add, name="organization-add"),
    path("organizations/<uuid:organization_id>/", organization.organization, name="organization"),
    path(
        "organizations/<uuid:organization_id>/edit/",
        organizations.organization_edit,
        name="organization-edit",
    ),
    path(
        "organizations/<uuid:organization_id>/remove/",
        organizations.organization_remove,
        name="organization-remove",
    ),
    path("organizations/count/", organizations.organizations_count, name="organizations-count"),
    path(
        "organizations/<uuid:organization_id>/row/", organizations.organization_row, name="organization-row"
    ),
    path("organizations/<uuid:organization_id>/facts/", organization.facts, name="organization-facts"),
    path("organizations/<uuid:organization_id>/record/", organization.record, name="organization-record"),
    path("overlaps/", overlaps.overlaps, name="overlaps"),
    path("overlaps/declare/", overlaps.overlap_declare, name="overlap-declare"),
    path("overlaps/<uuid:overlap_id>/", overlaps.overlap, name="overlap"),
    path("overlaps/<uuid:overlap_id>/edit/", overlaps.overlap_edit, name="overlap-edit"),
    path("overlaps/<uuid:overlap_id>/remove/", overlaps.overlap_remove, name="overlap-remove"),
    path("actions/", actions.actions, name="actions"),
    path("actions/add/", actions.action_add, name="action-add"),
    path("actions/<uuid:action_id>/", action.action, name="action"),
    path("actions/<uuid:action_id>/edit/", actions.action_edit, name="action-edit"),
    path("actions/<uuid:action_id>/row/", actions.action_row, name="action-row"),
    path("actions/<uuid:action_id>/status/", actions.action_status, name="action-status"),
    path("actions/<uuid:action_id>/remove/", actions.action_remove, name="action-remove"),
    path("actions/<uuid:action_id>/head/", action.head, name="action-head"),
    path("actions/<uuid:action_id>/pledges/", action.pledges, name="pledges"),
    path("actions/<uuid:action_id>/forecast/", action.forecast, name="action-forecast"),
    path("actions/<uuid:action_id>/pledges/<uuid:organization_id>/", action.pledge, name="pledge"),
    path(
        "actions/<uuid:action_id>/pledges/<uuid:organization_id>/log/", action.pledge_log, name="pledge-log"
    ),
    path("actions/<uuid:action_id>/counts/", counts.counts, name="counts"),
    path("actions/<uuid:action_id>/counts/log/", counts.count_log, name="count-log"),
    path(
        "actions/<uuid:action_id>/counts/<uuid:count_id>/correct/", counts.count_correct, name="count-correct"
    ),
    path("changes/", history.changes, name="changes"),
    path("changes/<uuid:change_id>/undo/", history.change_undo, name="change-undo"),
    path("people/", people.people, name="people"),
    path("people/invite/", people.invite, name="invite"),
    path(
        "people/invitations/<uuid:invitation_id>/revoke/", people.invitation_revoke, name="invitation-revoke"
    ),
    path("people/<uuid:member_id>/role/", people.role, name="member-role"),
    path("people/<uuid:member_id>/remove/", people.remove, name="member-remove"),
    path("people/tokens/", tokens.tokens, name="tokens"),
    path("people/tokens/<uuid:token_id>/revoke/", tokens.token_revoke, name="token-revoke"),
    path("settings/", settings.settings, name="settings"),
    path("settings/edit/", settings.settings_edit, name="settings-edit"),
    path("imports/", imports.imports, name="imports"),
    path("imports/<uuid:import_id>/", imports.import_detail, name="import"),
    path("imports/<uuid:import_id>/commit/", imports.import_commit, name="import-commit"),
    path("imports/<uuid:import_id>/cancel/", imports.import_cancel, name="import-cancel"),
    path("imports/<uuid:import_id>/undo/", imports.import_undo, name="import-undo"),
    path("imports/<uuid:import_id>/problems/", imports.import_problems, name="import-problems"),
    path("organizations.csv", downloads.organizations, name="organizations-csv"),
    path("actions.csv", downloads.actions, name="actions-csv"),
    path("pledges.csv", downloads.pledges, name="pledges-csv"),
]
