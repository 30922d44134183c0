"""HWP 5 documents for the tests: compound files ([MS-CFB]) and the records in them, written by hand."""

import struct
import zlib

FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
SECTOR, MINI, SMALL = 512, 64, 4096
COMPRESSED, PASSWORD, DISTRIBUTION, DRM, TRACKED = 1 << 0, 1 << 1, 1 << 2, 1 << 4, 1 << 14


def compound(streams):
    """Return a compound file with these streams, by path: `BodyText/Section0`."""
    sectors, fat, mini, mini_fat = [], [], bytearray(), []

    def stored(data):
        first = len(sectors)
        pieces = [data[at : at + SECTOR].ljust(SECTOR, b"\0") for at in range(0, len(data), SECTOR)]
        sectors.extend(pieces)
        fat.extend([*range(first + 1, first + len(pieces)), END] if pieces else [])
        return first if pieces else END

    def placed(data):
        if len(data) >= SMALL:
            return stored(data)
        first, count = len(mini_fat), -(-len(data) // MINI)
        mini.extend(data.ljust(count * MINI, b"\0"))
        mini_fat.extend([*range(first + 1, first + count), END] if count else [])
        return first if count else END

    folders = {}
    for path, data in streams.items():
        folder, _, name = path.rpartition("/")
        folders.setdefault(folder, {})[name] = data
    top = folders.pop("", {}) | dict.fromkeys(folders)
    entries = [None]

    def tree(named, children):
        """Write the entries of one storage as a balanced tree, and return its root."""
        if not named:
            return FREE
        half = len(named) // 2
        name, data = named[half]
        at = len(entries)
        entries.append(None)
        child = tree(ordered(children[name]), {}) if data is None else FREE
        left, right = tree(named[:half], children), tree(named[half + 1 :], children)
        place = (0, 0) if data is None else (placed(data), len(data))
        entries[at] = entry(name, 1 if data is None else 2, left, right, child, *place)
        return at

    root = tree(ordered(top), folders)
    begun = stored(bytes(mini))
    entries[0] = entry("Root Entry", 5, FREE, FREE, root, begun, len(mini))
    directory = stored(b"".join(entries).ljust(-(-len(entries) // 4) * SECTOR, b"\0"))
    small = stored(struct.pack(f"<{len(mini_fat)}I", *mini_fat))
    return header(sectors, fat, directory, small, -(-len(mini_fat) * 4 // SECTOR))


def ordered(streams):
    return sorted(streams.items(), key=lambda one: (len(one[0]), one[0].upper()))


def entry(name, kind, left, right, child, first, size):
    written = (name + "\0").encode("utf-16-le")
    return struct.pack("<64sHBBIII36xIQ", written, len(written), kind, 1, left, right, child, first, size)


def header(sectors, fat, directory, small, smalls):
    """Return the file: what is in the sectors, and behind it the FAT and where there is much of that, its DIFAT."""
    fats, more = 0, 0
    while fats * 128 < len(fat) + fats + more:
        fats += 1
        more = max(0, -(-(fats - 109) // 127))
    places = [*range(len(fat), len(fat) + fats)]
    table = [*fat, *[FAT] * fats, *[FAT - 1] * more]
    table += [FREE] * (fats * 128 - len(table))
    sectors = [*sectors, struct.pack(f"<{len(table)}I", *table)]
    beyond = places[109:]
    for at in range(more):
        listed = beyond[at * 127 : at * 127 + 127]
        following = len(fat) + fats + at + 1 if at + 1 < more else END
        sectors.append(struct.pack("<128I", *listed, *[FREE] * (127 - len(listed)), following))
    head = struct.pack(
        "<8s16x5H6x9I", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6, 0, fats, directory, 0, SMALL,
        small, smalls, len(fat) + fats if more else END, more,
    )  # fmt: skip
    first = places[:109]
    return head + struct.pack("<109I", *first, *[FREE] * (109 - len(first))) + b"".join(sectors)


def record(tag, level, data=b""):
    long = len(data) >= 0xFFF
    head = struct.pack("<I", tag | level << 10 | (0xFFF if long else len(data)) << 20)
    return head + (struct.pack("<I", len(data)) if long else b"") + data


def control(code, name=b"    "):
    """Return the eight characters that a control takes in a text."""
    return chr(code) + (name[::-1] + bytes(8)).decode("utf-16-le") + chr(code)


def paragraph(text, *below, level=0):
    """Return a paragraph and the records of its controls."""
    written = (text + "\r").encode("utf-16-le", "surrogatepass")
    return record(66, level, bytes(22)) + record(67, level + 1, written) + b"".join(below)


def named(name, level, *below, data=b""):
    """Return the record of a control, and what is in it."""
    return record(71, level, name[::-1] + data) + b"".join(below)


def listed(level, *below, data=b""):
    """Return the head of a list, and its paragraphs."""
    return record(72, level, data) + b"".join(below)


def cell(row, column, *texts, level=2, below=()):
    head = bytes(8) + struct.pack("<HHHH", column, row, 1, 1)
    return listed(level, *(paragraph(one, level=level) for one in texts), *below, data=head)


def table(level, *cells):
    return named(b"tbl ", level, record(77, level + 1, bytes(22)), *cells)


def hidden(data, key=b"0123456789abcdef"):
    """Return a section of a document for distribution, by the steps that the specification tells a writer."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: PLC0415

    seed = 20261122
    plain = bytearray(struct.pack("<I", seed) + bytes(252))
    offset = 4 + (seed & 0xF)
    plain[offset : offset + 16] = key
    random, at = seed, 0
    while at < len(plain):
        random = (random * 214013 + 2531011) % 2**32
        byte = random // 2**16 % 2**15 % 256
        random = (random * 214013 + 2531011) % 2**32
        run = random // 2**16 % 2**15 % 16 + 1
        for place in range(at, min(at + run, len(plain))):
            if place >= 4:
                plain[place] ^= byte
        at += run
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305
    return record(28, 0, bytes(plain)) + encryptor.update(data.ljust(-(-len(data) // 16) * 16, b"\0"))


def summary(title, author):
    values = [(2, title), (4, author)]
    body, places = b"", []
    for _, value in values:
        places.append(8 + 8 * len(values) + len(body))
        body += struct.pack("<II", 31, len(value) + 1) + (value + "\0").encode("utf-16-le")
    listing = b"".join(struct.pack("<II", key, place) for (key, _), place in zip(values, places, strict=True))
    section = struct.pack("<II", 8 + len(listing) + len(body), len(values)) + listing + body
    return struct.pack("<HHI16xI16xI", 0xFFFE, 0, 0, 1, 48) + section


def hwp(*sections, flags=COMPRESSED, count=None, version=5, **streams):
    """Return a document; `count` is how many sections it says that it has."""

    def packed(data):
        if not flags & COMPRESSED:
            return data
        deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
        return deflate.compress(data) + deflate.flush()

    told = record(16, 0, struct.pack("<H", len(sections) if count is None else count) + bytes(24))
    head = struct.pack("<32s4BI", b"HWP Document File", 0, 1, 1, version, flags).ljust(256, b"\0")
    folder = "ViewText" if flags & DISTRIBUTION else "BodyText"
    bodies = {
        f"{folder}/Section{at}": hidden(packed(one)) if flags & DISTRIBUTION else packed(one)
        for at, one in enumerate(sections)
    }
    about = {"\x05HwpSummaryInformation": summary("용역 계약서", "총무과")}
    return compound({"FileHeader": head, "DocInfo": packed(told)} | bodies | about | streams)
