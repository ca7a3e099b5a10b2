#!/usr/bin/env python3
"""Writes examples.tsv: every example number of libphonenumber's metadata, as Google's formatter writes it.

    pip install phonenumbers && python3 generate.py > examples.tsv

Columns: region (001 where a calling code belongs to no country), type, E.164, international, national,
region that the number counts as (of those that share its calling code).
"""
import phonenumbers as p

TYPES = {value: name for name, value in vars(p.PhoneNumberType).items() if isinstance(value, int)}


def rows():
    for region in sorted(p.SUPPORTED_REGIONS):
        for kind, name in sorted(TYPES.items()):
            yield region, name, p.example_number_for_type(region, kind)
    for code in sorted(p.COUNTRY_CODES_FOR_NON_GEO_REGIONS):
        for kind, name in sorted(TYPES.items()):
            metadata = p.PhoneMetadata.metadata_for_nongeo_region(code)
            description = p.phonenumberutil._number_desc_by_type(metadata, kind)
            if description and description.example_number:
                yield "001", name, p.parse(f"+{code}{description.example_number}")


print(f"# libphonenumber {p.__version__}, by PyPI's phonenumbers")
for region, kind, number in rows():
    if number is not None:
        forms = [p.format_number(number, form) for form in
                 (p.PhoneNumberFormat.E164, p.PhoneNumberFormat.INTERNATIONAL, p.PhoneNumberFormat.NATIONAL)]
        print("\t".join([region, kind, *forms, p.region_code_for_number(number) or ""]))
