"""Pictures for slides: 16:9, each with a title of its own."""

from __future__ import annotations

from matplotlib.image import imread

from pipeline.reporting import report, slides
from pipeline.reporting.items import Picture


def test_every_main_figure_is_a_slide_of_16_to_9(results, tmp_path) -> None:
    written = slides.write(results, tmp_path)
    main = [item for item in report.items(results) if isinstance(item, Picture)]
    assert [path.stem for path in written] == [picture.name for picture in main]
    assert {imread(path).shape[:2] for path in written} == {(1080, 1920)}
    titles = [picture.title for picture in main]
    assert all(title and not title.endswith(".") for title in titles)
    assert len(set(titles)) == len(titles)
