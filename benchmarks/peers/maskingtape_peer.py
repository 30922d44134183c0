from maskingtape import Detection, Pipeline

KINDS = {
    "rrn": "RRN",
    "biz_reg": "BRN",
    "card": "CARD",
    "account": "ACCOUNT",
    "phone": "PHONE",
    "email": "EMAIL",
    "driver_license": "DRIVER_LICENSE",
    "passport": "PASSPORT",
    "address": "ADDRESS",
    "name": "PERSON",
    "birth_date": "DOB",
}
pipeline = Pipeline()


def find(text: str) -> list[tuple[int, int, str]]:
    """`rrn` covers 외국인등록번호 too: its seventh digit tells which."""
    return [(one.start, one.end, kind(one)) for one in pipeline.scan(text) if one.kind in KINDS]


def kind(one: Detection) -> str:
    digits = [char for char in one.text if char.isdigit()]
    foreign = one.kind == "rrn" and len(digits) > 6 and digits[6] in "5678"
    return "FRN" if foreign else KINDS[one.kind]
