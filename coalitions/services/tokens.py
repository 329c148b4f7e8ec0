"""Keys for programs: made by a member for one coalition, shown once, never above the member's own role."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from coalitions import changes
from coalitions.models import ApiToken, Membership, Role, User, new_token, token_digest
from coalitions.services.editing import Refused, one_transaction
from coalitions.services.people import FRAGMENT

LONGEST_LIFE = timedelta(days=365)
MOST_TOKENS = 20  # of one member


@one_transaction
def create_token(
    membership: Membership, *, by: User, name: str, scope: str, expires_at: datetime, now: datetime
) -> tuple[ApiToken, str]:
    """The row and the token itself, which nobody can read again."""
    if not now < expires_at <= now + LONGEST_LIFE:
        raise Refused(_("A token lasts a year at most."), field="days")
    if scope == ApiToken.Scope.WRITE and membership.role < Role.ORGANIZER:
        raise Refused(_("Your role reads, so a token of yours can only read."), field="scope")
    coalition = membership.coalition
    Membership.objects.select_for_update(no_key=True).filter(coalition=coalition).get(pk=membership.pk)
    if coalition.api_tokens.filter(membership=membership).count() >= MOST_TOKENS:
        raise Refused(_("You have many tokens already. Take back those that you no longer use."))
    secret = new_token()
    token = ApiToken.objects.create(
        coalition=coalition,
        membership=membership,
        name=name,
        scope=scope,
        token_digest=token_digest(secret),
        expires_at=expires_at,
    )
    changes.record(
        coalition,
        by=by,
        verb="token.created",
        subject=name,
        fragment=FRAGMENT,
        after={"scope": token.scope, "id": token.pk},
    )
    return token, secret


@one_transaction
def revoke_token(token: ApiToken, *, by: User) -> None:
    coalition, before = token.coalition, {"scope": token.scope, "id": token.pk}
    coalition.api_tokens.filter(pk=token.pk).delete()
    changes.record(
        coalition, by=by, verb="token.revoked", subject=token.name, fragment=FRAGMENT, before=before
    )
