"""The trial of fingerprints in small: texts of this machine's documentation and made-up Chinese, found and not found."""

from __future__ import annotations

import random
from pathlib import Path

import click
import pytest

from benchmarks.fingerprints import real
from benchmarks.fingerprints.measure import KEY, Corpus, Fingerprints, false_matches, found_after, scripted
from benchmarks.fingerprints.texts import Text, gather
from watermark.fingerprint import winnow

WORDS = (
    "我们 你们 他们 这个 那个 公司 项目 数据 系统 用户 模型 服务 合同 客户 员工 部门 报告 会议 计划 时间 问题 方案 结果 "
    "城市 学校 医院 银行 市场 产品 价格 质量 安全 法律 规定 要求 根据 因为 所以 但是 如果 可以 应该 必须 已经 正在 将会 "
    "提高 降低 增加 减少 处理 分析 检查 确认 提供 支持 使用 开发 测试 发布 更新 删除 保存 发送 接收 打开 关闭 选择 输入 "
    "的 了 在 是 和 与 对 把 被 从 到 为 很 也 都 还 就 再 又 一个 两个 每天 明年 北京 上海"
).split()


def chinese(seed: int) -> Text:
    chance = random.Random(seed)
    weights = [1 / (rank + 3) for rank in range(len(WORDS))]
    words = chance.choices(WORDS, weights, k=170)
    return Text("zh", "".join(word + chance.choice(("", "", "", "", "，", "。")) for word in words), f"made-up {seed}")


@pytest.fixture(scope="module")
def trial() -> tuple[Corpus, Fingerprints]:
    packages = Path(click.__file__).parents[1]
    texts = [chinese(seed) for seed in range(800)]
    stored = [*list(gather([packages / "numpy" / "lib"]))[:150], *texts[:100]]
    corpus = Corpus(stored, [*gather([packages / "sqlalchemy" / "orm"]), *texts[100:]], 0)
    return corpus, Fingerprints([winnow(text.text, KEY) for text in corpus.stored])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_edited_and_cut_texts_are_found_and_others_are_not(trial, language) -> None:
    corpus, index = trial
    assert sum(text.language == language for text in corpus.stored) >= 80
    wrong, of = false_matches(corpus, index, language)
    assert of >= 250
    assert wrong <= of * 0.002
    for name, share in scripted(corpus, index, language):
        assert share >= (97 if "20 %" in name else 99), name


def test_texts_are_found_after_a_docx_round_trip(trial) -> None:
    corpus, index = trial
    texts = [text.text for text in corpus.stored if text.language == "zh"][:25]
    after = dict(zip(texts, real.through_docx(texts), strict=True))
    assert found_after(corpus, index, "zh", lambda text: after[text.text], 25) == 100


def test_texts_are_found_after_a_browsers_clipboard(trial) -> None:
    if not Path(real.CHROMIUM).exists():
        pytest.skip("no Chromium on this machine")
    corpus, index = trial
    for language in ("en", "zh"):
        texts = [text.text for text in corpus.stored if text.language == language][:8]
        after = dict(zip(texts, real.pasted(texts), strict=True))
        assert len(set(after.values())) == 8
        assert found_after(corpus, index, language, lambda text, after=after: after[text.text], 8) == 100
