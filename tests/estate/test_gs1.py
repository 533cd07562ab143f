"""Check digits against numbers published by GS1."""

from estate import Estate
from estate.gs1 import check_digit, gtin13, gtin14, sscc18


def test_check_digits_match_published_examples() -> None:
    assert check_digit("629104150021") == "3"  # GS1's own example of a GTIN-13
    assert check_digit("37610425002123456") == "9"  # and of an SSCC


def test_a_case_has_a_check_digit_of_its_own() -> None:
    each = gtin13(10)
    assert gtin14(each, 0) == "0" + each
    assert gtin14(each, 1)[:13] == "1" + each[:12]
    assert gtin14(each, 1)[-1] == check_digit(gtin14(each, 1)[:13])


def test_every_code_in_the_estate_is_valid_and_unique(estate: Estate) -> None:
    truth = estate.truth()
    gtins = [row["gtin14"] for row in truth["products"]]
    parcels = [row["sscc18"] for row in truth["packages"]]
    for code in gtins + parcels:
        assert code[-1] == check_digit(code[:-1])
    assert len(set(gtins)) == len(gtins) and len(set(parcels)) == len(parcels)
    assert {len(code) for code in parcels} == {18} == {len(sscc18(1))}
