"""Who belongs to a coalition: inviting, joining, changing a role, removing.

Every invitation, join and change of role runs under the coalition's row lock, so that two people acting at
once are told apart, and the rule about leads (`_refuse_lockout`) sees what is true.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from coalitions import changes, tasks
from coalitions.models import (
    Coalition,
    Invitation,
    Membership,
    Organization,
    OutgoingMail,
    Role,
    User,
    new_token,
    token_digest,
)
from coalitions.services import limits
from coalitions.services.editing import Refused, StaleEdit, one_transaction, snapshot

INVITATION_LASTS = timedelta(days=7)
INVITATIONS_AN_HOUR = 50  # by one person
MAILS_AN_HOUR = 3  # to one person from one coalition
SETTLED_AFTER = timedelta(days=1)

FRAGMENT = "people"
SHOWN = ("role", "organization")


@dataclass(frozen=True, slots=True)
class Joined:
    membership: Membership
    was_member: bool


def find_open_invitation(token: str, *, now: datetime) -> Invitation | None:
    return _open(Invitation.objects.across_coalitions().filter(token_digest=token_digest(token)).first(), now)


def find_seen_invitation(public_id: str, *, now: datetime) -> Invitation | None:
    """An invitation whose link this browser has already shown."""
    try:
        known = uuid.UUID(public_id)
    except ValueError:
        return None
    return _open(Invitation.objects.across_coalitions().filter(public_id=known).first(), now)


@one_transaction
def invite(
    coalition: Coalition,
    *,
    by: User,
    email: str,
    role: Role,
    organization: Organization | None,
    send: bool,
    now: datetime,
) -> tuple[Invitation, str]:
    """The invitation and its token, shown once; the token is "" when the worker makes it while mailing."""
    _lock(coalition)
    email = email.strip().lower()
    organization = _organization_for(coalition, role, organization)
    if coalition.memberships.filter(user__email=email).exists():
        raise Refused(
            _("This person already belongs to the coalition. Change the role instead."), field="email"
        )
    _refuse_flood(coalition, by, email, send=send, now=now)
    # One open invitation per person: a newer one takes the place of the older.
    coalition.invitations.filter(email=email, accepted_at=None, revoked_at=None).update(revoked_at=now)
    token = "" if send else new_token()
    invitation = Invitation.objects.create(
        coalition=coalition,
        email=email,
        role=role,
        organization=organization,
        token_digest=token_digest(token) if token else None,
        invited_by=by,
        expires_at=now + INVITATION_LASTS,
    )
    if send:
        OutgoingMail.objects.create(kind=OutgoingMail.Kind.INVITATION, to=email, invitation=invitation)
        transaction.on_commit(tasks.queue_mail, robust=True)
    # The address stays out of the history, which more people may read than may see addresses.
    changes.record(
        coalition,
        by=by,
        verb="person.invited",
        subject=_said(invitation),
        fragment=FRAGMENT,
        after=snapshot(invitation, SHOWN) | {"id": invitation.pk},
    )
    return invitation, token


@one_transaction
def revoke_invitation(invitation: Invitation, *, by: User, now: datetime) -> None:
    coalition = invitation.coalition
    _lock(coalition)
    invitation = coalition.invitations.select_for_update().get(pk=invitation.pk)
    if not invitation.is_open(now=now):
        raise Refused(_("This invitation is not open any more."))
    invitation.revoked_at = now
    invitation.save(update_fields=["revoked_at"])
    changes.record(coalition, by=by, verb="invitation.revoked", subject=_said(invitation), fragment=FRAGMENT)


def join_as_new_person(invitation: Invitation, *, name: str, password: str, now: datetime) -> Joined:
    """Make the account and join with it. The e-mail is the invited one, whatever was typed."""
    user = User(email=invitation.email.lower(), name=name)
    user.set_password(password)  # slow on purpose, so it happens before anything is locked
    return _join_as_new_person(invitation, user, now=now)


@one_transaction
def _join_as_new_person(invitation: Invitation, user: User, *, now: datetime) -> Joined:
    _lock(invitation.coalition)
    if User.objects.filter(email=user.email).exists():
        raise Refused(_("There is already an account for this e-mail. Sign in to accept."))
    user.save()
    return join(invitation, user=user, now=now)


@one_transaction
def join(invitation: Invitation, *, user: User, now: datetime) -> Joined:
    """Redeem once. Role, coalition and organization come from the stored row and nowhere else."""
    coalition = invitation.coalition
    _lock(coalition)
    invitation = coalition.invitations.select_for_update().get(pk=invitation.pk)
    if not invitation.is_open(now=now) or invitation.email.lower() != user.email:
        raise Refused(_("This invitation is not open any more. Ask for a new one."))
    invitation.accepted_at = now
    invitation.save(update_fields=["accepted_at"])
    existing = coalition.memberships.select_for_update().filter(user=user).first()
    if existing is not None and existing.role >= invitation.role:
        return Joined(existing, was_member=True)
    before = snapshot(existing, SHOWN) if existing else None
    membership = existing or Membership(coalition=coalition, user=user, version=0)
    membership.role, membership.organization_id = invitation.role, invitation.organization_id
    membership.version += 1
    membership.save()
    changes.record(
        coalition,
        by=user,
        verb="role.changed" if existing else "person.joined",
        subject=user.name,
        fragment=FRAGMENT,
        before=before,
        after=snapshot(membership, SHOWN) | {"id": membership.pk},
    )
    return Joined(membership, was_member=existing is not None)


@one_transaction
def change_role(
    membership: Membership,
    *,
    by: User,
    seen_version: int,
    role: Role,
    organization: Organization | None,
    now: datetime,
) -> None:
    coalition = membership.coalition
    _lock(coalition)
    current = (
        coalition.memberships.select_for_update(of=("self",)).select_related("user").get(pk=membership.pk)
    )
    if current.version != seen_version:
        raise StaleEdit(current)
    organization = _organization_for(coalition, role, organization)
    if (current.role, current.organization_id) == (role, organization.pk if organization else None):
        return
    if current.role == Role.LEAD:
        _refuse_lockout(coalition, current, by=by, now=now)
        _revoke_invitations_of(current, now=now)
    before = snapshot(current, SHOWN) | {"id": current.pk}
    current.role, current.organization = role, organization
    current.version += 1
    current.save(update_fields=["role", "organization", "version"])
    changes.record(
        coalition,
        by=by,
        verb="role.changed",
        subject=current.user.name,
        fragment=FRAGMENT,
        before=before,
        after=snapshot(current, SHOWN) | {"id": current.pk},
    )


@one_transaction
def remove_person(membership: Membership, *, by: User, now: datetime) -> None:
    """Access, tokens and invitations given out by this person end at once; what they did stays on record."""
    coalition = membership.coalition
    _lock(coalition)
    current = (
        coalition.memberships.select_for_update(of=("self",)).select_related("user").get(pk=membership.pk)
    )
    if current.role == Role.LEAD:
        _refuse_lockout(coalition, current, by=by, now=now)
    _revoke_invitations_of(current, now=now)
    before = snapshot(current, SHOWN) | {"id": current.pk}
    current.delete()
    changes.record(
        coalition,
        by=by,
        verb="person.removed",
        subject=current.user.name,
        fragment=FRAGMENT,
        before=before,
    )


def _refuse_lockout(coalition: Coalition, target: Membership, *, by: User, now: datetime) -> None:
    """No lead can shut the others out.

    The coalition always keeps a lead. A lead may step down while another one stays. Taking the role from
    somebody else needs a third lead who stays, and happens at most once a day for each lead. Who became lead
    within the last day neither counts as the third nor takes the role from anybody: otherwise one person
    could bring the votes along.
    """
    leads = set(coalition.memberships.filter(role=Role.LEAD).values_list("pk", flat=True))
    if leads == {target.pk}:
        raise Refused(_("A coalition needs a lead. Make somebody else lead first."), field="role")
    if target.user_id == by.pk:
        return
    lately = coalition.changes.filter(at__gt=now - SETTLED_AFTER)
    new = set(lately.filter(after__role=Role.LEAD).values_list("after__id", flat=True))
    own = set(coalition.memberships.filter(user=by).values_list("pk", flat=True))
    if own & new:
        raise Refused(
            _("You became lead less than a day ago. Another lead can do this, or you can do it tomorrow."),
            field="role",
        )
    if not leads - new - own - {target.pk}:
        raise Refused(
            _(
                "This would leave you as the only settled lead. It takes a third one, who has been lead"
                " for a day. Or the person steps down."
            ),
            field="role",
        )
    taken = lately.filter(by=by, before__role=Role.LEAD).exclude(before__id__in=own)
    if taken.exists():
        raise Refused(
            _(
                "You already took the role from another lead today. Another lead can do this,"
                " or you tomorrow."
            ),
            field="role",
        )


def _refuse_flood(coalition: Coalition, by: User, email: str, *, send: bool, now: datetime) -> None:
    hour = timedelta(hours=1)
    if not limits.allow(limits.key("inviting", by.pk), most=INVITATIONS_AN_HOUR, within=hour, now=now):
        raise Refused(_("That were many invitations in one hour. Go on in an hour."))
    invited = limits.key("invited", coalition.pk, email)
    if send and not limits.allow(invited, most=MAILS_AN_HOUR, within=hour, now=now):
        raise Refused(
            _("This person was sent three invitations within the hour. Show the link instead, or wait."),
            field="email",
        )


def _organization_for(
    coalition: Coalition, role: Role, organization: Organization | None
) -> Organization | None:
    """A partner speaks for one organization; everybody above for the coalition."""
    if role != Role.PARTNER:
        return None
    if organization is None or organization.coalition_id != coalition.pk or organization.removed_at:
        raise Refused(_("Choose the organization that this partner speaks for."), field="organization")
    return organization


def _revoke_invitations_of(membership: Membership, *, now: datetime) -> None:
    """Otherwise a removed lead comes back through a link made beforehand."""
    membership.coalition.invitations.filter(
        invited_by=membership.user_id, accepted_at=None, revoked_at=None
    ).update(revoked_at=now)


def _open(invitation: Invitation | None, now: datetime) -> Invitation | None:
    return invitation if invitation is not None and invitation.is_open(now=now) else None


def _said(invitation: Invitation) -> str:
    return invitation.organization.name if invitation.organization else str(Role(invitation.role).label)


def _lock(coalition: Coalition) -> None:
    Coalition.objects.select_for_update(no_key=True).get(pk=coalition.pk)
