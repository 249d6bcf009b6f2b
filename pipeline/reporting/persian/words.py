"""What is written in Persian, by the names that the results use; what has no entry here stays English."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CLAIMS = MappingProxyType(
    {
        "adam_not_always_best": "Adam همیشه بهترین بهینه‌ساز نیست.",
        "adadelta_for_sparse": "اگر داده‌ها خیلی تُنُک باشند، Adadelta انتخاب خوبی است.",
        "adadelta_forgives_rate": "با نرخ یادگیریِ نامناسب، Adadelta نتیجهٔ بهتری می‌دهد.",
        "adagrad_slows": "Adagrad آموزش را کند می‌کند، چون گام آن بیشتر از گام Adadelta کوچک می‌شود.",
        "adam_converges_quickly": "Adam سریع همگرا می‌شود.",
        "adam_costs_compute": "Adam هزینهٔ محاسباتیِ بیشتری دارد.",
        "adam_does_not_hold_it": "Adam دقتی را که روی داده‌های آموزش دارد، روی داده‌های دیده‌نشده حفظ نمی‌کند.",
        "adam_for_sparse": "برای داده‌های تُنُک Adam بهتر است.",
        "adam_improves_rmsprop": "Adam شکل بهبودیافتهٔ RMSprop است.",
        "adam_step_persists": "اثر نرخ یادگیریِ Adam در طول آموزش از بین نمی‌رود.",
        "adam_trains_best": "دقت Adam روی داده‌های آموزش بالاست، شاید بالاتر از همه.",
        "adaptive_for_speed": "اگر سرعت مهم باشد، روش‌های تطبیقی مناسب‌ترند.",
        "few_epochs_cost": "کم بودن دوره‌های آموزش (epoch) یکی از دلایل دقتِ پایین است.",
        "nadam_sometimes_better": "در بعضی موارد NAdam از Adam بهتر است.",
        "nadam_validates_better": "NAdam روی داده‌های اعتبارسنجی از Adam دقیق‌تر است.",
        "newer_ones_alike": "Adadelta، RMSprop و Adam بیشتر وقت‌ها مانند هم عمل می‌کنند.",
        "newer_sgd_converges": "روش‌های جدیدتر SGD آسان‌تر و سریع‌تر از SGD همگرا می‌شوند.",
        "newer_sgd_for_test_accuracy": "اگر دقت روی داده‌های دیده‌نشده مهم باشد، روش‌های جدیدتر SGD بهترند.",
        "sgd_slower_but_better": "روش‌های SGD زمان بیشتری می‌برند، ولی در پایان به نتیجهٔ بهتر و خطای کمتر می‌رسند.",
        "small_data_favours_sgd": "وقتی داده کم است، SGD از Adam بهتر است.",
    }
)
VERDICTS = MappingProxyType(
    {
        "supported": "تأیید شد",
        "refuted": "رد شد",
        "no meaningful difference": "تفاوت مهمی نیست",
        "inconclusive": "روشن نشد",
        "not tested": "آزموده نشد",
    }
)
ANSWERS = MappingProxyType(
    {
        "supported": "نه، Adam همیشه بهترین بهینه‌ساز نیست.",
        "refuted": "در این پژوهش هیچ بهینه‌سازی از Adam بهتر نبود.",
    }
)
OPEN = "این پژوهش به پرسش پاسخ روشنی نمی‌دهد."
PROBLEMS = MappingProxyType(
    {
        "cifar10": "CIFAR\N{NON-BREAKING HYPHEN}10",
        "cifar10_constant": "CIFAR\N{NON-BREAKING HYPHEN}10 با نرخ یادگیریِ ثابت",
        "cifar10_longer": "CIFAR\N{NON-BREAKING HYPHEN}10، پنج دوره",
        "cats_dogs": "گربه‌ها و سگ‌ها (دادهٔ کم)",
        "visual_words": "واژه‌های دیداری (دادهٔ تُنُک)",
        "next_word": "واژهٔ بعدی (متن)",
        "assignment": "مانند تکلیف، دستهٔ ۴تایی",
        "assignment_batch64": "مانند تکلیف، دستهٔ ۶۴تایی",
        "assignment_longer": "مانند تکلیف، پنج دوره",
        "digits": "رقم‌های دست‌نویس",
        "digits_words": "رقم‌ها به شکل واژه‌های دیداری",
    }
)
CLASSES = MappingProxyType(
    {
        "airplane": "هواپیما",
        "automobile": "خودرو",
        "bird": "پرنده",
        "cat": "گربه",
        "deer": "گوزن",
        "dog": "سگ",
        "frog": "قورباغه",
        "horse": "اسب",
        "ship": "کشتی",
        "truck": "کامیون",
    }
)
UNITS = MappingProxyType({"percentage points": "واحد درصد", "nats": "نات", "times": "برابر"})
_RTL = "\N{RIGHT-TO-LEFT MARK}"  # before a Persian phrase that begins with a Latin word
_SIDES = MappingProxyType(
    {
        "the methods without adaptive rates": "روش‌های غیرتطبیقی",
        "the adaptive methods": "روش‌های تطبیقی",
        "the newer SGD methods": "روش‌های جدیدتر SGD",
        "plain SGD": f"{_RTL}SGD ساده",
        "a step that counts as died out": "گامی که از بین رفته به شمار می‌آید",
        "Adadelta, RMSprop and Adam": f"{_RTL}Adadelta، RMSprop و Adam",
    }
)
_MEASURES = (
    (r"test accuracy", "دقت آزمون"),
    (r"training accuracy", "دقت آموزش"),
    (r"validation accuracy", "دقت اعتبارسنجی"),
    (r"test loss", "خطای آزمون"),
    (r"training loss", "خطای آموزش"),
    (r"generalization gap", "فاصلهٔ دقت آموزش و آزمون"),
    (r"time of a training step", "زمان یک گام آموزش"),
    (r"share of the early step that is left", "سهم باقی‌مانده از گام آغازین"),
    (r"validation (?:loss|accuracy) of a single trial of the search", "نتیجهٔ جست‌وجو با تنها یک آزمایش"),
    (r"(?:images|examples) to a training loss of ([\d.]+)", r"تعداد نمونه تا رسیدن به خطای آموزشِ \1"),
    (r"seconds to a training loss of ([\d.]+)", r"زمان (ثانیه) تا رسیدن به خطای آموزشِ \1"),
)


def side(name: str, problems: Mapping[str, str]) -> str:
    """Return who is compared: an optimizer's name stays as it is, the problem in ``Adam on …`` is one of `problems`."""
    optimizer, _, problem = name.partition(" on ")
    if problem:
        return f"{_RTL}{optimizer} در «{problems.get(problem, problem)}»"
    return _SIDES.get(name, name)


def measure(name: str) -> str:
    """Return what is compared."""
    for pattern, persian in _MEASURES:
        found = re.fullmatch(pattern, name)
        if found:
            return found.expand(persian)
    return name
