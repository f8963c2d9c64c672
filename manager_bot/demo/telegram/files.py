"""Files bots and people send, and the links they are fetched by."""

from __future__ import annotations

import mimetypes
import secrets
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from manager_bot.demo.telegram.errors import ApiError, bad_request, not_found

UPLOAD_LIMIT = 50 * 1024 * 1024
DOWNLOAD_LIMIT = 20 * 1024 * 1024
PHOTO_LIMIT = 10 * 1024 * 1024
KINDS = ("photo", "document", "audio", "voice", "video", "animation", "video_note", "sticker")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it arrived in a request."""

    name: str
    content_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file known to one bot: another bot's file_id is worth nothing."""

    file_id: str
    unique_id: str
    path: str
    bot_id: int
    kind: str
    upload: Upload
    width: int = 0
    height: int = 0

    def as_json(self) -> dict[str, object]:
        return {"file_id": self.file_id, "file_unique_id": self.unique_id, "file_size": len(self.upload.data)}

    def as_media(self) -> object:
        """The value of the message's field named after the kind."""
        size = {"width": self.width, "height": self.height}
        named = {"file_name": self.upload.name, "mime_type": self.upload.content_type}
        shapes: dict[str, dict[str, object]] = {
            "photo": {**size},
            "document": {**named},
            "audio": {"duration": 0, **named},
            "voice": {"duration": 0, "mime_type": self.upload.content_type},
            "video": {"duration": 0, **size, **named},
            "animation": {"duration": 0, **size, **named},
            "video_note": {"duration": 0, "length": 240},
            "sticker": {"type": "regular", **size, "is_animated": False, "is_video": False},
        }
        media = self.as_json() | shapes[self.kind]
        return [media] if self.kind == "photo" else media


@dataclass(slots=True)
class Files:
    """All files of the world; ids and paths are random, so none can be guessed."""

    by_id: dict[str, StoredFile] = field(default_factory=dict)
    _linked: set[str] = field(default_factory=set)

    def store(self, bot_id: int, kind: str, upload: Upload) -> StoredFile:
        if not upload.data:
            raise bad_request("file must be non-empty")
        if len(upload.data) > UPLOAD_LIMIT:
            raise ApiError(413, "Request Entity Too Large")
        width, height = image_size(upload.data) or (0, 0)
        if kind == "photo":
            if not width or not height:
                raise bad_request("IMAGE_PROCESS_FAILED")
            if len(upload.data) > PHOTO_LIMIT:
                raise bad_request("file is too big")
            if width + height > 10_000 or max(width, height) > 20 * min(width, height):
                raise bad_request("PHOTO_INVALID_DIMENSIONS")
        suffix = PurePosixPath(upload.name).suffix or mimetypes.guess_extension(upload.content_type) or ""
        folder = {"photo": "photos", "voice": "voice", "video": "videos"}.get(kind, "documents")
        path = f"{folder}/{secrets.token_urlsafe(18)}{suffix}"
        file = StoredFile(
            "AgAC" + secrets.token_urlsafe(36), secrets.token_urlsafe(11), path, bot_id, kind, upload, width, height
        )
        self.by_id[file.file_id] = file
        return file

    def known_to(self, bot_id: int, file_id: str) -> StoredFile:
        file = self.by_id.get(file_id)
        if file is None or file.bot_id != bot_id:
            raise bad_request("wrong file_id or the file is temporarily unavailable")
        return file

    def link(self, bot_id: int, file_id: str) -> dict[str, object]:
        """getFile: only from here on the path can be fetched."""
        file = self.known_to(bot_id, file_id)
        if len(file.upload.data) > DOWNLOAD_LIMIT:
            raise bad_request("file is too big")
        self._linked.add(file.path)
        return file.as_json() | {"file_path": file.path}

    def fetch(self, bot_id: int, path: str) -> StoredFile:
        if path in self._linked:
            for file in self.by_id.values():
                if file.path == path and file.bot_id == bot_id:
                    return file
        raise not_found()

    def by_unique_id(self, unique_id: str) -> StoredFile | None:
        return next((file for file in self.by_id.values() if file.unique_id == unique_id), None)


def image_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG, GIF, WebP or JPEG; None for anything else."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= 24:
        return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    if data[:6] in {b"GIF87a", b"GIF89a"} and len(data) >= 10:
        return int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    if data[:4] == b"RIFF" and data[8:16] == b"WEBPVP8X" and len(data) >= 30:
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    return _jpeg_size(data) if data.startswith(b"\xff\xd8") else None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    position = 2
    while position + 9 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            return int.from_bytes(data[position + 7 : position + 9]), int.from_bytes(data[position + 5 : position + 7])
        position += 2 + int.from_bytes(data[position + 2 : position + 4])
    return None
