# The part of xllamacpp that hanbok.gateway.llama.child uses.
class _Model:
    path: str

class _Cpu:
    n_threads: int

class _Sampling:
    temp: float
    min_p: float

class CommonAdapterLoraInfo:
    def __init__(self, path: str, scale: float) -> None: ...

class CommonParams:
    model: _Model
    cpuparams: _Cpu
    sampling: _Sampling
    model_alias: set[str]
    hostnames: list[str]
    port: int
    api_keys: list[str]
    offline: bool
    ui: bool
    endpoint_slots: bool
    verbosity: int
    n_parallel: int
    n_ctx: int
    ctx_shift: bool
    cache_ram_mib: int
    embedding: bool
    pooling_type: llama_pooling_type
    chat_template: str
    antiprompt: list[str]
    lora_adapters: list[CommonAdapterLoraInfo]

class Server:
    listening_address: str
    def __init__(self, params: CommonParams) -> None: ...

class llama_pooling_type:
    LLAMA_POOLING_TYPE_MEAN: llama_pooling_type
