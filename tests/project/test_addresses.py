"""What an address shows of itself."""

from __future__ import annotations

import pytest

from pipeline.project.addresses import as_link, shown, without_secrets


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("postgresql://user:secret@host/db", "postgresql://***@host/db"),
        ("postgresql://user:p@ss4w/rd@host/db", "postgresql://***@host/db"),
        ("postgresql+psycopg2://user:pass word@host:5432/db", "postgresql+psycopg2://***@host:5432/db"),
        ("https://user@host/", "https://***@host/"),
        ("https://:secret@host/", "https://***@host/"),
        ("https://host/a.tar.gz?token=secret", "https://host/a.tar.gz?token=***"),
        ("mysql://host/db?user=me&password=secret#x", "mysql://host/db?user=***&password=***#x"),
        ("https://host/?secret", "https://host/?***"),
        ("https://user:a?b@host/?password=c", "https://***@host/?password=***"),
        ("https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz", None),
        ("https://host/@group/a.tar.gz", None),
        ("http://127.0.0.1:5000", None),
        ("sqlite:////home/me@work/a:b/mlflow.db", None),
        ("data/me@work:x?y=z", None),
    ],
)
def test_an_address_shows_neither_user_nor_password_nor_values(address: str, expected: str | None) -> None:
    assert shown(address) == (expected or address)


def test_a_link_has_no_user_whom_a_browser_would_send() -> None:
    assert as_link("http://me:secret@127.0.0.1:5000/a") == "http://127.0.0.1:5000/a"
    assert as_link("https://host/?token=secret") == "https://host/?token=***"


@pytest.mark.parametrize(
    "text",
    [
        "could not connect to {address}",
        'FATAL: password authentication failed for "p@ss4w/rd"',
        "password=p%40ss4w%2Frd host=host",
        "refused: https://other:p4ss@elsewhere/ and {address}",
        "token t0ken is out of date",
        "return character(s) in header value: 'Bearer p4ss\\nt0ken'",
    ],
)
def test_an_error_holds_no_secret_in_whatever_form(text: str) -> None:
    address = "postgresql://user:p%40ss4w%2Frd@host/db?sslpassword=t0ken"
    found = without_secrets(text.format(address=address), address)
    for secret in ("p@ss", "p%40ss", "p4ss", "t0ken", "4w"):
        assert secret not in found
    assert "***" in found
