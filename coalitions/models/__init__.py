"""Tables, constraints and the questions that can be asked of them."""

from coalitions.models.actions import (
    Action,
    ActionKind,
    ActionStatus,
    Count,
    CountMethod,
    CountOf,
    CurrentPledge,
    Participation,
    Pledge,
)
from coalitions.models.coalitions import SETTING_FIELDS, WEIGHT_FIELDS, Coalition
from coalitions.models.directory import BOND_FIELDS, ExternalId, Organization, OrganizationKind, Overlap
from coalitions.models.history import Change
from coalitions.models.imports import RUNNING, Import, ImportChunk, ImportFile, ImportNote, ImportState
from coalitions.models.people import (
    ApiToken,
    Invitation,
    Membership,
    OutgoingMail,
    Role,
    Session,
    SignInDelay,
    User,
    new_token,
    token_digest,
)
from coalitions.models.scoping import ScopedQuerySet, UnscopedQuery
from coalitions.models.scores import Forecast, ForecastPoint, Score, ScorePoint, ShowRate

__all__ = [
    "BOND_FIELDS",
    "RUNNING",
    "SETTING_FIELDS",
    "WEIGHT_FIELDS",
    "Action",
    "ActionKind",
    "ActionStatus",
    "ApiToken",
    "Change",
    "Coalition",
    "Count",
    "CountMethod",
    "CountOf",
    "CurrentPledge",
    "ExternalId",
    "Forecast",
    "ForecastPoint",
    "Import",
    "ImportChunk",
    "ImportFile",
    "ImportNote",
    "ImportState",
    "Invitation",
    "Membership",
    "Organization",
    "OrganizationKind",
    "OutgoingMail",
    "Overlap",
    "Participation",
    "Pledge",
    "Role",
    "ScopedQuerySet",
    "Score",
    "ScorePoint",
    "Session",
    "ShowRate",
    "SignInDelay",
    "UnscopedQuery",
    "User",
    "new_token",
    "token_digest",
]
