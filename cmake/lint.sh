#!/usr/bin/env bash
# lint.sh format|check|tidy [all|FILE...]: clang-format and clang-tidy from their PyPI wheels (which bring the compiler's headers),
# pinned, in build/deps/lint. `tidy` needs a built release, for what it generates. It looks at all sources (4.5 s of a core each), at these files, or at the
# sources that differ from LINT_BASE: by default from where this branch left main, and on main itself from the commit before.
set -euo pipefail
cd "$(dirname "$0")/.."
format_version=18.1.8
tidy_version=23.1.4  # The first releases that skip what system headers hold (22) take a third of the time.
venv=build/deps/lint
stamp="$venv/.versions"
if [ "$(cat "$stamp" 2>/dev/null)" != "$format_version $tidy_version" ]; then
  echo "lint: fetching clang-format $format_version and clang-tidy $tidy_version into $venv"
  rm -rf "$venv"
  mkdir -p "$venv"
  python3 -m pip install -q --disable-pip-version-check --no-deps --target "$venv" "clang-format==$format_version" "clang-tidy==$tidy_version" 2>/dev/null
  echo "$format_version $tidy_version" > "$stamp"
fi
format="$venv/clang_format/data/bin/clang-format"
tidy="$venv/clang_tidy/data/bin/clang-tidy"
ours() { grep -v '^apps/bench/\(bench_inputs.cpp\|nexmark.hpp\)'; }
mapfile -t sources < <(git ls-files '*.cpp' '*.hpp' | ours)

# Nothing where the history here does not tell, as in a shallow clone.
base() {
  local main left
  for main in origin/main main; do
    left=$(git merge-base "$main" HEAD 2>/dev/null) || continue
    [ "$left" != "$(git rev-parse HEAD)" ] || left=$(git rev-parse -q --verify HEAD~1) || return 0
    echo "$left"
    return 0
  done
}

# GCC's commands for each source by itself, so that each must include what it uses, without what only GCC knows, and with the text of
# what it has precompiled.
clang_commands() {
  local log=build/lint.configure.log
  cmake --preset release -B build/lint -DFLOW_UNITY_BUILD=OFF > "$log" 2>&1 || { cat "$log" >&2; exit 1; }
  python3 - <<'PYTHON'
import json, os, re
commands = json.load(open("build/lint/compile_commands.json"))
for one in commands:
    text = re.sub(r"^.*?(\S*/c\+\+ )", r"\1", one["command"])
    text = re.sub(r"(?<=-include )\S+cmake_pch\.hxx", os.path.abspath("cmake/precompiled.hpp"), text)
    text = re.sub(r"-Winvalid-pch|-fpch-preprocess|-fno-semantic-interposition|--param=\S+", "", text)
    text = text.replace("build/lint/libflow/grammar", "build/release/libflow/grammar")
    one["command"] = re.sub(r"-Wno-(stringop-overflow|restrict)|-Werror", "", text)
json.dump(commands, open("build/lint/compile_commands.json", "w"))
PYTHON
}

case "${1:-check}" in
  format) printf '%s\n' "${sources[@]}" | xargs "$format" -i ;;
  check)
    printf '%s\n' "${sources[@]}" | xargs "$format" --dry-run --Werror
    echo "lint: format is right in ${#sources[@]} files" ;;
  tidy)
    shift
    [ -f build/release/compile_commands.json ] || { echo "lint: build the release first (make build)" >&2; exit 1; }
    from=
    [ $# -gt 0 ] || from=${LINT_BASE:-$(base)}
    if [ "${1:-}" = all ] || { [ $# -eq 0 ] && [ -z "$from" ]; }; then
      set -- "${sources[@]}"
    elif [ $# -eq 0 ]; then
      mapfile -t changed < <(git diff --name-only --diff-filter=d "$from" -- '*.cpp' | ours)
      set -- "${changed[@]}"
      echo "lint: clang-tidy over the $# sources changed since ${from:0:10}"
    fi
    clang_commands
    known=()
    for file in "$@"; do grep -qF "$PWD/$file\"" build/lint/compile_commands.json && known+=("$file"); done
    [ ${#known[@]} -eq 0 ] && exit 0
    printf '%s\n' "${known[@]}" | xargs -P "$(nproc)" -n 1 "$tidy" -p build/lint --quiet 2> >(grep -vE 'warnings? generated|Suppressed|Use -header-filter' >&2)
    echo "lint: clang-tidy is content with ${#known[@]} files" ;;
  *) echo "usage: lint.sh format|check|tidy [all|FILE...]" >&2; exit 2 ;;
esac
