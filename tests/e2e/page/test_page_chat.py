"""The chat page in a real browser: what a newcomer sees and may do."""

from __future__ import annotations

import base64
import re

import aiohttp
import pytest
from page_world import DESKTOP, PHONE, SHOTS, Stage, say
from playwright.async_api import Browser, Page, expect

from manager_bot.demo.world import start_world

pytestmark = pytest.mark.asyncio(loop_scope="module")

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAIAAAACUFjqAAAAFUlEQVR42mP8z8BQz0AEYBxVSF+FABJADveWkH6oAAAAAElFTkSuQmCC"
)


async def shoot(page: Page, name: str) -> None:
    await page.screenshot(path=SHOTS / f"{name}.png")


async def test_start_shows_the_card_and_its_buttons_answer(stage: Stage) -> None:
    page = await stage.manager()
    await expect(page.locator(".text strong").first).to_have_text("Your assistant")
    await expect(page.locator(".text blockquote")).to_contain_text("Tip")
    await page.get_by_role("button", name="Restart").click()
    await expect(page.locator(".toast")).to_have_text("Restarting…")
    await page.get_by_role("button", name="Stop").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Really stop it?")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.get_by_role("button", name="📊 Usage").click()
    await expect(page.locator(".message .text").last).to_have_text("Usage today: 12 480 tokens")
    await expect(page.locator(".message", has_text="Your assistant")).to_have_count(0)
    assert stage.errors == []
    assert stage.foreign == []


async def test_a_bots_text_is_never_markup_of_the_page(stage: Stage) -> None:
    page = await stage.manager()
    await say(page, "hostile")
    await expect(page.locator(".message .text").last).to_contain_text("<img src=x")
    assert await page.evaluate("window.owned") is None
    assert await page.locator(".log img").count() == 0
    assert stage.errors == []


async def test_a_deleted_message_leaves_and_typing_is_shown(stage: Stage) -> None:
    page = await stage.manager()
    await say(page, "secret")
    await expect(page.locator(".log").get_by_text("secret")).to_have_count(0)
    await say(page, "think")
    await expect(page.locator(".typing")).to_be_visible()
    await expect(page.locator(".status")).to_have_text("typing…")
    await expect(page.locator(".typing")).to_be_hidden(timeout=8000)


async def test_one_tap_makes_a_managed_bot(stage: Stage) -> None:
    page = await stage.manager()
    await say(page, "/newagent")
    await page.get_by_role("button", name="Create my bot").click()
    await expect(page.get_by_label("Username")).to_have_value("ann_helper_bot")
    await shoot(page, "desktop-managed-bot")
    await page.get_by_role("button", name="Create", exact=True).click()
    await expect(page.locator(".service")).to_contain_text("@ann_helper_bot")
    await expect(page.locator(".chat-row", has_text="Ann Helper")).to_be_visible()
    await expect(page.locator(".reply-keyboard")).to_be_hidden()
    made = [one for one in stage.bot.heard if "managed_bot" in one]
    assert made[0]["managed_bot"]["bot"]["username"] == "ann_helper_bot"


async def test_botfather_makes_a_bot_and_its_token_opens_it(stage: Stage) -> None:
    page = await stage.page()
    await page.locator(".chat-row", has_text="BotFather").click()
    await page.get_by_role("button", name="Create a bot", exact=True).click()
    await say(page, "Ann's Helper")
    await expect(page.get_by_role("textbox", name="Message")).to_have_value("annshelper_bot")
    await page.keyboard.press("Enter")
    token = await page.locator(".pre code").inner_text()
    async with stage.bot.session.get(f"{stage.root}/telegram/bot{token}/getMe") as answer:
        assert (await answer.json())["result"]["username"] == "annshelper_bot"
    await shoot(page, "desktop-botfather")
    await expect(page.locator(".chat-row", has_text="Ann's Helper")).to_be_visible()


async def test_files_go_up_and_come_back_and_reactions_show(stage: Stage) -> None:
    page = await stage.manager()
    await page.locator("input[type=file]").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": PNG})
    await expect(page.locator(".composer-note")).to_contain_text("Photo: a.png")
    await say(page, "look")
    await expect(page.locator(".photo img")).to_be_visible()
    assert await page.locator(".photo img").evaluate("img => img.decode().then(() => img.naturalWidth)") == 10
    await expect(page.locator(".reaction")).to_have_text("👍")
    await page.locator("input[type=file]").set_input_files(
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"milk"}
    )
    await page.get_by_role("button", name="Send").click()
    async with page.expect_download() as download:
        await page.locator("a.file").click()
    assert (await (await download.value).path()).read_bytes() == b"milk"
    sent = [one["message"] for one in stage.bot.heard if "message" in one][-2:]
    assert sent[0]["caption"] == "look"
    assert sent[1]["document"]["file_name"] == "notes.txt"


async def test_reply_edit_react_and_delete_with_the_keyboard_alone(stage: Stage) -> None:
    page = await stage.manager()
    await say(page, "frist")
    mine = page.locator(".message.mine", has_text="frist")
    await mine.get_by_role("button", name="What to do").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("menuitem", name="Edit").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("textbox", name="Message")).to_have_value("frist")
    await say(page, "first")
    mine = page.locator(".message.mine", has_text="first")
    await expect(mine).to_contain_text("edited")
    assert stage.bot.heard[-1]["edited_message"]["text"] == "first"
    await mine.get_by_role("button", name="What to do").click()
    await page.get_by_role("menuitem", name="React with 🔥").click()
    await expect(page.locator(".reaction")).to_have_text("🔥")
    card = page.locator(".message", has_text="Your assistant")
    await card.get_by_role("button", name="What to do").click()
    await page.get_by_role("menuitem", name="Reply").click()
    await say(page, "thanks")
    await expect(page.locator(".quote")).to_contain_text("Your assistant")
    await page.locator(".message.mine", has_text="thanks").get_by_role("button", name="What to do").click()
    await page.get_by_role("menuitem", name="Delete").click()
    await expect(page.locator(".log").get_by_text("thanks")).to_have_count(0)


async def test_commands_are_suggested_and_sent(stage: Stage) -> None:
    page = await stage.manager()
    await page.get_by_role("textbox", name="Message").press_sequentially("/us")
    await page.get_by_role("option", name="/usage").click()
    await expect(page.locator(".message.mine").last).to_contain_text("/usage")


async def test_another_persons_news_is_counted_and_the_world_is_shared(stage: Stage) -> None:
    page = await stage.manager(who="Ada")
    await page.locator(".person", has_text="Ann").click()
    ada = next(one["message"]["chat"]["id"] for one in stage.bot.heard if "message" in one)
    await stage.bot.call("sendMessage", chat_id=ada, text="An agent stopped.")
    await expect(page.locator(".person", has_text="Ada").locator(".badge")).to_have_text("1")
    await page.locator(".person", has_text="Ada").click()
    await page.locator(".chat-row", has_text="ClawBot").click()
    await expect(page.locator(".log").get_by_text("An agent stopped.")).to_be_visible()
    await expect(page.locator(".badge")).to_have_count(0)


async def test_a_new_person_can_be_made_and_the_address_brings_back_the_chat(stage: Stage) -> None:
    page = await stage.page()
    await page.get_by_role("button", name="New person").click()
    await page.get_by_label("First name").fill("Олег")
    await page.get_by_label("Language").fill("ru")
    await page.get_by_role("button", name="Create", exact=True).click()
    await page.locator(".chat-row", has_text="ClawBot").click()
    await page.reload()
    await expect(page.locator(".person[aria-pressed=true]")).to_contain_text("Олег")
    await expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()


async def test_what_happens_shows_calls_and_tokens_but_no_token(stage: Stage) -> None:
    page = await stage.manager()
    await page.get_by_role("button", name="What happens").last.click()
    await expect(page.locator(".events")).to_contain_text("sendMessage")
    key = {"x-goog-api-key": "AIza" + "SyClawBotDemoKey".ljust(35, "0")}
    url = f"{stage.root}/gemini/v1beta/models/gemini-3-flash-preview:generateContent"
    body = {"contents": [{"role": "user", "parts": [{"text": "What time is it?"}]}]}
    async with stage.bot.session.post(url, json=body, headers=key) as answer:
        total = (await answer.json())["usageMetadata"]["totalTokenCount"]
    await expect(page.locator(".counts div", has_text="Tokens served").locator("dd")).to_have_text(str(total))
    await shoot(page, "desktop-happens")
    token = stage.bot.api.rpartition("/bot")[2]
    assert token not in await page.content()


async def test_nothing_is_wider_than_a_phone(stage: Stage) -> None:
    page = await stage.page(PHONE)
    await shoot(page, "phone-list")
    await page.locator(".chat-row", has_text="ClawBot").click()
    await page.get_by_role("button", name="Start", exact=True).click()
    await expect(page.locator(".log").get_by_text("Your assistant")).to_be_visible()
    await say(page, "code")
    await expect(page.locator(".pre")).to_be_visible()
    await say(page, "x" * 400)
    await say(page, "/newagent")
    await expect(page.locator(".reply-keyboard .key").first).to_be_visible()
    assert await page.evaluate("document.scrollingElement.scrollWidth") <= 390
    small = await page.evaluate(
        "[...document.querySelectorAll('.key, .composer .icon, .send, .back')].filter(e => e.offsetParent)"
        ".filter(e => e.getBoundingClientRect().height < 38).map(e => e.outerHTML)"
    )
    assert small == []
    await shoot(page, "phone-chat")
    await page.get_by_role("button", name="Back to the chats").click()
    await expect(page.locator(".chat-row", has_text="ClawBot")).to_be_visible()
    assert stage.errors == []


async def test_pictures_for_the_record(stage: Stage) -> None:
    first = await stage.page(DESKTOP)
    await shoot(first, "desktop-welcome")
    page = await stage.manager(DESKTOP)
    await say(page, "code")
    await expect(page.locator(".pre")).to_be_visible()
    await say(page, "think")
    await expect(page.locator(".typing")).to_be_visible()
    await shoot(page, "desktop-chat-light")
    dark = await stage.page(DESKTOP, dark=True)
    await dark.locator(".chat-row", has_text="ClawBot").click()
    await expect(dark.locator(".pre")).to_be_visible()
    await shoot(dark, "desktop-chat-dark")
    phone = await stage.page(PHONE, dark=True)
    await phone.locator(".chat-row", has_text="ClawBot").click()
    await expect(phone.locator(".pre")).to_be_visible()
    await shoot(phone, "phone-chat-dark")


async def test_entities_nest_and_count_in_utf16(stage: Stage) -> None:
    page = await stage.page()
    html = await page.evaluate(
        """async () => {
          const { render } = await import("/page/entities.js");
          const box = document.createElement("div");
          const text = "😀 bold italic x\\n\\nquote\\nend";
          const at = (type, part, more) => ({ type, offset: text.indexOf(part), length: part.length, ...more });
          box.append(...render(text, [at("bold", "bold italic"), at("italic", "italic"), at("blockquote", "quote"),
            at("text_link", "x", { url: "javascript:alert(1)" }), at("strikethrough", "end")], {}));
          return box.innerHTML;
        }"""
    )
    plain = re.sub(r' class=""', "", html)
    assert plain == (
        "😀 <strong>bold <em>italic</em></strong> <span>x</span>\n<blockquote>quote</blockquote><s>end</s>"
    )


async def test_the_page_finds_a_world_that_was_started_again(browser: Browser) -> None:
    runner, port = await start_world("127.0.0.1", 0)
    root = f"http://127.0.0.1:{port}"
    async with aiohttp.ClientSession() as session:
        await session.post(f"{root}/world/people", json={"name": "Ann", "username": "ann"})
        page = await browser.new_page()
        await page.goto(root)
        await expect(page.locator(".person", has_text="Ann")).to_be_visible()
        await runner.cleanup()
        await expect(page.locator("#offline")).to_be_visible()
        runner, _ = await start_world("127.0.0.1", port)
        await expect(page.locator("#offline")).to_be_hidden(timeout=10_000)
        await session.post(f"{root}/world/people", json={"name": "Zoe", "username": "zoe"})
        await expect(page.locator(".person", has_text="Zoe")).to_be_visible()
        await page.close()
        await runner.cleanup()
