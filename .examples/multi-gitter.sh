#!/usr/bin/env bash
# Usage: multi-gitter.sh --org acme (or --repo acme/app, and other flags of multi-gitter)
# multi-gitter clones the repos, runs cfgfix in each, and opens a pull request where something changed. The token is in
# GITHUB_TOKEN. A good fix is exit code 0, so that no repo is dropped for it.
# Where the branch is there already it is left alone; --conflict-strategy replace brings it up to date, and overwrites
# what people pushed to it. multi-gitter's own exit code is 0 even where a repo failed: read what it prints.
set -euo pipefail
exec multi-gitter run "cfgfix --quiet" --branch cfgfix/fixes --pr-title "CircleCI: fix insecure patterns" \
	--labels security --conflict-strategy skip --concurrent 4 "$@"
