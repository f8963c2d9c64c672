"""Uploads pass through part by part: checked as they go, never buffered.

Telegram acts on a body only when it is complete, so a call that turns out to be refused is cut off before its
closing boundary. The headers of each part are written anew, for a header can be read in two ways.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from typing import Final

from aiohttp import BodyPartReader, MultipartReader, web

from manager_bot.gateway.telegram.bodies import too_large
from manager_bot.gateway.telegram.methods import GUARDED, Method, check_complete, check_param
from manager_bot.gateway.telegram.replies import Refused

MOST_UPLOAD: Final = 52 * 1024 * 1024
"""Bytes of one upload: Telegram takes files of 50 MB from bots."""
_MOST_FIELD: Final = 256 * 1024
_PIECE: Final = 64 * 1024
_NAME: Final = re.compile(r"[A-Za-z0-9_]{1,64}")
_TYPE: Final = re.compile(r"[A-Za-z0-9.+-]{1,64}/[A-Za-z0-9.+-]{1,64}")


@dataclass(slots=True)
class Upload:
    """One multipart body on its way. ``refused`` holds what stopped it."""

    method: Method
    people: Collection[int]
    boundary: str = field(default_factory=lambda: f"clawbot-{secrets.token_hex(16)}")
    names: set[str] = field(default_factory=set)
    size: int = 0
    refused: Refused | None = None

    @property
    def content_type(self) -> str:
        """The header of the body we send."""
        return f"multipart/form-data; boundary={self.boundary}"

    async def stream(self, request: web.Request) -> AsyncIterator[bytes]:
        """The body for Telegram; raises :class:`Refused` (and remembers it) before a refused call is complete."""
        try:
            async for piece in self._parts(await request.multipart()):
                yield piece
            check_complete(self.method, self.names)
        except Refused as refused:
            self.refused = refused
            raise
        except ValueError:
            self.refused = Refused(400, "Bad Request: can't parse the multipart body")
            raise self.refused from None
        yield f"--{self.boundary}--\r\n".encode()

    async def _parts(self, reader: MultipartReader) -> AsyncIterator[bytes]:
        while (part := await reader.next()) is not None:
            if not isinstance(part, BodyPartReader) or "Content-Encoding" in part.headers:
                raise Refused(400, "Bad Request: unsupported multipart body")
            name = part.name or ""
            if part.filename is None:
                yield self._field(name, await self._text(part))
                continue
            if name in GUARDED:
                raise Refused(400, f"Bad Request: parameter {name} can't be a file")
            yield self._head(name, part.filename, part.headers.get("Content-Type", ""))
            while piece := await part.read_chunk(_PIECE):
                self._count(len(piece))
                yield piece
            yield b"\r\n"

    async def _text(self, part: BodyPartReader) -> str:
        raw = bytearray()
        while piece := await part.read_chunk(_PIECE):
            raw += piece
            if len(raw) > _MOST_FIELD:
                raise too_large()
        return raw.decode("utf-8", "replace")

    def _field(self, name: str, value: str) -> bytes:
        check_param(name, value, self.people)
        self._count(len(value))
        return self._head(name, None, "") + value.encode() + b"\r\n"

    def _head(self, name: str, filename: str | None, content_type: str) -> bytes:
        if not _NAME.fullmatch(name):
            raise Refused(400, "Bad Request: wrong parameter name")
        if name in self.names:
            raise Refused(400, f"Bad Request: parameter {name!r} is given twice")
        self.names.add(name)
        head = f'--{self.boundary}\r\nContent-Disposition: form-data; name="{name}"'
        if filename is not None:
            head += f'; filename="{_plain(filename)}"'
            kind = content_type if _TYPE.fullmatch(content_type) else "application/octet-stream"
            head += f"\r\nContent-Type: {kind}"
        return f"{head}\r\n\r\n".encode()

    def _count(self, size: int) -> None:
        self.size += size
        if self.size > MOST_UPLOAD:
            raise too_large()


def _plain(filename: str) -> str:
    """A file's name that ends where it seems to end."""
    return re.sub(r'[\x00-\x1f"\\]', "_", filename)[:255]
