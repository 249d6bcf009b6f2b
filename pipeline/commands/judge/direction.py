"""Whether a higher or a lower value of a metric is better: its name says so, or the user does; nothing is guessed."""

from __future__ import annotations

import itertools
import re

from pipeline.commands.judge.table import ResultsError


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


_HIGHER = _listed(
    """
    accuracy accuracies acc accs precision recall f1 f1score fscore auc auroc auprc aucroc rocauc prauc map ndcg mrr
    bleu sacrebleu rouge rougel meteor chrf iou miou jaccard dice psnr ssim r2 mcc kappa reward rewards return
    returns success successes throughput likelihood loglikelihood elbo win wins winrate correct
    """
)
_LOWER = _listed(
    """
    loss losses logloss error errors err errs wer cer eer perplexity ppl nll bce ce xent crossentropy mse rmse mae
    mape smape msle rmsle fid kid lpips ece brier latency time times runtime walltime ms sec secs second seconds
    minutes hours duration regret regrets kl kld divergence hinge bpc bpb residual residuals mistakes misclassified
    misclassification violations
    """
)
# These turn a metric into something else: a change, a spread, a rank, its negative.
_TURNING = _listed(
    """
    neg negative minus inverse inv reciprocal non no not anti reduction reduced decrease drop dropped decline delta
    diff difference gap ratio change increase improvement gain free saved left remaining between survival survived
    failure failures life battery correction corrected std stddev sd var variance sem stderr deviation width count
    num number rank weight scale budget argmin argmax
    """
)
# What follows these is a condition or a unit: `time_to_accuracy` is a time.
_ENDS = _listed(
    """
    per to until till at after before over under with without by for of vs
    """
)
_BEFORE = ("train", "training", "val", "valid", "validation", "test", "dev", "eval", "best", "final", "mean", "avg")
_WHEN = {"best", "epoch"}  # the epoch of the best loss, not the best loss
_ACCURACY = {"accuracy", "accuracies", "acc", "accs"}
_COMPLEMENT = re.compile(r"^\s*\d+\s*[-−–]")  # 1 - accuracy


def of(metric: str, higher_is_better: bool | None) -> bool:
    """Return whether higher is better: as the user says, or else as the metric's name does."""
    if higher_is_better is not None:
        return higher_is_better
    known = in_name(metric)
    if known is None:
        what = f"a higher or a lower {metric!r} is" if metric else "higher or lower values are"
        name = "" if metric else ", or what they are with --metric"
        raise ResultsError(f"whether {what} better is not known: say --higher-is-better or --lower-is-better{name}.")
    return known


def in_name(metric: str) -> bool | None:
    """Return whether a metric's name says that higher is better; None where it says nothing, or two things."""
    found = words(metric)
    higher, lower = bool(found & _HIGHER), bool(found & _LOWER)
    if higher == lower or found & _TURNING or found >= _WHEN or _COMPLEMENT.match(metric):
        return None
    return higher


def is_accuracy(metric: str) -> bool:
    """Return whether a metric is an accuracy by a whole word of its name (`accumulated_regret` is none)."""
    return in_name(metric) is True and bool(words(metric) & _ACCURACY)


def belongs_to_a_metric(word: str) -> bool:
    """Return whether a word is one of a metric's name, such as `test` or `loss`."""
    return word.lower() in _BEFORE or in_name(word) is not None


def words(metric: str) -> set[str]:
    """Return the words of a name, split at signs and capitals, up to one such as `per`; also joined neighbours."""
    found: list[str] = []
    for piece in re.split(r"[^A-Za-z0-9]+", metric):
        if piece.lower() in _ENDS and found:
            break
        found.append(piece)
    neighbours = ["".join(pair) for pair in itertools.pairwise(found)]
    parts = [part for piece in found for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", piece)]
    spelled = {text.lower() for text in (*found, *neighbours, *parts)}
    return spelled | {rest for text in spelled if (rest := _bare(text))}


def _bare(text: str) -> str:
    """Return `loss` of `valloss` and `acc` of `acc1`; otherwise nothing."""
    shorter = re.sub(r"\d+$", "", text)
    for before in _BEFORE:
        if (rest := shorter.removeprefix(before)) in _HIGHER | _LOWER:
            return rest
    return shorter
