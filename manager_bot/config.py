"""Settings, read once at start from the environment and ``.env`` (see ``.env.example``)."""

from __future__ import annotations

import re
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from manager_bot.errors import SettingError
from manager_bot.plans import PLANS, Plan, PlanName
from models.database import sqlite_url

PREFIX = "CLAWBOT_"


class Settings(BaseSettings):
    """Everything an operator may decide. Each field is the environment variable ``CLAWBOT_<FIELD>``.

    Memory in MiB, durations in seconds.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", extra="ignore", env_ignore_empty=True, frozen=True
    )

    bot_token: SecretStr
    admin_ids: Annotated[tuple[int, ...], NoDecode] = ()
    telegram_api_root: str = "https://api.telegram.org"

    gemini_api_key: SecretStr
    gemini_api_root: str = "https://generativelanguage.googleapis.com"
    model_lite: str = "gemini-3.1-flash-lite"
    model_flash: str = "gemini-3-flash-preview"
    model_pro: str = "gemini-3.1-pro-preview"

    data_dir: Path = Path("var/data")
    database_url: str = ""
    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode]

    agent_image: str = ""
    official_image: str = ""
    name_prefix: str = Field("clawbot", pattern=r"^[a-z][a-z0-9-]{0,19}$")
    agent_subnet: IPv4Network = IPv4Network("172.30.0.0/24")
    agent_ports: Annotated[tuple[int, int], NoDecode] = (9000, 9049)
    memory_overcommit: float = Field(1.0, gt=0, le=10)
    awake_share: float = Field(0.5, gt=0, le=1)
    memory_reserve_mb: int = Field(0, ge=0)
    strict_plans: bool = False
    sleep_after: Annotated[dict[PlanName, Annotated[float, Field(gt=0)] | None], NoDecode] = Field(
        default_factory=lambda: {name: _minutes(plan.sleep_after) for name, plan in PLANS.items()}
    )

    gateway_host: str = ""
    gateway_port: int = Field(8787, gt=0, lt=65536)
    web_host: str = "127.0.0.1"
    web_port: int = Field(8080, gt=0, lt=65536)
    public_url: str = ""
    deadman_url: SecretStr = SecretStr("")
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()

    github_root: str = "https://github.com"
    github_api_root: str = "https://api.github.com"
    github_client_id: str = ""
    github_client_secret: SecretStr = SecretStr("")

    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("admin_ids", "trusted_proxies", mode="before")
    @classmethod
    def _ids(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("secret_keys", mode="before")
    @classmethod
    def _keys(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("sleep_after", mode="before")
    @classmethod
    def _times(cls, value: Any) -> Any:
        """``free=10,starter=60,pro=never``: minutes; a plan that is not named keeps its own."""
        if not isinstance(value, str):
            return value
        pairs = [part.partition("=") for part in value.split(",") if part.strip()]
        given = {name.strip(): None if text.strip() == "never" else text.strip() for name, _, text in pairs}
        if not given.keys() <= {name.value for name in PLANS}:
            raise ValueError("must name plans and minutes, like free=10,starter=60,pro=never")
        return {name: given.get(name, _minutes(plan.sleep_after)) for name, plan in PLANS.items()}

    @field_validator("agent_ports", mode="before")
    @classmethod
    def _ports(cls, value: Any) -> Any:
        if isinstance(value, str):
            first, _, last = value.partition("-")
            return (first.strip(), (last or first).strip())
        return value

    @field_validator("agent_subnet")
    @classmethod
    def _roomy(cls, value: IPv4Network) -> IPv4Network:
        if value.prefixlen > 28:
            raise ValueError("must have room for agents: /28 or larger, like 172.30.0.0/24")
        return value

    @field_validator("official_image")
    @classmethod
    def _pinned(cls, value: str) -> str:
        if value and not re.fullmatch(r"([a-z0-9][a-zA-Z0-9.:/_-]*@)?sha256:[0-9a-f]{64}", value):
            raise ValueError("must be pinned by digest: sha256:… alone, or name@sha256:…")
        return value

    @field_validator("agent_ports")
    @classmethod
    def _port_range(cls, value: tuple[int, int]) -> tuple[int, int]:
        first, last = value
        if not 1024 <= first <= last <= 65535:
            raise ValueError("must be a range like 9000-9049, within 1024 and 65535")
        return value

    @field_validator("telegram_api_root", "gemini_api_root", "public_url", "github_root", "github_api_root")
    @classmethod
    def _root(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must be an address starting with http:// or https://")
        return value.rstrip("/")

    @field_validator("github_client_id")
    @classmethod
    def _way_back(cls, value: str, info: ValidationInfo) -> str:
        if value and not info.data.get("public_url"):
            raise ValueError("needs CLAWBOT_PUBLIC_URL, where GitHub sends browsers back to")
        return value

    @field_validator("deadman_url")
    @classmethod
    def _deadman(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not value.get_secret_value().startswith(("http://", "https://")):
            raise ValueError("must be an address starting with http:// or https://")
        return value

    @property
    def database(self) -> str:
        """The database URL; by default an embedded SQLite file in the data folder."""
        return self.database_url or sqlite_url(self.data_dir.absolute() / "clawbot.db")

    @property
    def bridge_address(self) -> str:
        """The host's address on the agents' bridge: the first of the subnet."""
        return str(next(self.agent_subnet.hosts()))

    @property
    def gateway_address(self) -> str:
        """Where the gateway listens for agents."""
        return self.gateway_host or self.bridge_address

    @property
    def github_configured(self) -> bool:
        """Whether onboarding begins with GitHub."""
        return bool(self.github_client_id and self.github_client_secret.get_secret_value())

    def sleep_after_of(self, plan: Plan) -> timedelta | None:
        """How long an agent of *plan* must be idle before it sleeps; nothing where it stays awake."""
        minutes = self.sleep_after[plan.name]
        return None if minutes is None else timedelta(minutes=minutes)

    def model_of(self, tier: str) -> str:
        """The Gemini model id behind *tier* (lite, flash, pro)."""
        return {"lite": self.model_lite, "flash": self.model_flash, "pro": self.model_pro}[tier]


def _minutes(time: timedelta | None) -> float | None:
    return None if time is None else time / timedelta(minutes=1)


def load_settings(**overrides: Any) -> Settings:
    """Read the settings; raises :class:`SettingError` naming the first wrong one, never its value."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + str(first["loc"][0]).upper()
        if first["type"] == "missing":
            raise SettingError(f"{name} is missing: set it in .env or the environment (see .env.example)") from None
        reason = str(first["msg"]).removeprefix("Value error, ")
        raise SettingError(f"{name} is wrong: {reason[0].lower()}{reason[1:]} (see .env.example)") from None
