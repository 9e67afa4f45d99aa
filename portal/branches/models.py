"""Branch profiles and what belongs to sending as a branch: servers, From-domains, members, allow-list knowledge."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils import timezone


class SendingServer(models.Model):
    """A server that hands mail over to the world: the vendor's, or a branch's own.

    ``host`` is what everything is counted by. A machine that sends from several addresses is several of them, each
    under a name of its own, as a rule that of its address: ``log_host`` and ``log_name`` say which lines of the
    machine's log are its. :class:`portal.branches.logged.LoggedServers` finds them.
    """

    host = models.CharField(max_length=253, unique=True, help_text="The name it is reached by, smtp.example.net.")
    log_host = models.CharField(
        "host in the log", max_length=253, blank=True, help_text="The machine that logs for it. Empty: the host itself."
    )
    log_name = models.CharField(
        "name in the log", max_length=100, blank=True, help_text="The Postfix service or instance, postfix-out2."
    )
    helo = models.CharField("HELO name", max_length=253, blank=True)
    addresses = models.JSONField(
        "addresses", default=list, blank=True, help_text="IPv4 and IPv6 addresses it sends from."
    )
    envelope_domain = models.CharField(
        max_length=253, blank=True, help_text="The domain of MAIL FROM. Empty: the From-domain itself."
    )
    spf_include = models.CharField(
        "SPF include", max_length=253, blank=True, help_text="What a branch includes in its SPF record."
    )
    is_vendor = models.BooleanField("is the vendor's", default=False)

    class Meta:
        ordering = ["-is_vendor", "host"]
        constraints = [
            models.UniqueConstraint(
                Coalesce(NullIf("log_host", Value("")), "host"), "log_name", name="server_once_in_a_log"
            )
        ]

    def __str__(self) -> str:
        return self.host


class SendingMode(models.TextChoices):
    VENDOR = "vendor", "Through the vendor's server"
    OWN = "own", "Through the branch's own server"


class EmailFunction(models.TextChoices):
    ON = "on", "On"
    SUSPENDED = "suspended", "Suspended"


class BranchProfile(models.Model):
    """A customer organisation's sending profile."""

    code = models.SlugField(max_length=40, unique=True, help_text="Short name in addresses and imports, north.")
    organisation = models.CharField(max_length=160)
    notification_address = models.EmailField(
        max_length=254, help_text="Notifications are sent to and from this address."
    )
    sending = models.CharField(max_length=10, choices=SendingMode, default=SendingMode.VENDOR)
    sending_server = models.ForeignKey(
        SendingServer, on_delete=models.PROTECT, null=True, blank=True, related_name="branches"
    )
    time_zone = models.CharField(max_length=64, default="UTC")
    email_function = models.CharField("e-mail function", max_length=10, choices=EmailFunction, default=EmailFunction.ON)
    suspended_reason = models.TextField("reason of the suspension", max_length=1000, blank=True)
    suspended_since = models.DateTimeField(null=True, blank=True)
    created = models.DateTimeField(default=timezone.now, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        ordering = ["organisation"]
        constraints = [
            models.CheckConstraint(
                condition=Q(email_function=EmailFunction.ON) | ~Q(suspended_reason=""),
                name="branch_suspended_with_reason",
            )
        ]

    def __str__(self) -> str:
        return self.organisation

    @property
    def sends_through_own_server(self) -> bool:
        return self.sending == SendingMode.OWN

    @property
    def is_suspended(self) -> bool:
        return self.email_function == EmailFunction.SUSPENDED


class SendingDomain(models.Model):
    """A domain a branch sends as (the right of From). ``domain`` is lower-case, an A-label."""

    branch = models.ForeignKey(BranchProfile, on_delete=models.CASCADE, related_name="from_domains")
    domain = models.CharField(max_length=253)

    class Meta:
        ordering = ["domain"]
        constraints = [models.UniqueConstraint(fields=["branch", "domain"], name="sending_domain_once_a_branch")]

    def __str__(self) -> str:
        return self.domain


class DKIMUse(models.TextChoices):
    """What a selector is used for: the checks ask other things of one that signs than of one that waits."""

    SIGNING = "signing", "Mail is signed with it"
    ISSUED = "issued", "Issued; nothing is signed with it before it is published"
    RETIRED = "retired", "Replaced; nothing is signed with it any more"


class DKIMEntry(models.Model):
    """A DKIM selector of a From-domain, with the public key we issued where we know it (the ``p=`` value).

    What a person enters is in use; only a key that is issued and rotated here is anything else.
    """

    domain = models.ForeignKey(SendingDomain, on_delete=models.CASCADE, related_name="dkim_entries")
    selector = models.CharField(max_length=120)
    public_key = models.TextField(blank=True)
    use = models.CharField(max_length=10, choices=DKIMUse, default=DKIMUse.SIGNING)

    class Meta:
        ordering = ["selector"]
        constraints = [models.UniqueConstraint(fields=["domain", "selector"], name="dkim_selector_once_a_domain")]

    def __str__(self) -> str:
        return f"{self.selector}._domainkey.{self.domain.domain}"


class Membership(models.Model):
    """A person belongs to a branch and may see what is the branch's."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    branch = models.ForeignKey(BranchProfile, on_delete=models.CASCADE, related_name="memberships")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "branch"], name="member_once_a_branch")]

    def __str__(self) -> str:
        return f"{self.user} of {self.branch}"


class AllowListState(models.TextChoices):
    ASKED = "asked", "Asked"
    CONFIRMED = "confirmed", "Confirmed"
    REFUSED = "refused", "Refused"


class AllowListEntry(models.Model):
    """What we know of being allowed at a recipient's organisation. Without a branch it holds for all of them."""

    branch = models.ForeignKey(
        BranchProfile, on_delete=models.CASCADE, null=True, blank=True, related_name="allow_list"
    )
    domain = models.CharField(max_length=253, help_text="The recipient's domain.")
    state = models.CharField(max_length=10, choices=AllowListState)
    at = models.DateTimeField(default=timezone.now)
    expires = models.DateTimeField(null=True, blank=True)
    product = models.CharField(max_length=80, blank=True, help_text="The gateway or filter, Mimecast.")
    addresses = models.JSONField(default=list, blank=True, help_text="Sending addresses that were allowed.")
    by = models.CharField("said by", max_length=160, blank=True, help_text="Who at the recipient's organisation.")
    note = models.TextField(max_length=2000, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["domain", "-at"]
        indexes = [
            # What is known of this recipient domain, newest first (wizard, checks).
            models.Index(fields=["domain", "-at"], name="allow_list_by_domain"),
        ]

    def __str__(self) -> str:
        return f"{self.domain}: {self.get_state_display()}"

    @property
    def has_run_out(self) -> bool:
        """It was confirmed, but not for so long."""
        return self.state == AllowListState.CONFIRMED and self.expires is not None and self.expires <= timezone.now()

    @property
    def missing(self) -> tuple[str, ...]:
        """The addresses that the branch sends from and that were not among those allowed; none where all were."""
        server = self.branch.sending_server if self.branch else None
        if self.state != AllowListState.CONFIRMED or not self.addresses or server is None:
            return ()
        return tuple(address for address in server.addresses if address not in self.addresses)


class BranchEvent(models.Model):
    """Something that was changed on a branch's profile: by whom, when, from what to what. Append-only."""

    branch = models.ForeignKey(BranchProfile, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=30)
    changes = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["branch", "-at", "-id"], name="branch_event_newest")]

    def __str__(self) -> str:
        return f"{self.kind} on {self.branch}"
