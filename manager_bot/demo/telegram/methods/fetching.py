"""Fetching updates, webhooks and files."""

from __future__ import annotations

from urllib.parse import urlsplit

from aiogram.methods import DeleteWebhook, GetFile, GetUpdates, GetWebhookInfo, SetWebhook

from manager_bot.demo.telegram.bots import Webhook
from manager_bot.demo.telegram.errors import bad_request, conflict
from manager_bot.demo.telegram.methods.registry import Call, answers

HOOKED = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"


@answers(GetUpdates)
async def get_updates(call: Call, method: GetUpdates) -> object:
    if call.bot.webhook is not None:
        raise conflict(HOOKED)
    updates = await call.bot.updates.get(method.offset, method.limit, method.timeout, method.allowed_updates)
    return [update.as_json() for update in updates]


@answers(SetWebhook)
async def set_webhook(call: Call, method: SetWebhook) -> object:
    """Kept, never delivered to: updates wait as they do behind an address that does not answer."""
    if method.drop_pending_updates:
        call.bot.updates.clear()
    if not method.url:
        call.bot.webhook = None
        return True
    parts = urlsplit(method.url)
    if parts.scheme != "https" or not parts.hostname:
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if (parts.port or 443) not in {443, 80, 88, 8443}:
        raise bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    if method.allowed_updates is not None:
        call.bot.updates.allowed = tuple(method.allowed_updates)
    call.bot.webhook = Webhook(
        method.url, method.certificate is not None, method.max_connections or 40, method.ip_address
    )
    call.bot.updates.end_poll(conflict("terminated by setWebhook request"))
    return True


@answers(DeleteWebhook)
async def delete_webhook(call: Call, method: DeleteWebhook) -> object:
    if method.drop_pending_updates:
        call.bot.updates.clear()
    call.bot.webhook = None
    return True


@answers(GetWebhookInfo)
async def get_webhook_info(call: Call, _: GetWebhookInfo) -> object:
    hook = call.bot.webhook
    info: dict[str, object] = {
        "url": hook.url if hook else "",
        "has_custom_certificate": bool(hook and hook.has_custom_certificate),
        "pending_update_count": call.bot.updates.pending(),
    }
    if hook:
        info["max_connections"] = hook.max_connections
        if hook.ip_address:
            info["ip_address"] = hook.ip_address
    if call.bot.updates.allowed:
        info["allowed_updates"] = list(call.bot.updates.allowed)
    return info


@answers(GetFile)
async def get_file(call: Call, method: GetFile) -> object:
    return call.telegram.files.link(call.bot.id, method.file_id)
