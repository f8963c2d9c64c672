"""People, bots and BotFather."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from manager_bot.demo.control.bodies import read_body, refuse
from manager_bot.demo.telegram.bots import Bot
from manager_bot.demo.telegram.people import Person
from manager_bot.demo.telegram.state import Telegram


@dataclass(frozen=True, slots=True)
class Registers:
    """`/world/people` and `/world/bots`"""

    telegram: Telegram

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/world/people", self.people),
            web.post("/world/people", self.add_person),
            web.post("/world/people/{person}/newbot", self.new_managed_bot),
            web.get("/world/bots", self.bots),
            web.post("/world/bots", self.add_bot),
            web.get("/world/bots/{bot}", self.show_bot),
            web.patch("/world/bots/{bot}", self.change_bot),
            web.delete("/world/bots/{bot}", self.delete_bot),
            web.get("/world/bots/{bot}/token", self.token),
            web.post("/world/bots/{bot}/revoke", self.revoke),
            web.get("/world/bots/{bot}/commands", self.commands),
        ]

    def person(self, request: web.Request) -> Person:
        """The person named in the path, by id or username."""
        return self.find_person(request.match_info["person"])

    def find_person(self, reference: str) -> Person:
        found = self.telegram.people.find(reference)
        if found is None:
            raise refuse(404, f"no person {reference!r}")
        return found

    def bot(self, request: web.Request) -> Bot:
        """The bot named in the path, by id or username."""
        return self.find_bot(request.match_info["bot"])

    def find_bot(self, reference: str) -> Bot:
        found = self.telegram.bots.find(reference)
        if found is None:
            raise refuse(404, f"no bot {reference!r}")
        return found

    async def people(self, _: web.Request) -> web.Response:
        return web.json_response([person.as_user() for person in self.telegram.people.by_id.values()])

    async def add_person(self, request: web.Request) -> web.Response:
        body = (await read_body(request)).known("name", "last_name", "username", "language_code", "id")
        person = self.telegram.people.add(
            body.text("name"),
            username=body.text_or_none("username"),
            last_name=body.text_or_none("last_name"),
            language_code=body.text_or_none("language_code"),
            person_id=body.whole_or_none("id"),
        )
        self.telegram.events.publish("person", person=person.as_user())
        return web.json_response(person.as_user())

    async def new_managed_bot(self, request: web.Request) -> web.Response:
        """The link https://t.me/newbot/<manager>/<username>?name=<name>, confirmed."""
        body = (await read_body(request)).known("manager", "username", "name")
        username = body.text("username")
        bot = self.telegram.create_managed_bot(
            self.find_bot(body.text("manager")),
            self.person(request),
            username,
            body.text_or_none("name") or username,
        )
        return web.json_response(bot.as_json())

    async def bots(self, _: web.Request) -> web.Response:
        return web.json_response([bot.as_json() for bot in self.telegram.bots.by_id.values()])

    async def add_bot(self, request: web.Request) -> web.Response:
        """/newbot at BotFather; the token is told here and at /token only."""
        body = (await read_body(request)).known("username", "name", "owner", "can_manage_bots")
        owner = self.find_person(str(body.values.get("owner", "")))
        username = body.text("username")
        bot = self.telegram.bots.add(username, body.text_or_none("name") or username, owner.id)
        bot.can_manage_bots = body.flag("can_manage_bots", False)
        self.telegram.events.publish("bot", bot=bot.as_json())
        return web.json_response(bot.as_json() | {"token": bot.token})

    async def show_bot(self, request: web.Request) -> web.Response:
        return web.json_response(self.bot(request).as_json())

    async def change_bot(self, request: web.Request) -> web.Response:
        body = (await read_body(request)).known("name", "can_manage_bots", "owner")
        bot = self.bot(request)
        bot.name = body.text_or_none("name") or bot.name
        bot.can_manage_bots = body.flag("can_manage_bots", bot.can_manage_bots)
        if "owner" in body.values:
            bot.owner_id = self.find_person(str(body.values["owner"])).id
            self.telegram.tell_manager(bot)
        self.telegram.events.publish("bot", bot=bot.as_json())
        return web.json_response(bot.as_json())

    async def delete_bot(self, request: web.Request) -> web.Response:
        bot = self.bot(request)
        self.telegram.bots.delete(bot)
        self.telegram.events.publish("bot_deleted", bot=bot.as_json())
        return web.json_response({"deleted": bot.id})

    async def token(self, request: web.Request) -> web.Response:
        return web.json_response({"token": self.bot(request).token})

    async def revoke(self, request: web.Request) -> web.Response:
        """/revoke at BotFather: the old token is dead, here is the new one."""
        return web.json_response({"token": self.telegram.revoke_token(self.bot(request))})

    async def commands(self, request: web.Request) -> web.Response:
        sets = [
            {"scope": scope, "language_code": language, "commands": commands}
            for (scope, language), commands in self.bot(request).commands.items()
        ]
        return web.json_response(sets)
