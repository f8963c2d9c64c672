"""`countTokens`, `embedContent` and `batchEmbedContents`."""

from __future__ import annotations

import hashlib
import math
import re
from typing import Final

from aiohttp import web

from manager_bot.demo.gemini.errors import Json, JsonObject, bad_request
from manager_bot.demo.gemini.exchange import Exchange
from manager_bot.demo.gemini.faults import before_answer, break_off
from manager_bot.demo.gemini.ledger import Usage
from manager_bot.demo.gemini.script import FaultKind
from manager_bot.demo.gemini.tokens import count_content, count_json
from manager_bot.demo.gemini.words import contents_of, parts_of, text_of

DIMENSIONS: Final = 3072
BATCH_LIMIT: Final = 100


async def _served(exchange: Exchange, prompt: int, body: JsonObject) -> web.StreamResponse:
    fault, instead = await before_answer(exchange, exchange.asked())
    if instead is not None:
        return instead
    if fault is not None and fault.kind is FaultKind.BROKEN_STREAM:
        break_off(exchange)
    exchange.row.usage = exchange.row.sent = Usage(prompt=prompt)
    return web.json_response(body)


async def count_tokens(exchange: Exchange) -> web.StreamResponse:
    """Counting is free: the ledger row keeps no usage."""
    given, inner = exchange.body, exchange.body.get("generateContentRequest")
    if isinstance(inner, dict):
        if contents_of(given):
            raise bad_request("Only one of contents and generate_content_request may be set.")
        given = inner
    if not contents_of(given):
        raise bad_request("* CountTokensRequest.contents: contents is not specified\n")
    total = sum(count_content(one) for one in contents_of(given))
    system = given.get("systemInstruction")
    total += count_content(system) if isinstance(system, dict) else 0
    total += count_json(given["tools"]) if given.get("tools") else 0
    details: list[Json] = [{"modality": "TEXT", "tokenCount": total}]
    return await _served(exchange, 0, {"totalTokens": total, "promptTokensDetails": details})


async def embed_content(exchange: Exchange) -> web.StreamResponse:
    """One vector."""
    values, tokens = _vector(exchange.body, "EmbedContentRequest")
    return await _served(exchange, tokens, {"embedding": {"values": values}})


async def batch_embed(exchange: Exchange) -> web.StreamResponse:
    """A vector for each request, all for the model of the path."""
    requests = exchange.body.get("requests")
    items = [one for one in requests if isinstance(one, dict)] if isinstance(requests, list) else []
    if not 0 < len(items) <= BATCH_LIMIT:
        raise bad_request(f"* BatchEmbedContentsRequest.requests: between 1 and {BATCH_LIMIT} requests are allowed\n")
    embeddings: list[Json] = []
    tokens = 0
    for at, item in enumerate(items):
        if item.get("model") != f"models/{exchange.model.id}":
            raise bad_request(
                f"* BatchEmbedContentsRequest.requests[{at}].model: the model must match the one of the batch\n"
            )
        values, count = _vector(item, f"BatchEmbedContentsRequest.requests[{at}]")
        embeddings.append({"values": values})
        tokens += count
    return await _served(exchange, tokens, {"embeddings": embeddings})


def _vector(request: JsonObject, where: str) -> tuple[list[Json], int]:
    """A unit vector in which texts that share words are close, and the tokens of the text."""
    content = request.get("content")
    if not isinstance(content, dict) or not parts_of(content) or not text_of(content):
        raise bad_request(f"* {where}.content: content is empty\n")
    size = request.get("outputDimensionality", DIMENSIONS)
    if not isinstance(size, int) or not 1 <= size <= DIMENSIONS:
        raise bad_request(f"* {where}.output_dimensionality: must be between 1 and {DIMENSIONS}\n")
    sums = [0.0] * size
    for word in re.findall(r"\w+", text_of(content).lower()) or ["?"]:
        digest = hashlib.blake2b(word.encode(), digest_size=8).digest()
        sums[int.from_bytes(digest[:4]) % size] += 1.0 if digest[4] & 1 else -1.0
    length = math.sqrt(sum(value * value for value in sums)) or 1.0
    values: list[Json] = [round(value / length, 8) for value in sums]
    return values, count_content(content)
