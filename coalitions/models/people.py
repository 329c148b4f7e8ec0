"""People, what they may do where, and the secrets that let them in (kept only as digests)."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from coalitions.models.coalitions import Coalition
from coalitions.models.scoping import PublicIdModel, ScopedQuerySet


def new_token() -> str:
    return secrets.token_urlsafe(32)


def new_session_name() -> str:
    return secrets.token_urlsafe(16)


def token_digest(token: str) -> str:
    """Tokens carry 256 random bits, so a plain digest is enough to store and look them up by."""
    return hashlib.sha256(token.encode()).hexdigest()


class Role(models.IntegerChoices):
    PARTNER = 1, _("Partner")
    OBSERVER = 2, _("Observer")
    ORGANIZER = 3, _("Organizer")
    LEAD = 4, _("Lead")


class UserManager(BaseUserManager["User"]):
    """Django asks the user model for a manager that can look a person up by name."""

    def create_user(self, email: str, *, name: str = "", password: str | None = None) -> User:
        user = self.model(email=email.strip().lower(), name=name)
        user.set_password(password)
        user.save()
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").strip().lower())


class User(PublicIdModel, AbstractBaseUser):
    fragment_name = "person"

    email = models.EmailField(_("e-mail"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=120)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(email=Lower("email")), name="email_in_lower_case")]

    def __str__(self) -> str:
        return self.name or self.email


class Session(AbstractBaseSession):
    """A session belongs to a person, so that it can be listed and ended. No address, no browser name."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="sessions"
    )
    public_id = models.CharField(max_length=22, unique=True, default=new_session_name)
    created_at = models.DateTimeField(default=None)
    seen_at = models.DateTimeField(default=None)


class Membership(PublicIdModel):
    fragment_name = "member"
    scoped_by = frozenset({"coalition", "user"})

    coalition = models.ForeignKey(Coalition, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.PositiveSmallIntegerField(_("role"), choices=Role.choices)
    organization = models.ForeignKey(
        "coalitions.Organization", on_delete=models.PROTECT, null=True, blank=True, related_name="memberships"
    )
    version = models.PositiveIntegerField(default=1)
    since = models.DateTimeField(db_default=Now(), editable=False)

    objects = ScopedQuerySet["Membership"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["coalition", "user"], name="one_role_per_coalition"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_known"),
            models.CheckConstraint(
                condition=~Q(role=Role.PARTNER) | Q(organization__isnull=False),
                name="partner_has_an_organization",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"


class Invitation(PublicIdModel):
    fragment_name = "invitation"

    coalition = models.ForeignKey(Coalition, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail"), max_length=254)
    role = models.PositiveSmallIntegerField(_("role"), choices=Role.choices)
    organization = models.ForeignKey(
        "coalitions.Organization", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    # Empty until a link has been made: an invitation by mail gets its token at the moment of sending.
    token_digest = models.CharField(max_length=64, null=True, unique=True)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet["Invitation"].as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=Role.values), name="invitation_role_known"),
            models.CheckConstraint(
                condition=~Q(role=Role.PARTNER) | Q(organization__isnull=False),
                name="invited_partner_has_an_organization",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} · {self.get_role_display()}"

    def is_open(self, *, now: datetime) -> bool:
        return self.accepted_at is None and self.revoked_at is None and now < self.expires_at


class ApiToken(PublicIdModel):
    """A key for a program, limited to one coalition, never above its owner's role there."""

    fragment_name = "token"
    scoped_by = frozenset({"coalition", "membership"})

    class Scope(models.TextChoices):
        READ = "read", _("Read")
        WRITE = "write", _("Read and write")

    coalition = models.ForeignKey(Coalition, on_delete=models.CASCADE, related_name="api_tokens")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("what it is for"), max_length=80)
    scope = models.CharField(_("scope"), max_length=5, choices=Scope.choices, default=Scope.READ)
    token_digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()

    objects = ScopedQuerySet["ApiToken"].as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(scope__in=["read", "write"]), name="token_scope_known"),
        ]

    def __str__(self) -> str:
        return self.name


class SignInDelay(models.Model):
    """How long the next attempt for one account has to wait. It grows, and it always ends."""

    account_digest = models.CharField(max_length=64, unique=True)
    failures = models.PositiveIntegerField(default=0)
    wait_until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.failures} failures"


class OutgoingMail(models.Model):
    """Mail that the worker still has to send. Rows are deleted once sent; tokens are made while sending."""

    class Kind(models.TextChoices):
        RESET = "reset", _("Password reset")
        INVITATION = "invitation", _("Invitation")

    kind = models.CharField(max_length=20, choices=Kind.choices)
    to = models.EmailField(max_length=254)
    invitation = models.ForeignKey(Invitation, on_delete=models.CASCADE, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["reset", "invitation"]), name="mail_kind_known"),
        ]

    def __str__(self) -> str:
        return self.kind
