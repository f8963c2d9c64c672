"""The sentences of the emulated Gemini, by language."""

from __future__ import annotations

from typing import Final

PHRASES: Final[dict[str, dict[str, str]]] = {
    "en": {
        "hello": "Hello! I am your assistant. Ask me something, or ask me to write and read a file.",
        "who": "I am your own OpenClaw agent. In this demo a small stand-in thinks for me instead of Gemini, "
        "but everything around it is real.",
        "thanks": "You are welcome!",
        "time": "It is {time} on {date}.",
        "noted": "Noted. I will remember: {words}",
        "recall": "You told me: {fact}",
        "code": "Here is one way to do it:",
        "design": "**A way to build it**\n1. Name what must never be lost, and keep it in one place.\n"
        "2. Split the work so that each part can fail alone.\n3. Measure before you widen it.\n\nYou asked: {words}",
        "sum": "{value}",
        "echo": "You wrote: “{words}”. I am a stand-in for Gemini in this demo, so this is all I can say about it.",
        "tool_result": "I used `{tool}` and found:\n{text}",
        "tool_failed": "I tried `{tool}`, but it did not work: {text}",
        "wrote": "Done, the file is written.",
    },
    "ru": {
        "hello": "Привет! Я ваш ассистент. Спросите что-нибудь или попросите записать и прочитать файл.",
        "who": "Я ваш собственный агент OpenClaw. В этом демо вместо Gemini за меня думает маленькая замена, "
        "а всё вокруг настоящее.",
        "thanks": "Пожалуйста!",
        "time": "Сейчас {time}, {date}.",
        "noted": "Запомнил: {words}",
        "recall": "Вы говорили: {fact}",
        "code": "Вот один из способов:",
        "design": "**Как это построить**\n1. Назовите то, что нельзя потерять, и храните в одном месте.\n"
        "2. Разделите работу так, чтобы части ломались по отдельности.\n3. Измерьте, прежде чем расширять.\n\n"
        "Вы спросили: {words}",
        "sum": "{value}",
        "echo": "Вы написали: «{words}». В этом демо я заменяю Gemini и больше ничего об этом сказать не могу.",
        "tool_result": "Я применил `{tool}` и вот что нашёл:\n{text}",
        "tool_failed": "Я попробовал `{tool}`, но не получилось: {text}",
        "wrote": "Готово, файл записан.",
    },
    "es": {
        "hello": "¡Hola! Soy tu asistente. Pregúntame algo o pídeme escribir y leer un archivo.",
        "who": "Soy tu propio agente OpenClaw. En esta demo un pequeño sustituto piensa por mí en lugar de Gemini, "
        "pero todo lo demás es real.",
        "thanks": "¡De nada!",
        "time": "Son las {time} del {date}.",
        "noted": "Anotado: {words}",
        "recall": "Me dijiste: {fact}",
        "code": "Esta es una forma de hacerlo:",
        "design": "**Una forma de construirlo**\n1. Nombra lo que no se puede perder y guárdalo en un solo sitio.\n"
        "2. Divide el trabajo para que cada parte falle por separado.\n3. Mide antes de ampliar.\n\n"
        "Preguntaste: {words}",
        "sum": "{value}",
        "echo": "Escribiste: «{words}». En esta demo sustituyo a Gemini, así que no puedo decir más.",
        "tool_result": "Usé `{tool}` y encontré:\n{text}",
        "tool_failed": "Probé `{tool}`, pero no funcionó: {text}",
        "wrote": "Listo, el archivo está escrito.",
    },
    "zh": {
        "hello": "你好！我是你的助手。可以问我问题，也可以让我读写文件。",
        "who": "我是你专属的 OpenClaw 智能体。在这个演示里，由一个小替身代替 Gemini 思考，其余一切都是真实的。",
        "thanks": "不客气！",
        "time": "现在是 {date} {time}。",
        "noted": "记住了：{words}",
        "recall": "你告诉过我：{fact}",
        "code": "可以这样写：",
        "design": "**一种做法**\n1. 明确什么绝不能丢，并只存一处。\n2. 把工作拆开，让各部分独立失败。\n"
        "3. 先测量，再扩展。\n\n你的问题：{words}",
        "sum": "{value}",
        "echo": "你写道：“{words}”。在这个演示里我只是 Gemini 的替身，所以只能说到这里。",
        "tool_result": "我用了 `{tool}`，结果是：\n{text}",
        "tool_failed": "我试了 `{tool}`，但没有成功：{text}",
        "wrote": "好了，文件已写入。",
    },
}

SNIPPETS: Final = {
    "python": '```python\ndef unique(items: list[str]) -> list[str]:\n    """Each item once, in the order of its first '
    'appearance."""\n    return list(dict.fromkeys(items))\n```',
    "js": "```js\nexport const unique = (items) => [...new Set(items)];\n```",
}
