"""`Image`, `Audio` and `PDF`: parts of a message, from an address, a file or Base64.

Each is put into the message in OpenAI's chat form, which every plugin converts into its vendor's.
"""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from .._left_out import refusal
from ..exceptions import MultimodalError

__all__ = [
    "PDF", "Audio", "Image", "ImageWithCacheControl", "Media", "MultimodalError",
    "PDFWithCacheControl", "PDFWithGenaiFile", "PdfWithCacheControl", "plain_messages",
]  # fmt: skip

__getattr__ = refusal(
    __name__,
    {},
    """ImageParams ImageParamsBase Mode autodetect_media convert_contents convert_messages
    extract_genai_multimodal_content fetch_remote_content probe_remote_content_type""",
    otherwise="Image, Audio and PDF in messages",
)


@dataclass(frozen=True, slots=True)
class Media:
    """The base of the three.

    Attributes:
        source: a URL, which may be a `data:` one, or the path of the file that was read.
        media_type: a MIME type.
        data: Base64 of the content; None if only its address is known.
    """

    source: str
    media_type: str
    data: str | None = None

    _fallback: ClassVar[str] = "application/octet-stream"

    @classmethod
    def from_url(cls, url: str) -> Self:
        """From an address, which the vendor fetches; a `data:` URL is read here."""
        if url.startswith("data:"):
            return cls.from_base64(url)
        return cls(url, mimetypes.guess_type(url)[0] or cls._fallback)

    @classmethod
    def from_gs_url(cls, url: str, timeout: int = 30) -> Self:  # noqa: ARG003 - Instructor's
        """From an address in Google's storage, which Google reads."""
        return cls.from_url(url)

    @classmethod
    def from_base64(cls, data_url: str) -> Self:
        """From a `data:` URL.

        Raises:
            MultimodalError: it is none.
        """
        head, comma, data = data_url.partition(",")
        if not comma or not head.startswith("data:"):
            raise MultimodalError("from_base64 takes a data: URL, as in 'data:image/png;base64,…'")
        return cls(data_url, head[5:].split(";")[0] or cls._fallback, data)

    @classmethod
    def from_raw_base64(cls, data: str) -> Self:
        """From plain Base64."""
        return cls.from_base64(f"data:{cls._fallback};base64,{data}")

    @classmethod
    def from_path(cls, path: str | Path) -> Self:
        """From a file.

        Raises:
            MultimodalError: there is no such file, or it is empty.
        """
        file = Path(path)
        if not file.is_file() or not file.stat().st_size:
            raise MultimodalError(f"no such file, or an empty one: {file}")
        kind = mimetypes.guess_type(file.name)[0] or cls._fallback
        return cls(str(file), kind, base64.b64encode(file.read_bytes()).decode())

    @classmethod
    def autodetect(cls, source: str | Path) -> Self:
        """From an address, a `data:` URL, a file's path or plain Base64, whichever it is."""
        text = str(source)
        if text.startswith(("http://", "https://", "gs://", "data:")):
            return cls.from_url(text)
        is_path = isinstance(source, Path) or (len(text) < 1000 and Path(text).is_file())  # noqa: PLR2004
        return cls.from_path(text) if is_path else cls.from_raw_base64(text)

    @property
    def url(self) -> str:
        """The address, or the content as a `data:` URL."""
        return f"data:{self.media_type};base64,{self.data}" if self.data else self.source

    def part(self) -> dict[str, Any]:
        """The part of a message in chat form."""
        raise NotImplementedError


class Image(Media):
    """An image."""

    __slots__ = ()
    _fallback = "image/jpeg"

    def part(self) -> dict[str, Any]:
        return {"type": "image_url", "image_url": {"url": self.url}}


class Audio(Media):
    """A sound."""

    __slots__ = ()
    _fallback = "audio/wav"

    def part(self) -> dict[str, Any]:
        if self.data is None:
            raise MultimodalError("audio goes with its content: use Audio.from_path")
        kind = self.media_type.rsplit("/", 1)[-1].removeprefix("x-").replace("mpeg", "mp3")
        return {"type": "input_audio", "input_audio": {"data": self.data, "format": kind}}


class PDF(Media):
    """A document."""

    __slots__ = ()
    _fallback = "application/pdf"

    def part(self) -> dict[str, Any]:
        name = Path(self.source).name if not self.source.startswith("data:") else "document.pdf"
        return {"type": "file", "file": {"filename": name, "file_data": self.url}}


ImageWithCacheControl = Image
PDFWithCacheControl = PDF
PdfWithCacheControl = PDF
PDFWithGenaiFile = PDF


def plain_messages(
    messages: Sequence[Mapping[str, Any]], *, detects_media: bool = False
) -> list[dict[str, Any]]:
    """The messages with their media as parts in chat form.

    Args:
        messages: in chat form, or with `Image`, `Audio`, `PDF` and texts in their lists.
        detects_media: whether a text in a list that is an image's address or file is an image.
    """
    return [
        {**message, "content": _content(message.get("content"), detects_media)}
        for message in messages
    ]


def _content(content: Any, detects_media: bool) -> Any:  # noqa: FBT001 - its only option
    if isinstance(content, Media):
        return [content.part()]
    if not isinstance(content, list):
        return content
    return [_part(item, detects_media) for item in content]


def _part(item: Any, detects_media: bool) -> Any:  # noqa: FBT001 - as above
    if isinstance(item, Media):
        return item.part()
    if not isinstance(item, str):
        return item
    if detects_media and _is_image(item):
        return Image.autodetect(item).part()
    return {"type": "text", "text": item}


def _is_image(text: str) -> bool:
    if text.startswith("data:image/"):
        return True
    kind = mimetypes.guess_type(text)[0] or ""
    return kind.startswith("image/") and " " not in text
