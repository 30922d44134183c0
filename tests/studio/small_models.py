"""Random models of a few kilobytes in Hugging Face's layout, and adapters for them: made in the test, from a seed."""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

HIDDEN, INNER, HEADS, KV_HEADS, SIZE, LAYERS = 64, 96, 4, 2, 16, 2
TEXT = [
    "도로에 구멍이 생겨 차가 다니기 위험합니다.",
    "가로등이 꺼져서 밤길이 어둡습니다.",
    "쓰레기를 제때 치워 주세요. 냄새가 심합니다.",
    "버스가 오지 않아 삼십 분을 기다렸습니다.",
    "공원 화장실에 휴지가 없습니다.",
]
LABELS = ("도로", "교통", "환경")
TEMPLATE = (
    "{% for message in messages %}{% if message.role == 'user' %}민원: {{ message.content }}\n분류: "
    "{% elif message.role == 'assistant' %}{{ message.content }}</s>\n{% endif %}{% endfor %}"
)
_CONFIGS = {
    "llama": {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "tie_word_embeddings": False},
    "qwen2": {"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "tie_word_embeddings": True},
    "gemma3": {
        "architectures": ["Gemma3ForCausalLM"],
        "model_type": "gemma3_text",
        "tie_word_embeddings": True,
        "sliding_window": 64,
        "layer_types": ["sliding_attention"] * LAYERS,
        "rope_parameters": {
            "full_attention": {"rope_type": "default", "rope_theta": 1_000_000.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 10_000.0},
        },
        "query_pre_attn_scalar": SIZE,
        "hidden_activation": "gelu_pytorch_tanh",
    },
}
_LINEAR = {
    "self_attn.q_proj": (HEADS * SIZE, HIDDEN),
    "self_attn.k_proj": (KV_HEADS * SIZE, HIDDEN),
    "self_attn.v_proj": (KV_HEADS * SIZE, HIDDEN),
    "self_attn.o_proj": (HIDDEN, HEADS * SIZE),
    "mlp.gate_proj": (INNER, HIDDEN),
    "mlp.up_proj": (INNER, HIDDEN),
    "mlp.down_proj": (HIDDEN, INNER),
}


def small_model(folder: Path, family: str, *, seed: int = 1) -> Path:
    """Write a model of this family (`llama`, `qwen2`, `gemma3`) and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = _tokenizer(folder)
    config = _CONFIGS[family] | {
        "vocab_size": rows,
        "hidden_size": HIDDEN,
        "intermediate_size": INNER,
        "num_attention_heads": HEADS,
        "num_key_value_heads": KV_HEADS,
        "num_hidden_layers": LAYERS,
        "head_dim": SIZE,
        "max_position_embeddings": 2048,
        "rms_norm_eps": 1e-6,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "pad_token_id": 2,
    }
    if family != "gemma3":
        config["rope_parameters"] = {"rope_type": "default", "rope_theta": 10_000.0}
    (folder / "config.json").write_text(json.dumps(config))
    save_file(_weights(family, rows, seed), folder / "model.safetensors", {"format": "pt"})
    return folder


def small_adapter(folder: Path, *, seed: int, strength: float = 0.4, rank: int = 4, **config) -> Path:
    """Write a PEFT folder that changes a small model a good deal, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    tensors = {}
    for layer in range(LAYERS):
        for module, (rows, columns) in _LINEAR.items():
            name = f"base_model.model.model.layers.{layer}.{module}"
            tensors[f"{name}.lora_A.weight"] = _normal(random, (rank, columns)) * strength
            tensors[f"{name}.lora_B.weight"] = _normal(random, (rows, rank)) * strength
    save_file(tensors, folder / "adapter_model.safetensors", {"format": "pt"})
    said = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "r": rank,
        "lora_alpha": 8,
        "target_modules": sorted({name.rpartition(".")[2] for name in _LINEAR}),
        "base_model_name_or_path": "small",
        "inference_mode": True,
    }
    (folder / "adapter_config.json").write_text(json.dumps(said | config))
    (folder / "chat_template.jinja").write_text(TEMPLATE)
    return folder


def _normal(random, shape):
    return random.normal(size=shape).astype(np.float32)


def _weights(family: str, rows: int, seed: int):
    random = np.random.default_rng(seed)
    weights = {
        "model.embed_tokens.weight": _normal(random, (rows, HIDDEN)) * (0.06 if family == "gemma3" else 0.5)
    }
    norm = 0.0 if family == "gemma3" else 1.0

    def scale(size):
        return (norm + 0.1 * random.normal(size=size)).astype(np.float32)

    norms = ["input_layernorm", "post_attention_layernorm"]
    if family == "gemma3":
        norms += ["pre_feedforward_layernorm", "post_feedforward_layernorm"]
    for layer in range(LAYERS):
        place = f"model.layers.{layer}"
        for module, shape in _LINEAR.items():
            weights[f"{place}.{module}.weight"] = _normal(random, shape) * shape[1] ** -0.5
            if family == "qwen2" and module[-6:-5] in "qkv" and "attn" in module and "o_proj" not in module:
                weights[f"{place}.{module}.bias"] = _normal(random, shape[:1]) * 0.1
        for one in norms:
            weights[f"{place}.{one}.weight"] = scale(HIDDEN)
        if family == "gemma3":
            for one in ("q_norm", "k_norm"):
                weights[f"{place}.self_attn.{one}.weight"] = scale(SIZE)
    weights["model.norm.weight"] = scale(HIDDEN)
    if family == "llama":
        weights["lm_head.weight"] = _normal(random, (rows, HIDDEN)) * 0.5
    return weights


def _tokenizer(folder: Path) -> int:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=384,
        special_tokens=[AddedToken(one, special=True) for one in ("<s>", "</s>", "<pad>")],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXT * 3, trainer)
    tokenizer.save(str(folder / "tokenizer.json"))
    told = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<s>",
        "eos_token": "</s>",
        "pad_token": "<pad>",
        "chat_template": TEMPLATE,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(told))
    return tokenizer.get_vocab_size()
