#!/usr/bin/env bash
# The main job on real volumes, from nothing: environment, data, runs, pictures in demo/.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/environment.sh
environment .venv-demo demo

python scripts/make_demo_data.py demo
for name in brain_half ocean_smooth; do
  echo
  echo "== volconv run configs/$name.yaml"
  volconv run "configs/$name.yaml"
  python scripts/picture.py "demo/${name%%_*}.zarr" "demo/$name.zarr" "demo/$name.png"
done
