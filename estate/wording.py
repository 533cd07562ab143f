"""How people elsewhere write what the ERP calls an article: its number, its name, its barcode."""

from random import Random

_ZERO_WIDTH_SPACE = "\u200b"
_LABEL_LENGTH = 40


def spelled(rng: Random, sku: str, own_code: str) -> str:
    """An article number as a shop types it: mostly alike, some otherwise, some its own code."""
    chance = rng.random()
    if chance < 0.70:
        return sku
    if chance >= 0.90:
        return own_code
    return rng.choice((
        sku.lower(),
        sku.replace("-", ""),
        sku.replace("-", " "),
        sku.replace("-", "_"),
        f" {sku}",
        f"{sku}  ",
        f"{sku}{_ZERO_WIDTH_SPACE}",
        f"SKU:{sku}",
    ))  # fmt: skip


def barcode(rng: Random, gtin13: str) -> str | None:
    """A GTIN-13 as it is typed in, or none for one in five."""
    if rng.random() >= 0.80:
        return None
    spaced = f"{gtin13[0]} {gtin13[1:7]} {gtin13[7:]}"
    hyphened = f"{gtin13[:3]}-{gtin13[3:8]}-{gtin13[8:12]}-{gtin13[12]}"
    return rng.choices((gtin13, f"0{gtin13}", hyphened, spaced), (70, 15, 8, 7))[0]


def titled(rng: Random, name: str) -> str:
    """An article's name as a shop sells it; `name` is kind, noun, colour, grams and `g`."""
    kind, noun, colour, grams, _ = name.split()
    if rng.random() < 0.25:
        kind, colour = rng.choice(((_short(kind), colour), (kind, _short(colour))))
    title = rng.choice((
        f"{noun} {kind}, {colour} ({grams}g)",
        f"{kind} {noun} {grams} g {colour}",
        f"{colour.title()} {noun} {kind} - {grams}g",
        f"{kind} {noun} in {colour}, {grams} g",
    ))  # fmt: skip
    title = rng.choice((str, str, str.upper, str.lower))(title)
    return rng.choice(("{}", "{}", "NEW! {}", "Bestseller: {}", "{} | Top quality")).format(title)


def labelled(rng: Random, name: str) -> str:
    """An article's name as a warehouse prints it: the noun first, capitals, words cut short."""
    kind, noun, colour, grams, _ = name.split()
    words = [word if rng.random() < 0.5 else _short(word) for word in (kind, colour)]
    return " ".join((noun, *words, f"{grams}G")).upper()[:_LABEL_LENGTH].rstrip()


def _short(word: str) -> str:
    """A word without its vowels, but for the first letter."""
    return word[0] + "".join(letter for letter in word[1:] if letter not in "aeiou")
