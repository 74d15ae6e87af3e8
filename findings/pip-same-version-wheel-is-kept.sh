#!/usr/bin/env bash
# pip ends with 0 and keeps the old code when it is given a new wheel of the version that is installed, also with the new wheel's hash.
#
# Seen with pip 26.3, hatchling 1.33.0 and a package whose version stays 1.0 while its code changes from "one" to "two":
#   pip install wheel                                one
#   pip install --upgrade new wheel                  one
#   pip install --require-hashes, new wheel's hash   one
#   pip install folder                               two
#   pip install --force-reinstall wheel              as that wheel says
#
# A good engineer would guess that a file which is named by its path, and whose SHA-256 was just compared, is what is installed then. pip
# compares the version alone, says so in a line that --quiet leaves out, and is done; a folder it builds and installs each time. So a
# service whose image keeps its packages from one build to the next runs the wheel of before. Give each wheel a version of its own
# (1.0+abc123, 1.0.post2), or install with --force-reinstall.
#
# Runs in a folder of its own, with packages of the PyPI registry. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pip==26.3 hatchling==1.33.0
pip() { venv/bin/pip --disable-pip-version-check --quiet "$@"; }
said() { venv/bin/python -c 'import greeting; print(greeting.said)'; }

mkdir -p source/greeting
cat >source/pyproject.toml <<'END'
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "greeting"
version = "1.0"
requires-python = ">=3"
END
for word in one two; do
  echo "said = '$word'" >source/greeting/__init__.py
  pip wheel --no-build-isolation --no-deps --wheel-dir "$word" ./source
done
wheel=greeting-1.0-py3-none-any.whl

seen=
pip install "one/$wheel"
seen+=$(said)
pip install --upgrade "two/$wheel"
seen+=" $(said)"
echo "./two/$wheel --hash=sha256:$(sha256sum "two/$wheel" | cut -d ' ' -f 1)" >requirements.txt
pip install --require-hashes --requirement requirements.txt
seen+=" $(said)"
pip install --no-build-isolation ./source
seen+=" $(said)"
pip install --force-reinstall "one/$wheel"
seen+=" $(said)"
echo "wheel, --upgrade, --require-hashes, folder, --force-reinstall: $seen"
[ "$seen" = 'one one one two one' ]
