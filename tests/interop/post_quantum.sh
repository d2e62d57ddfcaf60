#!/usr/bin/env bash
# Checkpoints that somebody else's ML-DSA-44 signed and cosigned, verified by `annals verify` under a policy of such keys; each that
# was changed is refused.
#
#   post_quantum.sh ANNALS DESK SEED
#
# In the folder DESK there is room for files.
set -euo pipefail

annals=$1 desk=$2/post-quantum seed=$3
mkdir "$desk"
cat >"$desk/requirements.txt" <<'END'
dilithium-py==1.5.1 --hash=sha256:21ab0cbd56e959d22b9dca59bd8af0e2a6f73703b14ad71d483ecf70438c73d7
END
/usr/bin/python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
  --dest "$desk" --requirement "$desk/requirements.txt"
/usr/bin/python3 -m zipfile -e "$desk"/dilithium_py-*.whl "$desk/package"
PYTHONPATH=$desk/package /usr/bin/python3 "$(dirname "$0")/post_quantum.py" "$desk/made" "$seed"

"$annals" verify "$desk/made/witnessed" --policy "$desk/made/policy" >"$desk/verdict.txt"
grep '^witnessed: ' "$desk/verdict.txt"
refused=0
for checkpoint in "$desk"/made/refused/*; do
  if "$annals" verify "$checkpoint" --policy "$desk/made/policy" >"$desk/verdict.txt"; then
    echo "$checkpoint was not refused" >&2
    exit 1
  fi
  refused=$((refused + 1))
done
echo "$refused that were changed are refused"
