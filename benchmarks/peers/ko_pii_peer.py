from ko_pii import detect_all

KINDS = {
    "BUSINESS_REG": "BRN",
    "CORP_REG": "CRN",
    "MEDICAL_INSURANCE": "HEALTH_INS",
    "FAX": "PHONE",
    "POSTAL_CODE": "POSTAL",
    "DT_BIRTH": "DOB",
    **{
        name: name
        for name in ("RRN", "FRN", "DRIVER_LICENSE", "CARD", "ACCOUNT", "PASSPORT", "PHONE", "EMAIL")
    },
    **{name: name for name in ("IP", "VEHICLE", "PERSON", "ADDRESS")},
}


def find(text: str) -> list[tuple[int, int, str]]:
    """Its other labels (nationality, age, position, ...) are left out: they are no type of the comparison."""
    return [(one.start, one.end, KINDS[one.label]) for one in detect_all(text) if one.label in KINDS]
