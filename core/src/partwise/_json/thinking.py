"""The tags by which models mark their reasoning in a text.

After the reasoning parsers of vLLM (https://docs.vllm.ai/en/latest/features/reasoning_outputs.html)
and the chat templates of the models named below.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_WORDS: Final = "think|thinking|thoughts?|reasoning|reflection|analysis|scratchpad"
# A prefix as in Seed-OSS's `<seed:think>` and LongCat's `<longcat_think>`.
_NAME: Final = rf"(?:\w{{1,20}}[:_])?(?:{_WORDS})"


@dataclass(frozen=True, slots=True)
class _Tags:
    """The tags of one family, as patterns.

    Attributes:
        opening, closing: the pair.
        closes_alone: whether the opening tag may be missing, since the prompt ends with it.
    """

    opening: str
    closing: str
    closes_alone: bool = True


_FAMILIES: Final = (
    # DeepSeek, Qwen, MiniMax, Perplexity, GLM, and any that a prompt asks to think aloud.
    _Tags(
        rf"<\s{{0,9}}{_NAME}(?:\s[^<>/{{}}\[\]]{{0,40}})?>",
        rf"<\s{{0,9}}/\s{{0,9}}{_NAME}\s{{0,9}}>",
    ),
    _Tags(r"\[THINK\]", r"\[/THINK\]"),  # Magistral
    _Tags("\u25c1think\u25b7", "\u25c1/think\u25b7"),  # Kimi-VL
    _Tags(r"<\|START_THINKING\|>", r"<\|END_THINKING\|>"),  # Command A Reasoning
    _Tags(r"<\|begin_of_thought\|>", r"<\|end_of_thought\|>"),  # OpenThinker
    _Tags(r"<\|channel>thought\b", r"<channel\|>"),  # Gemma 4
    _Tags(r"<unused94>", r"<unused95>"),  # MedGemma
    # gpt-oss. Its closing tag ends other models' answers, too.
    _Tags(
        r"<\|channel\|>\s{0,9}analysis\s{0,9}<\|message\|>",
        r"<\|end\|>|<\|start\|>",
        closes_alone=False,
    ),
)

TAG: Final = "|".join(
    f"(?:{each})"
    for tags in _FAMILIES
    for each in (tags.opening, tags.closing if tags.closes_alone else "")
    if each
)
"""A tag that opens or closes reasoning, as a pattern without regard to case."""

END_OF_TEXT: Final = r"\Z"
PARTIAL_TAG: Final = (
    r"<[^<>{}\[\]]{0,90}|<\|channel\|>\s{0,9}[a-z]{0,8}\s{0,9}(?:<[|a-z]{0,9})?"
    r"|\[/?(?:T(?:H(?:I(?:NK?)?)?)?)?|\u25c1/?[a-z]{0,5}"
)
"""The beginning of a tag that the text's end may have cut, as a pattern without regard to case."""

_PARTIAL_END: Final = re.compile(rf"(?:{PARTIAL_TAG}){END_OF_TEXT}", re.IGNORECASE)
_OPENINGS: Final = [re.compile(each.opening, re.IGNORECASE) for each in _FAMILIES]
_PAIRS: Final = [
    re.compile(f"(?P<opening>{each.opening})|(?:{each.closing})", re.IGNORECASE)
    for each in _FAMILIES
]


class Thinking:
    """The text after an opening tag, up to its closing tag.

    Reasoning may hold reasoning. It may also just mention the tag; then no closing tag is left for
    the outer one at the end, and the last one was it.
    """

    def __init__(self, pair: re.Pattern[str]) -> None:
        self._pair = pair
        self._depth = 1
        self._text = ""  # may be cut inside a tag
        self._after_tag: list[str] = []  # since the last closing tag, if it was an inner one
        self._saw_closing_tag = False

    @classmethod
    def opened_by(cls, tag: str) -> Thinking | None:
        """The reasoning that the tag opens; None if it is a closing tag."""
        for opening, pair in zip(_OPENINGS, _PAIRS, strict=True):
            if opening.fullmatch(tag):
                return cls(pair)
        return None

    def feed(self, text: str) -> tuple[str, str | None]:
        """The reasoning in the text, and the text after it; None if it goes on."""
        text = self._text + text
        thought, start = "", 0
        for tag in self._pair.finditer(text):
            self._depth += 1 if tag["opening"] else -1
            if not self._depth:
                self._text = ""
                return thought + self._release(text[start : tag.start()]), text[tag.end() :]
            thought += self._keep(text[start : tag.end()])
            if not tag["opening"]:
                thought += self._release("")
                self._saw_closing_tag = True
            start = tag.end()
        partial = _PARTIAL_END.search(text, max(start, len(text) - 120))
        end = partial.start() if partial else len(text)
        self._text = text[end:]
        return thought + self._keep(text[start:end]), None

    def close(self) -> tuple[str, str]:
        """The text has ended: the reasoning that is left, and the text after it."""
        text, self._text = self._text, ""
        if self._saw_closing_tag:
            return "", "".join(self._after_tag) + text
        return text, ""

    def _keep(self, text: str) -> str:
        """The text, unless it may not be reasoning."""
        if not self._saw_closing_tag:
            return text
        self._after_tag.append(text)
        return ""

    def _release(self, text: str) -> str:
        kept = "".join(self._after_tag) + text
        self._after_tag.clear()
        return kept


class LeadingThought:
    """Takes reasoning between tags off the beginning of a text."""

    def __init__(self) -> None:
        self._held = ""
        self._thinking: Thinking | None = None
        self._is_past = False

    def feed(self, text: str) -> tuple[str, str]:
        """The reasoning in the next piece, and the text after it."""
        if self._is_past:
            return "", text
        if self._thinking is None:
            self._held += text
            tag = _LEADING_TAG.match(self._held)
            self._thinking = Thinking.opened_by(tag["tag"]) if tag else None
            if tag is None or self._thinking is None:
                return "", self._pass_on(is_all=False)
            text, self._held = self._held[tag.end() :], ""
        thought, rest = self._thinking.feed(text)
        self._is_past = rest is not None
        return thought, rest or ""

    def close(self) -> tuple[str, str]:
        """The text has ended: as `feed`."""
        if self._thinking is not None and not self._is_past:
            return self._thinking.close()
        return "", self._pass_on(is_all=True)

    def _pass_on(self, *, is_all: bool) -> str:
        if not is_all and _LEADING_PARTIAL.match(self._held):
            return ""
        self._is_past, held, self._held = True, self._held, ""
        return held


_LEADING_TAG: Final = re.compile(rf"\s*(?P<tag>{TAG})", re.IGNORECASE)
_LEADING_PARTIAL: Final = re.compile(rf"\s*(?:{PARTIAL_TAG})?{END_OF_TEXT}", re.IGNORECASE)
