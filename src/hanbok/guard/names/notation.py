"""Korean names as they are seldom written: syllables apart (`홍 길 동`, `홍-길-동`), in Hanja, in Latin letters."""

import re
from collections.abc import Iterator
from typing import Final

from hanbok.guard.names.lexicon import FREQUENT, GIVEN, GIVEN_RARE, Lexicon
from hanbok.guard.names.words import COMMON_SURNAMES, DOUBLE_SURNAMES, SURNAMES, suffix_kind

_GAP = r"(?: {1,2}|[.·ㆍ‧・\-‐‑–_]| [·ㆍ-] )"
_FIRST = "".join(sorted(SURNAMES | {one[1] for one in DOUBLE_SURNAMES}))
_SPLIT: Final = re.compile(rf"[{_FIRST}](?=({_GAP})([가-힣])(?:\1([가-힣]))?(?:\1([가-힣]))?([가-힣]{{0,5}}))")
"""Looks ahead only, so that every syllable gets its turn."""

_HANJA_SURNAMES = (
    "金李朴崔鄭姜趙尹張林韓吳徐申權黃安宋全洪柳劉高文梁孫裵裴白許南沈盧河郭成車朱禹具閔羅陳池嚴蔡元千方孔玄咸卞廉呂秋都蘇石宣薛馬吉延魏表明奇潘王琴玉陸印孟諸卓鞠魚殷片龍芮慶奉史夫賈卜太睦邢皮杜甘賓"
)
_HANJA_GIVEN = (
    "民敏旻珉玟秀洙壽守水英榮永泳映瑛暎領鐵喆哲徹智志池芝之知枝勳薰訓勛成聖星晟盛誠性浩鎬鎭虎昊湖好俊峻準濬駿埈宇祐佑雨羽友賢鉉炫玄顯珍眞振進辰晉瑞書緖序徐姸娟蓮然淵延演恩銀隱殷珠周柱宙株惠慧彗京慶景卿敬璟"
    "尙尚相祥翔常象東童桐動元源遠圓媛瑗苑載在宰才材栽泰太兌態允潤胤奫道到度燾夏河賀霞厦娜那羅來萊多茶仁寅麟璘仁隣鱗基起奇琪箕琦紀氣吉佶順淳舜純醇順善宣璇鮮仙先正廷貞靜晶情楨汀政靖禎姬熙喜希禧嬉熹憙子慈紫玆淑"
    "肅琡叔美嬪彬斌斌炳秉丙昞柄鍾宗鐘種昌彰暢蒼光廣洸洪弘泓鴻國局龍容鎔勇用庸根槿瑾根植湜軾埴式燮涉葉完煥桓歡奐換煥洹基圭奎揆珪規甲福馥復奉鳳峰烽萬滿德悳炅憬均鈞奎學鶴赫爀革奕必弼畢律栗率率烈列悅說文紋汶斗杜豆大代"
    "孝曉效義宜儀毅禮藝叡睿豫娥雅我阿芽妍彦言彥應膺益翼翊重中仲忠春椿秋夕雪朱朱州洲柱周彩采埰寀采宷淳諄詢舜瞬錫碩奭晳石承昇勝丞升時詩是始信新伸申紳愼臣日一逸佾鎰壹子自宰載在才哉"
    "蘭欄卵梅花華和禾化玉沃鈺燦贊璨瓚粲澈轍撤柔裕有侑柳兪維惟唯洧誾隱垠慇彬玭斌芳邦房防昉範凡帆汎範吾五午梧旿梧悟"
)
_IDEOGRAPH = r"[\u3400-\u9fff\uf900-\ufaff]"
_HANJA: Final = re.compile(
    rf"(?<!{_IDEOGRAPH})(?:[{_HANJA_SURNAMES}]|南宮|皇甫|諸葛|鮮于|獨孤|司空){_IDEOGRAPH}{{1,2}}(?!{_IDEOGRAPH})"
)
_HANJA_LETTERS: Final = frozenset(_HANJA_GIVEN)

_LATIN_SURNAMES = (
    "Kim|Gim|Lee|Yi|Rhee|Park|Bak|Pak|Choi|Choe|Jung|Jeong|Chung|Kang|Gang|Cho|Jo|Yoon|Yun|Jang|Chang|Lim|Im|Rim|Han|Oh|Seo|Suh|Shin|Sin|"
    "Kwon|Gwon|Hwang|Ahn|An|Song|Hong|Yoo|Yu|Ryu|You|Ko|Koh|Go|Moon|Mun|Yang|Son|Sohn|Bae|Baek|Paik|Heo|Hur|Huh|Nam|Shim|Sim|Noh|No|Roh|Ha|"
    "Kwak|Gwak|Sung|Seong|Cha|Joo|Ju|Chu|Woo|Koo|Gu|Min|Na|Jin|Ji|Chi|Eom|Um|Chae|Won|Cheon|Chun|Bang|Kong|Gong|Hyun|Hyeon|Ham|Byun|Byeon|"
    "Yeom|Yeo|Do|Namgung|Hwangbo|Jegal|Sunwoo|Seonu"
)
_LATIN_SYLLABLES = (
    "ae|ah|ahn|ah|a|ba|bae|beom|been|bin|bo|bok|bong|bum|byeong|byung|chae|chan|chang|cheol|chul|chun|da|dae|deok|do|dong|duk|eom|eon|eun|ga|gab|"
    "gang|geon|geun|gi|gil|goo|gon|gu|guk|gun|gwan|gwang|gyeong|gyu|ha|hae|hak|han|hee|heon|heung|ho|hong|hoon|hu|hui|hun|hwa|hwan|hwi|hye|hyeok|"
    "hyeon|hyo|hyuk|hyun|hyung|ik|il|in|jae|je|jeong|ji|jin|jo|jong|joo|joon|ju|jun|jung|kang|ki|kil|kon|kook|ku|kuk|kun|kwan|kwang|kyeong|"
    "kyoung|kyu|kyun|kyung|lim|mi|min|mo|moo|moon|mu|mun|my|myeong|myoung|myung|na|nae|nam|no|nu|ok|pil|ra|ran|ri|rin|rok|rye|ryeong|ryong|sam|"
    "sang|se|seo|seob|seok|seol|seon|seong|seop|seul|seung|shi|shik|shin|si|sik|sil|sin|so|sol|song|soo|sook|soon|su|sub|suk|sun|sung|sup|tae|taek|"
    "u|uk|un|ung|wan|wha|won|woo|woong|wook|yang|ye|yea|yeo|yeol|yeon|yeong|yo|yong|yoo|yool|yoon|youn|young|yu|yuk|yul|yun|yung"
)
_LATIN_GIVEN = rf"(?:{_LATIN_SYLLABLES})(?:[- ]?(?:{_LATIN_SYLLABLES}))"
_LATIN: Final = re.compile(
    rf"(?<![A-Za-z])(?:(?:{_LATIN_SURNAMES}),? (?=[A-Z])(?i:{_LATIN_GIVEN})|(?=[A-Z])(?i:{_LATIN_GIVEN}),? (?:{_LATIN_SURNAMES}))(?![A-Za-z])"
)

_CAPITALISED: Final = re.compile("[A-Z][a-z]+,? [A-Z]")
_DOUBLE_APART: Final = re.compile(rf"(?<![가-힣])({'|'.join(sorted(DOUBLE_SURNAMES))}) ([가-힣]{{2}})([가-힣]{{0,5}})")


def split_names(text: str, lexicon: Lexicon) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and the joined spelling of what may be a name with its syllables apart."""
    for match in _SPLIT.finditer(text):
        start = match.start()
        if start and "가" <= text[start - 1] <= "힣":
            continue
        yield from _joined(match, lexicon)
    for match in _DOUBLE_APART.finditer(text):
        if lexicon.kinds(match[2]) & (GIVEN | GIVEN_RARE) and suffix_kind(match[3]):
            yield match.start(), match.end(2), match[1] + match[2]


def _joined(match: re.Match[str], lexicon: Lexicon) -> Iterator[tuple[int, int, str]]:
    surname, (gap, first, second, third, rest) = match[0], match.groups()
    blank = not gap.strip()
    if second and surname + first in DOUBLE_SURNAMES and (third is None or suffix_kind(rest)):
        last = 4 if third and lexicon.kinds(second + third) & (GIVEN | GIVEN_RARE) else 3
        yield match.start(), match.end(last), surname + first + second + (third if last == 4 else "")
    elif second:
        known = first in lexicon.first and second in lexicon.last
        listed = lexicon.kinds(first + second) & (GIVEN | GIVEN_RARE)
        counted = match.string[match.end(3) : match.end(3) + 1].isdigit()
        if known and not counted and (listed or not blank) and (third or suffix_kind(rest)):
            yield match.start(), match.end(3), surname + first + second
    elif surname in SURNAMES and rest and suffix_kind(rest[1:]):
        kind = lexicon.kinds(first + rest[0])
        if kind & GIVEN and not (blank and (kind & FREQUENT or surname not in COMMON_SURNAMES)):
            yield match.start(), match.start(5) + 1, surname + first + rest[0]


def hanja_names(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of names in Hanja: a surname and two letters that names are made of."""
    for match in _HANJA.finditer(text):
        name = match[0]
        if len(name) > 2 and _HANJA_LETTERS.issuperset(name[-2:]):
            yield match.span()


def latin_names(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of romanised names, in either order."""
    if _CAPITALISED.search(text):
        for match in _LATIN.finditer(text):
            yield match.span()
