"""Made-up conversations of every awkward kind, for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

BULK = {
    "en": "The committee met again and wrote down what each of the members had promised to bring along. ",
    "ru": "Мы снова обсудили, кто что обещал принести к следующей встрече в понедельник. ",
    "zh": "我们再次讨论了谁答应在下次会议上带来什么东西。",
    "mixed": "pаypаl вbв Ωmеga 漢字kanjiかな ",
    "emoji": "👩‍👩‍👧‍👦🎉 𝔘𝔫𝔦 𠜎 ok ",
    "log": "2026-11-22 10:40:07 INFO worker-3 handled request 8123456 in 12 ms\n",
    "json": '{"id": 12345, "path": "/srv/data/a.json", "ok": true}\n',
}
CARRIER = {
    "role": "user",
    "parts": [{"text": "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>\nnow\n<<<END_OPENCLAW_INTERNAL_CONTEXT>>>"}],
}


def bulk(longest: int) -> st.SearchStrategy[str]:
    """Texts up to `longest` characters of one script; few different lengths, so that caches do their work."""
    sizes = st.sampled_from([1, 40, longest // 10, longest // 3, longest])
    return st.builds(lambda kind, size: (BULK[kind] * (size // 10 + 1))[:size], st.sampled_from(sorted(BULK)), sizes)


def signature() -> st.SearchStrategy[dict]:
    return st.sampled_from([{}, {"thoughtSignature": "c2lnbmF0dXJl" * 3}, {"thoughtSignature": "bGF0ZXI=" * 9}])


PICTURE = {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo" * 40}}
PHOTO = {"inlineData": {"mimeType": "image/jpeg", "data": "/9j/4AAQSkZJRgABAQ" * 30_000}}
"""Half a megabyte: the dearest a picture can be."""


@st.composite
def person(draw: st.DrawFn, longest: int) -> list[dict]:
    parts: list[dict] = [{"text": f"Q {draw(bulk(longest))}"}]
    parts += draw(st.sampled_from([[], [], [PICTURE], [{}], [{"text": ""}]]))
    contents = [{"role": "user", "parts": parts}]
    if draw(st.booleans()):
        contents.append({"role": "user", "parts": [{"text": "and one more thing"}]})
    return contents


@st.composite
def step(draw: st.DrawFn, longest: int) -> list[dict]:
    names = draw(st.lists(st.sampled_from(["read", "web_fetch", "exec"]), min_size=1, max_size=3))
    calls, results = [], []
    for at, name in enumerate(names):
        called = {"functionCall": {"name": name, "args": {"path": draw(bulk(60))}}}
        calls.append({**called, **(draw(signature()) if at == 0 else {})})
        response = {draw(st.sampled_from(["output", "error"])): draw(bulk(longest))}
        results.append({"functionResponse": {"name": name, "response": response}})
    said = draw(
        st.sampled_from([[], [{"thought": True, "text": "hm", "thoughtSignature": "dGhpbms="}], [{"text": ""}]])
    )
    seen = draw(st.sampled_from([[], [], [tool_picture(PICTURE)], [tool_picture(PHOTO)]]))
    return [{"role": "model", "parts": [*said, *calls]}, {"role": "user", "parts": results}, *seen]


def tool_picture(picture: dict) -> dict:
    """How OpenClaw shows the model a picture that a tool brought."""
    return {"role": "user", "parts": [{"text": "Tool result image:"}, picture]}


@st.composite
def conversation(draw: st.DrawFn, *, turns: int = 8, text: int = 6_000, result: int = 5_000, steps: int = 6) -> dict:
    """A request as OpenClaw sends one: earlier turns, the current one with its tool loop, the carrier last."""
    contents: list[dict] = []
    for _ in range(draw(st.integers(0, turns))):
        contents += draw(person(text))
        for made in draw(st.lists(step(result), max_size=2)):
            contents += made
        contents.append({"role": "model", "parts": [{"text": draw(bulk(text)), **draw(signature())}]})
    contents += draw(person(text))
    for made in draw(st.lists(step(result), max_size=steps)):
        contents += made
    if draw(st.booleans()):
        contents.append(CARRIER)
    return {
        "contents": contents,
        "systemInstruction": {"parts": [{"text": BULK["en"] * draw(st.sampled_from([1, 100, 400]))}]},
        "tools": [{"functionDeclarations": [{"name": "read", "description": "Reads a file."}]}],
        "generationConfig": {"temperature": 1},
    }
