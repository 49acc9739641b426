"""People, their keys, what they did, and the work that is owed."""

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts import ids, roles
from accounts.roles import Role

SYSTEM_EMAIL = "system@smmods.invalid"


class UserManager(BaseUserManager["User"]):
    """Accounts by e-mail, in lower case throughout."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())

    def create_user(self, email: str, display_name: str = "", password: str | None = None) -> "User":
        """A new player's account; without a password, sign-in is by mail.

        Only the account is written: `accounts.services.register` is the way that also audits.
        """
        user = self.model(email=email.strip().lower(), display_name=display_name)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def system(self) -> "User":
        """The portal's own account."""
        return self.get(role=Role.SYSTEM)

    def people(self) -> models.QuerySet["User"]:
        """Everybody but the system."""
        return self.exclude(role=Role.SYSTEM)


class User(AbstractBaseUser):
    """An account. The e-mail is the login; the role is the highest of those that add up."""

    account_id = models.CharField(max_length=24, unique=True, default=ids.account_id, editable=False)
    email = models.EmailField(max_length=254)
    display_name = models.CharField(max_length=60, blank=True)
    role = models.CharField(
        max_length=10, default=Role.PLAYER, choices=[(r.value, r.value) for r in Role], editable=False
    )
    is_active = models.BooleanField(default=True)
    role_until = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the role ends by itself; empty: never."
    )
    suspended_until = models.DateTimeField(null=True, blank=True)
    suspended_reason = models.CharField(max_length=500, blank=True, help_text="What the person reads.")
    changed_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When address or factors were last changed, not set."
    )
    changed_what = models.CharField(max_length=40, blank=True, editable=False)
    bounced_at = models.DateTimeField(null=True, blank=True, editable=False)
    bounce = models.CharField(
        max_length=300, blank=True, editable=False, help_text="What came back, and why."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    modder_agreement_version = models.CharField(max_length=20, blank=True, editable=False)
    modder_agreement_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = "account"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(Lower("email"), name="account_email_once", violation_error_code="unique"),
            models.UniqueConstraint(
                fields=["role"], condition=models.Q(role="system"), name="account_one_system"
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def roles(self) -> tuple[str, ...]:
        """All roles, the highest last."""
        return roles.roles_up_to(self.role)

    @property
    def is_system(self) -> bool:
        return self.role == Role.SYSTEM

    @property
    def is_moderator(self) -> bool:
        """Moderator or admin."""
        return self.role in (Role.MODERATOR, Role.ADMIN)

    @property
    def is_modder(self) -> bool:
        return self.role in (Role.MODDER, Role.MODERATOR, Role.ADMIN)

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session is bound to: it ends when the password or the role is no longer what it was."""
        bound = f"{self.password}:{self.role}"
        return salted_hmac("accounts.session", bound, secret=secret, algorithm="sha256").hexdigest()

    @property
    def is_staff(self) -> bool:
        """Whether the Django admin opens: to admins alone."""
        return self.is_active and self.role == Role.ADMIN

    @property
    def is_superuser(self) -> bool:
        """What third-party code asks for; the same answer as for the admin."""
        return self.is_staff

    @property
    def name(self) -> str:
        """What others see: the display name, or the part of the address before the @."""
        return self.display_name or self.email.partition("@")[0]

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """The admin's own question; each ModelAdmin narrows it."""
        return self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name


class ApiKey(models.Model):
    """A key for scripts: shown once, stored as a SHA-256."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=60)
    prefix = models.CharField(max_length=12, unique=True)
    secret_sha256 = models.CharField(max_length=64)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_address = models.GenericIPAddressField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"smm_{self.prefix}_…"

    def live(self, now: datetime) -> bool:
        """Whether the key still opens anything."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


class AuditEntry(models.Model):
    """One thing that somebody did. Append-only: triggers refuse UPDATE and DELETE.

    `sequence` counts without a gap; `hash` is SHA-256 over the previous hash and the canonical JSON of the
    other columns (see `accounts.audit`).
    """

    sequence = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    actor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    actor_role = models.CharField(max_length=10)
    action = models.CharField(max_length=60)
    target_type = models.CharField(max_length=30)
    target_id = models.CharField(max_length=160)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.TextField(blank=True)
    origin_digest = models.CharField(max_length=64, blank=True)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering: ClassVar[list[str]] = ["-sequence"]
        verbose_name_plural = "audit entries"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["target_type", "target_id", "sequence"], name="audit_target"),
            models.Index(fields=["action", "sequence"], name="audit_action"),
            models.Index(fields=["actor", "sequence"], name="audit_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.action} {self.target_id}"


class AuditHead(models.Model):
    """Where the chain ends: locked while an entry is written, so that entries follow one another."""

    sequence = models.BigIntegerField()
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.sequence}"


class AuditOrigin(models.Model):
    """Where an entry came from. Erasable after its keeping time; the entry keeps the salted digest."""

    entry = models.OneToOneField(
        AuditEntry, on_delete=models.DO_NOTHING, related_name="origin", db_constraint=False, primary_key=True
    )
    door = models.CharField(max_length=10)
    address = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=200, blank=True)
    salt = models.CharField(max_length=32)

    def __str__(self) -> str:
        return f"{self.entry_id} {self.door}"


class OutboxRow(models.Model):
    """Work that is owed, written in the transaction of what owes it (see `accounts.outbox`)."""

    kind = models.CharField(max_length=30)
    key = models.CharField(max_length=120, blank=True)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_by = models.CharField(max_length=32, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["due_at"],
                name="outbox_waiting",
                condition=models.Q(done_at__isnull=True, failed_at__isnull=True),
            ),
            models.Index(fields=["kind", "key"], name="outbox_key"),
            models.Index(
                fields=["kind", "done_at"], name="outbox_done", condition=models.Q(done_at__isnull=False)
            ),
            models.Index(
                fields=["kind", "failed_at"],
                name="outbox_failed",
                condition=models.Q(failed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Notification(models.Model):
    """Something that a person should hear of, told on the portal's own pages beside the mail."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=40)
    text = models.CharField(max_length=300)
    url = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["user", "-id"], name="notification_of"),
        ]

    def __str__(self) -> str:
        return self.text
