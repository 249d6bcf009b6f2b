#!/usr/bin/env bash
# What a branch changes, as Markdown for a pull request: .github/what_changes.sh BASE [HEAD]
# Reads git alone: settings and results are committed, so neither data nor a DVC cache is needed.
set -euo pipefail

base=$1
head=${2:-HEAD}

section() { # title, then the command that prints the table
    local title=$1 table
    shift
    table=$("$@" --md --no-path -- "$base" "$head")
    # without a change there is nothing, or a table of two lines: its head
    if [ "$(grep -c '^|' <<<"$table")" -le 2 ]; then table="No change."; fi
    printf '#### %s\n\n%s\n\n' "$title" "$table"
}

echo "### What this changes"
echo
section "Settings" dvc params diff
section "Key figures" dvc metrics diff
echo "<details><summary>Accuracies</summary>"
echo
section "Mean test accuracy by problem and optimizer (percent)" dvc metrics diff --targets results/accuracies.json
echo "</details>"
