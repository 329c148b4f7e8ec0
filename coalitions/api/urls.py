from django.urls import include, path

from coalitions.api import (
    actions,
    counts,
    documentation,
    history,
    organizations,
    overlaps,
    pledges,
    resources,
    settings,
    strength,
)

app_name = "api"

coalition = [
    path("", settings.CoalitionItem.as_view(), name="coalition"),
    path("organizations/", organizations.Organizations.as_view(), name="organizations"),
    path("organizations/<uuid:id>/", organizations.OrganizationItem.as_view(), name="organization"),
    path("actions/", actions.Actions.as_view(), name="actions"),
    path("actions/<uuid:id>/", actions.ActionItem.as_view(), name="action"),
    path("pledges/", pledges.Pledges.as_view(), name="pledges"),
    path("pledges/ledger/", pledges.Ledger.as_view(), name="ledger"),
    path("counts/", counts.Counts.as_view(), name="counts"),
    path("counts/<uuid:id>/", counts.CountItem.as_view(), name="count"),
    path("overlaps/", overlaps.Overlaps.as_view(), name="overlaps"),
    path("overlaps/<uuid:id>/", overlaps.OverlapItem.as_view(), name="overlap"),
    path("score/", strength.StrengthItem.as_view(), name="score"),
    path("forecasts/", strength.Forecasts.as_view(), name="forecasts"),
    path("forecasts/<uuid:id>/", strength.ForecastItem.as_view(), name="forecast"),
    path("changes/", history.Changes.as_view(), name="changes"),
]

urlpatterns = [
    path("docs/", documentation.docs, name="docs"),
    path("schema/", documentation.schema, name="schema"),
    path("c/<slug:slug>/", include(coalition)),
    path("<path:anything>", resources.Nowhere.as_view()),
]
