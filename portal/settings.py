"""The settings, all from the environment. The defaults need no server: SQLite, a queue in a file, mail to the console.

Setting ``DATABASE_URL`` and ``REDIS_URL`` makes the served shape of the same program; nothing else changes.
``docs/settings.md`` lists every variable.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from portal import env

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.read_str("DATA_DIR", str(BASE_DIR / "var")))
DEBUG = env.read_bool("DEBUG")
BASE_URL = env.read_str("BASE_URL", "http://127.0.0.1:8000").rstrip("/")
DATABASES = {"default": env.read_database("DATABASE_URL", DATA_DIR / "delivery-desk.sqlite3")}
REDIS_URL = env.read_secret("REDIS_URL")
IS_EMBEDDED = not (env.read_secret("DATABASE_URL") or REDIS_URL)

SECRET_KEY = env.read_secret("SECRET_KEY")
if not SECRET_KEY:
    if not (IS_EMBEDDED or DEBUG):
        raise ImproperlyConfigured("SECRET_KEY is missing. Set SECRET_KEY, or SECRET_KEY_FILE to a file that holds it.")
    SECRET_KEY = env.kept_secret(DATA_DIR / "secret_key")

# This machine's own names are always answered to: health checks come by them.
ALLOWED_HOSTS = [*env.read_list("ALLOWED_HOSTS"), "127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS = [BASE_URL] if BASE_URL.startswith("https://") else []

INSTALLED_APPS = [
    "portal",
    "portal.web",
    "portal.accounts",
    "portal.branches",
    "portal.watch",
    "portal.maillog",
    "portal.suppression",
    "portal.returned",
    "portal.feedback",
    "portal.rates",
    "portal.trials",
    "portal.planning",
    "portal.standing",
    "portal.signing",
    "portal.allowing",
    "portal.dossier",
    "portal.ownserver",
    "portal.intake",
    "portal.retention",
    "portal.mailroom",
    "portal.api",
    "portal.home",
    "diagnostics",
    "tickets",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "django_htmx",
    "csp",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.navigation.navigation",
            ],
        },
    }
]

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_ADAPTER = "portal.accounts.adapter.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "portal.accounts.adapter.SocialAccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PREVENT_ENUMERATION = True
# A stranger's address gets no mail from us, or anybody could have the desk write to anybody.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Delivery Desk"
SOCIALACCOUNT_PROVIDERS = {}
if env.read_str("OIDC_SERVER_URL"):
    SOCIALACCOUNT_PROVIDERS["openid_connect"] = {
        "APPS": [
            {
                "provider_id": "oidc",
                "name": env.read_str("OIDC_NAME", "Single sign-on"),
                "client_id": env.read_str("OIDC_CLIENT_ID"),
                "secret": env.read_secret("OIDC_CLIENT_SECRET"),
                "settings": {"server_url": env.read_str("OIDC_SERVER_URL")},
            }
        ]
    }

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.read_str("STATIC_DIR", str(DATA_DIR / "static")))
MEDIA_ROOT = DATA_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
# A file that is too large ends while it comes in; what is large is written where it will be kept.
FILE_UPLOAD_HANDLERS = [
    "portal.intake.cap.CapUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "portal.intake.cap.IncomingUploadHandler",
]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        # Bootstrap draws its form marks as data: images.
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        # Browsers apply this to redirects too, so signing in elsewhere must be allowed by name.
        "form-action": [SELF, *([env.read_str("OIDC_SERVER_URL")] if env.read_str("OIDC_SERVER_URL") else [])],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
IS_HTTPS = BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SECURE_HSTS_SECONDS = 31536000 if IS_HTTPS else 0
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$"]
# What the domain's other hosts and the browsers' preload lists are to do is not for one program to decide.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
if env.read_bool("TRUST_PROXY"):
    # Only behind a proxy that sets this header itself and drops the client's own.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if env.read_str("EMAIL_HOST")
    else "django.core.mail.backends.console.EmailBackend"
)
EMAIL_HOST = env.read_str("EMAIL_HOST", "localhost")
EMAIL_PORT = env.read_int("EMAIL_PORT", 25, least=1, most=65535)
EMAIL_HOST_USER = env.read_str("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.read_secret("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.read_bool("EMAIL_USE_TLS")
EMAIL_TIMEOUT = 20
#: Where news of tickets goes that nobody works on yet; empty: to the people of support who want to hear of them.
SUPPORT_ADDRESS = env.read_str("SUPPORT_ADDRESS")
DEFAULT_FROM_EMAIL = env.read_str("DEFAULT_FROM_EMAIL", "Delivery Desk <desk@localhost>")

#: Name servers for every look-up, ``address`` or ``address:port``; empty means the system's own.
RESOLVERS = env.read_list("RESOLVERS")
#: The lists of sending addresses that are asked, by their zones; empty asks all we know, ``none`` asks none.
DNSBL_ZONES = env.read_list("DNSBL_ZONES")
#: A zone file (JSON) laid over real DNS for the names it holds.
DIAGNOSTICS_ZONE = env.read_str("DIAGNOSTICS_ZONE")
if IS_EMBEDDED and not DIAGNOSTICS_ZONE:
    # The demo world's DNS. It holds reserved names (*.example) and hosts that exist nowhere, so that no real name is
    # ever answered from it.
    DIAGNOSTICS_ZONE = str(BASE_DIR / "portal" / "demo" / "zone.json")
#: Whether support may have recipients' mail servers called on: off, greeting (they are greeted and left), or recipient
#: (the address is named too; only where this desk runs on the sending host, since that is whom the server would see).
SMTP_PROBE = env.read_choice("SMTP_PROBE", "off", ("off", "greeting", "recipient"))
SMTP_PROBE_HELO = env.read_str("SMTP_PROBE_HELO", urlsplit(BASE_URL).hostname or "localhost")
#: The envelope's sender of such a call; empty is the null sender of a bounce.
SMTP_PROBE_SENDER = env.read_str("SMTP_PROBE_SENDER")
#: Whether the pictures that a test message shows from other servers are asked for, where its sender agreed.
PICTURE_PROBE = env.read_bool("PICTURE_PROBE", default=True)
#: Days for which the raw text of a message that was handed in is kept; what was read out of it stays.
MESSAGE_DAYS = env.read_int("MESSAGE_DAYS", 30, least=1, most=3650)
#: Where the mailroom listens for mail, ``host:port``, or off; how it speaks, how it greets, what it takes at most.
MAILROOM = env.read_str("MAILROOM", "127.0.0.1:8025" if IS_EMBEDDED else "off")
MAILROOM = "" if MAILROOM.lower() == "off" else MAILROOM
MAILROOM_PROTOCOL = env.read_choice("MAILROOM_PROTOCOL", "smtp", ("smtp", "lmtp"))
MAILROOM_NAME = env.read_str("MAILROOM_NAME", urlsplit(BASE_URL).hostname or "localhost")
MAILROOM_MEGABYTES = env.read_int("MAILROOM_MEGABYTES", 10, least=1, most=100)
MAILROOM_A_MINUTE = env.read_int("MAILROOM_A_MINUTE", 600, least=1, most=100_000)
#: What it encrypts connections with where the other server asks (STARTTLS): files in PEM. None: it is not offered.
MAILROOM_TLS_CERT = env.read_str("MAILROOM_TLS_CERT")
MAILROOM_TLS_KEY = env.read_str("MAILROOM_TLS_KEY")
#: A mailbox that mail comes back to, where no server hands it over.
IMAP_HOST = env.read_str("IMAP_HOST")
IMAP_PORT = env.read_int("IMAP_PORT", 993, least=1, most=65535)
IMAP_USER = env.read_str("IMAP_USER")
IMAP_PASSWORD = env.read_secret("IMAP_PASSWORD")
IMAP_TLS = env.read_choice("IMAP_TLS", "tls", ("tls", "starttls", "off"))
IMAP_FOLDER = env.read_str("IMAP_FOLDER", "INBOX")
IMAP_DONE_FOLDER = env.read_str("IMAP_DONE_FOLDER")
IMAP_SECONDS = env.read_int("IMAP_SECONDS", 60, least=10, most=86400)
#: The address under which tickets are answered by mail, with <token> in it; empty: not by mail.
TICKET_ADDRESS = env.read_str("TICKET_ADDRESS")
#: The one-time addresses that test messages are sent to, with <token> in it; empty: no test messages.
TRIAL_ADDRESS = env.read_str("TRIAL_ADDRESS", "test+<token>@desk.example" if IS_EMBEDDED else "")
#: The addresses that mail comes back to, with the message's key or the recipient (user=domain) written into them.
BOUNCE_ADDRESSES = env.read_list(
    "BOUNCE_ADDRESSES",
    ("bounce+<token>@desk.example", "bounce-<recipient>@desk.example", "returned@desk.example") if IS_EMBEDDED else (),
)
#: Days for which the raw text of mail that came back is kept, and for which an address that failed is not written to.
RETURNED_DAYS = env.read_int("RETURNED_DAYS", 30, least=1, most=3650)
SUPPRESS_HARD_DAYS = env.read_int("SUPPRESS_HARD_DAYS", 180, least=1, most=3650)
#: Addresses to which receivers send DMARC and TLS reports (rua= of the records), for the mailroom.
REPORT_ADDRESSES = env.read_list("REPORT_ADDRESSES")
# A mail service proves by this secret (user:password in the webhook's address) that it is the one.
ANYMAIL = {"WEBHOOK_SECRET": env.read_secret("WEBHOOK_SECRET")} if env.read_secret("WEBHOOK_SECRET") else {}
#: The largest file that may be uploaded, in MB; days for which a log that was brought in is kept after it was read, and
#: for which its rejected lines are.
LOG_UPLOAD_MB = env.read_int("LOG_UPLOAD_MB", 500, least=10, most=100_000)
LOG_UPLOAD_DAYS = env.read_int("LOG_UPLOAD_DAYS", 7, least=0, most=3650)
REJECTED_DAYS = env.read_int("REJECTED_DAYS", 90, least=1, most=3650)
#: What passwords of branches' own servers are sealed with; empty: a key made from SECRET_KEY.
SEALING_KEY = env.read_secret("SEALING_KEY")
#: The program that takes a new DKIM key's private half from its standard input; empty: it is shown once.
DKIM_SIGNER = env.read_str("DKIM_SIGNER")
#: Days for which the addresses of a list that was looked at are kept; what was counted in it stays.
LIST_DAYS = env.read_int("LIST_DAYS", 7, least=1, most=3650)
#: Days for which the log is kept: its lines, its deliveries with messages and case notes, and its counts by the hour.
EVENT_DAYS = env.read_int("EVENT_DAYS", 90, least=1, most=36500)
LOG_DAYS = env.read_int("LOG_DAYS", 400, least=1, most=36500)
HOUR_DAYS = env.read_int("HOUR_DAYS", 120, least=15, most=36500)
#: What one person may start, and how soon the same domain is asked anew.
RUNS_A_MINUTE = env.read_int("RUNS_A_MINUTE", 10, least=1, most=1000)
RUNS_AT_ONCE = env.read_int("RUNS_AT_ONCE", 3, least=1, most=1000)
#: Seconds a worker may hold a run before another takes it over (a run ends within 15), and seconds between two sweeps.
RUN_LEASE_SECONDS = env.read_int("RUN_LEASE_SECONDS", 25, least=16, most=600)
RUN_SWEEP_SECONDS = env.read_int("RUN_SWEEP_SECONDS", 10, least=1, most=300)

# The bell. The row is the truth: a task that is lost is rung again by the sweep, one that comes twice goes home.
CELERY_BROKER_URL = REDIS_URL or "sqlite-queue://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    # Redis gives a task back after this many seconds without an ack, and fails fast when it is away.
    {"visibility_timeout": 120, "socket_timeout": 5, "socket_connect_timeout": 2}
    if REDIS_URL
    else {"path": str(DATA_DIR / "queue.sqlite3")}
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_TIME_LIMIT = 50
CELERY_TASK_SOFT_TIME_LIMIT = 45
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Threads cost little while they wait for name servers; processes cost memory.
CELERY_WORKER_CONCURRENCY = env.read_int("WORKER_CONCURRENCY", 4 if REDIS_URL else 8, least=1, most=64)
# A run waits for name servers nearly all of its time: threads share one process well on a desk of one machine, and
# processes use all cores of a server.
CELERY_WORKER_POOL = "prefork" if REDIS_URL else "threads"
CELERY_WORKER_ENABLE_REMOTE_CONTROL = bool(REDIS_URL)
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# What is printed (mails, where no server sends them) is no warning.
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat")
CELERY_BEAT_SCHEDULE = {
    "sweep-runs": {"task": "diagnostics.tasks.sweep_runs", "schedule": RUN_SWEEP_SECONDS},
    "sweep-untold": {"task": "tickets.tasks.sweep_untold", "schedule": 60},
    "forget-messages": {"task": "diagnostics.tasks.forget_messages", "schedule": 3600, "options": {"expires": 3000}},
    "sweep-returned": {"task": "portal.returned.tasks.sweep_returned", "schedule": 60, "options": {"expires": 55}},
    "forget-returned": {
        "task": "portal.returned.tasks.forget_returned",
        "schedule": 3600,
        "options": {"expires": 3000},
    },
    "watch": {"task": "portal.watch.tasks.watch_all", "schedule": 60, "options": {"expires": 55}},
    "prune": {"task": "portal.retention.tasks.prune_daily", "schedule": 86400},
    "sweep-erasures": {"task": "portal.retention.tasks.sweep_erasures", "schedule": 60, "options": {"expires": 55}},
    "sweep-readings": {"task": "portal.maillog.tasks.sweep_readings", "schedule": 3600, "options": {"expires": 3000}},
    "review-rates": {"task": "portal.rates.tasks.review_rates", "schedule": 300, "options": {"expires": 280}},
    "review-complaints": {
        "task": "portal.rates.tasks.review_complaints",
        "schedule": 3600,
        "options": {"expires": 3000},
    },
    "forget-answers": {"task": "portal.api.tasks.forget_answers", "schedule": 3600, "options": {"expires": 3000}},
    "place-events": {"task": "portal.feedback.tasks.place_events", "schedule": 600, "options": {"expires": 590}},
    "sweep-uploads": {"task": "portal.intake.tasks.sweep_uploads", "schedule": 30, "options": {"expires": 25}},
    "forget-uploads": {"task": "portal.intake.tasks.forget_uploads", "schedule": 3600, "options": {"expires": 3000}},
    "sweep-lists": {"task": "portal.planning.tasks.sweep_lists", "schedule": 60, "options": {"expires": 55}},
    "review-standings": {
        "task": "portal.standing.tasks.review_standings",
        "schedule": 600,
        "options": {"expires": 590},
    },
    "look-at-keys": {"task": "portal.signing.tasks.look_at_keys", "schedule": 60, "options": {"expires": 55}},
    "heartbeat": {"task": "portal.tasks.beat", "schedule": 15, "options": {"expires": 30}},
}
if IMAP_HOST:
    CELERY_BEAT_SCHEDULE["fetch-mail"] = {
        "task": "portal.mailroom.tasks.fetch_mail",
        "schedule": IMAP_SECONDS,
        # A look that waited longer than that is followed by the next one.
        "options": {"expires": IMAP_SECONDS},
    }

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"refusals": {"()": "portal.logs.RefusalsInOneLine"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["refusals"]}},
    "root": {"handlers": ["console"], "level": env.read_str("LOG_LEVEL", "INFO").upper()},
}
