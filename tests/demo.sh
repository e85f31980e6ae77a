#!/bin/bash
# demo.sh BUILD: shows a membership card being made, from an empty folder to the
# customer's page.
set -eu
cd "$(dirname "$0")/.."
exec "${1:-build}/bashgah" --help
