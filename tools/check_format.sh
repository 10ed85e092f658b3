#!/usr/bin/env bash
# Lists the C++ files whose layout clang-format 14 would change; `check_format.sh --fix` changes them.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

mapfile -d '' files < <(find src tests bench \( -name '*.cpp' -o -name '*.hpp' \) -print0)
if [[ ${1:-} == --fix ]]; then
  exec clang-format-14 -i "${files[@]}"
fi
if ! clang-format-14 --dry-run --Werror "${files[@]}" 2>&1 | sed -n 's/: error: code should be.*//p' | cut -d: -f1 | sort | uniq -c |
  awk '{ print $2 ": " $1 " places differ from .clang-format"; found = 1 } END { exit found }'; then
  echo "tools/check_format.sh --fix mends them" >&2
  exit 1
fi
echo "format: ${#files[@]} files keep to .clang-format"
