"""Users are told before they use it that AI answers (AI Basic Act art. 31 par. 1)."""

import pytest

from hanbok.console.first_page import first_page
from hanbok.core.values import Language

NOTICES = {Language.KO: "생성형 인공지능이 만듭니다", Language.EN: "made by generative AI"}


@pytest.mark.parametrize("language", list(Language))
def test_the_notice_stands_before_the_prompt_and_is_read_out_with_it(language):
    page = first_page(language).decode()
    assert page.index(NOTICES[language]) < page.index('<form id="ask"')
    assert 'aria-describedby="ai-notice summary"' in page
    assert page.count('id="ai-notice"') == 1
