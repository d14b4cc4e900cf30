#!/usr/bin/env bash
# lint.sh format|check: clang-format and clang-tidy from their PyPI wheels, pinned, in build/deps/lint.
set -euo pipefail
cd "$(dirname "$0")/.."
format_version=18.1.8
tidy_version=18.1.8
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
mapfile -t sources < <(git ls-files '*.cpp' '*.hpp' | grep -v '^apps/bench/\(bench_inputs.cpp\|nexmark.hpp\)')
case "${1:-check}" in
  format) printf '%s\n' "${sources[@]}" | xargs "$format" -i ;;
  check)
    printf '%s\n' "${sources[@]}" | xargs "$format" --dry-run --Werror
    echo "lint: format is right in ${#sources[@]} files"
    if [ -f build/release/compile_commands.json ] && [ "${LINT_TIDY:-1}" = 1 ] && [ -n "${TIDY_FILES:-}" ]; then
      "$tidy" -p build/release --quiet $TIDY_FILES
    fi ;;
  *) echo "usage: lint.sh format|check" >&2; exit 2 ;;
esac
