#!/bin/sh
# A gate in any pipeline that runs a shell: promote.sh ENVIRONMENT ARTIFACT
#
# Exit codes: 0 deployed, 1 denied, 2 wrong usage, 3 no decision, 4 held until later.
set -eu

environment="${1:?usage: promote.sh ENVIRONMENT ARTIFACT}"
artifact="${2:?usage: promote.sh ENVIRONMENT ARTIFACT}"

status=0
"${HOLDPOINT:-holdpoint}" check --config "${HOLDPOINT_CONFIG:-holdpoint.yaml}" --to "$environment" \
    --report json=decision.json -- "$artifact" || status=$?

case "$status" in
    0) ;;
    4)
        echo "held; run this again when it opens" >&2
        exit 4
        ;;
    *) exit "$status" ;;
esac

# The very digest that was asked about.
"${DEPLOY:-deploy/to-production}" "$artifact"
