#!/usr/bin/env bash
# Usage: multi-gitter.sh --org acme (or --repo acme/app, and other flags of multi-gitter)
# multi-gitter clones the repos, runs cfgfix in each, and opens a pull request where something changed. The token is in
# GITHUB_TOKEN. A good fix is exit code 0, so that no repo is dropped for it.
set -euo pipefail
exec multi-gitter run "cfgfix --quiet" --branch cfgfix/fixes --pr-title "CircleCI: fix insecure patterns" \
	--labels security --conflict-strategy replace --concurrent 4 "$@"
