"""Presidio with its five Korean recognisers and its general ones, on a blank spaCy pipeline.

Its spaCy models are not on PyPI, so there is no NER: PERSON and ADDRESS stay empty. Words stand in for lemmas, so that
its context words work as far as they can. The score threshold is the one that served it best on the generator.
"""

import logging

import spacy
import tldextract
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import SpacyNlpEngine
from presidio_analyzer.predefined_recognizers import (
    CreditCardRecognizer,
    EmailRecognizer,
    IpRecognizer,
    KrBrnRecognizer,
    KrDriverLicenseRecognizer,
    KrFrnRecognizer,
    KrPassportRecognizer,
    KrRrnRecognizer,
    PhoneRecognizer,
)
from spacy.language import Language
from spacy.tokens import Doc

KINDS = {
    "KR_RRN": "RRN",
    "KR_FRN": "FRN",
    "KR_BRN": "BRN",
    "KR_DRIVER_LICENSE": "DRIVER_LICENSE",
    "KR_PASSPORT": "PASSPORT",
    "CREDIT_CARD": "CARD",
    "EMAIL_ADDRESS": "EMAIL",
    "IP_ADDRESS": "IP",
    "PHONE_NUMBER": "PHONE",
}
THRESHOLD = 0.3

# Without this it would fetch the public suffix list from the network at the first e-mail address.
tldextract.extract = tldextract.TLDExtract(suffix_list_urls=())
logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)


@Language.component("words_as_lemmas")
def words_as_lemmas(document: Doc) -> Doc:
    for token in document:
        token.lemma_ = token.text
    return document


class Blank(SpacyNlpEngine):
    def __init__(self) -> None:
        super().__init__(models=[{"lang_code": "ko", "model_name": "blank"}])
        self.nlp = {"ko": spacy.blank("xx")}
        self.nlp["ko"].add_pipe("words_as_lemmas")

    def load(self) -> None:
        """Nothing to load."""


def engine() -> AnalyzerEngine:
    registry = RecognizerRegistry(supported_languages=["ko"])
    for one in (
        KrRrnRecognizer,
        KrFrnRecognizer,
        KrBrnRecognizer,
        KrDriverLicenseRecognizer,
        KrPassportRecognizer,
    ):
        registry.add_recognizer(one(supported_language="ko"))
    for one in (CreditCardRecognizer, EmailRecognizer, IpRecognizer):
        registry.add_recognizer(one(supported_language="ko"))
    registry.add_recognizer(PhoneRecognizer(supported_language="ko", supported_regions=("KR",)))
    return AnalyzerEngine(registry=registry, nlp_engine=Blank(), supported_languages=["ko"])


analyzer = engine()


def find(text: str) -> list[tuple[int, int, str]]:
    found = analyzer.analyze(text, language="ko", score_threshold=THRESHOLD)
    return [(one.start, one.end, KINDS[one.entity_type]) for one in found if one.entity_type in KINDS]
