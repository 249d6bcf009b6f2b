from __future__ import annotations

import pytest

from pipeline.commands.judge import direction
from pipeline.commands.judge.table import ResultsError

HIGHER = """
accuracy test_accuracy val/acc acc@1 Top1.Acc valAcc testaccuracy f1 dev_f1_macro f1-score AUC roc_auc auroc bleu
BLEU-4 eval/sacrebleu episode_reward mean_return r2 R2 mAP mIoU success_rate win_rate throughput psnr_db precision
recall_at_precision_95 accuracy_at_epoch_10 log_likelihood ndcg@10
"""
LOWER = """
loss val_loss val_loss_epoch val_loss_ema valloss test/loss error top5_error error_rate test_err wer cer cross_entropy
CrossEntropy MSELoss mse rmse mae mean_absolute_error perplexity eval_ppl nll bce fid latency_ms time train_time_s
runtime seconds_per_epoch time_to_accuracy accumulated_regret ece brier_score kl_divergence bpc log_loss fid_score
"""
ASKED = """
score metric value q x performance accuracy_loss loss_accuracy reward_time neg_loss negative_log_likelihood
neg_mean_squared_error loss_reduction error_reduction accuracy_drop accuracy_std loss_gap error_free epochs_to_accuracy
samples_per_second 1-accuracy one_minus_acc inaccuracy lossless glossy interrater sentiment terror_index rank
accuracy_rank best_loss_epoch time_between_failures entropy learning_rate error_correction timestamp
"""


@pytest.mark.parametrize("name", HIGHER.split())
def test_higher_is_better(name: str) -> None:
    assert direction.in_name(name) is True


@pytest.mark.parametrize("name", LOWER.split())
def test_lower_is_better(name: str) -> None:
    assert direction.in_name(name) is False


@pytest.mark.parametrize("name", ASKED.split())
def test_nothing_is_guessed(name: str) -> None:
    assert direction.in_name(name) is None
    with pytest.raises(ResultsError, match="--higher-is-better or --lower-is-better"):
        direction.of(name, None)
    assert direction.of(name, higher_is_better=False) is False


@pytest.mark.parametrize("name", ["test_accuracy", "val/acc", "Acc@1", "validation accuracy"])
def test_accuracies(name: str) -> None:
    assert direction.is_accuracy(name)


@pytest.mark.parametrize("name", ["accumulated_regret", "accumulated_reward", "f1", "accuracy_drop", "accelerations"])
def test_no_accuracies(name: str) -> None:
    assert not direction.is_accuracy(name)
