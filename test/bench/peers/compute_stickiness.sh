#!/bin/bash
# What stood there before carillon: the first customer's script, but for where it logs.
# Usage: AOS_API_BASE=... AOS_API_KEY=... AOS_LOG=FILE compute_stickiness.sh
set -e
base="${AOS_API_BASE:-http://localhost:8000}"
out="$AOS_LOG"
mkdir -p "${out%/*}"
say() { printf '[%s] %s\n' "$(date -Iseconds)" "$1" >>"$out"; }

call() {
    local reply status message
    reply=$(curl -s -X POST "$base/ops/jobs/$1" -H "X-API-Key: $AOS_API_KEY" -H "Content-Type: application/json")
    status=$(jq -r '.status // "error"' <<<"$reply")
    message=$(jq -r '.message // "No message"' <<<"$reply")
    if [ "$status" = completed ]; then
        say "SUCCESS: status=$status, message=$message"
    else
        say "FAILED: status=$status, message=$message"
    fi
}

say "Starting compute-stickiness job..."
call compute-stickiness
say "Running silent churn detection..."
call detect-silent-churn
say "Compute-stickiness job completed."
