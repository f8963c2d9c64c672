"""All the emulated GitHub knows: applications, accounts, pending consents, codes, tokens, faults and its ledger."""

from __future__ import annotations

import fnmatch
import hashlib
import itertools
import secrets
import string
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Final, Literal, get_args

CODE_SECONDS: Final = 600
"""A code lives ten minutes (GitHub's documentation of the web application flow)."""
FaultKind = Literal["error", "html", "drop", "slow"]
FAULT_KINDS: Final[tuple[str, ...]] = get_args(FaultKind)

_LETTERS: Final = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class App:
    """A registered OAuth application. GitHub admits the callback itself and what lies below it."""

    client_id: str
    client_secret: str
    callback: str

    def admits(self, redirect_uri: str) -> bool:
        """Whether *redirect_uri* is the registered callback, or a path below it."""
        return redirect_uri == self.callback or redirect_uri.startswith(self.callback.rstrip("/") + "/")


@dataclass(frozen=True, slots=True)
class Account:
    """A person's account; the first of *emails* is the primary one."""

    id: int
    login: str
    name: str
    emails: tuple[str, ...]
    email_verified: bool = True


@dataclass(frozen=True, slots=True)
class Consent:
    """What a browser was asked to agree to."""

    app: App
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str
    challenge: str


@dataclass(frozen=True, slots=True)
class Code:
    """One authorization, to be exchanged once; ``issued_at`` in the world's seconds."""

    consent: Consent
    account: Account
    issued_at: float


@dataclass(frozen=True, slots=True)
class Token:
    """An access token's owner and what it may read."""

    client_id: str
    account: Account
    scopes: tuple[str, ...]


@dataclass(slots=True)
class Fault:
    """A bad day, for the paths it fits, *count* times (for ever without)."""

    kind: FaultKind
    path: str = "*"
    status: int = 500
    count: int | None = None
    delay: float = 0.0

    def fits(self, path: str) -> bool:
        """Whether it strikes a request of *path* (below the mount point)."""
        return self.count != 0 and fnmatch.fnmatchcase(path, self.path)


@dataclass(slots=True)
class GitHubState:
    """The emulated service's mutable state; one asyncio loop owns it. *now* is the world's clock."""

    now: Callable[[], float]
    apps: dict[str, App] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    consents: dict[str, Consent] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    calls: list[dict[str, object]] = field(default_factory=list)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(58_300_001))

    def register(self, app: App) -> None:
        """Make an application known, or change its callback and secret."""
        self.apps[app.client_id] = app

    def join(self, login: str, name: str | None, emails: tuple[str, ...], *, verified: bool = True) -> Account:
        """A new account; raises :class:`ValueError` if the login is taken."""
        if login.lower() in self.accounts:
            raise ValueError(f"the login {login} is taken")
        mail = emails or (f"{login.lower()}@example.org",)
        account = Account(next(self._ids), login, name or login, mail, verified)
        self.accounts[login.lower()] = account
        return account

    def account(self, login: str) -> Account:
        """The account of *login*; raises :class:`ValueError`."""
        found = self.accounts.get(login.lower())
        if found is None:
            raise ValueError(f"there is no account {login}")
        return found

    def ask(self, consent: Consent) -> str:
        """Remember a consent screen; the number its form must send back."""
        number = secrets.token_urlsafe(24)
        self.consents[number] = consent
        return number

    def grant(self, consent: Consent, account: Account) -> str:
        """A code for an authorization that was given."""
        code = secrets.token_hex(10)
        self.codes[code] = Code(consent, account, self.now())
        return code

    def redeem(self, code: str, client_id: str) -> Code | None:
        """Take a code of this application out; nothing if it is unknown, used or older than ten minutes."""
        found = self.codes.get(code)
        if found is None or found.consent.app.client_id != client_id:
            return None
        del self.codes[code]
        return found if self.now() - found.issued_at <= CODE_SECONDS else None

    def issue(self, code: Code) -> str:
        """A token of GitHub's shape for an application's user (``gho_`` and 36 characters)."""
        token = "gho_" + "".join(secrets.choice(_LETTERS) for _ in range(36))
        self.tokens[token] = Token(code.consent.app.client_id, code.account, code.consent.scopes)
        return token

    def withdraw(self, account: Account) -> int:
        """The person revokes every application in their settings; how many tokens died."""
        gone = [value for value, token in self.tokens.items() if token.account.id == account.id]
        for value in gone:
            del self.tokens[value]
        return len(gone)

    def take_fault(self, path: str) -> Fault | None:
        """The fault this request meets, counted down."""
        fault = next((one for one in self.faults if one.fits(path)), None)
        if fault is not None and fault.count is not None:
            fault.count -= 1
        return fault

    def reset(self) -> None:
        """As on the first day."""
        for part in (self.apps, self.accounts, self.consents, self.codes, self.tokens, self.faults, self.calls):
            part.clear()

    def view(self, account: Account) -> dict[str, object]:
        """An account and its living tokens, by fingerprint."""
        living = [fingerprint(value) for value, token in self.tokens.items() if token.account.id == account.id]
        return {**asdict(account), "tokens": living}


def fingerprint(token: str) -> str:
    """What a test may know of a token."""
    return hashlib.sha256(token.encode()).hexdigest()[:16]
