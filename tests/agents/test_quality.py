"""Contract §6: a topic that is mostly bad is said so, once, and the worker goes on."""

import pytest

from agents.quality import WINDOW, Quality


def test_a_topic_over_the_limit_is_said_once_and_again_when_it_is_good(capsys: pytest.CaptureFixture[str]) -> None:
    quality = Quality(0.05)
    quality.note({"cadre-reports": 30}, {"cadre-reports": range(30)})
    quality.note({"cadre-reports": 1}, {"cadre-reports": [0]})
    quality.note({"cadre-reports": WINDOW}, {})
    said = capsys.readouterr().err

    assert 1 == said.count("topic.bad")
    assert 1 == said.count("topic.good_again")
    assert 0.0 == quality.share("cadre-reports")


def test_only_the_last_records_count() -> None:
    quality = Quality(0.05)
    quality.note({"households": WINDOW}, {"households": range(WINDOW)})
    quality.note({"households": WINDOW // 4}, {})

    assert 0.75 == quality.share("households")
    assert 0.0 == quality.share("department-feeds")
