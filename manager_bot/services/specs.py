"""From an agent's row to the spec of its container."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass

from pydantic import SecretStr

from manager_bot.openclaw.config import AgentConfig, render
from manager_bot.openclaw.files import AgentFiles
from manager_bot.openclaw.recipe import node_options
from manager_bot.plans import plan_of
from manager_bot.runtime.base import AgentSpec
from manager_bot.services.sizing import Sizing
from manager_bot.vault import Vault
from models import Agent, User


@dataclass(frozen=True, slots=True)
class Specs:
    """Builds specs; writes the agent's folders and config on the way, so that the spec can be started as it is."""

    files: AgentFiles
    image: str
    gateway_url: str
    vault: Vault
    sizing: Sizing

    async def build(self, agent: Agent) -> AgentSpec:
        """The container this agent should have now. The same row gives the same spec."""
        user = await User.get(id=agent.user_id)
        config = await asyncio.to_thread(self._usable, str(agent.id), render(self._config(agent, user)))
        data_dir = await asyncio.to_thread(self.files.prepare, str(agent.id))
        config_dir = await asyncio.to_thread(self.files.write_config, str(agent.id), config)
        plan = plan_of(str(user.plan))
        size = self.sizing.size_of(plan)
        return AgentSpec(
            agent_id=agent.id,
            name=agent.container_name,
            image=self.image,
            memory_mb=size.memory_mb,
            swap_mb=size.swap_mb,
            cpu=plan.cpu,
            health_port=agent.container_port,
            data_dir=data_dir,
            config_dir=config_dir,
            config_digest=hashlib.sha256(config).hexdigest(),
            environment={"NODE_OPTIONS": node_options(size.memory_mb)},
        )

    async def approve(self, agent: Agent) -> None:
        """The agent got ready with its present config: the one to go back to."""
        await asyncio.to_thread(self.files.mark_good, str(agent.id))

    async def can_step_back(self, agent: Agent) -> bool:
        """Whether there is a config to go back to, other than the present one."""
        good = await asyncio.to_thread(self.files.good_config, str(agent.id))
        return good is not None and good != await asyncio.to_thread(self.files.read_config, str(agent.id))

    async def step_back(self, agent: Agent) -> None:
        """The present config is refused: until there is another one to try, :meth:`build` gives the last good one."""
        config = await asyncio.to_thread(self.files.read_config, str(agent.id))
        if config is not None:
            await asyncio.to_thread(self.files.refuse, str(agent.id), self._name_of(config))

    def _usable(self, agent: str, config: bytes) -> bytes:
        if self.files.refused(agent) != self._name_of(config):
            return config
        return self.files.good_config(agent) or config

    def _name_of(self, config: bytes) -> str:
        """A config as this image judged it: another version may take what this one refused."""
        return hashlib.sha256(self.image.encode() + b"\0" + config).hexdigest()

    def _config(self, agent: Agent, user: User) -> AgentConfig:
        key = self.vault.open(agent.gateway_key)
        control = self.vault.fingerprint(SecretStr(f"control:{key.get_secret_value()}"))
        return AgentConfig(
            owner_id=user.telegram_id,
            allowed_ids=tuple(agent.allowed_ids),
            bot_id=agent.bot_id,
            gateway_key=key.get_secret_value(),
            control_token=control,
            gateway_url=self.gateway_url,
            custom_rules=user.custom_rules or "",
            timers=plan_of(str(user.plan)).timers,
        )
