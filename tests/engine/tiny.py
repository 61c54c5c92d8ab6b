"""Writes a language model of random weights, small and complete, as a GGUF file.

It knows nothing and says anything, so what it says is held in form by the engine's grammar alone.
Its words are the printable characters of ASCII and a few others, and the single bytes that such a
vocabulary must have, which it is taught not to say: most sequences of bytes are no UTF-8, and the
engine then fails with what it let through itself. Its template writes a call so that a forced one
begins with the first word. Runs where `gguf` is installed: python tiny.py FILE
"""

from __future__ import annotations

import sys
from typing import Any

import gguf  # type: ignore[import-not-found,unused-ignore]
import numpy as np  # type: ignore[import-not-found,unused-ignore]

SEED = 20
CONTEXT, WIDTH, HIDDEN, LAYERS, HEADS = 8192, 64, 128, 2, 4
SPACE = "\N{LOWER ONE EIGHTH BLOCK}"  # what a space is called in such a vocabulary
LETTERS = [*map(chr, range(32, 127)), "é", "ß", "中", "🙂"]
# The first dimension is the same for all words, and this strong: it is how bytes are told apart.
CONSTANT = 4.0

TEMPLATE = """\
{%- if tools %}<|im_start|>system
Call one of these functions:
{%- for tool in tools %}
{{ tool | tojson }}
{%- endfor %}
Write each call as <function=name>arguments as JSON</function><|im_end|>
{% endif %}
{%- for message in messages %}<|im_start|>{{ message.role }}
{{ message.content or '' }}
{%- for call in message.tool_calls or [] -%}
<function={{ call.function.name }}>{{ call.function.arguments | tojson }}</function>
{%- endfor %}<|im_end|>
{% endfor %}
{%- if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""


def main(path: str) -> None:
    """Write the model to that file."""
    writer = gguf.GGUFWriter(path, "llama")
    add_vocabulary(writer)
    add_shape(writer)
    add_weights(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def vocabulary() -> list[tuple[str, Any]]:
    """The words, each with its kind: three marks, the bytes, the letters."""
    kinds = gguf.TokenType
    marks = [("<unk>", kinds.UNKNOWN), ("<s>", kinds.CONTROL), ("</s>", kinds.CONTROL)]
    octets = [(f"<0x{octet:02X}>", kinds.BYTE) for octet in range(256)]
    letters = [(letter.replace(" ", SPACE), kinds.NORMAL) for letter in LETTERS]
    return [*marks, *octets, *letters]


def add_vocabulary(writer: gguf.GGUFWriter) -> None:
    """Add the words and the template."""
    words = vocabulary()
    writer.add_tokenizer_model("llama")
    writer.add_token_list([word for word, _ in words])
    writer.add_token_scores([0.0] * len(words))
    writer.add_token_types([kind for _, kind in words])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_chat_template(TEMPLATE)


def add_shape(writer: gguf.GGUFWriter) -> None:
    """Add what the engine wants to know of the architecture."""
    writer.add_name("tiny")
    writer.add_vocab_size(len(vocabulary()))
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)


def add_weights(writer: gguf.GGUFWriter) -> None:
    """Add random matrices, and norms that change nothing."""
    random = np.random.default_rng(SEED)

    def matrix(rows: int, columns: int) -> Any:
        return random.normal(0.0, columns**-0.5, (rows, columns)).astype(np.float32)

    def add(name: str, weights: Any) -> None:
        writer.add_tensor(f"{name}.weight", weights)

    said, heard = matrix(len(vocabulary()), WIDTH), matrix(len(vocabulary()), WIDTH)
    heard[:, 0] = CONSTANT
    said[3 : 3 + 256, 0] = -CONSTANT
    norm = np.ones(WIDTH, dtype=np.float32)
    add("token_embd", heard)
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        add(f"{block}attn_norm", norm)
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            add(block + part, matrix(WIDTH, WIDTH))
        add(f"{block}ffn_norm", norm)
        add(f"{block}ffn_gate", matrix(HIDDEN, WIDTH))
        add(f"{block}ffn_up", matrix(HIDDEN, WIDTH))
        add(f"{block}ffn_down", matrix(WIDTH, HIDDEN))
    add("output_norm", norm)
    add("output", said)


if __name__ == "__main__":
    main(sys.argv[1])
