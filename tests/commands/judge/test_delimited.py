from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.commands.judge import delimited
from pipeline.commands.judge.table import ResultsError

PLAIN = "optimizer,seed,loss\nadam,1,0.5\nsgd,1,0.25\n"
COLUMNS = {"optimizer": ["adam", "sgd"], "seed": ["1", "1"], "loss": ["0.5", "0.25"]}


@pytest.mark.parametrize(
    "content",
    {
        "commas": PLAIN.encode(),
        "a byte order mark": codecs.BOM_UTF8 + PLAIN.encode(),
        "Windows' line ends": PLAIN.replace("\n", "\r\n").encode(),
        "old line ends": PLAIN.replace("\n", "\r").encode(),
        "no last line end": PLAIN.rstrip().encode(),
        "tabs": PLAIN.replace(",", "\t").encode(),
        "Excel's Unicode text": PLAIN.replace(",", "\t").encode("utf-16"),
        "semicolons": PLAIN.replace(",", ";").encode(),
        "decimal commas": PLAIN.replace(",", ";").replace(".", ",").encode(),
        "Excel's hint": b"sep=;\n" + PLAIN.replace(",", ";").encode(),
        "a bar, with Excel's hint": b"sep=|\n" + PLAIN.replace(",", "|").encode(),
        "spaces around": PLAIN.replace(",", " , ").encode(),
        "quotation marks": b'"optimizer","seed","loss"\n"adam","1","0.5"\n"sgd","1","0.25"\n',
        "comments and blank lines": b"# made by hand\n\n" + PLAIN.replace("sgd", "\n# half way, yes\n,,\nsgd").encode(),
        "empty columns at the end": PLAIN.replace("\n", ",\n").encode(),
        "an index without a name": b",optimizer,seed,loss\n0,adam,1,0.5\n1,sgd,1,0.25\n",
    }.values(),
)
def test_the_same_table_however_it_is_written(content: bytes) -> None:
    assert delimited.parse(content).columns == COLUMNS


def test_what_was_found_out_is_said() -> None:
    content = b"# by hand\noptimizer;loss\nadam;0,5\n"
    assert delimited.parse(content).read == ("separated by ';'", "decimal commas", "1 comment line left out")
    assert delimited.parse(PLAIN.encode()).read == ()


def test_lines_are_those_of_the_file() -> None:
    content = b'# c\noptimizer,note,loss\n\nadam,"two\nlines",1\n#\nsgd,,2\n'
    assert delimited.parse(content).numbers == [4, 7]


def test_a_comma_in_a_header_does_not_make_it_the_separator() -> None:
    assert list(delimited.parse(b"optimizer;acc, in %;seed\nadam;50,5;1\n").columns) == [
        "optimizer",
        "acc, in %",
        "seed",
    ]


def test_points_and_decimal_commas_in_one_column_are_left_as_they_are() -> None:
    table = delimited.parse(b"optimizer;loss\nadam;1.234\nsgd;0,5\n")
    with pytest.raises(ResultsError, match=r"line 3: loss is '0,5', a number is needed \(with a point, not a comma\)"):
        table.number("loss", 1)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"# nothing\n", "the file is empty"),
        (b"a,b\n", "there is a header, but no rows. Found: 'a' and 'b'"),
        (b"a,b\n1,2\n1,2,3\n", "line 3 has 3 cells, the header has 2"),
        (b"a,b\n1,2\n\n3\n", "line 4 has 1 cell, the header has 2"),
        (b'a,b\n1,"2\n3,4\n', "line 2: this is not a CSV"),
        (b"a,b\n1,\xff\n", "line 2 is not text in UTF-8"),
        (b"a,b\n1,\0\n", "it holds zero bytes"),
        (b"a,b,a \n1,2,3\n", r"2 columns are called 'a' \(1 and 3\)"),
        ("a,\u00e9,e\u0301\n1,2,3\n".encode(), r"2 columns are called '\u00e9' \(2 and 3\)"),
    ],
)
def test_no_table(content: bytes, said: str) -> None:
    with pytest.raises(ResultsError, match=said):
        delimited.parse(content)


def test_a_cell_may_be_longer_than_the_libraries_limit() -> None:
    long = "x" * 200_000
    assert delimited.parse(f"optimizer,{long}\nadam,{long}\n".encode()).columns == {"optimizer": ["adam"], long: [long]}


@given(st.binary(max_size=200))
def test_any_bytes_are_a_table_or_one_sentence(content: bytes) -> None:
    try:
        table = delimited.parse(content)
    except ResultsError:
        return
    assert all(len(column) == len(table.numbers) for column in table.columns.values())
