#!/usr/bin/env bash
# setuptools: `pip install ./folder` installs modules that were deleted from the folder, because it leaves a build/ there.
#
# Seen with pip 26.3, setuptools 84.2.1 and hatchling 1.33.0: a package is installed from its folder, old.py is deleted, the package is
# uninstalled and installed from the same folder again.
#   setuptools:                            __init__.py old.py, and build/ and an egg-info are in the folder
#   setuptools, without the build/:        __init__.py
#   hatchling:                             __init__.py, and nothing was left in the folder
#
# pip builds in an environment of its own, but since 21.3 in the folder itself. setuptools copies into build/lib what there is, and packs
# all of build/lib. A good engineer would guess that a wheel holds what the sources hold: a module that was moved is there twice, a deleted
# plugin is still found. It does not come from a fresh clone, nor through a source archive as `python -m build` makes one: so it is
# seen on the machines of developers and on servers that pull and install, and not in CI.
#
# Runs in a folder of its own, with packages of the PyPI registry. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pip==26.3 setuptools==84.2.1 hatchling==1.33.0
pip() { venv/bin/pip --disable-pip-version-check --quiet "$@"; }

# In the folder $1, with the backend $2.
write() {
  mkdir -p "$1/src/greeting"
  printf '[build-system]\nrequires = []\nbuild-backend = "%s"\n[project]\nname = "greeting"\nversion = "1.0"\n' "$2" >"$1/pyproject.toml"
  touch "$1/src/greeting/__init__.py" "$1/src/greeting/old.py"
}
# The modules that are installed after that.
installed_from() {
  pip install --no-build-isolation "./$1"
  venv/bin/python -c 'import greeting, pathlib; print(*sorted(each.name for each in pathlib.Path(greeting.__file__).parent.glob("*.py")))'
  pip uninstall --yes greeting
}

write of-setuptools setuptools.build_meta
write of-hatchling hatchling.build
seen=
for of in of-setuptools of-hatchling; do
  [ "$(installed_from $of)" = '__init__.py old.py' ]
  rm "$of/src/greeting/old.py"
  seen+="$of: $(installed_from $of); in the folder: $(ls "$of" | xargs)"$'\n'
done
rm -r of-setuptools/build
seen+="of-setuptools without build/: $(installed_from of-setuptools)"
echo "$seen"
[ "$seen" = 'of-setuptools: __init__.py old.py; in the folder: build pyproject.toml src
of-hatchling: __init__.py; in the folder: pyproject.toml src
of-setuptools without build/: __init__.py' ]
