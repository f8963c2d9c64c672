"""Each refusal of the real Gemini, in its own shape."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from gemini_api import FLASH, Api, said

from manager_bot.demo.gemini import DEMO_KEY
from manager_bot.demo.gemini.rules import sign

CALL = {"role": "model", "parts": [{"functionCall": {"name": "read", "args": {}}, "thoughtSignature": sign("t")}]}
RESULT = {"role": "user", "parts": [{"functionResponse": {"name": "read", "response": {"output": "x"}}}]}
USER = {"role": "user", "parts": [{"text": "hi"}]}
MODEL = {"role": "model", "parts": [{"text": "hello"}]}


def refused(answer: tuple[int, Any], code: int, status: str) -> dict[str, Any]:
    """The error object, after its shape has been checked."""
    got, body = answer
    assert got == code, body
    error: dict[str, Any] = body["error"]
    assert (error["code"], error["status"]) == (code, status)
    return error


async def test_an_unknown_key_is_a_400_with_a_reason(api: Api) -> None:
    error = refused(await api.post("generateContent", said("hi"), key="wrong"), 400, "INVALID_ARGUMENT")
    assert error["message"] == "API key not valid. Please pass a valid API key."
    assert error["details"][0] == {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "API_KEY_INVALID",
        "domain": "googleapis.com",
        "metadata": {"service": "generativelanguage.googleapis.com"},
    }


async def test_no_key_is_a_403_and_a_bearer_token_a_401(api: Api) -> None:
    refused(await api.post("generateContent", said("hi"), key=None), 403, "PERMISSION_DENIED")
    url = f"{api.root}/gemini/v1beta/models/{FLASH}:generateContent"
    async with api.session.post(url, json=said("hi"), headers={"Authorization": "Bearer x"}) as answer:
        refused((answer.status, await answer.json()), 401, "UNAUTHENTICATED")


async def test_a_key_in_the_query_works_and_a_revoked_one_is_expired(api: Api) -> None:
    assert (await api.post("generateContent", said("hi"), key=None, query=f"?key={DEMO_KEY}"))[0] == 200
    await api.control.revoke_key(DEMO_KEY)
    error = refused(await api.post("generateContent", said("hi")), 400, "INVALID_ARGUMENT")
    assert error["message"] == "API key expired. Please renew the API key."
    await api.control.add_key(DEMO_KEY)
    assert (await api.post("generateContent", said("hi")))[0] == 200


async def test_an_unknown_model_is_a_404(api: Api) -> None:
    error = refused(await api.post("generateContent", said("hi"), model="gemini-2.0-flash"), 404, "NOT_FOUND")
    assert error["message"].startswith("models/gemini-2.0-flash is not found for API version v1beta")
    await api.control.set_models(["gemini-2.0-flash"])
    assert (await api.post("generateContent", said("hi"), model="gemini-2.0-flash"))[0] == 200
    refused(await api.post("embedContent", {}, model="gemini-2.0-flash"), 404, "NOT_FOUND")


@pytest.mark.parametrize("path", ["/v1beta/models/x:fly", "/v1beta/nothing", "/v2/models/x:generateContent"])
async def test_an_unknown_path_is_a_page_not_json(api: Api, path: str) -> None:
    async with api.session.post(f"{api.root}/gemini{path}", json={}, headers={"x-goog-api-key": DEMO_KEY}) as answer:
        assert answer.status == 404
        assert answer.content_type == "text/html"


async def test_unknown_fields_are_all_named_with_their_paths(api: Api) -> None:
    body = said("hi") | {"rateLimit": 1, "generationConfig": {"thinkingConfig": {"speed": 1}}}
    body["tools"] = [{"functionDeclarations": [{"name": "f", "parameters": {"properties": {"a": {"const": 1}}}}]}]
    error = refused(await api.post("generateContent", body), 400, "INVALID_ARGUMENT")
    unknown, field = "Invalid JSON payload received. Unknown name", "tools[0].function_declarations[0].parameters"
    assert error["message"].splitlines() == [
        f'{unknown} "rateLimit": Cannot find field.',
        f"{unknown} \"speed\" at 'generation_config.thinking_config': Cannot find field.",
        f"{unknown} \"const\" at '{field}.properties[0].value': Cannot find field.",
    ]
    assert "field" not in error["details"][0]["fieldViolations"][0]


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ({"contents": [{"parts": [{"text": 5}]}]}, "Invalid value at 'contents[0].parts[0].text' (TYPE_STRING), 5"),
        ({"contents": [{"role": ["user"]}]}, "Proto field is not repeating, cannot start list."),
        ({"generationConfig": {"maxOutputTokens": "many"}}, "'generation_config.max_output_tokens' (TYPE_INT32)"),
        ({"contents": [{"parts": [{"inlineData": {"mimeType": "a/b", "data": "%"}}]}]}, "Base64 decoding failed"),
        (
            {"contents": [{"parts": [{"text": "x", "functionCall": {"name": "f"}}]}]},
            "oneof field 'data' is already set",
        ),
    ],
)
async def test_wrong_types_are_refused(api: Api, body: dict[str, Any], part: str) -> None:
    assert part in refused(await api.post("generateContent", body), 400, "INVALID_ARGUMENT")["message"]


@pytest.mark.parametrize("data", [b"{nope", b"[1]"])
async def test_what_is_no_json_object_is_refused(api: Api, data: bytes) -> None:
    error = refused(await api.post("generateContent", data=data), 400, "INVALID_ARGUMENT")
    assert error["message"].startswith("Invalid JSON payload received.")


@pytest.mark.parametrize(
    ("contents", "part"),
    [
        ([], "contents is not specified"),
        ([{"role": "user", "parts": []}], "contents[0].parts: contents.parts must not be empty"),
        ([{"role": "user", "parts": [{"thought": True}]}], "required oneof field 'data'"),
        ([{"role": "system", "parts": [{"text": "x"}]}], "Content with system role is not supported."),
        ([{"role": "assistant", "parts": [{"text": "x"}]}], "Please use a valid role: user, model."),
        ([USER, RESULT], "function response turn comes immediately after a function call turn"),
        ([USER, CALL, USER], "number of function response parts is equal"),
        ([USER, CALL, {"role": "user", "parts": RESULT["parts"] * 2}], "number of function response parts is equal"),
        ([CALL, RESULT], "function call turn comes immediately after a user turn"),
        ([USER, MODEL, CALL, RESULT], "function call turn comes immediately after a user turn"),
        ([USER, MODEL], "multiturn requests end with a user role"),
        ([MODEL], "single turn requests end with a user role"),
        ([USER, {"role": "model", "parts": [{"functionCall": {"args": {}}}]}, RESULT], "Name cannot be empty"),
    ],
)
async def test_a_conversation_out_of_order_is_refused(api: Api, contents: list[Any], part: str) -> None:
    error = refused(await api.post("generateContent", {"contents": contents}), 400, "INVALID_ARGUMENT")
    assert part in error["message"]


async def test_consecutive_user_contents_and_complete_tool_loops_are_accepted(api: Api) -> None:
    contents = [USER, USER, CALL, RESULT, CALL, RESULT]
    assert (await api.post("generateContent", {"contents": contents}))[0] == 200


async def test_a_call_of_the_current_turn_needs_its_signature_an_older_one_does_not(api: Api) -> None:
    bare = {"role": "model", "parts": [{"functionCall": {"name": "read", "args": {}}}]}
    error = refused(await api.post("generateContent", {"contents": [USER, bare, RESULT]}), 400, "INVALID_ARGUMENT")
    assert "missing a thought_signature" in error["message"]
    assert "`default_api:read` , position 2" in error["message"]
    assert (await api.post("generateContent", {"contents": [USER, bare, RESULT, MODEL, USER]}))[0] == 200
    older = await api.post("generateContent", {"contents": [USER, bare, RESULT]}, model="gemini-2.5-flash")
    assert older[0] == 200


async def test_traits_of_a_model_can_be_set(api: Api) -> None:
    await api.control.set_models([{"id": "clawbot", "signatures": True, "thinking": "always"}])
    config = {"generationConfig": {"thinkingConfig": {"thinkingBudget": 0}}}
    refused(await api.post("generateContent", said("hi") | config, model="clawbot"), 400, "INVALID_ARGUMENT")
    bare = {"role": "model", "parts": [{"functionCall": {"name": "read", "args": {}}}]}
    answer = await api.post("generateContent", {"contents": [USER, bare, RESULT]}, model="clawbot")
    assert "thought_signature" in refused(answer, 400, "INVALID_ARGUMENT")["message"]


async def test_a_changed_signature_is_refused(api: Api) -> None:
    call = {"role": "model", "parts": [{**CALL["parts"][0], "thoughtSignature": "AAAA"}]}  # type: ignore[dict-item]
    error = refused(await api.post("generateContent", {"contents": [USER, call, RESULT]}), 400, "INVALID_ARGUMENT")
    assert "Corrupted thought signature" in error["message"]


@pytest.mark.parametrize(
    ("config", "model", "part"),
    [
        ({"maxOutputTokens": 0}, FLASH, "max_output_tokens must be positive"),
        ({"temperature": 3}, FLASH, "temperature must be in the range"),
        ({"candidateCount": 2}, FLASH, "Multiple candidates is not enabled"),
        ({"thinkingConfig": {"thinkingBudget": 0}}, "gemini-3.1-pro-preview", "Budget 0 is invalid."),
        ({"thinkingConfig": {"thinkingBudget": 9, "thinkingLevel": "LOW"}}, FLASH, "not supported together"),
        ({"thinkingConfig": {"thinkingLevel": "LOW"}}, "gemini-2.5-flash", "Thinking level is not supported"),
        ({"thinkingConfig": {"thinkingBudget": 99999}}, FLASH, "The thinking budget (99999) is invalid."),
    ],
)
async def test_settings_out_of_range_are_refused(api: Api, config: dict[str, Any], model: str, part: str) -> None:
    answer = await api.post("generateContent", said("hi") | {"generationConfig": config}, model=model)
    assert part in refused(answer, 400, "INVALID_ARGUMENT")["message"]


async def test_unknown_cached_content_is_a_403_and_a_prompt_too_long_a_400(api: Api) -> None:
    refused(
        await api.post("generateContent", said("hi") | {"cachedContent": "cachedContents/x"}), 403, "PERMISSION_DENIED"
    )
    api.state.models[FLASH] = replace(api.state.models[FLASH], input_limit=100)
    error = refused(await api.post("generateContent", said("1" * 101)), 400, "INVALID_ARGUMENT")
    assert error["message"] == ("The input token count (101) exceeds the maximum number of tokens allowed (100).")


async def test_errors_of_a_stream_without_sse_come_in_a_list(api: Api) -> None:
    status, body = await api.post("streamGenerateContent", said("hi"), key="wrong")
    assert status == 400
    assert body[0]["error"]["status"] == "INVALID_ARGUMENT"
    status, body = await api.post("streamGenerateContent", said("hi"), key="wrong", query="?alt=sse")
    assert body["error"]["status"] == "INVALID_ARGUMENT"


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ({"content": {"parts": []}}, "content is empty"),
        ({"content": USER, "outputDimensionality": 0}, "must be between 1 and"),
    ],
)
async def test_embedding_requests_are_checked(api: Api, body: dict[str, Any], part: str) -> None:
    answer = await api.post("embedContent", body, model="gemini-embedding-001")
    assert part in refused(answer, 400, "INVALID_ARGUMENT")["message"]


async def test_batches_are_of_one_model_and_not_empty(api: Api) -> None:
    wrong = {"requests": [{"model": "models/other", "content": USER}]}
    refused(await api.post("batchEmbedContents", wrong, model="gemini-embedding-001"), 400, "INVALID_ARGUMENT")
    refused(await api.post("batchEmbedContents", {}, model="gemini-embedding-001"), 400, "INVALID_ARGUMENT")
    refused(await api.post("countTokens", {}), 400, "INVALID_ARGUMENT")
