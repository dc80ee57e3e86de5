"""Invents people, addresses, companies and sentences around them. Everything is drawn anew in every epoch."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

from training.corpus import Example
from training.lexicons import HERE, Lexicons, words

_SLOT = re.compile(r"\{([A-Za-z])\}")


def _lines(name: str) -> list[str]:
    text = (Path(HERE) / "templates" / f"{name}.txt").read_text("utf-8")
    return [line.replace("\\n", "\n").replace("\\t", "\t") for line in text.splitlines() if line]


class Maker:
    """Draws from lexicons with one random source."""

    def __init__(self, lexicons: Lexicons, random: Random) -> None:
        self.lex, self.random = lexicons, random
        self._cities = words("cities_zh")
        self._provinces = words("provinces_zh")
        self._road = words("road_characters")[0]
        self._trades, self._forms = words("trades_zh"), words("company_forms_zh")
        self._brands_en = [b.replace("-", " ") for b in words("brands_en")]
        self._brands_zh, self._eponyms_zh = words("brands_zh"), words("eponyms_zh")
        self._eponyms_en, self._capital = words("eponyms_en"), words("words_capital")
        self._months, self._tools, self._camel = words("months_en"), words("tools"), words("camel")
        self._nations, self._syllables = words("nationalities"), words("syllables")
        self._rulers_zh = [word for word in words("rulers_zh") if len(word) > 1]
        self._products = {True: words("products_zh"), False: [w.replace("-", " ") for w in words("products_en")]}
        self._works = {True: words("works_zh"), False: words("works_en")}
        self._street_names = [street.replace("-", " ") for street in words("streets_en")]
        self._street_kinds, self._states = words("street_kinds_en"), words("states_en")
        self._templates = {name: _lines(name) for name in ("zh", "en", "negatives_zh", "negatives_en")}

    def _pick(self, items: list[str] | str | tuple[str, ...]) -> str:
        return self.random.choice(items)

    def _chance(self, p: float) -> bool:
        return self.random.random() < p

    # -- people

    def zh_name(self) -> str:
        """A Chinese name: mostly surname and one or two characters, sometimes a known or a transliterated one."""
        draw = self.random.random()
        if draw < 0.12:
            return self._pick(self.lex.zh_names)
        if draw < 0.19:
            return self.zh_foreign()
        if draw < 0.205:
            return self._pick(self._rulers_zh)
        kind = self.random.random()
        common, rare, double = self.lex.surnames
        surname = self._pick(common) if kind < 0.6 else self._pick(rare) if kind < 0.93 else self._pick(double)
        size = self.random.choices((1, 2, 3), (26, 71, 3))[0]
        return surname + "".join(
            self._pick(self.lex.given) if self._chance(0.65) else self._pick(self.lex.rare_given) for _ in range(size)
        )

    def zh_foreign(self) -> str:
        """A transliterated name, of one part or two."""
        parts = [self._pick(self.lex.zh_foreign) for _ in range(1 if self._chance(0.35) else 2)]
        return "·".join(parts)

    def first(self) -> str:
        return self._pick(self.lex.first)

    def last(self) -> str:
        return self._pick(self.lex.last)

    def en_name(self) -> str:
        """A name in Latin letters, in one of the ways that people write names."""
        if self.lex.historic and self._chance(0.05):
            return self._pick(self.lex.persons if self.lex.persons and self._chance(0.6) else self.lex.historic)
        first, last, draw = self.first(), self.last(), self.random.random()
        if draw < 0.58:
            return f"{first} {last}"
        if draw < 0.76:
            return first
        if draw < 0.83:
            return f"{first} {self._pick('ABCDEFGHJKLMNPRSTW')}. {last}"
        if draw < 0.87:
            return f"{last}, {first}"
        if draw < 0.91:
            return f"{first} {self.first()} {last}"
        if draw < 0.94:
            return f"{first[0]}. {last}"
        if draw < 0.96:
            return f"{first} {last}-{self.last()}"
        if draw < 0.98:
            return last
        return f"{first} {last}".upper()

    # -- places

    def zh_address(self) -> str:
        """A Chinese postal address, from province to room, with parts left out."""
        pick, chance, number = self._pick, self._chance, lambda most: str(self.random.randint(1, most))
        if chance(0.12):
            return self._zh_village()
        road = "".join(pick(self._road) for _ in range(self.random.choice((2, 2, 2, 3, 3))))
        out = pick(self._provinces) if chance(0.35) else ""
        out += pick(self._cities) + pick(("市", "市", "")) if chance(0.85) else ""
        if chance(0.8):
            out += pick(self._road) + pick(self._road + "安") + pick(("区", "区", "县", "新区", "开发区", "镇", "街道"))
        out += road + pick(("路", "路", "街", "大道", "巷", "弄", "东路", "北路", "西街", "胡同", "村"))
        out += number(2000) + pick(("号", "号", "号院", "弄", ""))
        if chance(0.5):
            out += "".join(pick(self._road) for _ in range(self.random.choice((2, 2, 3))))
            out += pick(("花园", "小区", "大厦", "公寓", "苑", "城", "家园", "广场", "新村", "国际", "中心", "府"))
        if chance(0.6):
            out += number(40) + pick(("号楼", "栋", "幢", "座", "#", "-", "楼"))
            out += number(6) + pick(("单元", "-", "门")) if chance(0.5) else ""
            out += number(3300) + pick(("室", "", "号", "房"))
        return out

    def _zh_village(self) -> str:
        """A country address, or one in a real district, a campus, an industrial park, with or without a postcode."""
        pick, chance, number = self._pick, self._chance, lambda most: str(self.random.randint(1, most))
        places = self.lex.zh_places
        out = pick(self._provinces) if chance(0.5) else ""
        out += next((p for p in (pick(places) for _ in range(40)) if p[-1] in "市区县旗州"), "海淀区")
        name = "".join(pick(self._road) for _ in range(2))
        out += name + pick(("镇", "乡", "街道", "工业园", "开发区", "大学城", "路"))
        name = "".join(pick(self._road) for _ in range(2))
        out += name + pick(("村", "社区", "屯", "庄", "大道", "路", "园区", "小区"))
        if chance(0.7):
            out += number(200) + pick(("号", "组", "队", "栋", "号院"))
        if chance(0.4):
            out += pick("ABCDEF东西南北") + pick(("座", "区", "门", "楼")) + number(30) + pick(("层", "室", "号", "楼"))
        if chance(0.1):
            out += pick((" ", ",邮编", "(邮编:", "，")) + f"{self.random.randint(100000, 859999)}"
        return out

    def en_address(self) -> str:
        """A western address, of one line or several: plain American and British ones, and as Faker's locales write."""
        draw = self.random.random()
        if draw < 0.35:
            return self._plain_address()
        if draw < 0.6:
            return self._european_address()
        value = self._pick(self.lex.streets) if self._chance(0.45) else self._pick(self.lex.addresses)
        return value.replace("\n", self._pick((", ", ", ", " ", "\n")))

    def _european_address(self) -> str:
        """As people write them in German, French, Spanish, Italian and Dutch."""
        pick, chance, r = self._pick, self._chance, self.random.randint
        number = str(r(1, 240)) + (pick("abcB") if chance(0.12) else "")
        town = pick(self.lex.towns)
        name = pick((self.last(), self.last(), pick(self._street_names), self.first()))
        draw = r(0, 4)
        glue = pick((", ", ", ", ", ", " ", "\n"))
        code = f"{r(1000, 99999):05d} "
        if draw == 0:
            street = name.rstrip("s") + pick(("straße", "str.", "strasse", "weg", "gasse", "allee", "platz", "ring"))
            street = pick((street, street, f"Am {name}", f"{name}er Straße", f"Unter den {name}")) + f" {number}"
            return street + (glue + pick(("", "", "D-", "A-")) + code + town if chance(0.7) else "")
        if draw == 1:
            kind = pick(("rue", "avenue", "boulevard", "place", "chemin", "allée", "impasse", "quai"))
            kind = kind.capitalize() if chance(0.25) else kind
            street = f"{number}{pick((', ', ' ', ' bis '))}{kind} {pick(('de ', 'de la ', 'du ', 'des ', ''))}{name}"
            return street + (glue + code + town + pick(("", "", " Cedex")) if chance(0.7) else "")
        if draw == 2:
            kind = pick(("Calle", "C/", "Avda.", "Avenida", "Paseo", "Plaza", "Ronda", "Camino", "Travesía"))
            street = (
                f"{kind} {pick(('', 'de ', 'del ', 'de la ', 'San ', 'Dr. '))}{name}{pick((', ', ' ', ' nº '))}{number}"
            )
            floor = pick((f", {r(1, 9)}º {pick('ABCD')}", f" {r(1, 9)}{pick('ABCDEF')}", f", piso {r(1, 9)}", ""))
            return street + floor + (glue + code + town if chance(0.6) else "")
        if draw == 3:
            street = f"{pick(('Via', 'Viale', 'Piazza', 'Corso', 'Largo', 'Vicolo'))} {name}{pick((', ', ' ', ' n. '))}{number}"
            return street + (glue + code + town + pick(("", f" ({pick('BMRT')}{pick('AOIE')})")) if chance(0.7) else "")
        street = f"{name.lower().capitalize()}{pick(('straat', 'laan', 'weg', 'plein', 'gracht', 'kade'))} {number}"
        dutch = f"{r(1000, 9999)} {pick('ABCDGH')}{pick('KLMPRT')} "
        return street + (glue + dutch + town if chance(0.7) else "")

    def _plain_address(self) -> str:
        pick, chance, r = self._pick, self._chance, self.random.randint
        if chance(0.05):
            box = pick(("PO Box", "P.O. Box", "Post Office Box", "PMB"))
            return f"{box} {r(1, 9999)}, {pick(self.lex.towns)}, {pick(self._states)} {r(1000, 99999):05d}"
        name = pick(self._street_names) if chance(0.6) else self.last()
        side = pick(("N ", "S ", "E ", "W ", "North ", "West ")) if chance(0.15) else ""
        out = f"{r(1, 99) if chance(0.4) else r(100, 19999)} {side}{name} {pick(self._street_kinds)}"
        if chance(0.3):
            unit = pick(("Apt", "Apt.", "Suite", "Unit", "#", "Flat", "Floor")) + pick((" ", " ", ""))
            out = f"{unit}{r(1, 990)}, {out}" if chance(0.2) else f"{out}{pick((', ', ' '))}{unit}{r(1, 990)}"
        if chance(0.6):
            letters = "ABCDEFGHJKLMNPRSTUWY"
            british = f"{pick(letters)}{pick(letters)}{r(1, 20)} {r(1, 9)}{pick(letters)}{pick(letters)}"
            american = f"{pick(self._states)} {r(1000, 99999):05d}"
            code = "" if chance(0.2) else " " + british if chance(0.3) else ", " + american
            out += pick((", ", ", ", " ", "\n")) + pick(self.lex.towns) + code
        return out

    def _made_word(self) -> str:
        return "".join(self._pick(self._syllables) for _ in range(self.random.choice((2, 2, 3))))

    def zh_place(self) -> str:
        return self._pick(self.lex.zh_places) if self._chance(0.6) else self._pick(self._cities)

    # -- organisations

    def zh_organisation(self) -> str:
        pick, draw = self._pick, self.random.random()
        if draw < 0.2:
            return pick(self.lex.zh_orgs)
        core = "".join(pick(self.lex.given + list(self._road)) for _ in range(self.random.choice((2, 2, 3, 4))))
        if draw < 0.65:
            return (
                (pick(self._cities) + pick(("", "市", "")) if self._chance(0.8) else "")
                + core
                + pick(self._trades)
                + pick(self._forms)
            )
        if draw < 0.82:
            kinds = ("医院", "中学", "小学", "大学", "图书馆", "法院", "公安局", "税务局", "银行", "派出所", "幼儿园")
            rank = ("第一", "第二", "人民", "中心", "儿童", "实验", "外国语", "")
            return pick(self._cities) + pick(("市", "")) + pick(rank) + pick(kinds)
        kinds = ("集团", "科技", "资本", "银行", "证券", "保险", "大学", "医院", "律师事务所", "基金", "传媒")
        return core[:2] + pick(kinds)

    # -- sentences

    def _number(self) -> str:
        draw, r = self.random.random(), self.random.randrange
        if draw < 0.3:
            return str(r(1, 100))
        if draw < 0.55:
            return str(r(100, 10_000_000))
        if draw < 0.7:
            return f"{r(1, 99999):,}.{r(100):02d}"
        if draw < 0.85:
            return "".join(self._pick("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789") for _ in range(r(5, 18)))
        return f"{r(30)}.{r(30)}.{r(30)}"

    def _date(self) -> str:
        y, m, d = self.random.randint(1940, 2027), self.random.randint(1, 12), self.random.randint(1, 28)
        return self._pick(
            (f"{y}-{m:02d}-{d:02d}", f"{y}年{m}月{d}日", f"{d}/{m}/{y}", f"{self._pick(self._months)} {d}")
        )

    def _slot(self, slot: str, zh: bool) -> tuple[str, str]:
        """What fills a slot, and its label ("" for none)."""
        pick, lex = self._pick, self.lex
        match slot:
            case "P":
                mixed = self._chance(0.04)
                return (self.zh_name() if zh != mixed else self.en_name()), "PERSON"
            case "F":
                return self.first(), "PERSON"
            case "S":
                return self.last(), "PERSON"
            case "A":
                return (self.zh_address() if zh else self.en_address()), "ADDRESS"
            case "O":
                return (self.zh_organisation() if zh else pick(lex.companies)), "ORG"
            case "L":
                return (self.zh_place() if zh else pick(lex.towns)), "LOCATION"
            case "B":
                return pick(self._brands_en), "ORG"
            case "Y":
                return pick(self._brands_zh), "ORG"
            case "N":
                return self._number(), ""
            case "D":
                return self._date(), "DATE"
            case "X":
                traps = self._chance(0.6)
                return (
                    pick(lex.zh_traps) if traps else lex.zh_words[int(len(lex.zh_words) * self.random.random() ** 2)]
                ), ""
            case "V":
                return self._thing(zh), ""
            case "R":
                return pick(self._products[zh]), ""
            case "J":
                return pick(self._works[zh]), ""
            case "K":
                return pick(self._eponyms_zh), ""
            case "I":
                return pick(lex.zh_idioms), ""
            case "E":
                return pick(self._eponyms_en), ""
            case "H":
                return pick(lex.german_nouns), ""
            case "M":
                return pick(self._months), ""
            case "T":
                return pick(self._tools), ""
            case "G":
                return pick(self._nations), "NRP"
            case "Z":
                return self._made_word().capitalize(), ""
            case "z":
                return self._made_word(), ""
            case "U":
                return "".join(pick("ABCDEFGHIKLMNOPRSTUVWX") for _ in range(self.random.randint(2, 5))), ""
            case "C":
                return pick(self._camel), ""
            case "w":
                return lex.en_words[int(len(lex.en_words) * self.random.random())], ""
            case "W" if zh:
                return pick(lex.zh_traps if self._chance(0.4) else lex.zh_words[:8000]), ""
            case "W":
                return (pick(self._capital) if self._chance(0.5) else pick(lex.en_words).capitalize()), ""
        raise ValueError(f"template slot {slot!r} is not known")

    def _thing(self, zh: bool) -> str:
        """What has a name and is nobody: a plant, a dish, a tool; in English often with capitals."""
        if zh:
            return self._pick(self.lex.zh_things)
        value, draw = self._pick(self.lex.things), self.random.random()
        return value.title() if draw < 0.4 else value.capitalize() if draw < 0.6 else value

    def fill(self, template: str, zh: bool) -> Example:
        """A template with its slots filled."""
        out, marks, position, size = [], [], 0, 0
        for slot in _SLOT.finditer(template):
            before = template[position : slot.start()]
            value, label = self._slot(slot[1], zh)
            size += len(before)
            if label:
                marks.append((size, size + len(value), label))
            size += len(value)
            out += [before, value]
            position = slot.end()
        out.append(template[position:])
        return Example("".join(out), tuple(marks))

    def sentence(self) -> Example:
        """One invented text: one to four templates of one language, sometimes with prose between them."""
        zh = self._chance(0.5)
        kinds = ("zh", "negatives_zh") if zh else ("en", "negatives_en")
        example = self._one(kinds, zh)
        while self._chance(0.35):
            example = _joined(example, self._one(kinds, zh), self._pick(("\n", " ", "\n\n", "" if zh else " ")))
        return example

    def _one(self, kinds: tuple[str, str], zh: bool) -> Example:
        if self._chance(0.12):
            return Example(self._pick(self.lex.prose), ())
        return self.fill(self._pick(self._templates[kinds[self._chance(0.4)]]), zh)

    # -- real sentences with other people in them

    def redrawn(self, example: Example) -> Example:
        """The same sentence about other people: names (six of ten), Chinese addresses and companies drawn anew."""
        known: dict[tuple[str, str], str] = {}
        out, marks, position, size = [], [], 0, 0
        for start, end, label in sorted(example.marks):
            if start < position:
                continue
            old = example.text[start:end]
            if (label, old) not in known:
                known[label, old] = self._replacement(old, label)
            new = known[label, old]
            before = example.text[position:start]
            size += len(before)
            marks.append((size, size + len(new), label))
            size += len(new)
            out += [before, new]
            position = end
        out.append(example.text[position:])
        return Example("".join(out), tuple(marks))

    def _replacement(self, old: str, label: str) -> str:
        han = re.search(r"[\u4e00-\u9fff]", old) is not None
        if label == "PERSON" and self._chance(0.6):
            if (
                len(old) < 5 and sum(c.isalpha() for c in old) == 1 and not han
            ):  # a party of which only a letter is told
                return "".join(self._pick("ABCDEFGHIJKLMNOPRSTUVWZ") if c.isalpha() else c for c in old)
            if not han:
                return self._en_like(old)
            if "·" in old or "・" in old:
                return self.zh_foreign() if self._chance(0.5) else old
            return self.zh_name() if len(old) > 1 else old
        if label == "ADDRESS" and han and self._chance(0.5):
            return self.zh_address()
        if label == "ORG" and han and self._chance(0.15):
            return self.zh_organisation()
        if label == "LOCATION" and self._chance(0.2) and len(old) > 1:
            return self.zh_place() if han else self._pick(self.lex.towns)
        return old

    def _en_like(self, old: str) -> str:
        parts = old.split()
        if not old[:1].isupper() or len(parts) > 3:
            return old
        if len(parts) == 1:
            return self.first() if self._chance(0.6) else self.last()
        if len(parts) == 2:
            return f"{self.last()}, {self.first()}" if "," in old else f"{self.first()} {self.last()}"
        return f"{self.first()} {parts[1] if len(parts[1]) < 3 else self.first()} {self.last()}"


def _joined(a: Example, b: Example, glue: str) -> Example:
    shift = len(a.text) + len(glue)
    return Example(a.text + glue + b.text, a.marks + tuple((s + shift, e + shift, label) for s, e, label in b.marks))
