from hanbok.guard.guard import Guard

guard = Guard.load()


def find(text: str) -> list[tuple[int, int, str]]:
    return [(one.start, one.end, one.kind) for one in guard.find(text)]
