import rust_pii_transformer

KINDS = {
    "resident": "RRN",
    "foreigner_registration": "FRN",
    "business_registration": "BRN",
    "credit_card": "CARD",
    "bank_account": "ACCOUNT",
    "phone": "PHONE",
    "email": "EMAIL",
    "driver_license": "DRIVER_LICENSE",
    "birth_date": "DOB",
    "passport": "PASSPORT",
}


def find(text: str) -> list[tuple[int, int, str]]:
    found = rust_pii_transformer.detect(text).findings
    return [(one.source.char_start, one.source.char_end, KINDS[one.entity]) for one in found]
