"""The main text of a web page, and what the page says of its own use."""

import re
from dataclasses import dataclass
from typing import Final

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

_ASIDE: Final = [
    "nav", "header", "footer", "aside", "form", "button", "select", "iframe", "dialog",
    "[role=navigation]", "[role=banner]", "[role=contentinfo]", "[role=search]",
    "[class*=breadcrumb]", "[class*=navbar]", "[class*=navheader]", "[class*=navfooter]", "[class*=pagination]",
    "[class*=paging]", "[class*=sidebar]", "[class*=cookie]", "[class*=related]", "[class*=share]", "[class*=banner]",
    # What Korean sites call their menus: global, local, side and top navigation, quick menu, family sites.
    "[id*=gnb]", "[id*=lnb]", "[id*=snb]", "[id*=tnb]", "[class*=gnb]", "[class*=lnb]", "[class*=snb]",
    "[class*=quick_menu]", "[class*=quickmenu]", "[class*=family_site]", "[class*=familysite]", "[class*=copyright]",
    "[class*=skip_nav]", "[class*=skipnav]", "[class*=location]", "[class*=print_area]", "[id=footer]", "[id=header]",
]  # fmt: skip
_NO_AI: Final = frozenset({"noai", "noml", "nollm", "notrain"})
_CC: Final = re.compile(
    r"creativecommons\.org/licenses/([a-z-]+)/(\d\.\d)|creativecommons\.org/publicdomain/zero/(1\.0)"
)
_KOGL: Final = re.compile(
    r"공공누리[^<>]{0,40}?제?\s*([0-4])\s*유형(?:[^<>]{0,20}?(AI|인공지능)\s*\)?\s*유형)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a page holds and says."""

    text: str
    url: str = ""
    fetched: str = ""
    opt_out: str = ""
    licence: str = ""


def page_of(html: str, headers: dict[str, str] | None = None) -> Page:
    """Return the main text of a page and what it says of itself; `headers` are those it came with, in lower case."""
    tree = HTMLTree.parse(html)
    text = extract_plain_text(
        tree,
        main_content=True,
        alt_texts=False,
        preserve_formatting=True,
        list_bullets=False,
        skip_elements=_ASIDE,
    )
    return Page(
        text=text.strip(),
        url=_canonical(tree),
        opt_out=opt_out_of(tree, headers or {}),
        licence=licence_of(html),
    )


def opt_out_of(tree: HTMLTree, headers: dict[str, str]) -> str:
    """Return how the page keeps itself from training: by TDM reservation (W3C TDMRep), by `noai`, or not at all."""
    said = {name: headers.get(name, "") for name in ("tdm-reservation", "x-robots-tag")}
    for meta in tree.head.query_selector_all("meta[name]") if tree.head else ():
        said[(meta.getattr("name") or "").lower()] = meta.getattr("content") or ""
    if said["tdm-reservation"].strip() == "1":
        return "tdm"
    words = re.split(r"[\s,;:]+", f"{said['x-robots-tag']},{said.get('robots', '')}".lower())
    return "noai" if _NO_AI & set(words) else ""


def licence_of(html: str) -> str:
    """Return the licence that the page shows: a Creative Commons link, or a mark of 공공누리 (KOGL)."""
    if (mark := _KOGL.search(html)) is not None:
        return f"KOGL-{mark[1]}+AI" if mark[2] else f"KOGL-{mark[1]}"
    if (link := _CC.search(html)) is not None:
        return f"CC0-{link[3]}" if link[3] else f"CC-{link[1].upper()}-{link[2]}"
    return ""


def _canonical(tree: HTMLTree) -> str:
    link = tree.head.query_selector("link[rel=canonical]") if tree.head else None
    return (link.getattr("href") or "") if link else ""
